//! The guard of a host: what it is told, what it concludes, what it remembers. It knows no store and runs nothing: who
//! looks, heals and tells is above it.

mod found;
mod guard;
mod installers;
mod integrity;
mod ledger;
mod looked;
mod memory;
mod moment;
mod news;
mod order;
mod patience;
mod place;
mod rules;
mod service;
mod shared;
#[cfg(test)]
mod simulated;

pub use found::{Culprit, Damage, Found, Verdict};
pub use guard::Guard;
pub use installers::installer_at_work;
pub use ledger::{FORMAT, Kept, Ledger, Letter, Opened};
pub(crate) use looked::kinds_in_words;
pub use looked::{
    failed_import, found_by_audit, found_by_comparison, found_by_rehearsal, unmet_requirements,
};
pub use memory::{Memory, Totals, Track};
pub use moment::{Moment, back_off};
pub use news::{Mended, News, Occasion, State, Subject};
pub use order::{Healed, Input, Order};
pub use place::{Gone, Place};
pub use rules::{
    Ask, Guarded, Health, Imports, Metrics, OnUpgrade, Ping, Policy, Receiver, Rules, Secret,
    Service,
};
pub use shared::shared_files;
