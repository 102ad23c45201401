//! H: hostile stores, snapshot files, trees, packs, indexes and journals. Each row of the list of bad input has a
//! name here and the codes with which a restore and a verify of it end; every command is tried on each, and none may
//! panic, hang, take much memory, or change anything but its target (promise 8).

mod forests;
mod journals;
mod packs;
mod place;
mod snapshots;
mod stores;
mod trees;
mod truncated;
mod writer;

use std::sync::atomic::{AtomicUsize, Ordering};

use place::Place;

/// One bad thing: its name, the codes of restore and verify, and how it is made. Making it returns the id of the
/// snapshot to restore.
type Case = (&'static str, (i32, i32), fn(&Place) -> String);

/// Tries all and tells of those that end otherwise than expected.
#[track_caller]
fn try_each(what: &str, cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, expected, make)| {
            let place = Place::new();
            let id = make(&place);
            let (_, restore, verify) = place.try_all(name, &id);
            let found = (restore, verify);
            (found != *expected)
                .then(|| format!("{name}: restore and verify end with {found:?}, not {expected:?}"))
        })
        .collect();
    crate::told(&format!("H {what}"), cases.len(), cases.len() - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Counts what a test tried that has no list of cases.
#[derive(Default)]
struct Tried(AtomicUsize);

impl Tried {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn tell(&self, what: &str) {
        let tried = self.0.load(Ordering::Relaxed);
        crate::told(&format!("H {what}"), tried, tried);
    }
}
