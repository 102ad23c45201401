//! A user's venv with directories and secrets of others in it: what only they may read or change stays as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use super::left_out::LeftOut;
use crate::support::faults::needs_root;
use crate::support::users::{as_user, give, users_sandbox};
use crate::support::{Sandbox, Tree, venv};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs the program as the user, who expects that code; returns the answer.
fn json(sandbox: &Sandbox, code: i32, args: &[&str]) -> serde_json::Value {
    let run = as_user(sandbox, &[args, &["--json"]].concat());
    assert_eq!(run.code, code, "{args:?}: {run}");
    assert!(!run.stderr.contains("something else"), "{args:?}: {run}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// The restore exchanged the venv, and the secret was gone from it, though it had said that it stays.
#[test]
fn what_could_not_be_read_at_the_save_and_cannot_be_now_stays_where_it_is() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let root = sandbox.path("home/venv");
    let site = root.join(venv::SITE);
    venv::write(&root, "token", b"secret");
    venv::write(&root, "own", b"closed");
    venv::write(&root, "vault/inner", b"secret");
    give(&root);
    for theirs in ["token", "vault", "vault/inner"] {
        chown(root.join(theirs), Some(0), Some(0)).unwrap();
    }
    for (path, bits) in [("token", 0o600), ("own", 0), ("vault", 0o700)] {
        mode(&root.join(path), bits);
    }
    let run = as_user(&sandbox, &["save", "venv", "--force"]);
    assert_eq!(run.code, 3, "{run}");
    let good = Tree::of(&root);
    let inode = |path: &str| fs::metadata(root.join(path)).unwrap().ino();
    let before = ["token", "own", "vault", "vault/inner"].map(inode);
    for part in [
        &[][..],
        &["--only", "click"],
        &["--heal"],
        &["--force"],
        &["--copy"],
    ] {
        fs::remove_file(site.join("click/core.py")).unwrap();
        let run = as_user(&sandbox, &[&["restore", "venv", "latest"], part].concat());
        assert_eq!(run.code, 0, "{part:?}: {run}");
        if part == ["--heal"] {
            // The time of a directory is no damage.
            venv::set_mtime(&site.join("click"), 1_700_000_000, 123_456_789);
        }
        good.assert_same(&Tree::of(&root), &format!("{part:?}"));
        let after = ["token", "own", "vault", "vault/inner"].map(inode);
        assert_eq!(after, before, "{part:?}: they are others by now");
        let names = fs::read_dir(sandbox.path("home")).unwrap();
        let left = names.filter(|one| {
            let name = one.as_ref().unwrap().file_name();
            name.to_string_lossy().contains("snap-")
        });
        assert_eq!(left.count(), 0, "{part:?}: something was put aside");
    }
    let told = json(&sandbox, 0, &["restore", "venv", "latest"]);
    assert_eq!(told["mode"], "identical", "{told}");
}

/// The bit went by the restore itself, which then said that somebody else writes in the venv.
#[test]
fn a_directory_keeps_the_bit_of_a_group_that_is_not_the_users() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let root = sandbox.path("home/venv");
    let site = root.join(venv::SITE);
    let tree = Tree::of(&root);
    let is_dir = |path: &&_| root.join(path).is_dir() && !root.join(path).is_symlink();
    let dirs: Vec<_> = tree.0.keys().filter(is_dir).collect();
    for dir in &dirs {
        chown(root.join(dir), None, Some(1)).unwrap();
        mode(&root.join(dir), 0o2755);
    }
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    for part in [&[][..], &["--only", "click"], &["--force"]] {
        fs::remove_file(site.join("click/core.py")).unwrap();
        json(&sandbox, 0, &[&["restore", "venv", "-y"], part].concat());
        for dir in &dirs {
            let now = fs::metadata(root.join(dir)).unwrap().mode() & 0o7777;
            assert_eq!(now, 0o2755, "{part:?}: {dir:?}");
        }
        assert_eq!(as_user(&sandbox, &["diff", "venv"]).code, 0);
    }
    // What is lost by now cannot be given back by this user, and that is said.
    mode(&site, 0o755);
    let told = json(&sandbox, 3, &["restore", "venv"]);
    assert!(LeftOut::of(&told).has("foreign"), "{told}");
    // Another mode comes only without it.
    mode(&site, 0o2775);
    let told = json(&sandbox, 3, &["restore", "venv", "-y"]);
    assert!(LeftOut::of(&told).has("foreign"), "{told}");
    assert_eq!(fs::metadata(&site).unwrap().mode() & 0o7777, 0o755);
}

/// Each run "mended" the mode, blamed somebody else, and left it as it was.
#[test]
fn attributes_of_anothers_directory_are_left_and_told_and_what_is_in_it_comes_back() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let root = sandbox.path("home/venv");
    venv::write(&root, "data/one", b"1");
    give(&root);
    let data = root.join("data");
    for (user, group) in [(0, 0), (33, 65_534)] {
        chown(&data, Some(user), Some(group)).unwrap();
        mode(&data, 0o775 | if group == 0 { 0o002 } else { 0 });
        assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
        // What is in it comes back, though its time is then another one.
        fs::remove_file(data.join("one")).unwrap();
        let told = json(&sandbox, 0, &["restore", "venv"]);
        assert!(!LeftOut::of(&told).has("owner"), "{told}");
        assert_eq!(fs::read(data.join("one")).unwrap(), b"1");
        assert_eq!(as_user(&sandbox, &["diff", "venv"]).code, 0);
        mode(&data, 0o755);
        for args in [&["restore", "venv"][..], &["restore", "venv", "-y"]] {
            let told = json(&sandbox, 3, args);
            assert_eq!(told["mode"], "identical", "{told}");
            assert!(LeftOut::of(&told).has("foreign"), "{told}");
        }
        assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o755);
        mode(&data, 0o777);
    }
}
