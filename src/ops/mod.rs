//! The verbs, one file each: options in, outcome out. Here store and venv meet.

mod adapted;
mod audit;
mod behind;
mod cache;
mod came_with;
mod cat;
mod check;
mod clues;
mod contents;
mod context;
mod copy;
mod dates;
mod deps;
mod diff;
mod doctor;
mod error;
mod export;
mod fence;
mod followed;
mod forget;
mod hold;
mod import;
mod inflow;
mod lacks;
mod list;
mod log;
mod lookup;
mod ls;
mod mounts;
mod packages;
mod pin;
mod prune;
mod rebuild;
mod rebuild_index;
mod repair;
mod report;
mod restore;
mod retention;
mod save;
mod sharers;
mod sides;
mod snapshot;
mod stale;
mod stats;
mod steady;
mod undelete;
mod undo;
mod verify;

pub use crate::audit::needs::{Evidence, Known, Nameless, Need, Needs, Rules, When};
pub use crate::cache::{Entry as CacheFound, Fault, FaultKind, Lacking, Proof, Unlisted, Verdict};
pub use crate::replace::Wrong;
pub use crate::sweep::{Run, Starter, Sweeper, Sweepers, Unread};
pub use cache::{
    CacheCheckOutcome, CacheDir, CacheOptions, CacheSummary, Kept, QuarantineOutcome, Quarantined,
    ReleaseOptions, ReleaseOutcome, Suspect, cache_check, cache_quarantine, cache_release,
};
pub use cat::cat;
pub use check::{CheckOptions, CheckOutcome, check};
pub use context::Context;
pub use copy::{Copied, CopyOutcome, Select, copy};
pub use dates::ClockJump;
pub use deps::{DepsOptions, DepsOutcome, deps};
pub use diff::{DiffOptions, DiffOutcome, Side, diff_snapshots, diff_venv};
pub use doctor::{DoctorOptions, DoctorOutcome, Sign, State, doctor};
pub use error::{Error, lost};
pub use export::{ExportOutcome, Target, export};
pub use fence::fence;
pub use forget::{ForgetOptions, ForgetOutcome, forget};
pub use import::{ImportOptions, ImportOutcome, import};
pub use list::{Listed, Listing, ShowOutcome, list, show};
pub use log::{Entry, Event, LogOutcome, log};
pub use lookup::Chosen;
pub use ls::{LsOutcome, ls};
pub use pin::{PinOutcome, Pinning, pin};
pub use prune::{PruneOptions, PruneOutcome, prune};
pub use rebuild::{
    Comes, Done, Installer, Planned, RebuildOptions, Rebuilt, Source, ToldBy, Unbuilt, make_store,
    rebuild,
};
pub use rebuild_index::{RebuildOutcome, rebuild_index};
pub use repair::Repaired;
pub use report::{ReportOutcome, report};
#[cfg(feature = "bench")]
pub(crate) use restore::bench;
pub use restore::{
    Mode, OldForm, OldName, OldNames, Part, Refusal, RestoreOptions, RestoreOutcome, Unsettled,
    restore,
};
pub use retention::Policy;
pub use save::{SaveOptions, SaveOutcome, save};
pub use snapshot::Hurt;
pub use stats::{StatsOutcome, stats};
pub use undelete::{UndeleteOutcome, undelete};
pub use undo::undo;
pub use verify::{VerifyOptions, VerifyOutcome, verify};
