//! The flags of what cares for a store: `verify`, `pin`, `unpin`, `forget`, `undelete`, `prune`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use venv_snap::model::Label;

use super::Of;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Read only this share of the store, drawn anew each time, such as 10%
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "repair")]
    pub(crate) sample: Option<f64>,
    /// Read only packs that were written since then: a date, or a length of time such as 1d
    #[arg(long, value_name = "WHEN", conflicts_with = "repair")]
    pub(crate) since: Option<String>,
    /// Save what is left of damaged packs, take lost content from live venvs, move the rest to quarantine
    #[arg(long)]
    pub(crate) repair: bool,
    /// Also look here for lost content: a directory, or another store; may be given several times
    #[arg(long, value_name = "DIR|STORE", value_hint = ValueHint::DirPath, requires = "repair")]
    pub(crate) from: Vec<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => Err("not a share from above 0% to 100%".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// Id, 'latest', 'latest~N' or '@label'
    #[arg(value_name = "SNAPSHOT", required = true)]
    pub(crate) snapshots: Vec<String>,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// These snapshots: id, 'latest', 'latest~N' or '@label'
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<String>,
    /// Of each venv, keep the newest N saves
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_last: u32,
    /// Keep the newest save of each of the last N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_hourly: u32,
    /// The same for days
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_daily: u32,
    /// The same for weeks
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_weekly: u32,
    /// The same for months
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_monthly: u32,
    /// The same for years
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_yearly: u32,
    /// Keep what is not older than this, counted from the newest snapshot of the venv: 30d, 6mo
    #[arg(long, value_name = "TIME", value_parser = super::super::when::span)]
    pub(crate) keep_within: Option<jiff::Span>,
    /// Keep saves with this label; may be given several times
    #[arg(long, value_name = "LABEL")]
    pub(crate) keep_label: Vec<Label>,
    /// Change nothing, show what would be forgotten and why the rest stays
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Undelete {
    /// Ids of forgotten snapshots [default: list them]
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Remove nothing that was written or forgotten more recently than this; 0 spares nothing
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = super::super::when::span)]
    pub(crate) grace: jiff::Span,
    /// Change nothing, tell what would be freed
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}
