//! What the harnesses stand on: dice that fall the same every time, and a store of which every tree is known.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

/// The dice of a harness. `VENV_SNAP_SEED` makes them fall otherwise.
pub(crate) fn dice(name: &str) -> Dice {
    let seed = std::env::var("VENV_SNAP_SEED").unwrap_or_default();
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Dice::new(name.bytes().chain(seed.bytes()).fold(1, mix))
}

impl Dice {
    /// One of a list.
    pub(crate) fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Some of a list, or all of it where it is short enough.
    pub(crate) fn some<T>(&mut self, mut list: Vec<T>, count: usize) -> Vec<T> {
        while list.len() > count {
            list.swap_remove(self.below(list.len()));
        }
        list
    }
}

/// A sandbox with a venv, its store, and the tree of every snapshot that was acknowledged.
pub(crate) struct World {
    /// Where the venv is a mount point; unmounted before the sandbox goes.
    pub(crate) mount: Option<Mount>,
    pub(crate) sandbox: Sandbox,
    /// In the order of their saves.
    pub(crate) saved: Vec<String>,
    pub(crate) trees: BTreeMap<String, Tree>,
}

impl World {
    /// A venv that was never saved. Others may write its interpreter, so that it is not run: every call is the
    /// program's own.
    pub(crate) fn unsaved() -> Self {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        closed_interpreter(&sandbox.venv());
        venv::age(&sandbox.venv(), 1_700_000_000);
        Self {
            mount: None,
            sandbox,
            saved: Vec::new(),
            trees: BTreeMap::new(),
        }
    }

    /// Saves of three states, in packs that each hold something that only one of them needs.
    pub(crate) fn new() -> Self {
        let mut world = Self::unsaved();
        let mut dice = dice("world");
        for number in 0..3 {
            let dir = world.sandbox.venv();
            fs::write(dir.join("data.bin"), dice.bytes(9_000)).unwrap();
            fs::write(dir.join(format!("stays-{number}.bin")), dice.bytes(9_000)).unwrap();
            world.save(&[]);
        }
        world
    }

    /// Saves the venv as it is. Returns the id.
    pub(crate) fn save(&mut self, more: &[&str]) -> String {
        self.sandbox.ok(&[&["save", "venv"], more].concat());
        let id = self.sandbox.ids().pop().unwrap();
        self.saved.push(id.clone());
        let tree = Tree::of(&self.sandbox.venv());
        self.trees.insert(id.clone(), tree);
        id
    }

    /// Damages the venv in ways that a whole restore, a heal and a restore of one package each mend.
    pub(crate) fn hurt(&self) {
        let site = self.sandbox.venv().join(venv::SITE);
        fs::remove_file(site.join("click/core.py")).unwrap();
        fs::write(site.join("idna/core.py"), b"").unwrap();
        fs::write(site.join("click/mine.py"), b"mine = 1\n").unwrap();
        mode(&self.sandbox.venv().join("bin/tool"), 0o700);
        venv::age(&self.sandbox.venv(), 1_600_000_000);
    }

    /// Each of these snapshots restores to what it was, to the byte and the nanosecond.
    #[track_caller]
    pub(crate) fn all_restore(&self, ids: &[String], what: &str) {
        for id in ids {
            let Some(tree) = self.trees.get(id) else {
                continue;
            };
            let run = self.restore_beside(id);
            assert_eq!(run.code, 0, "{what}: {run}");
            let out = self.sandbox.path(BESIDE);
            tree.assert_same(&Tree::of(&out), what);
            fs::remove_dir_all(out).unwrap();
        }
    }

    /// A copy of all of it.
    pub(crate) fn backup(&self) -> tempfile::TempDir {
        let backup = tempfile::tempdir().unwrap();
        venv::copy(&self.sandbox.path("."), backup.path());
        backup
    }

    /// Makes all of it what it was.
    pub(crate) fn put_back(&self, backup: &tempfile::TempDir) {
        for path in files(self.sandbox.root()) {
            let is_mount = self.mount.is_some() && path.ends_with("venv");
            for path in if is_mount { files(&path) } else { vec![path] } {
                let gone = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
                gone.unwrap();
            }
        }
        venv::copy(&backup.path().join("."), self.sandbox.root());
    }

    /// Restores a snapshot into a directory of its own.
    pub(crate) fn restore_beside(&self, id: &str) -> crate::support::Run {
        let args = ["restore", "venv", id, "--to", BESIDE, "--exact"];
        self.sandbox.snap(&args)
    }
}

impl Sandbox {
    /// What the newest save of the venv restores to.
    pub(crate) fn restored_latest(&self) -> Tree {
        self.ok(&["restore", "venv", "latest", "--to", BESIDE, "--exact"]);
        let out = self.path(BESIDE);
        let tree = Tree::of(&out);
        fs::remove_dir_all(out).unwrap();
        tree
    }
}

impl Tree {
    /// Without the hard links to what is staged beside it: a file that has no second name in the tree is alone.
    pub(crate) fn alone(mut self) -> Self {
        let mut names: BTreeMap<std::path::PathBuf, usize> = BTreeMap::new();
        for group in self.0.values().filter_map(|record| record.group.clone()) {
            *names.entry(group).or_default() += 1;
        }
        for record in self.0.values_mut() {
            record.group = record.group.take().filter(|group| names[group] > 1);
        }
        self
    }
}

/// Where [`World::restore_beside`] restores to.
pub(crate) const BESIDE: &str = "beside";

pub(crate) fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes an interpreter that everybody may write, which the audit therefore does not run.
pub(crate) fn closed_interpreter(venv: &Path) {
    mode(&venv.join("bin/python"), 0o757);
}

/// The files of a directory, sorted; none where there is no directory.
pub(crate) fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .map(|list| list.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}

/// The names in a directory.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let name = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    files(dir).into_iter().map(name).collect()
}
