//! What comes back only when asked for: `diff`, `restore` and `check` agree on it before a restore and after it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::XattrFlags;

use crate::support::faults::needs_root;
use crate::support::{Sandbox, Tree, venv};

use super::left_out::LeftOut;

/// The attribute with the capabilities of a file.
const CAPABILITY: &str = "security.capability";

/// What is made in a venv, and how it is lost.
struct Kind {
    name: &'static str,
    /// What `left_out` calls it.
    called: &'static str,
    make: fn(&Path),
    lose: fn(&Path),
    /// Whether it comes back when asked for.
    comes: bool,
}

fn tool(to: &Path) {
    venv::write(
        to.parent().unwrap().parent().unwrap(),
        "bin/special",
        b"#!/bin/sh\n",
    );
}

fn made(program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).status().unwrap();
    assert!(done.success(), "{program} {args:?}");
}

fn kinds() -> Vec<Kind> {
    let remove: fn(&Path) = |path| fs::remove_file(path).unwrap();
    let strip: fn(&Path) = |path| fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    let mut kinds = vec![
        Kind {
            name: "socket",
            called: "special",
            make: |path| drop(UnixListener::bind(path).unwrap()),
            lose: remove,
            comes: false,
        },
        Kind {
            name: "fifo",
            called: "special",
            make: |path| made("mkfifo", &[path.to_str().unwrap()]),
            lose: remove,
            comes: true,
        },
    ];
    for (name, mode) in [("setuid", 0o4755), ("setgid", 0o2755)] {
        let make: fn(&Path) = match mode {
            0o4755 => |path| {
                tool(path);
                fs::set_permissions(path, Permissions::from_mode(0o4755)).unwrap();
            },
            _ => |path| {
                tool(path);
                fs::set_permissions(path, Permissions::from_mode(0o2755)).unwrap();
            },
        };
        kinds.push(Kind {
            name,
            called: "rights",
            make,
            lose: strip,
            comes: true,
        });
        let lose = remove;
        kinds.push(Kind {
            name,
            called: "rights",
            make,
            lose,
            comes: true,
        });
    }
    if needs_root() {
        kinds.push(Kind {
            name: "device",
            called: "special",
            make: |path| made("mknod", &[path.to_str().unwrap(), "c", "1", "3"]),
            lose: remove,
            comes: true,
        });
        kinds.push(Kind {
            name: "capability",
            called: "rights",
            make: |path| {
                tool(path);
                let capability = [
                    1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                ];
                rustix::fs::setxattr(path, CAPABILITY, &capability, XattrFlags::empty()).unwrap();
            },
            lose: |path| rustix::fs::removexattr(path, CAPABILITY).unwrap(),
            comes: true,
        });
    }
    kinds
}

/// Compares, and wants a venv in which nothing is wrong but what is not asked for.
#[track_caller]
fn agree(sandbox: &Sandbox, what: &str, called: Option<&str>) {
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert_eq!(diff["identical"], true, "{what}: {diff}");
    let names = LeftOut::of(&diff).names;
    assert_eq!(
        names,
        called.into_iter().collect::<Vec<_>>(),
        "{what}: {diff}"
    );
    sandbox.ok(&["check", "venv"]);
    for args in [&["restore", "venv", "-n"][..], &["restore", "venv"]] {
        let again = sandbox.json(0, args);
        assert_eq!(again["mode"], "identical", "{what}: {again}");
        assert_eq!(again["deed"], "nothing", "{what}: {again}");
        let names = LeftOut::of(&again).names;
        assert_eq!(
            names,
            called.into_iter().collect::<Vec<_>>(),
            "{what}: {again}"
        );
    }
}

/// "1 missing", said `diff`, and that a restore puts it right, which found nothing to do.
#[test]
fn what_is_not_asked_for_is_no_damage_that_a_restore_puts_right() {
    for kind in kinds() {
        let sandbox = Sandbox::new();
        let what = kind.name;
        venv::tiny(&sandbox.venv());
        let path = sandbox.venv().join("bin/special");
        (kind.make)(&path);
        venv::age(&sandbox.venv(), 1_700_000_000);
        sandbox.ok(&["save", "venv"]);
        let good = Tree::of(&sandbox.venv());
        agree(&sandbox, what, None);
        (kind.lose)(&path);
        let is_file_gone = kind.called == "rights" && !path.exists();
        if is_file_gone {
            let diff = sandbox.json(1, &["diff", "venv"]);
            assert_eq!(diff["summary"]["kinds"]["missing"], 1, "{what}: {diff}");
            let done = sandbox.json(0, &["restore", "venv"]);
            assert_eq!(LeftOut::of(&done).names, ["rights"], "{what}: {done}");
        }
        agree(&sandbox, what, Some(kind.called));
        // Something else is hurt beside it.
        fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
        let done = sandbox.json(0, &["restore", "venv"]);
        assert_eq!(LeftOut::of(&done).names, [kind.called], "{what}: {done}");
        agree(&sandbox, what, Some(kind.called));
        // It is asked for.
        sandbox.json(0, &["restore", "venv", "--preserve-special"]);
        agree(&sandbox, what, (!kind.comes).then_some(kind.called));
        if kind.comes {
            good.assert_same(&Tree::of(&sandbox.venv()), what);
        }
    }
}

/// That only the time of such a file changed, took its rights.
#[test]
fn a_file_with_rights_keeps_them_where_only_its_time_changed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let path = sandbox.venv().join("bin/special");
    tool(&path);
    fs::set_permissions(&path, Permissions::from_mode(0o4755)).unwrap();
    sandbox.ok(&["save", "venv"]);
    fs::File::open(&path)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    agree(&sandbox, "touched", None);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.json(0, &["restore", "venv"]);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o4755
    );
    agree(&sandbox, "restored", None);
}
