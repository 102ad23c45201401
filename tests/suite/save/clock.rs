//! The clock of a host may stand wrong: what that does to saves, and what not.

use std::path::Path;
use std::process::Command;

use crate::support::faults::skipped;
use crate::support::{Run, Sandbox, venv};

/// Where distributions keep the library that tells a program another time.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];

/// Runs the program while its clock says that it is some time.
fn at(sandbox: &Sandbox, library: &str, time: &str, args: &[&str]) -> Run {
    let mut command: Command = sandbox.command(args);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME", time)
        .env("NO_FAKE_STAT", "1");
    let run = Run::of(command);
    assert_eq!(run.code, 0, "at {time}: snap {args:?}\n{run}");
    run
}

fn library() -> Option<&'static str> {
    let found = LIBRARIES.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        skipped(1, "libfaketime is not installed");
    }
    found
}

/// One save ran while the clock stood ten years ahead. All later ones got that date, and a policy by days dropped five
/// days of saves.
#[test]
fn a_save_with_the_clock_ten_years_ahead_dates_no_other_and_costs_no_day() {
    let Some(library) = library() else { return };
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let days = ["2026-03-01", "2036-03-02", "2026-03-03", "2026-03-04"];
    let mut told = Vec::new();
    for day in days.iter().chain(&["2026-03-05", "2026-03-06"]) {
        let run = at(
            &sandbox,
            library,
            &format!("{day} 12:00:00"),
            &["save", "venv"],
        );
        told.push(run.stderr.contains("warning"));
    }
    assert_eq!(told, [false, true, true, false, false, false]);
    let list = sandbox.json(0, &["list"]);
    let dates: Vec<&str> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["created"].as_str().unwrap()[..10])
        .collect();
    // In the order in which they were made, each with its own date.
    assert_eq!(dates[..4], days);
    let log = sandbox.json(0, &["log", "venv"]);
    let events = log["events"].as_array().unwrap().iter();
    let times = events.map(|one| &one["time"].as_str().unwrap()[..10]);
    assert_eq!(
        times.collect::<Vec<_>>(),
        dates,
        "the log has the same order"
    );
    let latest = sandbox.json(0, &["show", "latest", "--venv", "venv"]);
    assert!(
        latest["snapshot"]["created"]
            .as_str()
            .unwrap()
            .starts_with("2026-03-06")
    );
    let policy = ["forget", "--keep-daily", "7", "--venv", "venv"];
    let now = "2026-03-06 13:00:00";
    at(&sandbox, library, now, &policy);
    assert_eq!(sandbox.ids().len(), 6, "no day is dropped");
    at(
        &sandbox,
        library,
        now,
        &["forget", "--keep-daily", "2", "--venv", "venv"],
    );
    assert_eq!(
        sandbox.ids().len(),
        3,
        "two days, and the one whose date is not known"
    );
}

#[test]
fn a_restore_undo_and_diff_go_by_the_order_and_not_by_the_dates() {
    let Some(library) = library() else { return };
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let file = sandbox.venv().join(venv::SITE).join("click/core.py");
    assert!(file.exists(), "{}", file.display());
    at(&sandbox, library, "2036-01-01 00:00:00", &["save", "venv"]);
    venv::write(&sandbox.venv(), "notes.txt", b"newer");
    at(&sandbox, library, "2026-01-01 00:00:00", &["save", "venv"]);
    std::fs::remove_file(&file).unwrap();
    at(
        &sandbox,
        library,
        "2026-01-02 00:00:00",
        &["restore", "venv"],
    );
    assert!(
        sandbox.venv().join("notes.txt").exists(),
        "the later save counts"
    );
    std::fs::remove_file(sandbox.venv().join("notes.txt")).unwrap();
    at(
        &sandbox,
        library,
        "2026-01-01 12:00:00",
        &["restore", "venv"],
    );
    at(&sandbox, library, "2026-01-01 11:00:00", &["undo", "venv"]);
    assert!(
        !sandbox.venv().join("notes.txt").exists(),
        "the last restore is undone"
    );
    assert!(file.exists());
}
