//! A server that takes requests and does not answer, and a program for keys that does not end.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Host;
use crate::support::bucket::{Bucket, Fault};
use crate::support::{Run, venv};

/// One request takes at least this long before it is given up unasked.
const UNASKED: Duration = Duration::from_mins(1);

/// Runs a command against a server that is silent from a request on, and asks it to stop then. None where it needs no
/// such request.
fn stopped(args: &[&str], first: usize, signal: Signal) -> Option<Run> {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    fs::remove_file(host.sandbox.venv().join("bin/tool")).unwrap();
    venv::write(&host.sandbox.venv(), "data", &venv::noise(20_000));
    let is_silent = Arc::new(AtomicBool::new(false));
    let fell = Arc::clone(&is_silent);
    bucket.plan(move |at, _, _| {
        (at >= first).then(|| {
            fell.store(true, Ordering::SeqCst);
            Fault::Silent
        })
    });
    let mut command = host.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !is_silent.load(Ordering::SeqCst) {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert!(start.elapsed() < UNASKED, "{args:?}: {run}");
    Some(run)
}

#[test]
fn whoever_asks_a_command_to_stop_does_not_wait_for_a_silent_server() {
    let commands: [&[&str]; 9] = [
        &["list"],
        &["save", "venv"],
        &["diff", "venv"],
        &["restore", "venv"],
        &["verify"],
        &["copy", "--all", "--to", "copy"],
        &["remote", "check"],
        &["verify", "--json"],
        &["status"],
    ];
    let reached = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for args in commands {
            for (first, signal, code) in [(0, Signal::INT, 130), (2, Signal::TERM, 143)] {
                let reached = &reached;
                scope.spawn(move || {
                    let Some(run) = stopped(args, first, signal) else {
                        assert!(first > 0, "{args:?} asks nothing");
                        return;
                    };
                    reached.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(run.code, code, "{args:?} at {first}: {run}");
                    assert!(run.stderr.contains("interrupted"), "{args:?}: {run}");
                    if args.contains(&"--json") {
                        let told = run.told();
                        assert_eq!(told.last().unwrap()["error"]["exit_code"], code, "{run}");
                    }
                });
            }
        }
    });
    assert!(reached.load(Ordering::SeqCst) > commands.len());
}

#[test]
fn a_program_for_keys_is_given_up_with_the_command() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let begun = host.sandbox.path("begun");
    let config = host.sandbox.path("config");
    let program = format!(
        "[default]\ncredential_process = sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000'\n",
        begun.display()
    );
    fs::write(&config, program).unwrap();
    let mut command = host.command(&["list"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_CONFIG_FILE", &config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !begun.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it asks no program");
        std::thread::sleep(Duration::from_millis(5));
    }
    let program: i32 = fs::read_to_string(&begun).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 143, "{run}");
    let end = Instant::now() + Duration::from_secs(20);
    while kill_process(Pid::from_raw(program).unwrap(), Signal::CONT).is_ok() {
        assert!(Instant::now() < end, "the program for keys goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}
