//! Each attribute that a snapshot keeps, on each kind of entry: whatever becomes of it, a restore brings it back, and
//! then `diff`, `check` and `restore` agree that nothing is left to be done.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use crate::support::faults::{needs_root, skipped};
use crate::support::{Sandbox, Tree, venv};

/// Gives an entry an attribute, or another value of it.
type Set = fn(&Path, u8);

/// The attributes, and whether links have them.
const ATTRIBUTES: [(&str, bool, Set); 12] = [
    ("permissions", false, |path, value| {
        mode(path, [0o755, 0o711][value as usize]);
    }),
    ("rights of the group", false, |path, value| {
        mode(path, [0o775, 0o755][value as usize]);
    }),
    ("sticky", false, |path, value| {
        mode(path, [0o1755, 0o755][value as usize]);
    }),
    ("the group is inherited", false, |path, value| {
        // Of a file it gives rights, and comes back only when asked for.
        let bits = if path.is_dir() { 0o2000 } else { 0 };
        mode(path, [0o755 | bits, 0o755][value as usize]);
    }),
    ("owner", true, |path, value| {
        lchown(path, Some(77 + u32::from(value)), None).unwrap();
    }),
    ("group", true, |path, value| {
        lchown(path, None, Some(78 + u32::from(value))).unwrap();
    }),
    ("time", true, |path, value| {
        venv::set_mtime(path, 1_600_000_000 + i64::from(value), 123_456_789);
    }),
    ("a part of a second", true, |path, value| {
        venv::set_mtime(path, 1_600_000_000, 1 + i64::from(value));
    }),
    ("attribute of users", false, |path, value| {
        xattr(path, "user.note", &[b'a' + value]);
    }),
    ("attribute of root", false, |path, value| {
        xattr(path, "trusted.note", &[b'a' + value]);
    }),
    ("access list", false, |path, value| {
        xattr(path, "system.posix_acl_access", &list(4 + u16::from(value)));
    }),
    ("access list that is handed on", false, |path, value| {
        if path.is_dir() {
            xattr(
                path,
                "system.posix_acl_default",
                &list(4 + u16::from(value)),
            );
        }
    }),
];

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn xattr(path: &Path, name: &str, value: &[u8]) {
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::lsetxattr(path, name, value, flags).is_err() {
        skipped(1, &format!("this file system has no {name}"));
    }
}

/// An access list that lets user 1234 do something (`linux/posix_acl_xattr.h`).
fn list(rights: u16) -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in [
        (1_u16, 7_u16, u32::MAX),
        (2, rights, 1234),
        (4, 5, u32::MAX),
        (16, 7, u32::MAX),
        (32, 5, u32::MAX),
    ] {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()));
        list.extend(id.to_le_bytes());
    }
    list
}

/// The entries that get it: the root, a directory within, a file, one of two names of a file, a link.
fn entries(root: &Path) -> Vec<PathBuf> {
    let site = root.join(venv::SITE);
    vec![
        root.to_owned(),
        site.join("click"),
        site.join("click/utils.py"),
        site.join("idna/core.py"),
        root.join("lib64"),
    ]
}

#[test]
fn whatever_becomes_of_an_attribute_that_is_kept_it_comes_back_and_the_commands_agree() {
    if !needs_root() {
        return;
    }
    for (what, of_links, set) in ATTRIBUTES {
        let sandbox = Sandbox::new();
        let root = sandbox.path("above/venv");
        venv::tiny(&root);
        let site = root.join(venv::SITE);
        fs::hard_link(site.join("idna/core.py"), site.join("idna/same.py")).unwrap();
        let has_it = |path: &PathBuf| of_links || !path.is_symlink();
        let give = |value: u8| {
            let all = entries(&root);
            let there = all.iter().filter(|path| fs::symlink_metadata(path).is_ok());
            // From the leaves up, since names that come and go move the time of a directory.
            there
                .rev()
                .filter(|path| has_it(path))
                .for_each(|path| set(path, value));
        };
        give(0);
        sandbox.ok(&["save", "above/venv"]);
        let good = Tree::of(&root);
        let hurts: [(&str, &dyn Fn()); 4] = [
            ("it is changed", &|| give(1)),
            ("all is gone", &|| fs::remove_dir_all(&root).unwrap()),
            ("what has it is gone", &|| {
                fs::remove_dir_all(site.join("click")).unwrap();
                fs::remove_file(site.join("idna/core.py")).unwrap();
                fs::remove_file(root.join("lib64")).unwrap();
            }),
            ("something beside it is hurt", &|| {
                fs::write(site.join("click/core.py"), b"").unwrap();
            }),
        ];
        for (how, hurt) in hurts {
            hurt();
            let told = format!("{what}, {how}");
            let answer = sandbox.json(0, &["restore", "above/venv"]);
            assert!(
                answer["left_out"].as_array().unwrap().is_empty(),
                "{told}: {answer}"
            );
            if answer["mode"] == "identical" {
                // Only a time, which is noise: forced, it comes back as well.
                assert!(how == "it is changed", "{told}: {answer}");
                sandbox.ok(&["restore", "above/venv", "--force"]);
            }
            good.assert_same(&Tree::of(&root), &told);
            let diff = sandbox.json(0, &["diff", "above/venv"]);
            assert!(
                diff["entries"].as_array().unwrap().is_empty(),
                "{told}: {diff}"
            );
            sandbox.ok(&["check", "above/venv"]);
            let again = sandbox.json(0, &["restore", "above/venv"]);
            assert_eq!(again["mode"], "identical", "{told}: {again}");
        }
    }
}
