//! The flags of `export`, `import` and `copy`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use venv_snap::model::Label;

use super::Of;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Id, 'latest', 'latest~N' or '@label'
    pub(crate) snapshot: String,
    /// FILE.tar or FILE.tar.zst, which must not exist; '-' for standard output
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Compress, whatever the name says; for standard output
    #[arg(long)]
    pub(crate) zstd: bool,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A tar, plain or compressed with zstd or gzip; '-' for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Of which venv of this host it is; may be gone [default: the one that 'export' wrote down]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    /// A name to find it by [default: that of the exported snapshot]
    #[arg(short, long)]
    pub(crate) label: Option<Label>,
    /// Free text [default: that of the exported snapshot]
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// Keep it for ever
    #[arg(long)]
    pub(crate) pin: bool,
    /// Take it even if the audit finds damage; it is no baseline then
    #[arg(long)]
    pub(crate) force: bool,
    /// Take a tar of any tree: all of it, or the one directory at its top
    #[arg(long)]
    pub(crate) any: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// Id, 'latest', 'latest~N' or '@label'
    #[arg(value_name = "SNAPSHOT", required_unless_present = "all")]
    pub(crate) snapshots: Vec<String>,
    /// The store that gets them; made if it is not there
    #[arg(long, value_name = "STORE", value_hint = ValueHint::DirPath)]
    pub(crate) to: PathBuf,
    /// Copy every snapshot, or with --venv every one of that venv
    #[arg(long, conflicts_with = "snapshots")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}
