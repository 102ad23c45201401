//! The fault laboratory: what `docs/reliability.md` counts, tried for real. A seeded part of it runs with `cargo
//! test`; `VENV_SNAP_FAULTS=long` runs all of it (`docs/reliability.md` tells how long each harness takes).
//!
//! One harness per file, named after what goes wrong.

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
#![allow(
    clippy::too_many_lines,
    reason = "a list of cases reads best in one piece"
)]

mod bits;
mod cache;
mod calls;
mod dice;
mod edits;
mod fence;
mod hostile;
mod injection;
mod lab;
mod log_disk;
mod many;
mod model;
mod no_room;
mod planted;
mod power;
mod races;
mod rig;
mod rights;
mod shutdown;
mod stage;
mod story;
#[path = "../suite/support/mod.rs"]
#[allow(dead_code, reason = "shared with tests/suite, which uses the rest")]
mod support;
mod torn;
mod wreck;

use std::sync::OnceLock;

/// Whether the long version was asked for.
fn long() -> bool {
    static LONG: OnceLock<bool> = OnceLock::new();
    *LONG.get_or_init(|| std::env::var_os("VENV_SNAP_FAULTS").is_some_and(|word| word == "long"))
}

/// The first of two numbers in the short version, the second in the long one.
fn points(short: usize, all: usize) -> usize {
    if long() { all } else { short }
}

/// What a harness found, in the words of the table in `docs/reliability.md`.
fn told(harness: &str, tried: usize, survived: usize) {
    println!(
        "{harness}: tried {tried}, survived {survived}, lost {}",
        tried - survived
    );
}
