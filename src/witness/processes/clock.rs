//! The clock by which the kernel dates what processes do: nanoseconds of uptime, without the time of suspension.

use rustix::time::{ClockId, clock_gettime};

/// Now, in nanoseconds.
pub(in crate::witness) fn now() -> u64 {
    nanos(ClockId::Monotonic)
}

/// How much later the clock of `/proc/PID/stat` is, which goes on while the host is suspended.
pub(super) fn suspended() -> u64 {
    nanos(ClockId::Boottime).saturating_sub(now())
}

fn nanos(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
