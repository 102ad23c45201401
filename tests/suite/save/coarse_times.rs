//! Files that change without a trace in the times of their file system, or in none that a look at size and time would
//! see.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::faults::{can_trace, needs_root, skipped};
use crate::support::killed::STAGING;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, venv};

/// What the newest save has of a file.
fn kept(sandbox: &Sandbox, venv: &str, path: &str) -> String {
    let name = format!("latest:{path}");
    sandbox.ok(&["cat", &name, "--venv", venv]).stdout
}

#[test]
fn a_file_that_changes_twice_within_one_tick_of_its_file_system_is_read_again() {
    // Small inodes of ext4 keep whole seconds, whatever the kernel can tell.
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let image = sandbox.path("image");
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    let made = Command::new("mkfs.ext4")
        .args(["-q", "-F", "-I", "128"])
        .arg(&image)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        skipped(1, "mkfs.ext4 is not here");
        return;
    }
    let Some(_mount) = Mount::image(&image, &sandbox.path("disk"), "loop") else {
        return;
    };
    let root = sandbox.path("disk/venv");
    venv::tiny(&root);
    let file = root.join("own");
    let put = |content: &str| {
        fs::write(&file, content).unwrap();
        venv::set_mtime(&file, 1_700_000_000, 0);
        fs::metadata(&file).unwrap().ctime()
    };
    let mut tried = 0;
    // Until both changes and the save between them fall into one second.
    loop {
        let first = put("one");
        sandbox.ok(&["save", "disk/venv"]);
        if put("two") == first {
            break;
        }
        tried += 1;
        assert!(tried < 50, "no save takes less than a second here");
    }
    sandbox.ok(&["save", "disk/venv"]);
    assert_eq!(kept(&sandbox, "disk/venv", "own"), "two");
}

/// Puts another file of the same size and time in the place of one.
fn replace(path: &Path, content: &[u8]) {
    let mtime = fs::metadata(path).unwrap().modified().unwrap();
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, content).unwrap();
    fs::set_permissions(&fresh, fs::metadata(path).unwrap().permissions()).unwrap();
    fs::File::open(&fresh).unwrap().set_modified(mtime).unwrap();
    fs::rename(&fresh, path).unwrap();
}

#[test]
fn a_file_that_is_replaced_right_after_a_restore_by_one_of_its_size_and_time_is_saved() {
    // The restore told the next save by size and time that it was the file of the snapshot.
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for name in ["shared", "written"] {
        venv::write(&sandbox.venv(), name, b"before");
    }
    sandbox.ok(&["save", "venv"]);
    for name in ["bin/tool", "written"] {
        fs::remove_file(sandbox.venv().join(name)).unwrap();
    }
    // Held up while the replaced tree is removed.
    let slow = format!("unlinkat@{STAGING}/bin:delay_enter=4000000:when=1");
    let run = sandbox.held_up(&slow, &["restore", "venv"], || {
        for name in ["shared", "written"] {
            replace(&sandbox.venv().join(name), b"after!");
        }
    });
    assert_eq!(run.code, 0, "{run}");
    sandbox.ok(&["save", "venv"]);
    for name in ["shared", "written"] {
        assert_eq!(kept(&sandbox, "venv", name), "after!", "{name}");
    }
}

/// The files below a venv that a command opens for reading.
fn opened(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let trace = sandbox.path("trace");
    let mut command = Command::new("strace");
    sandbox.dress(&mut command);
    command
        .args(["-f", "-qq", "-e", "trace=openat2", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(args)
        .stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    let text = fs::read_to_string(trace).unwrap();
    let name = |line: &str| line.split('"').nth(1).map(str::to_owned);
    text.lines()
        .filter(|line| !line.contains("O_DIRECTORY"))
        .filter_map(name)
        .filter(|name| name.starts_with("own"))
        .collect()
}

#[test]
fn a_save_of_what_did_not_change_reads_no_content_also_after_a_restore() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    if !has_fine_clock(&sandbox.path("")) {
        skipped(
            1,
            "the file system of the tests tells change times too coarsely",
        );
        return;
    }
    venv::tiny(&sandbox.venv());
    for n in 0..20 {
        venv::write(&sandbox.venv(), &format!("own{n}"), &venv::noise(100 + n));
    }
    assert_eq!(opened(&sandbox, &["save", "venv"]).len(), 20);
    assert_eq!(opened(&sandbox, &["save", "venv"]), Vec::<String>::new());
    for copy in [&["--copy"][..], &[]] {
        fs::remove_file(sandbox.venv().join("own7")).unwrap();
        sandbox.ok(&[&["restore", "venv"], copy].concat());
        assert_eq!(opened(&sandbox, &["save", "venv"]), Vec::<String>::new());
    }
}

/// Whether files that were written a moment ago may be believed in: since Linux 6.13, on file systems that take part.
fn has_fine_clock(dir: &Path) -> bool {
    let said = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let release = said(Command::new("uname").arg("-r"));
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse().ok());
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let kind = said(Command::new("stat").args(["-f", "-c", "%T"]).arg(dir));
    version >= (6, 13) && ["ext2/ext3", "xfs", "btrfs", "tmpfs"].contains(&kind.trim())
}
