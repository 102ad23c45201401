//! How often a restore looks at each file and lists each directory.

use std::fs;
use std::process::Command;

use crate::support::faults::{can_trace, skipped};
use crate::support::{Sandbox, venv};

/// How many calls of each kind a restore of one file makes in a venv with so many more directories of ten files.
fn calls(dirs: usize) -> [usize; 2] {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for number in 0..dirs * 10 {
        let name = format!("share/{}/{number}", number / 10);
        venv::write(&sandbox.venv(), &name, name.as_bytes());
    }
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let log = sandbox.path("log");
    let mut command = Command::new("strace");
    sandbox.dress(&mut command);
    command.args(["-f", "-qq", "-e", "trace=statx,getdents64", "-o"]);
    command.arg(&log).arg(env!("CARGO_BIN_EXE_snap"));
    assert!(
        command
            .args(["restore", "venv"])
            .status()
            .unwrap()
            .success()
    );
    let text = fs::read_to_string(log).unwrap();
    ["statx(", "getdents64("].map(|call| {
        let lines = text.lines().filter(|line| line.contains(call));
        lines.count()
    })
}

/// Whether each change of a file shows in its times here, so that nothing has to be listed twice.
fn tells_each_change() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(['.', '-']).map(str::parse::<u32>);
    let mut number = || numbers.next().and_then(Result::ok).unwrap_or(0);
    let dir = tempfile::tempdir().unwrap();
    let mut stat = Command::new("stat");
    let kind = stat.args(["-f", "-c", "%T"]).arg(dir.path()).output();
    let kind = String::from_utf8(kind.unwrap().stdout).unwrap();
    (number(), number()) >= (6, 13) && ["ext2/ext3", "xfs", "btrfs", "tmpfs"].contains(&kind.trim())
}

#[test]
fn a_restore_looks_seven_times_at_a_file_that_stays_and_lists_its_directory_twice() {
    if !can_trace() {
        return;
    }
    if !tells_each_change() {
        skipped(1, "the times of this file system do not tell each change");
        return;
    }
    let (few, many) = (calls(10), calls(40));
    let [looks, lists] = [0, 1].map(|at| many[at] - few[at]);
    // Read, read again when all is read, before and after it is taken over, before and after the exchange, and when
    // the old tree is gone. A directory is made, settled and removed besides.
    let (files, dirs) = (300, 30);
    assert!(looks <= 7 * files + 12 * dirs, "{looks} for {files} files");
    // The walk and the reading back; each listing takes two calls.
    assert!(lists <= 4 * dirs, "{lists} for {dirs} directories");
}
