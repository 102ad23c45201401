//! The arguments of `self-test`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct SelfTest {
    /// Where to try it: a directory that holds venvs, or will [default: the one that holds the store]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) place: Option<PathBuf>,
}
