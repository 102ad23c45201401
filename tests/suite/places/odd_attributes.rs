//! Any attributes on a tree and on the directory above it: saved, hurt and restored, the tree is the same to an
//! independent eye.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::faults::needs_root;
use crate::support::{Sandbox, Tree, venv};

/// Numbers that are the same in every run (Knuth, MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, max: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % max
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

fn paths(root: &Path) -> Vec<PathBuf> {
    Tree::of(root)
        .0
        .keys()
        .map(|path| root.join(path))
        .collect()
}

/// Sets an attribute, where this file system has it.
fn set(path: &Path, name: &str, value: &[u8]) {
    let _ = rustix::fs::lsetxattr(path, name, value, rustix::fs::XattrFlags::empty());
}

/// An access list for some user, in the form of the kernel (`linux/posix_acl_xattr.h`).
fn access_list(random: &mut Random) -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    let user = 1 + random.below(100_000) as u32;
    let any = u32::MAX;
    for (tag, id) in [(1_u16, any), (2, user), (4, any), (16, any), (32, any)] {
        let rights = if tag == 1 { 7 } else { random.below(8) as u16 };
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()));
        list.extend(id.to_le_bytes());
    }
    list
}

/// Gives something in the tree, or the directory above it, attributes by chance.
fn touch(path: &Path, is_inside: bool, random: &mut Random) {
    let kind = fs::symlink_metadata(path).unwrap().file_type();
    // Who may not run it keeps others from looking at the rest.
    if path.ends_with("bin/python") {
        return;
    }
    if random.below(3) == 0 {
        let mut id = || random.one_of(&[0, 0, 1, 77, 65_534, 3_000_000]);
        lchown(path, Some(id()), Some(id())).unwrap();
    }
    if !kind.is_symlink() {
        if random.below(2) == 0 {
            let bits = random.one_of(&[0, 0o1000, 0o2000, 0o3000]);
            let bits = if kind.is_dir() { bits } else { 0 };
            let mode = 0o700 | random.below(0o1000) as u32 | bits;
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        for _ in 0..random.below(3) {
            let name = format!("user.n{}", random.below(5));
            let len = random.one_of(&[0, 1, 90, 700]);
            set(path, &name, &vec![random.below(256) as u8; len]);
        }
        if random.below(4) == 0 {
            set(path, "system.posix_acl_access", &access_list(random));
        }
        if kind.is_dir() && random.below(3) == 0 {
            set(path, "system.posix_acl_default", &access_list(random));
        }
        if is_inside && random.below(8) == 0 {
            set(path, "trusted.mark", b"1");
        }
    }
    if is_inside {
        let secs = random.one_of(&[-86_400, 0, 1, 1_600_000_000, 1_700_000_000, 4_102_444_800]);
        venv::set_mtime(path, secs, random.below(1_000_000_000) as i64);
    }
}

/// Takes files, bytes and attributes away, and adds some.
fn hurt(root: &Path, random: &mut Random) {
    let all = paths(root);
    for _ in 0..6 {
        let path = &all[1 + random.below(all.len() as u64 - 1) as usize];
        let Ok(meta) = fs::symlink_metadata(path) else {
            continue;
        };
        match random.below(4) {
            0 if meta.is_dir() => fs::remove_dir_all(path).unwrap(),
            0 | 1 if !meta.is_dir() => fs::remove_file(path).unwrap(),
            2 if meta.is_file() => fs::write(path, b"other").unwrap(),
            _ => touch(path, true, random),
        }
    }
}

/// Gives something a flag by which it cannot be changed, where this file system has them. Returns what is lost by that.
fn flag(root: &Path, random: &mut Random) -> Vec<&'static str> {
    let (flag, name) = random.one_of(&[("+i", "immutable"), ("+a", "append-only")]);
    let all = paths(root);
    let path = &all[random.below(all.len() as u64) as usize];
    let is_own = fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_symlink());
    let is_set = random.below(2) == 0 && is_own && chattr(flag, path);
    if is_set { vec![name] } else { Vec::new() }
}

/// Takes the flags off again.
fn clear(root: &Path) {
    for path in paths(root) {
        if fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_symlink()) {
            chattr("-ia", &path);
        }
    }
}

fn chattr(how: &str, path: &Path) -> bool {
    let mut command = Command::new("chattr");
    let done = command.arg(how).arg(path).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

#[test]
fn a_tree_of_any_attributes_comes_back_below_any_directory() {
    if !needs_root() {
        return;
    }
    let seed = std::env::var("VENV_SNAP_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let rounds = seed.map_or(1..=24, |seed| seed..=seed);
    for seed in rounds {
        let mut random = Random(seed);
        let sandbox = Sandbox::new();
        let above = sandbox.path("above");
        let root = above.join("venv");
        venv::tiny(&root);
        // From the leaves up, since names that come and go move the time of a directory.
        for path in paths(&root).iter().rev() {
            touch(path, true, &mut random);
        }
        // The interpreter is asked as its user, who may not get there.
        let saved = sandbox.snap(&["save", "above/venv", "--force"]);
        assert!(matches!(saved.code, 0 | 3), "{saved}");
        let good = Tree::of(&root);
        touch(&above, false, &mut random);
        for round in 0..2 {
            hurt(&root, &mut random);
            let told = format!("seed {seed}, round {round}");
            let flags = flag(&root, &mut random);
            let answer = sandbox.json(0, &["restore", "above/venv", "latest", "--yes"]);
            let left = answer["left_out"].as_array().unwrap().iter();
            let left: Vec<&str> = left.map(|one| one["what"].as_str().unwrap()).collect();
            if answer["mode"] == "identical" {
                // Nothing is replaced, so that nothing is lost.
                assert!(left.is_empty(), "{told}: {answer}");
                clear(&root);
            } else {
                assert_eq!(left, flags, "{told}: {answer}");
            }
            if answer["mode"] != "identical" {
                good.assert_same(&Tree::of(&root), &told);
            }
            let diff = sandbox.json(0, &["diff", "above/venv", "latest"]);
            let class = |one: &serde_json::Value| one["class"] == "noise";
            assert!(
                diff["entries"].as_array().unwrap().iter().all(class),
                "{told}: {diff}"
            );
        }
    }
}
