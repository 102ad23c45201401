//! The flags of `cache`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Args)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) verb: CacheVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheVerb {
    /// Read the caches of installers without the network, and name every entry that is not what it should be
    Check(CacheCheck),
    /// Move bad entries into the store, out of the installers' way; nothing is deleted, and what is good stays
    Quarantine(CacheQuarantine),
    /// Put entries back from quarantine, or list them
    Release(CacheRelease),
}

#[derive(Debug, Args)]
pub(crate) struct CacheCheck {
    /// Only entries of these distributions
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    #[command(flatten)]
    pub(crate) of: CacheOf,
}

#[derive(Debug, Args)]
pub(crate) struct CacheQuarantine {
    /// Only entries of these distributions
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// Change nothing, tell what would be moved
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) of: CacheOf,
}

#[derive(Debug, Args)]
pub(crate) struct CacheRelease {
    /// What goes back: ids, or names of distributions [default: list what is there]
    #[arg(value_name = "PACKAGE|ID")]
    pub(crate) names: Vec<String>,
    /// Put everything back
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// Where something has been made in its place since, move that into quarantine in exchange
    #[arg(long)]
    pub(crate) force: bool,
}

/// Which caches.
#[derive(Debug, Args)]
pub(crate) struct CacheOf {
    /// A cache of pip, uv, poetry, pdm or virtualenv; may be given several times [default: those of this user and of
    /// the venv's owner]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) cache: Vec<PathBuf>,
    /// A venv that may share files with entries; may be given several times [default: those that the store knows]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) venv: Vec<PathBuf>,
    /// An index of pip, by which relative links of its cached pages are understood; may be given several times
    /// [default: those of pip's environment and configuration]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) index_url: Vec<String>,
}
