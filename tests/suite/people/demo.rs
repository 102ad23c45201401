//! The demos: what they damage is found and mended, and nothing of it is left.

use crate::support::Sandbox;

#[test]
fn the_demo_finds_all_that_it_damaged_and_mends_it() {
    let sandbox = Sandbox::new();
    let run = sandbox.ok(&["demo"]);
    for text in [
        "3 missing, 3 emptied, 2 truncated",
        "No module named 'parcel.core'",
        "exchanged in one step",
    ] {
        assert!(run.stdout.contains(text), "{text}: {run}");
    }
    assert!(!sandbox.path("store").exists());
}

#[test]
fn the_demo_without_a_snapshot_goes_the_whole_way() {
    let sandbox = Sandbox::new();
    let run = sandbox.ok(&["demo", "--no-snapshot"]);
    for text in [
        "hint: to make it anew without a snapshot, past every cache: snap rebuild venv",
        "2 packages taken over",
        "2 packages fetched",
        "changed back: 3 missing, 1 emptied",
    ] {
        assert!(run.stdout.contains(text), "{text}: {run}");
    }
    assert_eq!(
        run.stdout.matches("all packages import").count(),
        3,
        "{run}"
    );
}
