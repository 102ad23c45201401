//! What `doctor` tells of the machine itself.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{asked, machine, put};
use crate::support::{Sandbox, Tree, venv};

fn state<'a>(answer: &'a Value, topic: &str) -> &'a str {
    let mut signs = answer["signs"].as_array().unwrap().iter();
    signs.find(|sign| sign["topic"] == topic).unwrap()["state"]
        .as_str()
        .unwrap()
}

#[test]
fn a_healthy_machine_has_nothing_bad_and_nothing_is_changed() {
    let sandbox = machine();
    put(&sandbox, "/sys/fs/ext4/sda1/errors_count", "0\n");
    put(&sandbox, "/sys/devices/system/edac/mc/mc0/ue_count", "0\n");
    put(&sandbox, "/dev/kmsg", "6,1,0,-;Linux version 6.1\n");
    put(
        &sandbox,
        "/etc/crontab",
        "17 * * * * root cd / && run-parts --report /etc/cron.hourly\n",
    );
    let before = Tree::of(&sandbox.path("root"));
    let start = Instant::now();
    let answer = asked(&sandbox, &[]);
    // The limit of 3 s is that of a machine at rest.
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(before, Tree::of(&sandbox.path("root")));
    assert!(!answer["bad"].as_bool().unwrap(), "{answer:#}");
    for topic in [
        "errors",
        "memory",
        "kernel log",
        "room",
        "mount",
        "writing",
        "clock",
        "interpreter",
    ] {
        assert_eq!(state(&answer, topic), "good", "{topic}: {answer:#}");
    }
    let run = sandbox.code(0, &["doctor", "root/srv/app/.venv", "--root", "root"]);
    assert!(
        run.stdout.starts_with("nothing bad; 1 job looked at"),
        "{run}"
    );
}

#[test]
fn errors_that_were_counted_are_bad_and_what_is_not_there_is_unknown() {
    for (path, text, topic) in [
        ("/sys/fs/ext4/sda1/errors_count", "3\n", "errors"),
        (
            "/sys/fs/btrfs/0-1/devinfo/1/error_stats",
            "write_errs 0\nread_errs 2\n",
            "errors",
        ),
        ("/sys/block/md0/md/degraded", "1\n", "errors"),
        ("/sys/devices/system/edac/mc/mc0/ce_count", "7\n", "memory"),
        (
            "/dev/kmsg",
            "3,1,5,-;blk_update_request: I/O error, dev sda, sector 1\n",
            "kernel log",
        ),
        (
            "/dev/kmsg",
            "3,1,5,-;EXT4-fs error (device sda1): ext4_find_entry\n",
            "kernel log",
        ),
    ] {
        let sandbox = machine();
        assert_eq!(state(&asked(&sandbox, &[]), topic), "unknown");
        put(&sandbox, path, text);
        let answer = asked(&sandbox, &[]);
        assert_eq!(state(&answer, topic), "bad", "{path}");
        assert!(answer["bad"].as_bool().unwrap());
    }
}

#[test]
fn an_interpreter_that_is_gone_and_files_of_the_future_are_bad() {
    let sandbox = machine();
    let place = sandbox.path("root/srv/app/.venv");
    fs::remove_file(place.join("bin/python")).unwrap();
    assert_eq!(state(&asked(&sandbox, &[]), "interpreter"), "bad");
    if let Some(faketime) = crate::support::tools::find("faketime") {
        let args = ["doctor", "root/srv/app/.venv", "--root", "root", "--json"];
        let mut command = std::process::Command::new(faketime);
        command.arg("2001-01-01").arg(env!("CARGO_BIN_EXE_snap"));
        sandbox.dress(&mut command);
        let run = crate::support::Run::of({
            command.args(args);
            command
        });
        let answer: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
        assert_eq!(state(&answer, "clock"), "bad", "{run}");
    } else {
        println!("skipped: 1 no faketime");
    }
}

#[test]
fn bad_input_is_a_clear_error() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for args in [
        &["doctor", "nosuch"][..],
        &["doctor", "venv", "--root", "nosuch"],
        &["doctor", "venv", "--look-in", "nosuch"],
        &["doctor", "venv", "--root", "venv", "--look-in", "."],
    ] {
        sandbox.code(2, args);
    }
}
