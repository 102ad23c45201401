//! Snapshot files that no writer of ours makes.

use serde_json::{Value, json};

use super::place::Place;
use super::writer::{self, dir, file, object, tree};
use super::{Case, try_each};

/// A snapshot of one file, with another claim in its snapshot file.
fn claimed(place: &Place, change: impl Fn(&mut Value)) -> String {
    let inside = tree(&[file(b"a", b"hello")]);
    place.with_tree(&inside, &[object(0, b"hello")]);
    let mut snapshot = place.snapshot(&tree(&[dir(b"", &inside)]));
    change(&mut snapshot);
    place.put_snapshot(&snapshot)
}

#[test]
fn snapshot_files_that_lie_do_no_harm() {
    let cases: &[Case] = &[
        ("year -1 of a snapshot", (0, 0), |place| {
            claimed(place, |s| s["created"] = json!("-000001-01-01T00:00:00Z"))
        }),
        ("last year of a snapshot", (0, 0), |place| {
            claimed(place, |s| s["created"] = json!("9999-12-30T22:00:00Z"))
        }),
        ("year 292277026596 of a snapshot", (3, 1), |place| {
            claimed(place, |s| {
                s["created"] = json!("+292277026596-01-01T00:00:00Z");
            })
        }),
        ("totals of 2^64-1", (0, 0), |place| {
            claimed(place, |s| {
                for key in ["files", "dirs", "symlinks", "special", "bytes"] {
                    s["totals"][key] = json!(u64::MAX);
                }
            })
        }),
        ("totals of none", (3, 0), |place| {
            claimed(place, |s| s["totals"]["files"] = json!(0))
        }),
        ("unknown format", (3, 1), |place| {
            claimed(place, |s| s["format"] = json!(2))
        }),
        ("unknown feature", (3, 1), |place| {
            claimed(place, |s| s["features"] = json!(["encrypted"]))
        }),
        ("a label that steers a terminal", (3, 1), |place| {
            claimed(place, |s| s["label"] = json!("\u{1b}[2J"))
        }),
        ("a note that steers a terminal", (0, 0), |place| {
            claimed(place, |s| s["note"] = json!("\u{1b}[2J\u{202e}x\r\n"))
        }),
        ("hosts and paths that steer a terminal", (0, 0), |place| {
            claimed(place, |s| {
                s["venv"] = json!({"host": "\u{1b}[2J", "path": "/\u{1b}[2J\u{202e}"});
                s["writer"] = json!("\u{1b}[2J");
                s["unreadable"] = json!(["\u{1b}[2J"]);
                s["unstable"] = json!(["\u{1b}[2J"]);
            })
        }),
        ("a venv at ..", (0, 0), |place| {
            claimed(place, |s| s["venv"]["path"] = json!("../canary"))
        }),
        ("a venv at /", (0, 0), |place| {
            claimed(place, |s| s["venv"]["path"] = json!("/"))
        }),
        ("a venv nowhere", (0, 0), |place| {
            claimed(place, |s| s["venv"]["path"] = json!(""))
        }),
        ("a venv of no text", (0, 0), |place| {
            claimed(place, |s| s["venv"]["path_b64"] = json!("AAAA////"))
        }),
        ("a document that is none", (0, 0), |place| {
            claimed(place, |s| {
                s["document"] = json!(blake3::hash(b"hello").to_hex().to_string());
            })
        }),
        ("a document that is lost", (0, 1), |place| {
            claimed(place, |s| {
                s["document"] = json!(blake3::hash(b"lost").to_hex().to_string());
            })
        }),
        ("a root that is lost", (3, 1), |place| {
            claimed(place, |s| s["root"] = json!("00".repeat(32)))
        }),
        ("a root that is no tree", (3, 1), |place| {
            claimed(place, |s| {
                s["root"] = json!(blake3::hash(b"hello").to_hex().to_string());
            })
        }),
        ("arrays in arrays without an end", (3, 1), |place| {
            let text = "[".repeat(1 << 20);
            writer::put(&place.sandbox.path("store/snapshots"), text.as_bytes())
        }),
        ("an incident that completes itself", (0, 0), |place| {
            claimed(place, |s| {
                let same = json!("11".repeat(32));
                s["purpose"] = json!("incident");
                (s["parent"], s["completes"], s["replaced_by"]) =
                    (same.clone(), same.clone(), same);
            })
        }),
    ];
    try_each("snapshot files", cases);
}
