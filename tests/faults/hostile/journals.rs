//! Journals beside a venv that no restore of ours wrote, or not for this place.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::Tried;
use crate::support::faults::needs_root;
use crate::support::{Sandbox, Tree, venv};

/// What is changed in a journal.
type Change = Box<dyn Fn(&mut Value)>;
/// What is put in the place of a journal.
type Make = fn(&Path);

/// A venv that is saved, and a canary beside the directory that holds it.
struct Beside {
    sandbox: Sandbox,
    canary: Tree,
    good: Tree,
}

impl Beside {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path("canary/dir")).unwrap();
        fs::write(sandbox.path("canary/dir/file"), b"untouched").unwrap();
        venv::tiny(&sandbox.path("area/venv"));
        sandbox.ok(&["save", "area/venv"]);
        let canary = Tree::of(&sandbox.path("canary"));
        let good = Tree::of(&sandbox.path("area/venv"));
        Self {
            sandbox,
            canary,
            good,
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.sandbox.path("area/.venv.snap-restore-journal")
    }

    /// Writes a journal with the right checksum.
    fn write(&self, change: impl Fn(&mut Value)) {
        let store = BASE64.encode(self.sandbox.path("store").to_str().unwrap().as_bytes());
        let mut journal = json!({
            "format": 1, "staging": ".venv.snap-restore-staging", "keep_old": null, "store": store,
            "snapshot": "11".repeat(32), "incident": null, "phase": {"phase": "staging"}
        });
        change(&mut journal);
        let body = journal.to_string();
        fs::write(
            self.path(),
            format!("{}\n{body}", blake3::hash(body.as_bytes()).to_hex()),
        )
        .unwrap();
    }

    /// Runs every command that meets the journal: none may harm, and the venv stays or becomes what was saved.
    fn try_all(&self, name: &str) {
        for args in [
            &["list", "area/venv"][..],
            &["diff", "area/venv"],
            &["save", "area/venv"],
            &["restore", "area/venv"],
        ] {
            let run = self.sandbox.snap(args);
            assert!([0, 1, 3].contains(&run.code), "{name}: {args:?}: {run}");
            self.canary
                .assert_same(&Tree::of(&self.sandbox.path("canary")), name);
            self.good
                .assert_same(&Tree::of(&self.sandbox.path("area/venv")), name);
        }
    }
}

fn give(path: &Path) {
    chown(path, Some(65534), Some(65534)).unwrap();
}

fn steps(one: &Value) -> Value {
    json!({"phase": "apply", "steps": [one]})
}

#[test]
fn a_journal_that_points_elsewhere_moves_and_removes_nothing() {
    let tried = Tried::default();
    let outside = BASE64.encode(b"../../canary");
    let absolute = BASE64.encode(b"/etc");
    let changes: Vec<(&str, Change)> = vec![
        (
            "staging elsewhere",
            Box::new(|j| j["staging"] = json!("../canary")),
        ),
        (
            "staging is the venv",
            Box::new(|j| j["staging"] = json!("venv")),
        ),
        (
            "old tree kept elsewhere",
            Box::new(|j| j["keep_old"] = json!("../canary/dir")),
        ),
        (
            "old tree kept nowhere",
            Box::new(|j| j["keep_old"] = json!("")),
        ),
        ("unknown format", Box::new(|j| j["format"] = json!(2))),
        (
            "store elsewhere",
            Box::new(|j| j["store"] = json!(BASE64.encode(b"/dev/zero"))),
        ),
        ("store of no text", Box::new(|j| j["store"] = json!("?"))),
        (
            "unknown incident",
            Box::new(|j| j["incident"] = json!("22".repeat(32))),
        ),
        (
            "inodes of nobody",
            Box::new(|j| {
                let nobody = json!({"dev": u64::MAX, "ino": u64::MAX});
                j["phase"] = json!({"phase": "swap", "staged": nobody, "live": nobody});
            }),
        ),
        (
            "remove outside",
            Box::new(move |j| j["phase"] = steps(&json!({"remove": outside}))),
        ),
        (
            "remove an absolute path",
            Box::new(move |j| j["phase"] = steps(&json!({"remove": absolute}))),
        ),
        (
            "a directory outside",
            Box::new(move |j| {
                j["phase"] = steps(&json!({"mkdir": BASE64.encode(b"../../canary/new")}));
            }),
        ),
        (
            "a file placed outside",
            Box::new(move |j| {
                j["phase"] = steps(&json!({"place": BASE64.encode(b"../../canary/dir/file")}));
            }),
        ),
        (
            "a directory outside settled",
            Box::new(|j| {
                j["phase"] = steps(&json!({"settle": {
                    "path": BASE64.encode(b"../../canary/dir"),
                    "mode": 0, "uid": 1, "gid": 1, "secs": 1, "nanos": 1
                }}));
            }),
        ),
        (
            "a path of no text",
            Box::new(|j| j["phase"] = steps(&json!({"remove": "?"}))),
        ),
        (
            "sixty-five million blanks",
            Box::new(|j| j["staging"] = json!(" ".repeat(65 << 20))),
        ),
        (
            "a million lists in each other",
            Box::new(|j| j["keep_old"] = json!("[".repeat(1 << 20))),
        ),
        (
            "a step that is none",
            Box::new(|j| j["phase"] = steps(&json!({"run": "rm"}))),
        ),
    ];
    for (name, change) in changes {
        let beside = Beside::new();
        beside.write(change);
        beside.try_all(name);
        tried.one();
    }
    // A step that follows a link in the venv would leave the venv.
    let beside = Beside::new();
    symlink("../../canary", beside.sandbox.path("area/venv/out")).unwrap();
    let path = BASE64.encode(b"out/dir");
    beside.write(|j| j["phase"] = steps(&json!({"remove": path})));
    beside.sandbox.snap(&["restore", "area/venv"]);
    beside.canary.assert_same(
        &Tree::of(&beside.sandbox.path("canary")),
        "remove through a link",
    );
    tried.one();
    // Steps that take each other back come to an end, and leave the names that were there.
    let beside = Beside::new();
    let path = BASE64.encode(b"fresh");
    let pair = [json!({"mkdir": path}), json!({"remove": path})];
    let all: Vec<&Value> = pair.iter().cycle().take(40_000).collect();
    beside.write(|j| j["phase"] = json!({"phase": "apply", "steps": all}));
    let run = beside.sandbox.snap(&["restore", "area/venv"]);
    assert!([0, 3].contains(&run.code), "{run}");
    let names = |tree: &Tree| tree.0.keys().cloned().collect::<Vec<_>>();
    let now = Tree::of(&beside.sandbox.path("area/venv"));
    assert_eq!(names(&now), names(&beside.good), "steps in a circle");
    tried.one();
    tried.tell("journals that point elsewhere");
}

