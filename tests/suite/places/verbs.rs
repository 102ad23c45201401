//! Place × verb beside `restore` itself: `undo`, `drill` and `rebuild` do on each kind of file system what they do
//! elsewhere. The oracle is the independent walk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::file_systems::{PLACES, Place, agree, hurt, rest, rich};
use super::left_out::LeftOut;
use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

/// Without those in user space: what the kernel keeps of their times is behind for a moment after something changed.
fn rows() -> impl Iterator<Item = Place> {
    let rows = PLACES.into_iter();
    rows.filter(|row| !row.name.contains("user space"))
}

/// A venv in such a place.
struct Scene {
    row: Place,
    /// What lies within it goes first, then what holds it.
    within: Vec<Mount>,
    _mount: Mount,
    sandbox: Sandbox,
    root: PathBuf,
}

impl Scene {
    fn new(row: Place, sandbox: Sandbox) -> Option<Self> {
        let place = sandbox.path("place");
        fs::create_dir(&place).unwrap();
        Some(Self {
            _mount: (row.make)(&sandbox, &place)?,
            within: Vec::new(),
            root: place.join("venv"),
            row,
            sandbox,
        })
    }

    /// Saved elsewhere, and restored there.
    fn restored(row: Place) -> Option<Self> {
        let sandbox = Sandbox::new();
        let place = sandbox.path("place");
        rich(&place.join("venv"));
        sandbox.ok(&["save", "place/venv"]);
        fs::remove_dir_all(&place).unwrap();
        let scene = Self::new(row, sandbox)?;
        scene.sandbox.ok(&["restore", "place/venv"]);
        Some(scene)
    }

    /// Puts there what the row has within a venv; whether that can be had.
    fn with_all_within(&mut self) -> bool {
        let Some(make) = self.row.within else {
            return true;
        };
        let made = make(&self.sandbox, &self.root);
        self.within = made.unwrap_or_default();
        self.row.lacks.contains(&"mount") != self.within.is_empty()
    }

    fn tree(&self) -> Tree {
        Tree::of(&self.root).by_itself()
    }

    fn place(&self) -> &Path {
        self.root.parent().unwrap()
    }
}

#[test]
fn an_undo_brings_back_on_every_file_system_what_stood_there_and_is_undone_as_well() {
    if !needs_root() {
        return;
    }
    for row in rows() {
        let Some(mut scene) = Scene::restored(row) else {
            continue;
        };
        hurt(&scene.root);
        if !scene.with_all_within() {
            continue;
        }
        let what = scene.row.name;
        let hurt = scene.tree();
        scene.sandbox.ok(&["restore", "place/venv", "--yes"]);
        let good = scene.tree();
        for (told, want) in [("undone", &hurt), ("the undo is undone", &good)] {
            let answer = scene.sandbox.json(0, &["undo", "place/venv", "--yes"]);
            let told = format!("{what}, {told}: {answer}");
            LeftOut::of(&answer).assert_explains(want, &scene.tree(), &told);
        }
        agree(&scene.sandbox, what);
        assert_eq!(rest(scene.place()), ["venv"], "{what}");
    }
}

#[test]
fn a_drill_proves_a_baseline_on_every_file_system_and_leaves_nothing_there() {
    if !needs_root() {
        return;
    }
    for row in rows().filter(|row| row.within.is_none()) {
        let Some(scene) = Scene::restored(row) else {
            continue;
        };
        let what = scene.row.name;
        let (before, into) = (scene.tree(), scene.place().join("into"));
        fs::create_dir(&into).unwrap();
        let drill = ["drill", "place/venv", "--into", "place/into", "--no-import"];
        let answer = scene.sandbox.json(0, &drill);
        assert_eq!(answer["proved"], true, "{what}: {answer}");
        let unproved = answer["venvs"][0]["proof"]["unproved"].as_array().unwrap();
        let left_out = |one: &Value| one.as_str().unwrap().starts_with("left out");
        let lacks = unproved.iter().any(left_out);
        assert_eq!(lacks, !scene.row.lacks.is_empty(), "{what}: {answer}");
        before.assert_same(&scene.tree(), what);
        assert_eq!(fs::read_dir(&into).unwrap().count(), 0, "{what}");
    }
}

/// All of it is proved by RECORD, and only the interpreter is gone, so that no installer is needed.
#[test]
fn a_rebuild_stands_on_every_file_system_and_what_is_lost_by_it_is_asked_for_before() {
    if !needs_root() {
        return;
    }
    for row in rows() {
        // The installers of an owner run as that owner.
        let sandbox = Sandbox::new();
        fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
        let Some(mut scene) = Scene::new(row, sandbox) else {
            continue;
        };
        let what = scene.row.name;
        let make = ["-m", "venv", "--without-pip"];
        let made = Command::new("python3").args(make).arg(&scene.root).output();
        assert!(made.unwrap().status.success(), "{what}");
        let site = venv::site_packages(&scene.root);
        for name in ["click", "idna"] {
            venv::package(&scene.root, &site, name, &["core.py"]);
        }
        let good = packages(&scene);
        for name in fs::read_dir(scene.root.join("bin")).unwrap().flatten() {
            if name.file_name().to_string_lossy().starts_with("python") {
                fs::remove_file(name.path()).unwrap();
            }
        }
        if !scene.with_all_within() {
            continue;
        }
        let rebuild = ["rebuild", "place/venv", "--offline"];
        if scene.row.lacks.contains(&"mount") {
            // What is mounted there is not what RECORD lists, and nothing else is to be had.
            let run = scene.sandbox.code(3, &rebuild);
            assert!(run.stderr.contains("idna"), "{what}: {run}");
            continue;
        }
        let lost = scene.row.within.map(|_| scene.row.lacks[0]);
        if let Some(lack) = lost {
            let dry = scene.sandbox.json(0, &[&rebuild[..], &["-n"]].concat());
            assert!(LeftOut::of(&dry).has(lack), "{what}: {dry}");
            let before = scene.tree();
            let run = scene.sandbox.code(3, &rebuild);
            assert!(run.stderr.contains("--yes"), "{what}: {run}");
            before.assert_same(&scene.tree(), what);
        }
        let answer = scene.sandbox.json(0, &[&rebuild[..], &["--yes"]].concat());
        let left = LeftOut::of(&answer);
        assert!(lost.is_none_or(|lack| left.has(lack)), "{what}: {answer}");
        assert_eq!(packages(&scene), good, "{what}: {answer}");
        scene.sandbox.ok(&["check", "place/venv", "--import"]);
        agree(&scene.sandbox, what);
        assert_eq!(rest(scene.place()), ["venv"], "{what}");
    }
}

/// What the packages hold, by an eye of its own.
fn packages(scene: &Scene) -> Vec<(PathBuf, Vec<u8>)> {
    let files = Tree::of(&scene.root).0.into_iter();
    let files = files.filter(|(path, file)| {
        let text = path.to_string_lossy();
        file.kind == "file" && text.contains("site-packages") && !text.contains("__pycache__")
    });
    files.map(|(path, file)| (path, file.content)).collect()
}
