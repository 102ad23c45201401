//! The demos: what they damage is found and mended, and nothing of it is left.

use std::fs;

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
fn the_picture_in_the_readme_is_one_of_the_demo() {
    let picture = fs::read_to_string("docs/cast.svg").unwrap();
    let told = Sandbox::new().ok(&["demo"]).stdout;
    let commands = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| {
            let line = line.rsplit_once("</text>").map_or(line, |(row, _)| row);
            let line = line.rsplit_once("\">").map_or(line, |(_, row)| row);
            let is_told = line.starts_with("$ ") || line.starts_with("# ");
            is_told.then(|| line.to_owned())
        });
        lines.collect()
    };
    assert!(commands(&told).len() > 6, "{told}");
    assert_eq!(
        commands(&picture),
        commands(&told),
        "packaging/cast.py makes it anew"
    );
    // What a browser shows of a file from a stranger: nothing is asked for, and nothing runs.
    for never in ["<script", "href", "url(http", "@import"] {
        assert!(!picture.contains(never), "{never}");
    }
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
