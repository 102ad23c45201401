//! Ctrl-C and SIGTERM: the work ends in order, with nothing half done. A second Ctrl-C ends it at once, and then the
//! next command cleans up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::exit::Exit;

/// Which signal was caught.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    caught: Arc<AtomicUsize>,
}

/// Whether whoever started us had a signal ignored (`SigIgn` of `proc_pid_status(5)`).
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

impl Signals {
    /// Begins to catch.
    pub(crate) fn catch() -> Self {
        let caught = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        // A signal that was ignored at the start stays ignored: `nohup`, and a shell's `trap '' HUP`, want that.
        let signals = [SIGINT, SIGTERM, SIGHUP].into_iter();
        for signal in signals.filter(|signal| !is_ignored(*signal)) {
            // In this order: the first signal finds the flag down and raises it, the second ends the process.
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&again));
            let _ = signal_hook::flag::register(signal, Arc::clone(&again));
            let number = usize::try_from(signal).unwrap_or(0);
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&caught), number);
        }
        Self { caught }
    }

    /// The exit code of the signal that was caught.
    pub(crate) fn caught(&self) -> Option<Exit> {
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            number if i32::try_from(number) == Ok(SIGINT) => Some(Exit::Interrupted),
            _ => Some(Exit::Terminated),
        }
    }
}
