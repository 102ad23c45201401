//! The verbs, one file each: options in, outcome out. Here store and venv meet.

mod audit;
mod cat;
mod check;
mod clues;
mod contents;
mod context;
mod diff;
mod error;
mod intake;
mod list;
mod log;
mod lookup;
mod ls;
mod packages;
mod rebuild_index;
mod report;
mod restore;
mod save;
mod stats;
mod undo;

pub use cat::cat;
pub use check::{CheckOptions, CheckOutcome, check};
pub use context::Context;
pub use diff::{DiffOptions, DiffOutcome, Side, diff_snapshots, diff_venv};
pub use error::Error;
pub use list::{Listed, Listing, ShowOutcome, list, show};
pub use log::{Entry, Event, LogOutcome, log};
pub use lookup::Chosen;
pub use ls::{LsOutcome, ls};
pub use rebuild_index::{RebuildOutcome, rebuild_index};
pub use report::{ReportOutcome, report};
pub use restore::{Mode, RestoreOptions, RestoreOutcome, restore};
pub use save::{SaveOptions, SaveOutcome, save};
pub use stats::{StatsOutcome, stats};
pub use undo::undo;
