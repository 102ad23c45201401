//! Hard links that the system refuses become copies, and the rest goes on.

use std::fs;

use crate::support::faults::can_trace;
use crate::support::{Sandbox, Tree, venv};

/// Saved with a group of links within, and hurt.
fn hurt() -> (Sandbox, Tree) {
    let sandbox = Sandbox::new();
    let site = sandbox.venv().join(venv::SITE);
    venv::tiny(&sandbox.venv());
    fs::hard_link(site.join("click/utils.py"), site.join("click/same.py")).unwrap();
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_dir_all(site.join("click")).unwrap();
    (sandbox, good)
}

/// A foreign owner under `protected_hardlinks`, a file with as many names as it may have, a user namespace, a mount:
/// each ended the restore.
#[test]
fn a_link_that_is_refused_becomes_a_copy_and_is_named() {
    if !can_trace() {
        return;
    }
    for error in ["EMLINK", "EPERM", "EINVAL", "EXDEV", "EOPNOTSUPP", "ENOSYS"] {
        for part in [&[][..], &["--only", "lib/python3.11/site-packages/click/*"]] {
            let (sandbox, good) = hurt();
            let fault = format!("linkat:error={error}");
            let args = [&["restore", "venv", "--json"], part].concat();
            let run = sandbox.snap_traced(&[&fault], &args);
            assert_eq!(run.code, 0, "{error} {part:?}: {run}");
            let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let left = &answer["left_out"];
            assert_eq!(left[0]["what"], "hard-links", "{error}: {answer}");
            assert_eq!(left.as_array().unwrap().len(), 1, "{error}: {answer}");
            let mut now = Tree::of(&sandbox.venv());
            let mut good = good.clone();
            for tree in [&mut good, &mut now] {
                for record in tree.0.values_mut() {
                    record.group = None;
                    // The directory above a part is not of it.
                    if !part.is_empty() && record.kind == "directory" {
                        record.mtime = (0, 0);
                    }
                }
            }
            good.assert_same(&now, error);
            let diff = sandbox.json(0, &["diff", "venv"]);
            assert_eq!(diff["identical"], true, "{diff}");
            let again = sandbox.json(0, &["restore", "venv"]);
            assert_eq!(again["mode"], "identical", "{again}");
        }
    }
}

/// Where the place may have it again, all is tried anew.
#[test]
fn a_forced_restore_brings_back_what_a_place_did_not_hold() {
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt();
    let run = sandbox.snap_traced(&["linkat:error=EMLINK"], &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("left out: 1 hard link"), "{run}");
    let forced = sandbox.json(0, &["restore", "venv", "--force"]);
    assert!(
        forced["left_out"].as_array().unwrap().is_empty(),
        "{forced}"
    );
    good.assert_same(&Tree::of(&sandbox.venv()), "forced");
}
