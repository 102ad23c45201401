//! The fence around a restore: a program with a hole in it, which tries to write elsewhere from the inside, cannot.

use std::fs;
use std::process::Command;

use crate::support::faults::skipped;
use crate::support::{Run, Sandbox, venv};
use crate::told;

/// A library that is put before the system's own: whenever `SQLite` makes its file durable, it writes, makes, renames
/// and removes things outside, as a hole in the program would.
const HOLE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static void plant(void) {
    const char *outside = getenv("OUTSIDE");
    if (!outside || chdir(outside)) return;
    int fd = open("planted", O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) close(fd);
    int failed = fd < 0;
    failed += (fd = open("file", O_WRONLY | O_TRUNC)) < 0;
    if (fd >= 0) close(fd);
    failed += mkdir("dir", 0700) != 0;
    failed += symlink("file", "link") != 0;
    failed += rename("old", "new") != 0;
    failed += unlink("gone") != 0;
    fprintf(stderr, "planted: %d of 6 failed\n", failed);
}
int fdatasync(int fd) { plant(); return syscall(SYS_fdatasync, fd); }
int fsync(int fd) { plant(); return syscall(SYS_fsync, fd); }
"#;

fn with_hole(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    command
        .env("LD_PRELOAD", sandbox.path("hole.so"))
        .env("OUTSIDE", sandbox.path("outside"));
    Run::of(command)
}

#[test]
fn a_hole_in_a_restore_reaches_nothing_outside_of_the_venvs_directory_and_the_store() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("area/venv"));
    fs::create_dir(sandbox.path("outside")).unwrap();
    for name in ["file", "old", "gone"] {
        fs::write(sandbox.path("outside").join(name), b"untouched").unwrap();
    }
    fs::write(sandbox.path("hole.c"), HOLE).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([sandbox.path("hole.so"), sandbox.path("hole.c")])
        .status();
    if !built.is_ok_and(|status| status.success()) {
        return skipped(1, "there is no C compiler");
    }
    sandbox.ok(&["save", "area/venv"]);
    let before = crate::support::Tree::of(&sandbox.path("outside"));
    let mut tried = 0;
    for args in [&["restore", "area/venv"][..], &["undo", "area/venv"]] {
        fs::write(sandbox.path("area/venv/bin/tool"), args[0]).unwrap();
        let run = with_hole(&sandbox, &[args, &["-v"]].concat());
        if run.stderr.contains("no Landlock") {
            return skipped(1, "this kernel has no Landlock");
        }
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stderr.contains("planted: 6 of 6 failed"), "{run}");
        assert!(!run.stderr.contains("planted: 0"), "{run}");
        before.assert_same(&crate::support::Tree::of(&sandbox.path("outside")), args[0]);
        tried += 1;
    }
    // The hole is real: without a fence everything comes to pass.
    fs::write(sandbox.path("area/venv/bin/tool"), b"#!/bin/sh\n").unwrap();
    let run = with_hole(&sandbox, &["save", "area/venv", "--force"]);
    assert!(run.stderr.contains("planted: 0 of 6 failed"), "{run}");
    told("R fence", tried, tried);
}