#[test]
fn what_stands_in_the_place_of_a_journal_is_neither_followed_nor_waited_for() {
    let tried = Tried::default();
    let make: [(&str, Make); 4] = [
        ("link", |path| symlink("../canary/dir/file", path).unwrap()),
        ("hard link", |path| {
            fs::hard_link(path.parent().unwrap().join("../canary/dir/file"), path).unwrap();
        }),
        ("pipe", venv::pipe),
        ("directory", |path| fs::create_dir(path).unwrap()),
    ];
    for (name, make) in make {
        for suffix in ["", ".tmp"] {
            let beside = Beside::new();
            fs::remove_file(beside.sandbox.path("area/venv/bin/tool")).unwrap();
            make(
                &beside
                    .sandbox
                    .path(&format!("area/.venv.snap-restore-journal{suffix}")),
            );
            let run = beside.sandbox.snap(&["restore", "area/venv"]);
            assert!([0, 3].contains(&run.code), "{name}{suffix}: {run}");
            beside
                .canary
                .assert_same(&without_links(&beside.sandbox), name);
            tried.one();
        }
    }
    tried.tell("things in the place of a journal");
}

/// The canary as it is once nothing links to it any more from outside.
fn without_links(sandbox: &Sandbox) -> Tree {
    let mut tree = Tree::of(&sandbox.path("canary"));
    tree.0.values_mut().for_each(|record| record.group = None);
    tree
}

#[test]
fn a_journal_of_the_venvs_owner_makes_root_remove_nothing() {
    if !needs_root() {
        return;
    }
    let tried = Tried::default();
    let admins = |sandbox: &Sandbox| sandbox.path("area/.venv.snap-restore-staging");
    for phase in ["staging", "swap", "apply"] {
        let beside = Beside::new();
        // A directory of root in a directory of the user, who may rename it but not empty it.
        fs::create_dir(admins(&beside.sandbox)).unwrap();
        fs::write(admins(&beside.sandbox).join("precious"), b"of root").unwrap();
        let target = BASE64.encode(b"bin");
        beside.write(|j| {
            j["phase"] = match phase {
                "staging" => json!({"phase": "staging"}),
                "swap" => json!({"phase": "swap", "staged": {"dev": 1, "ino": 1}, "live": null}),
                _ => steps(&json!({"remove": target})),
            }
        });
        give(&beside.path());
        give(&beside.sandbox.path("area"));
        beside.try_all(phase);
        let kept = Tree::of(&beside.sandbox.path("area")).0;
        assert!(
            kept.values().any(|record| record.content == b"of root"),
            "{phase}: root's own directory is gone"
        );
        tried.one();
    }
    // And one of a third user is not even read.
    let beside = Beside::new();
    beside.write(|_| {});
    chown(beside.path(), Some(4321), Some(4321)).unwrap();
    beside.try_all("of a third user");
    assert!(beside.path().exists());
    tried.one();
    tried.tell("journals of others");
}
