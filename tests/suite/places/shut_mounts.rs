//! Mounts within a venv of which nobody can say anything: their server is dead, or lets another user alone look.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::left_out::LeftOut;
use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::users::{as_user, give, users_sandbox};
use crate::support::{Run, Sandbox, venv};

/// A file system in user space over a directory, from an empty one.
fn bindfs(sandbox: &Sandbox, flags: &[&str], at: &Path) -> Option<Mount> {
    let from = sandbox.path("other");
    fs::create_dir_all(&from).unwrap();
    let from = from.to_str().unwrap().to_owned();
    Mount::user(&[&["bindfs"], flags, &[&from]].concat(), at)
}

/// Kills the program behind a mount, which stays.
fn kill_server(at: &Path) {
    let at = at.to_str().unwrap().as_bytes();
    let mut killed = 0;
    for process in fs::read_dir("/proc").unwrap() {
        let dir = process.unwrap().path();
        let words = fs::read(dir.join("cmdline")).unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        if words.next().is_some_and(|name| name.ends_with(b"bindfs"))
            && words.any(|word| word == at)
        {
            let pid: i32 = dir.file_name().unwrap().to_str().unwrap().parse().unwrap();
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            killed += 1;
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
    }
    assert_eq!(killed, 1, "no program is behind the mount");
    while fs::metadata(Path::new(std::str::from_utf8(at).unwrap())).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Whether the user can look into a directory.
fn may_list(at: &Path) -> bool {
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "ls"];
    let listed = Command::new("setpriv").args(user).arg(at).output();
    listed.unwrap().status.success()
}

fn is_mounted(at: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts
        .lines()
        .any(|line| line.split(' ').nth(4) == at.to_str())
}

/// The directory around it could not be listed, so that all in it was "unreadable"; and the restore put the mount
/// aside with the old tree.
#[test]
fn a_mount_of_which_nothing_can_be_said_is_named_and_stays_and_the_rest_comes_back() {
    if !needs_root() {
        return;
    }
    for below in [venv::SITE, ""] {
        for is_dead in [true, false] {
            let sandbox = users_sandbox();
            let root = sandbox.path("home/venv");
            let at = root.join(below).join("data");
            fs::create_dir(&at).unwrap();
            give(&root);
            let snap = |args: &[&str]| -> Run { as_user(&sandbox, args) };
            assert_eq!(snap(&["save", "venv"]).code, 0);
            // Of root's own mount another user learns nothing.
            let flags: &[&str] = if is_dead { &[] } else { &["--no-allow-other"] };
            let Some(_mount) = bindfs(&sandbox, flags, &at) else {
                return;
            };
            if is_dead {
                kill_server(&at);
            } else if may_list(&at) {
                skipped(1, "this mount is open to all");
                continue;
            }
            let file = root.join(venv::SITE).join("click/core.py");
            let content = fs::read(&file).unwrap();
            fs::remove_file(&file).unwrap();
            let case = format!("{at:?}, dead: {is_dead}");
            let told = snap(&["diff", "venv", "--json"]);
            assert_eq!(told.code, 1, "{case}: {told}");
            let run = snap(&["restore", "venv", "--json"]);
            assert_eq!(run.code, 0, "{case}: {run}");
            let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert!(LeftOut::of(&answer).has("mount"), "{case}: {answer}");
            assert_eq!(fs::read(&file).unwrap(), content, "{case}");
            assert!(is_mounted(&at), "{case}: the mount is elsewhere");
            assert_eq!(snap(&["diff", "venv"]).code, 0, "{case}");
        }
    }
}
