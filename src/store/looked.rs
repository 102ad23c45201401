//! When a process listed the packs of a store, and whether some were marked to go: what it may rely on for how long.

use std::sync::Mutex;
use std::sync::PoisonError;

use rustix::time::{ClockId, clock_gettime};

use super::grace::may_commit;

/// The last listing; none before the first.
#[derive(Debug, Default)]
pub(super) struct Looked(Mutex<Option<Listing>>);

#[derive(Clone, Copy, Debug)]
struct Listing {
    /// Seconds since the start of the machine, asleep or not.
    at: i64,
    had_marks: bool,
}

/// Seconds since the start of the machine, asleep or not.
pub(super) fn seconds() -> i64 {
    clock_gettime(ClockId::Boottime).tv_sec
}

impl Looked {
    /// Notes that the packs are listed now.
    pub(super) fn note(&self, had_marks: bool) {
        let listing = Listing {
            at: seconds(),
            had_marks,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(listing);
    }

    fn listing(&self) -> Option<Listing> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether packs were marked.
    pub(super) fn had_marks(&self) -> bool {
        self.listing().is_some_and(|it| it.had_marks)
    }

    /// Whether a snapshot may still rely on what was listed.
    pub(super) fn is_recent(&self) -> bool {
        self.listing()
            .is_none_or(|it| may_commit(seconds() - it.at))
    }
}
