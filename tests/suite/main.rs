//! The claims, by verb, a folder each. Each test is named after the claim it proves.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]
#![allow(
    clippy::print_stdout,
    reason = "the harness shows it where it is asked to"
)]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "speed is not what tests are for"
)]

mod cache_check;
mod cache_quarantine;
mod cache_unpacked;
mod check;
mod diff;
mod file_systems;
mod odd_attributes;
mod people;
mod refused_links;
mod restore;
mod save;
mod store;
mod full_copies;
mod full_disk;
mod golden;
mod header;
mod heal;
mod hostile_headers;
mod hostile_tars;
mod import;
mod import_crash;
mod in_place;
mod incidents;
mod installed;
mod installers;
mod interpreters;
mod kept;
mod labels;
mod large;
mod late;
mod leftovers;
mod limits;
mod linked;
mod lost;
mod mapped;
mod matrix;
mod misread;
mod mixtures;
mod names;
mod old_place;
mod order;
mod other_place;
mod overlooked;
mod owners;
mod packages;
mod packs;
mod part;
mod places;
mod pyc;
mod recovery;
mod relocation;
mod report;
mod resumed;
mod round_trip;
mod rows;
mod schemas;
mod scripts;
mod shared;
mod signals;
mod slips;
mod sources;
mod startup;
mod sums;
mod support;
mod tidy;
mod transfer;
