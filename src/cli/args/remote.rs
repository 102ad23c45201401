//! The arguments of `remote`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Remote {
    #[command(subcommand)]
    pub(crate) verb: RemoteVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RemoteVerb {
    /// Make the store that --store names in a bucket, unless there is one, and try what its server promises
    Init(Init),
    /// Try again what the server of a store promises, and write it into the store
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Make this host the one that frees its space with 'prune'
    #[arg(long)]
    pub(crate) owner: bool,
    /// In place of another host, which is gone for good
    #[arg(long, requires = "owner")]
    pub(crate) take_over: bool,
}
