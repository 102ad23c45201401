//! Text for people: plain words, the worst first, names made safe to show.

mod alert;
mod cache;
mod care;
mod changes;
mod check;
mod deps;
mod diagnosis;
mod diff;
mod discover;
mod doctor;
mod drill;
mod fold;
mod left_out;
mod log;
mod ls;
mod packages;
mod rebuild;
mod remote;
mod restore;
mod schedule;
mod self_test;
mod snapshots;
mod stat;
mod status;
mod store;
mod table;
mod transport;
mod warning;
mod watch;
pub(super) mod words;
mod wrap;

use jiff::tz::TimeZone;

pub use alert::alert_line;
pub(super) use cache::what as fault_text;
pub use cache::{cache_check, cache_quarantine, cache_release};
pub use care::{forget, pin, prune, undelete, verify};
pub use check::{check, refused};
pub use deps::deps;
pub(super) use deps::install_line;
pub(super) use diagnosis::{afterwards, rest};
pub use diff::diff;
pub use discover::{discover, discover_page};
pub use doctor::doctor;
pub use drill::drill;
pub(in crate::report) use drill::unproved;
pub(super) use left_out::reason;
pub use log::log;
pub use ls::ls;
pub(super) use packages::line as package_line;
pub use rebuild::rebuild;
pub use remote::remote;
pub use restore::restore;
pub use schedule::{schedule, schedule_files};
pub use self_test::self_test;
pub(super) use self_test::text as trial_text;
pub use snapshots::{freeze, list, save, show};
pub use status::status;
pub(super) use status::{age as status_age, counted, rest as status_rest, what, why};
pub use store::{rebuild_index, stats};
pub use transport::{copy, export, import};
pub use warning::{doing, warning};
pub use watch::{watch_rules, watch_states};
pub use wrap::wrapped;

/// What a person types to get more of something. Whoever reads the command line knows the words.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// All of what is left out.
    pub verbose: &'static str,
    /// Every distribution of a snapshot.
    pub freeze: &'static str,
    /// All of an answer, for programs.
    pub json: &'static str,
    /// One package of a snapshot.
    pub only: &'static str,
    /// What is left of a snapshot with holes.
    pub partial: &'static str,
    /// A prune that spares nothing recent.
    pub no_grace: &'static str,
    /// The command that takes a restore back.
    pub undo: &'static str,
}

/// How text is drawn.
#[derive(Clone, Debug)]
pub struct Style {
    /// What a person types to get more.
    pub options: Options,
    /// Columns at which long lines are wrapped; none where they stay whole, as in a pipe.
    pub wrap: Option<usize>,
    /// Leave nothing out.
    pub verbose: bool,
    /// Add colour; meaning never rests on it.
    pub colour: bool,
    /// The zone in which times are told.
    pub zone: TimeZone,
}
