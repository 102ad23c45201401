//! `snap` saves known-good Python venvs, names to the byte what is wrong with a live one, and restores it.
//!
//! The library prints nothing, ends no process, reads neither environment nor clock: the command line around it does.
//! Rooms are private; imports go down the ladder `report → ops | watch → diagnose → audit | cache | sweep → python |
//! replace → store | tree | archive | witness → disk → monitor → model`. See `docs/architecture.md`.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that fails may panic")
)]

mod archive;
mod audit;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod cache;
mod diagnose;
mod disk;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod model;
pub mod monitor;
pub mod ops;
mod python;
mod replace;
pub mod report;
mod store;
mod sweep;
mod tree;
pub mod watch;
pub mod witness;

pub use archive::{RefusedEntry, RefusedName, RefusedTar};
pub use audit::Accept;
pub use disk::PathError;
pub use disk::limits::{file_size_met, survive_file_size};
pub use disk::processes::Process;
pub use disk::space::TooLittle;
pub use replace::{Bound, Mismatch, Unreplaced, Unsaved, Way};
pub use store::{
    Access, Added, BucketUrl, CorruptPart, Corruption, Error as StoreError, Flaw, Gap, Hole,
    IndexFailure, KeptLog, Location, LostHeader, Newer, NotInBucket, Untrusted,
};
pub use tree::{Error as VenvError, Site, Standing};
