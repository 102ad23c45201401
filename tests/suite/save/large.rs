//! Files that claim to be larger than any disk.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, venv};

/// A venv with a file that is a hole of this many bytes.
fn with_hole(len: u64) -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let file = fs::File::create(sandbox.venv().join("hole")).unwrap();
    file.set_len(len).unwrap();
    sandbox
}

/// Whether a process has a file open.
fn has_open(pid: u32, path: &Path) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    open.flatten()
        .any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))
}

/// What each thread of a process waits for.
fn at_work(pid: u32) -> String {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let waits = tasks.flatten().map(|task| {
        let of = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        format!(
            "{} in {} ({})",
            of("comm").trim(),
            of("wchan"),
            of("syscall").trim()
        )
    });
    waits.collect::<Vec<_>>().join("; ")
}

#[test]
fn ctrl_c_ends_the_reading_of_one_file_however_large_it_is() {
    let sandbox = with_hole(1 << 39);
    for args in [&["save", "venv"][..], &["diff", "venv"], &["check", "venv"]] {
        let mut command = sandbox.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while !has_open(child.id(), &sandbox.venv().join("hole")) {
            assert!(
                child.try_wait().unwrap().is_none(),
                "{args:?} never read it"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            // All of it would take far longer. A disk that others keep busy lets nobody go for a while.
            if start.elapsed() > Duration::from_secs(90) {
                let at = at_work(child.id());
                child.kill().unwrap();
                panic!("{args:?} goes on reading: {at}");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(130), "{args:?}");
    }
    assert_eq!(sandbox.ids().len(), 1);
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn a_file_larger_than_any_venv_has_is_not_read_and_named() {
    let sandbox = with_hole((1 << 40) + 1);
    let run = sandbox.code(3, &["save", "venv"]);
    assert!(
        run.stderr.contains("'hole'") && run.stderr.contains("larger than 1 TiB"),
        "{run}"
    );
    // Saved, and not complete.
    sandbox.code(3, &["save", "venv", "--force"]);
}
