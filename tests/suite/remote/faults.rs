//! Requests that fail: every acknowledged snapshot restores, nothing else is listed, and a retry costs only what is
//! missing (promise 1).

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use super::Host;
use crate::support::bucket::{Bucket, Fault};
use crate::support::{Tree, venv};

/// That another host sees what was saved, and can have each of it.
fn check(bucket: &Bucket, saved: &[String], what: &str) {
    let host = Host::new(bucket);
    host.ok(&["verify"]);
    let ids = host.ids();
    for id in saved {
        assert!(ids.contains(id), "{what}: {id}");
    }
    for id in &ids {
        host.ok(&["restore", "venv", id, "--to", id]);
    }
}

#[test]
fn a_save_that_is_killed_at_any_request_leaves_all_that_was_saved_and_nothing_half() {
    let mut killed = 0;
    for number in 0.. {
        let bucket = Bucket::serve();
        let host = Host::new(&bucket);
        venv::tiny(&host.sandbox.venv());
        host.ok(&["save", "venv"]);
        let first = host.ids();
        venv::write(&host.sandbox.venv(), "data", &venv::noise(20_000));
        let pid = Arc::new(AtomicI32::new(0));
        let victim = Arc::clone(&pid);
        // Every other time the request has been carried out.
        let fault = if number % 2 == 0 {
            Fault::Reset
        } else {
            Fault::Lost
        };
        bucket.plan(move |at, _, _| {
            if at != number {
                return (at > number).then_some(Fault::Reset);
            }
            while victim.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let pid = Pid::from_raw(victim.load(Ordering::SeqCst)).unwrap();
            let _ = kill_process(pid, Signal::KILL);
            Some(fault)
        });
        let mut command = host.command(&["save", "venv"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        pid.store(child.id().cast_signed(), Ordering::SeqCst);
        let ended = child.wait().unwrap();
        bucket.calm();
        if ended.code() == Some(0) {
            break;
        }
        killed += 1;
        check(&bucket, &first, &format!("request {number}"));
        let packs = |bucket: &Bucket| {
            bucket
                .keys()
                .iter()
                .filter(|key| key.contains("/packs/"))
                .count()
        };
        let (there, before) = (host.ids().len(), packs(&bucket));
        host.ok(&["save", "venv"]);
        assert_eq!(host.ids().len(), there + 1);
        // What had arrived is not sent again.
        assert!(packs(&bucket) <= before.max(2), "request {number}");
    }
    println!("save: killed at {killed} requests, lost 0");
    assert!(killed > 5);
}

#[test]
fn a_request_that_fails_once_costs_a_retry_and_no_save() {
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::Reset,
        Fault::Lost,
        Fault::Cut,
        Fault::Status(409),
        Fault::Done(412),
        Fault::Done(500),
    ];
    let mut failed = 0;
    for number in 0.. {
        let bucket = Bucket::serve();
        let host = Host::new(&bucket);
        venv::tiny(&host.sandbox.venv());
        let tree = Tree::of(&host.sandbox.venv());
        // How the server is tried is a matter of its own, and many requests.
        host.ok(&["remote", "init"]);
        let fault = faults[number % faults.len()];
        bucket.plan(move |at, method, _| {
            // Conflicts are said of what is put under a condition, and cut is what is got.
            let fits = match fault {
                Fault::Status(409) | Fault::Done(412) => method == "PUT",
                Fault::Cut => method == "GET",
                _ => true,
            };
            (at == number && fits).then_some(fault)
        });
        let what = format!("{fault:?} at request {number}");
        host.ok(&["save", "venv"]);
        if bucket.asked() <= number {
            break;
        }
        failed += 1;
        bucket.plan(move |at, _, _| (at == number).then_some(Fault::Reset));
        fs::remove_dir_all(host.sandbox.venv()).unwrap();
        host.ok(&["restore", "venv"]);
        tree.assert_same(&Tree::of(&host.sandbox.venv()), &what);
        bucket.calm();
        host.ok(&["verify"]);
    }
    assert!(failed > 5);
}

#[test]
fn a_server_that_stays_away_is_an_error_with_its_address_and_nothing_hangs() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    for (status, said) in [(501, "501"), (403, "403 AccessDenied")] {
        bucket.plan(move |_, _, _| Some(Fault::Status(status)));
        let run = host.code(3, &["save", "venv"]);
        assert!(
            run.stderr.contains("s3://bucket/hosts") && run.stderr.contains(said),
            "{run}"
        );
        assert!(bucket.asked() < 8, "{:?}", bucket.log());
    }
}
