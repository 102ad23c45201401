//! The claims, by room. Each test is named after the claim it proves.

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

mod afterwards;
mod attributes;
mod audit;
mod bad_input;
mod beyond;
mod bytecode;
mod cache_check;
mod cache_unpacked;
mod caches;
mod care;
mod chosen;
mod clock;
mod closed;
mod command_line;
mod copy;
mod copy_crash;
mod damage;
mod diagnosis;
mod emptied;
mod fallback;
mod file_systems;
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
mod matrix;
mod misread;
mod mixtures;
mod names;
mod odd_attributes;
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
mod refused_links;
mod relocation;
mod report;
mod resumed;
mod round_trip;
mod rows;
mod scripts;
mod shared;
mod signals;
mod slips;
mod sources;
mod startup;
mod sums;
mod support;
mod suspects;
mod tars_of_others;
mod ticks;
mod tidy;
mod told;
mod transport;
mod undo;
mod unfinished;
mod unseen;
mod unsettled;
mod users;
mod windows;
mod within;
mod words;
