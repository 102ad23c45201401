//! What the system grants this process: descriptors, threads, and an error in place of the signal for a file that grows
//! too large.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, available_parallelism};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::SIGABRT;

use super::exit::Exit;

/// So many descriptors the process needs beside those of its threads: the store, its index, locks and what a restore
/// holds.
const OWN_DESCRIPTORS: u64 = 40;
/// So many each thread needs at most: directories and files that are being read.
const EACH_DESCRIPTORS: u64 = 4;

/// The first thread does the work itself only with so many bytes of stack; with less it waits for another thread.
const STACK_MIN: u64 = 2 << 20;
/// The stack of that other thread, in bytes.
const STACK: usize = 8 << 20;

/// The exit code of Rust for a panic: a bug of our own.
const PANICKED: u8 = 101;

const NO_MEMORY: &[u8] = b"error: there is not enough memory, or no further thread\n";
/// How the standard library writes the kernel's error for a want of memory, with `Display` and with `Debug`.
const ENOMEM_TOLD: &str = "(os error 12)";
const ENOMEM_SHOWN: &str = "kind: OutOfMemory";

/// Does all in a thread with a stack of its own where that of this one is limited to little (`ulimit -s`); where no
/// thread is to be had, in this one.
pub(crate) fn with_room(all: fn() -> Exit) -> Exit {
    let limit = getrlimit(Resource::Stack).current;
    if limit.is_none_or(|limit| limit >= STACK_MIN) {
        return all();
    }
    match Builder::new().stack_size(STACK).spawn(all) {
        Ok(thread) => thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => all(),
    }
}

/// Takes as many descriptors as are granted, and survives the limit of file sizes. Starts no thread.
pub(crate) fn set_up() {
    let _ = venv_snap::survive_file_size();
    tell_aborts_apart();
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where the kernel refuses, the limit stays as it is.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Memory that is not to be had ends the program by an abort, after a line that says so: not done, as with every other
/// limit. A panic for that want ends it likewise; an abort after any other panic keeps the code of a panic.
fn tell_aborts_apart() {
    let panicked = Arc::new(AtomicBool::new(false));
    let by_panic = Arc::clone(&panicked);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str().is_some_and(wants_memory) {
            let _ = std::io::stderr().write_all(NO_MEMORY);
            std::process::abort();
        }
        by_panic.store(true, Ordering::SeqCst);
        before(info);
    }));
    let always = Arc::new(AtomicBool::new(true));
    // The first action whose condition holds ends the program.
    for (code, when) in [(PANICKED, panicked), (Exit::NotDone.code(), always)] {
        let _ = signal_hook::flag::register_conditional_shutdown(SIGABRT, code.into(), when);
    }
}

/// Whether a library panics because the system gave it no memory, or no thread, whose stack is memory. zstd panics over
/// a context that it cannot make. The standard library panics over a thread, over the second stack that each thread has
/// for its signals, and over calls that the kernel refused with `ENOMEM`.
fn wants_memory(message: &str) -> bool {
    message.starts_with("zstd returned null pointer")
        || message.starts_with("failed to spawn thread")
        || message.contains(ENOMEM_TOLD)
        || message.contains(ENOMEM_SHOWN)
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
    // A second pool is refused; the first one goes on.
    let _ = pool.build_global();
}

/// How many threads the person wants, by the variable that rayon reads where nobody starts its threads before.
fn asked_for() -> Option<usize> {
    let text = std::env::var("RAYON_NUM_THREADS").ok()?;
    text.parse().ok().filter(|number| *number > 0)
}

/// Does a job in a thread of its own; where the system grants none, at once in this one.
pub(crate) fn aside(job: impl FnOnce() + Send + 'static) {
    let job = Arc::new(Mutex::new(Some(job)));
    let theirs = Arc::clone(&job);
    let take = |job: &Mutex<Option<_>>| job.lock().ok().and_then(|mut job| job.take());
    let started = Builder::new().spawn(move || {
        if let Some(job) = take(&theirs) {
            job();
        }
    });
    if started.is_err()
        && let Some(job) = take(&job)
    {
        job();
    }
}

/// How many threads of those that are wanted can be started at once. They are ended again.
pub(crate) fn startable(wanted: usize) -> usize {
    let (hold, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
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

#[cfg(test)]
mod tests {
    use super::wants_memory;

    #[test]
    fn a_panic_for_want_of_memory_is_known_from_a_bug() {
        let enomem = std::io::Error::from_raw_os_error(12);
        for message in [
            "zstd returned null pointer when creating new context".to_owned(),
            format!("failed to allocate an alternative stack: {enomem}"),
            format!("failed to set up alternative stack guard page: {enomem}"),
            format!(
                "failed to spawn thread: {:?}",
                std::io::Error::from_raw_os_error(11)
            ),
            format!("called `Result::unwrap()` on an `Err` value: {enomem:?}"),
        ] {
            assert!(wants_memory(&message), "{message}");
        }
        for message in [
            "index out of bounds: the len is 12 but the index is 12".to_owned(),
            format!("no file: {}", std::io::Error::from_raw_os_error(2)),
        ] {
            assert!(!wants_memory(&message), "{message}");
        }
    }
}
