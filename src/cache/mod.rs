//! An installer's cache: a store of its own that nobody verifies. Knows no store and no venv, and changes nothing.
//!
//! `layout.rs` finds the entries, `judge.rs` holds each against what there is: a length, a hash that an index page
//! gave, the checksums of a zip, RECORD. `damage.rs` looks for the damage of a venv. No layout is guessed: what has
//! another name is told and not looked into.

mod buckets;
mod check;
mod damage;
mod entry;
mod http;
mod judge;
mod layout;
mod names;
mod pages;
mod record;
mod stream;
mod unpacked;
mod wheel;
mod window;

pub use entry::{Entry, Fault, FaultKind, Lacking, Proof, Unlisted, Verdict};

pub(crate) use buckets::installer_of;
pub(crate) use check::check;
pub(crate) use damage::{SUMMED_MAX, Standing, Wanted, find_damaged};
pub(crate) use judge::Scope;
