//! Every attribute that is kept comes back, and save, diff, check and restore agree on it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

/// Sets one attribute of something in a tree.
type Set = fn(&Path) -> bool;

fn mode(path: &Path, mode: u32) -> bool {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    true
}

fn attribute(path: &Path, name: &str, value: &[u8]) -> bool {
    let set = rustix::fs::setxattr(path, name, value, rustix::fs::XattrFlags::empty());
    if set.is_err() {
        skipped(1, &format!("this file system has no {name}"));
    }
    set.is_ok()
}

/// An access list that also lets one user do all, in the form of the kernel (`linux/posix_acl_xattr.h`).
fn access_list(path: &Path, name: &str, user: u32) -> bool {
    let mut list = 2_u32.to_le_bytes().to_vec();
    let nobody = u32::MAX;
    for (tag, rights, id) in [
        (1_u16, 7_u16, nobody),
        (2, 7, user),
        (4, 5, nobody),
        (16, 7, nobody),
        (32, 5, nobody),
    ] {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()));
        list.extend(id.to_le_bytes());
    }
    attribute(path, name, &list)
}

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

const ATTRIBUTES: [(&str, Set); 9] = [
    ("a set-group-id bit on directories", |root| {
        ["", "bin", "lib", venv::SITE].iter().all(|dir| {
            let path = root.join(dir);
            chown(&path, None, Some(4242)).unwrap();
            mode(&path, 0o2775)
        })
    }),
    ("a set-user-id bit on a directory", |root| {
        mode(&root.join("bin"), 0o4755)
    }),
    ("a sticky bit", |root| mode(&root.join("lib"), 0o1777)),
    ("bits that shut a file", |root| {
        mode(&root.join("pyvenv.cfg"), 0o400)
    }),
    ("an owner and a group", |root| {
        chown(root.join("bin"), Some(77), Some(78)).unwrap();
        chown(root.join("bin/tool"), Some(79), Some(80)).unwrap();
        true
    }),
    ("the owner of a link", |root| {
        std::os::unix::fs::lchown(root.join("lib64"), Some(77), Some(78)).unwrap();
        true
    }),
    ("attributes of a user", |root| {
        attribute(&root.join("bin/tool"), "user.note", b"kept")
            && attribute(&root.join("lib"), "user.dir", b"kept")
    }),
    ("an access list", |root| {
        access_list(&root.join("bin/tool"), ACCESS, 1234)
            && access_list(&root.join("bin"), ACCESS, 1234)
    }),
    ("a default access list", |root| {
        access_list(&root.join("lib"), DEFAULT, 1234) && access_list(root, DEFAULT, 77)
    }),
];

/// Gives a file and a directory away that were made by hand, so that a restore has something to build.
fn hurt(root: &Path) {
    fs::remove_dir_all(root.join(venv::SITE).join("click")).unwrap();
    fs::remove_file(root.join("bin/tool")).unwrap();
}

#[test]
fn every_attribute_comes_back_and_the_commands_agree() {
    // The set-group-id bit of directories was lost: diff said that a restore puts it right, and restore that there was
    // nothing to do.
    if !needs_root() {
        return;
    }
    for (what, set) in ATTRIBUTES {
        for parent in ["plain", "set-group-id", "default access list"] {
            let sandbox = Sandbox::new();
            fs::create_dir(sandbox.path("srv")).unwrap();
            let root = sandbox.path("srv/venv");
            venv::tiny(&root);
            if !set(&root) {
                continue;
            }
            venv::age(&root, 1_700_000_000);
            sandbox.ok(&["save", "srv/venv"]);
            let good = Tree::of(&root);
            // What is made from now on gets more than it should.
            if parent == "set-group-id" {
                chown(sandbox.path("srv"), None, Some(4343)).unwrap();
                mode(&sandbox.path("srv"), 0o2775);
            }
            if parent == "default access list" && !access_list(&sandbox.path("srv"), DEFAULT, 99) {
                continue;
            }
            for restore in [
                &["restore", "srv/venv"][..],
                &["restore", "srv/venv", "--copy"],
                &["restore", "srv/venv", "--force"],
            ] {
                hurt(&root);
                let run = sandbox.ok(restore);
                let told = format!("{what}, parent {parent}, {restore:?}: {run}");
                good.assert_same(&Tree::of(&root), &told);
                let diff = sandbox.json(0, &["diff", "srv/venv"]);
                assert_eq!(
                    diff["entries"].as_array().unwrap().len(),
                    0,
                    "{told}: {diff}"
                );
                sandbox.ok(&["check", "srv/venv"]);
            }
            fs::remove_dir_all(&root).unwrap();
            sandbox.ok(&["restore", "srv/venv"]);
            good.assert_same(&Tree::of(&root), what);
            let saved = sandbox.json(0, &["save", "srv/venv"]);
            assert_eq!(saved["added"]["objects"], 0, "{what}: {saved}");
        }
    }
}

#[test]
fn a_lost_bit_of_a_directory_is_found_and_put_back() {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    mode(&root.join("bin"), 0o2775);
    venv::age(&root, 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    mode(&root.join("bin"), 0o775);
    sandbox.code(1, &["diff", "venv"]);
    sandbox.ok(&["restore", "venv"]);
    assert_eq!(
        fs::metadata(root.join("bin")).unwrap().mode() & 0o7777,
        0o2775
    );
    sandbox.ok(&["diff", "venv"]);
}

/// In place only mode, owner and time of directories were set: attributes that were lost stayed lost, and those that
/// came stayed.
#[test]
fn attributes_of_directories_come_back_in_place_too() {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    let set = attribute(&root.join("lib"), "user.dir", b"kept")
        && attribute(&root, "user.top", b"kept")
        && access_list(&root.join("lib"), DEFAULT, 1234)
        && access_list(&root.join("bin"), ACCESS, 1234);
    let Some(_mount) = Mount::bind(&root, &root).filter(|_| set) else {
        return;
    };
    venv::age(&root, 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&root);
    for hurt in 0..2 {
        rustix::fs::removexattr(root.join("lib"), "user.dir").unwrap();
        rustix::fs::removexattr(root.join("lib"), DEFAULT).unwrap();
        rustix::fs::removexattr(root.join("bin"), ACCESS).unwrap();
        attribute(&root, "user.top", b"other");
        attribute(&root, "user.new", b"new");
        access_list(&root.join(venv::SITE), DEFAULT, 99);
        if hurt == 1 {
            fs::remove_dir_all(root.join("bin")).unwrap();
        }
        let restored = sandbox.json(0, &["restore", "venv"]);
        assert_eq!(restored["mode"], "file-by-file", "{restored}");
        good.assert_same(&Tree::of(&root), &restored.to_string());
        let diff = sandbox.json(0, &["diff", "venv"]);
        assert!(diff["entries"].as_array().unwrap().is_empty(), "{diff}");
    }
}
