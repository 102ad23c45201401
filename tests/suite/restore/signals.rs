//! Ctrl-C in each phase: exit 130, and nothing half done.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use crate::support::faults::can_trace;
use crate::support::{Run, Sandbox, Tree, venv};

/// Waits until the child of a tracer has a thread that stands still for it, and stands still half a second later.
fn held_up(tracer: u32) -> rustix::process::Pid {
    let stopped = |pid: i32| {
        let tasks = fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        let stats = tasks.flatten().filter_map(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).ok()?;
            stat.contains(") t ").then(|| task.file_name())
        });
        stats.collect::<HashSet<_>>()
    };
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(50));
        let children = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"));
        let Some(pid) = children
            .unwrap()
            .split_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok())
        else {
            continue;
        };
        let mut still = stopped(pid);
        for _ in 0..10 {
            if still.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            still.retain(|task| stopped(pid).contains(task));
        }
        if !still.is_empty() {
            return rustix::process::Pid::from_raw(pid).unwrap();
        }
    }
    panic!("nothing was held up");
}

/// Runs a command that is held up at a system call, and interrupts it there.
fn interrupted(
    sandbox: &Sandbox,
    slow: &str,
    signal: rustix::process::Signal,
    args: &[&str],
) -> Run {
    let mut command = sandbox.traced(&[&format!("{slow}:delay_enter=3000000")], args);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    // strace passes no signal on; its child is the program.
    let pid = held_up(child.id());
    rustix::process::kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn ctrl_c_leaves_nothing_half_done_in_any_phase() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let hurt = Tree::of(&sandbox.venv());
    let saved = sandbox.ids();
    // While it reads, while it links, while it writes, while it syncs.
    for slow in [
        "openat2:when=12",
        "linkat:when=3",
        "mkdirat:when=2",
        "syncfs:when=1",
    ] {
        let run = interrupted(
            &sandbox,
            slow,
            rustix::process::Signal::INT,
            &["restore", "venv"],
        );
        assert_eq!(run.code, 130, "{slow}: {run}");
        hurt.assert_same(&Tree::of(&sandbox.venv()), slow);
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{slow}");
        assert_eq!(sandbox.ids(), saved, "{slow}");
    }
    let run = interrupted(
        &sandbox,
        "openat2:when=12",
        rustix::process::Signal::TERM,
        &["save", "venv"],
    );
    assert_eq!(run.code, 143, "{run}");
    assert_eq!(sandbox.ids(), saved);
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    // Once the trees are exchanged, the restore runs to its end.
    let twin = Sandbox::new();
    venv::tiny(&twin.venv());
    twin.ok(&["save", "venv"]);
    fs::remove_file(twin.venv().join("bin/tool")).unwrap();
    let nth = twin.first_after("unlinkat", "RENAME_EXCHANGE", &["restore", "venv"]);
    let run = interrupted(
        &sandbox,
        &format!("unlinkat:when={}", nth + 1),
        rustix::process::Signal::INT,
        &["restore", "venv"],
    );
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "interrupted after the exchange");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn a_hangup_that_was_ignored_from_the_start_stays_ignored() {
    // `nohup snap restore …` ended with 143 when the connection went away.
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut shell = std::process::Command::new("sh");
    sandbox.dress(&mut shell);
    let slow =
        "strace -f -qq -o /dev/null -e trace=openat2 -e inject=openat2:delay_enter=300000:when=3";
    let script =
        format!("trap '' HUP; {slow} \"$0\" save venv & sleep 1; pkill -HUP -P $! snap; wait $!");
    let status = shell
        .args(["-c", &script, env!("CARGO_BIN_EXE_snap")])
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(sandbox.ids().len(), 1);
}
