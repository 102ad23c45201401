//! The flags that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    // The variables are read in place.rs: clap would tell of them in a usage as if somebody had given the option.
    #[arg(
        long,
        global = true,
        help = "The store, a directory or s3://BUCKET/PREFIX [default: /var/lib/venv-snap for root, else venv-snap \
                in the user's data directory] [env: VENV_SNAP_STORE]",
        value_name = "STORE",
        value_hint = ValueHint::DirPath,
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        help_heading = "Global options"
    )]
    pub(crate) store: Option<PathBuf>,
    /// Answer as one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Say nothing but the answer, warnings and errors
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// When to colour text. 'auto' colours a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        help_heading = "Global options"
    )]
    pub(crate) color: Color,
    #[arg(
        long,
        global = true,
        help = "How much of a store in a bucket is kept on this host [default: 1GiB] [env: VENV_SNAP_CACHE_SIZE]",
        value_name = "SIZE",
        help_heading = "Global options"
    )]
    pub(crate) cache_size: Option<ByteSize>,
    #[arg(
        long,
        global = true,
        help = "How long to wait for another process that holds store or venv, in seconds [default: 30] \
                [env: VENV_SNAP_LOCK_WAIT]",
        value_name = "SECONDS",
        value_parser = seconds,
        help_heading = "Global options"
    )]
    pub(crate) lock_wait: Option<Duration>,
}

/// When to colour text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours everywhere
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text
        .trim_end_matches('s')
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| "not a number of seconds that one can wait".to_owned())
}
