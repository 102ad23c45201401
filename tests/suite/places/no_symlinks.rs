//! A place whose file system knows no symbolic links, as FAT: a dry run and the restore say the same, before anything
//! is changed.

use std::fs;

use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, venv};

/// Mounts a file system of that kind; none where it cannot be had.
fn fat(sandbox: &Sandbox) -> Option<Mount> {
    let image = sandbox.path("image");
    let file = fs::File::create(&image).unwrap();
    file.set_len(40 << 20).unwrap();
    let made = std::process::Command::new("mkfs.vfat").arg(&image).output();
    if !made.is_ok_and(|output| output.status.success()) {
        skipped(1, "there is no mkfs.vfat");
        return None;
    }
    let image = image.to_str().unwrap();
    Mount::user(&["fusefat", "-o", "rw+", image], &sandbox.path("fat"))
}

#[test]
fn a_dry_run_and_a_restore_say_the_same_where_no_symbolic_link_can_be() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let Some(_mount) = fat(&sandbox) else { return };
    for to in ["fat/new", "fat/other"] {
        let restore = ["restore", "venv", "--to", to];
        let foretold = sandbox.code(3, &[&restore[..], &["-n"]].concat());
        let done = sandbox.code(3, &restore);
        assert_eq!(foretold.stderr, done.stderr);
        assert!(done.stderr.contains("knows no symbolic links"), "{done}");
        assert!(done.stderr.contains("--to DIR"), "{done}");
        let left: Vec<_> = fs::read_dir(sandbox.path("fat"))
            .unwrap()
            .flatten()
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // Without links nothing keeps a venv from that place.
    fs::remove_file(sandbox.venv().join("lib64")).unwrap();
    sandbox.ok(&["save", "venv"]);
    let run = sandbox.snap(&["restore", "venv", "--to", "fat/new", "-n"]);
    assert_eq!(run.code, 0, "{run}");
}
