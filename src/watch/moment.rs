//! Time as a guard counts it: milliseconds that only grow, also while the machine sleeps and whatever a person sets its
//! clock to (`CLOCK_BOOTTIME`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since some start. It may lie before that start, in an earlier run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Moment(pub i64);

impl Moment {
    /// So much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long it is since then; nothing where that is still to come.
    pub fn since(self, then: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(then.0)).unwrap_or(0))
    }

    /// The same moment as counted from another start.
    pub(super) fn moved(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// How long to wait after so many failures in a row: 2 s, 4 s, 8 s, up to 5 min.
pub fn back_off(failures: u32) -> Duration {
    let seconds = 1_u64 << failures.clamp(1, 9);
    Duration::from_secs(seconds.min(300))
}
