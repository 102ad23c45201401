//! What the system grants this process: descriptors, threads, and an error in place of the signal for a file that grows
//! too large.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread::{Builder, available_parallelism};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::SIGXFSZ;

/// So many descriptors the process needs beside those of its threads: the store, its index, locks and what a restore
/// holds.
const OWN_DESCRIPTORS: u64 = 40;
/// So many each thread needs at most: directories and files that are being read.
const EACH_DESCRIPTORS: u64 = 4;

/// Takes as many descriptors as are granted, and survives the limit of file sizes. Starts no thread.
pub(crate) fn set_up() {
    // A write beyond the limit then is an error with a path, instead of the end.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where that is refused, what there is must do.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Starts the threads that work: one for each core, or as many as are granted; where that is none, this thread does
/// all. A fence holds only threads that are started after it stands.
pub(crate) fn start_threads() {
    let granted = getrlimit(Resource::Nofile).current;
    let cores = asked_for().unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let by_descriptors = granted.map_or(cores as u64, |granted| {
        granted.saturating_sub(OWN_DESCRIPTORS) / EACH_DESCRIPTORS
    });
    let wanted = cores.min(usize::try_from(by_descriptors).unwrap_or(cores));
    let threads = startable(wanted);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1));
    let pool = if threads == 0 {
        pool.use_current_thread()
    } else {
        pool
    };
    // It is refused where threads work already.
    let _ = pool.build_global();
}

/// How many threads the person wants, by the variable that rayon reads where nobody starts its threads before.
fn asked_for() -> Option<usize> {
    let text = std::env::var("RAYON_NUM_THREADS").ok()?;
    text.parse().ok().filter(|number| *number > 0)
}

/// How many threads of those that are wanted can be started at once. They are ended again.
pub(crate) fn startable(wanted: usize) -> usize {
    let (hold, held) = mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    let mut started = Vec::new();
    for _ in 0..wanted {
        let held = Arc::clone(&held);
        // Each waits until all are started: one that had ended would make room for the next.
        let wait = move || drop(held.lock().map(|held| held.recv()));
        match Builder::new().spawn(wait) {
            Ok(thread) => started.push(thread),
            Err(_) => break,
        }
    }
    drop(hold);
    let count = started.len();
    for thread in started {
        let _ = thread.join();
    }
    count
}
