//! One directory tree is put in the place of another, safe across a crash.
//!
//! This room knows no snapshot, no store, no Python and no option of the command line. What it needs of the world
//! comes through two traits: `Contents`, which writes what shall stand there, and `Keeper`, which keeps what is
//! replaced.
//!
//! # States
//!
//! Types tell the state in a process, each made of the one before; the journal and the inodes tell it after a crash.
//!
//! ```text
//!  in the process   on the disk                                      a crash here is settled by
//!  ──────────────   ──────────────────────────────────────────────   ──────────────────────────────────────────────
//!  Plan             nothing                                          nothing to do
//!    │ stage        journal "staging"; the keeper's state counts;    leftovers.rs `clean`: staging goes, the keeper
//!    ▼              staging is filled                                takes its state back, the journal goes
//!  Staged
//!    │ verify       staging is read back and durable                 the same
//!    ▼
//!  Verified
//!    │ swap         of a part: what came outside of it meanwhile is staged as well (`along.rs`)
//!    │              by name: journal "swap" names both inodes        `settle_swap`, by the inodes: staging at its own
//!    │                                                               name → `clean`; at the place → `complete`
//!    │                exchange, or two renames (old → aside,         between the renames: the second one is done
//!    │                staging → place), or one where nothing is
//!    │                │ cannot be renamed (`fall_back`): nothing
//!    │                ▼ was changed
//!    │              in place: journal "apply" lists the steps        `settle_steps`: what came since in their way is
//!    │                remove, mkdir, place, settle                   kept, then all are done again
//!    ▼
//!  Swapped
//!    │ finish       late changes are kept; shared files that         `complete` → the same `Finish`
//!    │              changed are written afresh; the old tree
//!    │              goes, or gets a name to stay under
//!    │              the journal goes                                 nothing to do
//!    ▼
//!  Done
//! ```
//!
//! The way is a value that is decided once (`Route`): place, exchange, or in place. There is one fall-back: where a
//! directory cannot be renamed though that was planned, `Verified::fall_back` goes on in place with what is staged, and
//! staging and journal stay beside the tree. Of the files that both trees share by then most need no step: they stand
//! as they shall, and only lose their second name with staging. Those that changed are staged afresh (`restage.rs`)
//! before anything is replaced.
//!
//! # Windows
//!
//! A crash can come between any two of these; `windows/` opens each in memory, and tries it with the keeper there, away
//! and gone, and with the journal of another user.
//!
//! ```text
//!  the journal has no name · has one · the keeper's state counts · staging is filled in part · staged · verified
//!  both trees are named · flags are off · exchanged, or between two renames, or after both
//!  the old tree was asked for, and has its name · is gone in part · is gone · the journal is gone
//!  nothing stood there: staged · named · placed
//!  an empty directory stood there: staged · named · it is gone · placed
//!  in place, the journal beside or inside: flags are off · before, between and after the steps · staging is gone
//!  something changed late: not kept yet · kept, and not yet written afresh
//!  a tree is not the one that the journal names: copied anew · moved away · put there by somebody else
//! ```
//!
//! Whoever settles a window goes through the same ones: what it does can be done again.
//!
//! What follows an exchange is written once (`finish.rs`): the process that made it and the next command after a
//! crash differ only in what they know of the old tree (`observed.rs`).

mod along;
mod contents;
mod disk;
mod done;
mod doomed;
mod error;
mod finish;
mod fit;
mod fresh;
mod goal;
mod keep;
mod keeper;
mod leftovers;
mod merge;
mod names;
mod observed;
mod plan;
mod readback;
mod records;
mod recovery;
mod restage;
mod reused;
mod route;
mod special;
mod stage;
mod steps;
mod swapped;
mod unlocked;
mod verified;
#[cfg(test)]
mod windows;
mod workspace;

pub use disk::swap::Way;
pub use error::{Bound, Mismatch, Unreplaced, Unsaved};
pub use steps::Wrong;

pub(crate) use contents::{Contents, Written};
pub(crate) use disk::staging::Staging;
pub(crate) use done::Unsettled;
pub(crate) use error::Error;
pub(crate) use finish::{Sources, Who};
pub(crate) use goal::{Goal, How, Live, link_to};
pub(crate) use keep::Keep;
pub(crate) use keeper::{Keeper, Kept, Late, Receipt};
pub(crate) use merge::regrouped;
pub(crate) use names::{REST, kept_prefix};
pub(crate) use plan::Plan;
pub(crate) use recovery::{Left, Settled, Stand, each_left, has_left, receipts};
pub(crate) use route::{Owners, bound, stands};
pub(crate) use special::Specials;
#[cfg(feature = "bench")]
pub(crate) use stage::Staged;
pub(crate) use swapped::Swapped;
