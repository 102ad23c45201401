//! `self-test`: what a restore needs is proved where it would be done, and nothing stays there.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::faults::{can_trace, needs_root, skipped};
use crate::support::mounts::Mount;

fn grades(told: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let trials = told["trials"].as_array().unwrap().iter();
    trials
        .map(|one| (text(&one["name"]), text(&one["grade"])))
        .collect()
}

#[test]
fn a_sound_host_passes_with_a_line_for_each_thing_and_nothing_is_left() {
    let sandbox = Sandbox::new();
    let run = sandbox.ok(&["self-test", "."]);
    for name in ["exchange", "sync", "links", "attributes", "fence"] {
        let lines = run
            .stdout
            .lines()
            .filter(|line| line.contains(&format!(" {name}: ")));
        assert_eq!(lines.count(), 1, "{name}: {run}");
    }
    assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 0);
    // Beside the store, which it does not make.
    let told = sandbox.json(0, &["self-test"]);
    let root = fs::canonicalize(sandbox.root()).unwrap();
    assert_eq!(told["place"], root.to_str().unwrap(), "{told}");
    assert_eq!(told["passed"], true, "{told}");
    assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 0);
    let run = sandbox.code(2, &["self-test", "nowhere"]);
    assert!(run.stderr.contains("there is no directory"), "{run}");
}

#[test]
fn what_a_killed_self_test_left_goes_with_the_next_one() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path(".self-test.snap-build/one")).unwrap();
    sandbox.ok(&["self-test", "."]);
    assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 0);
}

#[test]
fn what_a_host_lacks_is_told_and_what_it_breaks_ends_with_1() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    for (call, name, grade, code) in [
        ("renameat2:error=EINVAL", "exchange", "less", 0),
        ("renameat2:error=EIO", "exchange", "bad", 1),
        // It says that it is done, and does nothing.
        ("renameat2:retval=0", "exchange", "bad", 1),
        ("syncfs:error=EIO", "sync", "bad", 1),
        ("symlinkat:error=EPERM", "links", "bad", 1),
        ("fsetxattr:error=EOPNOTSUPP", "attributes", "less", 0),
        ("landlock_create_ruleset:error=ENOSYS", "fence", "less", 0),
        ("landlock_restrict_self:retval=0", "fence", "bad", 1),
    ] {
        let run = sandbox.snap_traced(&[call], &["self-test", ".", "--json"]);
        let told: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(run.code, code, "{call}: {run}");
        assert_eq!(told["passed"], code == 0, "{call}: {run}");
        let found = grades(&told);
        let found = found.iter().find(|(one, _)| one == name).unwrap();
        assert_eq!(found.1, grade, "{call}: {run}");
        assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 0, "{call}");
    }
}

#[test]
fn a_place_without_owners_and_modes_is_told_so() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let image = sandbox.path("disk");
    fs::create_dir(sandbox.path("fat")).unwrap();
    let file = fs::File::create(&image).unwrap();
    file.set_len(64 << 20).unwrap();
    let run = |program: &str, args: &[&Path]| {
        let done = Command::new(program).args(args).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !run("mkfs.vfat", &[&image])
        || !run(
            "mount",
            &[Path::new("-oloop"), &image, &sandbox.path("fat")],
        )
    {
        return skipped(1, "no FAT file system can be mounted");
    }
    let told = sandbox.snap(&["self-test", "fat", "--json"]);
    assert!(run("umount", &[&sandbox.path("fat")]));
    // There are no symbolic links, so there can be no venv.
    assert_eq!(told.code, 1, "{told}");
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let of = |name: &str| {
        grades(&told)
            .into_iter()
            .find(|(one, _)| one == name)
            .unwrap()
            .1
    };
    assert_eq!(of("links"), "bad", "{told}");
    assert_ne!(of("attributes"), "good", "{told}");
}

/// All but one of them were told that a store is locked.
#[test]
fn several_are_done_at_once_in_one_place() {
    let sandbox = Sandbox::new();
    let started: Vec<_> = (0..6)
        .map(|_| {
            let mut command = sandbox.command(&["self-test", "."]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut one in started {
        assert!(one.wait().unwrap().success());
    }
    assert_eq!(fs::read_dir(sandbox.root()).unwrap().count(), 0);
}

#[test]
fn a_file_system_that_is_memory_is_no_disk() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let dir = sandbox.path("memory");
    let Some(_mount) = Mount::tmpfs(&dir, "size=8m") else {
        return;
    };
    let told = sandbox.json(0, &["self-test", "memory"]);
    let less = ("sync".to_owned(), "less".to_owned());
    assert!(grades(&told).contains(&less), "{told}");
}
