//! Text for people: plain words, the worst first, names made safe to show.

mod cache;
mod care;
mod changes;
mod check;
mod deps;
mod diagnosis;
mod diff;
mod doctor;
mod fold;
mod left_out;
mod log;
mod ls;
mod packages;
mod rebuild;
mod restore;
mod snapshots;
mod store;
mod transport;
pub(super) mod words;
mod wrap;

use jiff::tz::TimeZone;

pub(super) use cache::what as fault_text;
pub use cache::{cache_check, cache_quarantine, cache_release};
pub use care::{forget, pin, prune, undelete, verify};
pub use check::{check, refused};
pub use deps::deps;
pub(super) use deps::install_line;
pub(super) use diagnosis::{afterwards, rest};
pub use diff::diff;
pub use doctor::doctor;
pub(super) use left_out::reason;
pub use log::log;
pub use ls::ls;
pub(super) use packages::line as package_line;
pub use rebuild::rebuild;
pub(super) use restore::deed;
pub use restore::restore;
pub use snapshots::{freeze, list, save, show};
pub use store::{rebuild_index, stats};
pub use transport::{copy, export, import};

/// How text is drawn.
#[derive(Clone, Debug)]
pub struct Style {
    /// Columns of the page; tables are cut to it.
    pub width: usize,
    /// Columns at which long lines are wrapped; none where they stay whole, as in a pipe.
    pub wrap: Option<usize>,
    /// Leave nothing out.
    pub verbose: bool,
    /// Add colour; meaning never rests on it.
    pub colour: bool,
    /// The zone in which times are told.
    pub zone: TimeZone,
}
