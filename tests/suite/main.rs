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

mod cache;
mod check;
mod deps;
mod diff;
mod discover;
mod doctor;
mod drill;
mod people;
mod places;
mod rebuild;
mod remote;
mod restore;
mod save;
mod schedule;
mod status;
mod store;
mod support;
mod tidy;
mod transfer;
mod watch;
mod witness;
