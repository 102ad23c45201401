//! What verbs need of snapshots: one is drafted, an incident is kept, what is missing is found and taken from a live
//! tree.

mod draft;
mod hurt;
mod incident;
mod intake;
mod missing;

pub use hurt::Hurt;

pub(super) use draft::{Draft, prepare};
pub(super) use hurt::hurt;
pub(super) use incident::{Incident, scan_live};
pub(super) use intake::Intake;
pub(super) use missing::store_missing;
