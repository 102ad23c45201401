//! Why a bucket is not even asked.

use std::io::Error;
use std::process::ExitStatus;

/// What keeps this host from asking a bucket: its settings or its keys. Nothing secret is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unconnected {
    /// A profile was named that is nowhere.
    #[error("there is no profile '{}' in the files of AWS", .0.escape_debug())]
    NoProfile(String),
    /// A file of profiles cannot be read.
    #[error("cannot read a file of AWS: {0}")]
    Profiles(Error),
    /// A profile takes its keys in a way that is not known here.
    #[error(
        "profile '{}' takes its keys by '{kind}', which is not supported: let 'credential_process' tell them ('aws \
         configure export-credentials')",
        name.escape_debug()
    )]
    Unsupported {
        /// Which profile.
        name: String,
        /// The setting that says so.
        kind: &'static str,
    },
    /// Nothing tells any keys.
    #[error("there are no keys in the environment or in the files of AWS")]
    NoKeys,
    /// Who would know keys tells none.
    #[error(
        "there are no keys in the environment or in the files of AWS, and {teller} tells none ({why})"
    )]
    NoneTold {
        /// Who was asked.
        teller: &'static str,
        /// What came of it.
        why: String,
    },
    /// A token for a role, without the role.
    #[error("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not")]
    NoRole,
    /// A key or the region could not be part of a request.
    #[error("the region or a key holds what none can hold")]
    Unplain,
    /// The address of the endpoint has keys in it.
    #[error("keys do not belong into the address of the endpoint")]
    KeysInAddress,
    /// The address of the endpoint is none.
    #[error("the address of the endpoint is none: it begins with http:// or https://")]
    BadAddress,
    /// The command that tells the keys cannot be split.
    #[error("the quotes of 'credential_process' do not close")]
    Quotes,
    /// There is no such command.
    #[error("'credential_process' is empty")]
    NoProgram,
    /// It cannot be run.
    #[error("'credential_process' cannot be run: {0}")]
    Program(Error),
    /// It failed.
    #[error("'credential_process' failed ({0})")]
    ProgramFailed(ExitStatus),
    /// It did not end.
    #[error("'credential_process' does not end: {0} s are over")]
    ProgramSilent(u64),
    /// It printed something else.
    #[error("'credential_process' does not print keys as tools of AWS expect them")]
    ProgramSays,
    /// The file of authorities cannot be read.
    #[error("cannot read the file of AWS_CA_BUNDLE: {0}")]
    Authorities(Error),
    /// It holds none.
    #[error("the file of AWS_CA_BUNDLE holds no certificates")]
    NoAuthorities,
    /// The client finds the settings wrong.
    #[error("the settings for S3 (AWS_…) are not such that a connection could be made")]
    Settings,
    /// No thread is to be had.
    #[error("cannot start a thread for requests: {0}")]
    Thread(Error),
}
