//! The flags of `discover`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Discover {
    /// Where to look [default: /opt, /srv, /var/www, /usr/local, homes, and where installers keep environments]
    #[arg(value_name = "ROOT", value_hint = ValueHint::DirPath)]
    pub(crate) roots: Vec<PathBuf>,
    /// Also look into what is mounted below
    #[arg(long)]
    pub(crate) cross_mounts: bool,
    /// A directory of scripts whose first lines may name an environment; may be given more than once
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) look_in: Vec<PathBuf>,
    /// Look at the machine whose files lie below this directory, such as a container's: its links, its schedules, its
    /// usual places
    #[arg(long, value_name = "DIR", default_value = "/", value_hint = ValueHint::DirPath)]
    pub(crate) root: PathBuf,
    /// How to answer; --json is the same as json
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
    pub(crate) format: Format,
}

/// The form of an inventory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A table
    Text,
    /// A Markdown page
    Md,
    /// One JSON document
    Json,
}
