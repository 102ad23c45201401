//! The clock of a guard: it only grows, and goes on while the machine sleeps.

use rustix::time::{ClockId, clock_gettime};
use venv_snap::watch::Moment;

/// Now.
pub(super) fn now() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    Moment(
        time.tv_sec
            .saturating_mul(1000)
            .saturating_add(time.tv_nsec / 1_000_000),
    )
}

/// The id of the start of the machine from which the clock counts; empty where it cannot be read.
pub(super) fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}
