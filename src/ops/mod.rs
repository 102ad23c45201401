//! The verbs, one file each: options in, outcome out. Here store and venv meet.

mod adapted;
mod audit;
mod behind;
mod below;
mod cache;
mod came_with;
mod cat;
mod check;
mod chosen;
mod clues;
mod collect;
mod contents;
mod context;
mod copy;
mod corroborate;
mod dates;
mod deps;
mod diff;
mod discover;
mod doctor;
mod drill;
mod error;
mod export;
mod fence;
mod followed;
mod forget;
mod hints;
mod history;
mod hold;
mod hosts;
mod import;
mod inflow;
mod known_audit;
mod lacks;
mod last_save;
mod list;
mod log;
mod lookup;
mod lost;
mod ls;
mod mounts;
mod owners;
mod packages;
mod pin;
mod pool;
mod prune;
mod rebuild;
mod rebuild_index;
mod remote;
mod repair;
mod report;
mod restore;
mod retention;
mod save;
mod saved_on;
mod schedule;
mod self_test;
mod sharers;
mod sides;
mod sightings;
mod snapshot;
mod sources;
mod stale;
mod stats;
mod status;
mod steady;
mod undelete;
mod undo;
mod verify;

pub use crate::audit::needs::{
    Evidence, IndexKind, Known, Nameless, Need, Needs, ProjectIndex, Rules, When,
};
pub use crate::cache::{Entry as CacheFound, Fault, FaultKind, Lacking, Proof, Unlisted, Verdict};
pub use crate::disk::self_test::{Attribute, Exchange, Fence, Links, Sync};
pub use crate::replace::Wrong;
pub use crate::store::{Promises, Terms};
pub use crate::sweep::{Run, StartedBy, Starter, Sweeper, Sweepers, Unread};
pub use below::resolve_below;
pub use cache::{
    CacheCheckOutcome, CacheDir, CacheOptions, CacheSummary, Kept, QuarantineOutcome, Quarantined,
    ReleaseOptions, ReleaseOutcome, Suspect, cache_check, cache_quarantine, cache_release,
};
pub use cat::cat;
pub use check::{CheckOptions, CheckOutcome, check};
pub use chosen::Chosen;
pub use context::Context;
pub use copy::{Copied, CopyOutcome, Select, copy};
pub use dates::ClockJump;
pub use deps::{DepsOptions, DepsOutcome, deps};
pub use diff::{DiffOptions, DiffOutcome, Side, diff_snapshots, diff_venv};
pub use discover::{
    DiscoverOptions, DiscoverOutcome, Environment, How, Kind as EnvironmentKind, Use, discover,
    discovered,
};
pub use doctor::{DoctorOptions, DoctorOutcome, Sign, State, doctor};
pub use drill::{
    Drill, DrillOptions, DrillOutcome, Drilled, Imports, LastDrill, NotImported,
    Proof as DrillProof, Unproved, drill, venvs_to_drill,
};
pub use error::{Error, NotKnown, lost};
pub use export::{ExportOutcome, Target, export};
pub use fence::fence;
pub use forget::{ForgetOptions, ForgetOutcome, forget};
pub use hints::{Hints, hints};
pub use history::{History, Step, history};
pub use import::{ImportOptions, ImportOutcome, import};
pub use last_save::venvs_to_check;
pub use list::{ListOptions, Listed, Listing, ShowOutcome, list, list_by, show};
pub use log::{Entry, Event, LogOutcome, log};
pub use ls::{LsOutcome, ls};
pub use pin::{PinOutcome, Pinning, pin};
pub use prune::{PruneOptions, PruneOutcome, prune};
pub use rebuild::{
    BadEntry, BadLine, BadList, Comes, Done, Index, Installer, NoInstaller, Planned,
    RebuildOptions, Rebuilt, Source, ToldBy, Unbuilt, make_store, rebuild, variables_of,
};
pub use rebuild_index::{RebuildOutcome, rebuild_index};
pub use remote::{RemoteOptions, RemoteOutcome, remote};
pub use repair::Repaired;
pub use report::{ReportOutcome, report};
#[cfg(feature = "bench")]
pub(crate) use restore::bench;
pub use restore::{
    Mode, OldForm, OldName, OldNames, Part, Refusal, Replaced, RestoreOptions, RestoreOutcome,
    Unsettled, restore,
};
pub use retention::Policy;
pub use save::{SaveOptions, SaveOutcome, save};
pub use saved_on::saved_on;
pub use schedule::{Placed, ScheduleFile, place_schedule};
pub use self_test::{Grade, SelfTestOutcome, Trial, self_test};
pub use sightings::{Seen, keep_sightings};
pub use snapshot::Hurt;
pub use stats::{StatsOutcome, stats};
pub use status::{
    Cause, Health, HostStatus, StatusOptions, StatusOutcome, VenvStatus, Why, Word, known_venvs,
    status,
};
pub use undelete::{UndeleteOutcome, undelete};
pub use undo::undo;
pub use verify::{VerifyOptions, VerifyOutcome, verify};
