//! Causes, produced for real where that is possible, each named by its rule and by no other.

use crate::support::answers::{named, rules};
use crate::support::stocked::{fill, sh, stocked};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::faults::{is_root, skipped};
use crate::support::mounts::Mount;
use crate::support::session::Session;
use crate::support::{Sandbox, venv};

/// Every file below a directory.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn a_core_dump_cleaner_is_named_with_its_survivor_and_its_date() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    sh(&site, "find click -name 'core.*' -delete");
    let diff = named(
        &sandbox,
        &["core-dump-cleaner"],
        &["core-dump-cleaner"],
        "the sweep",
    );
    let one = &diff["diagnosis"][0];
    assert_eq!(
        (
            one["explains"].as_u64(),
            one["precision"].as_f64(),
            one["recall"].as_f64()
        ),
        (Some(1), Some(1.0), Some(0.5))
    );
    assert!(
        one["survivors"][0]
            .as_str()
            .unwrap()
            .ends_with("idna/core.py")
    );
    let mut session = Session::new(&sandbox);
    session.run(1, &["diff", "venv"]);
    sh(&site, "find . -name 'core.*' -delete");
    named(
        &sandbox,
        &["core-dump-cleaner"],
        &["core-dump-cleaner"],
        "the whole sweep",
    );
    session.run(1, &["diff", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_copy_by_rsync_with_cvs_excludes_is_named() {
    if Command::new("rsync").arg("--version").output().is_err() {
        skipped(1, "rsync is not installed");
        return;
    }
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    sh(sandbox.root(), "mv venv full && rsync -aC full/ venv/");
    named(
        &sandbox,
        &["rsync-cvs-exclude"],
        &["rsync-cvs-exclude"],
        "rsync -C",
    );
}

#[test]
fn excludes_of_an_ignore_file_are_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    sh(
        sandbox.root(),
        "mv venv full && mkdir venv && tar -C full --exclude=tests --exclude=build -cf - . | tar -C venv -xf -",
    );
    named(
        &sandbox,
        &["ignore-file-excludes"],
        &["ignore-file-excludes"],
        "tar --exclude",
    );
}

#[test]
fn a_cleaner_of_empty_files_is_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    sh(&sandbox.venv(), "find . -type f -empty -delete");
    named(
        &sandbox,
        &["empty-file-cleaner"],
        &["empty-file-cleaner"],
        "find -empty -delete",
    );
}

#[test]
fn a_cleaner_that_goes_by_age_is_named() {
    let sandbox = stocked();
    for file in files(&sandbox.venv().join(venv::SITE)) {
        let old = file.to_str().unwrap().contains("/ant/") || file.ends_with("a.py");
        let age = if old { 1_600_000_000 } else { 1_700_000_000 };
        venv::set_mtime(&file, age, 0);
    }
    sandbox.ok(&["save", "venv"]);
    sh(
        &sandbox.venv(),
        "find lib -type f ! -newermt 2021-01-01 -delete",
    );
    named(&sandbox, &["age-reaper"], &[], "find ! -newermt -delete");
}

#[test]
fn a_copy_onto_a_full_disk_is_named() {
    if !is_root() {
        skipped(1, "mounting needs root");
        return;
    }
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    fs::rename(sandbox.venv(), sandbox.path("full")).unwrap();
    let Some(_mount) = Mount::tmpfs(&sandbox.venv(), "size=16m") else {
        return;
    };
    sh(
        sandbox.root(),
        "tar -C full --exclude=site-packages/elk -cf - . | tar -C venv -xf -",
    );
    // Room for two pages more: the first file is cut there, and those after it stay empty or do not come to be.
    let copy = format!(
        "used=$(df -k --output=used venv | tail -1); mount -o remount,size=$((used + 8))k venv; cd venv/{0}; mkdir \
         elk; \
         cp -a ../../../../full/{0}/elk/large.py elk/ 2>/dev/null; cp -a -n ../../../../full/{0}/elk/. elk/ \
         2>/dev/null; true",
        venv::SITE
    );
    sh(sandbox.root(), &copy);
    let diff = named(&sandbox, &["short-copy"], &["short-copy"], "a full disk");
    assert_eq!(diff["summary"]["kinds"]["truncated"], 1, "{diff}");
}

#[test]
fn damage_through_a_hard_link_is_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    fs::create_dir(sandbox.path("cache")).unwrap();
    for name in ["ant", "bee"] {
        let file = site.join(name).join("a.py");
        fs::hard_link(&file, sandbox.path(&format!("cache/{name}"))).unwrap();
        fs::write(
            sandbox.path(&format!("cache/{name}")),
            b"edited elsewhere (\n",
        )
        .unwrap();
    }
    named(
        &sandbox,
        &["hard-link-aliasing"],
        &["hard-link-aliasing"],
        "an edit in the cache",
    );
    // A restore mends the venv and leaves the others as they are.
    sandbox.ok(&["restore", "venv"]);
    sandbox.code(0, &["diff", "venv"]);
    assert_eq!(
        fs::read(sandbox.path("cache/ant")).unwrap(),
        b"edited elsewhere (\n"
    );
}

#[test]
fn an_interrupted_pip_is_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    fs::rename(site.join("click"), site.join("~lick")).unwrap();
    fs::rename(
        site.join("click-1.0.dist-info"),
        site.join("~lick-1.0.dist-info"),
    )
    .unwrap();
    named(
        &sandbox,
        &["interrupted-pip"],
        &["interrupted-pip"],
        "what pip leaves",
    );
}

#[test]
fn other_owners_and_modes_are_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    sh(
        &sandbox.venv(),
        "chmod 600 lib/python3.11/site-packages/*/*.py",
    );
    named(&sandbox, &["permissions"], &[], "chmod");
}

#[test]
fn a_patch_by_hand_is_named() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let file = sandbox.venv().join(venv::SITE).join("bee/more.py");
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("\ndef patched():\n    return True\n");
    fs::write(file, text).unwrap();
    named(&sandbox, &["local-patch"], &["local-patch"], "an edit");
}

#[test]
fn damage_without_a_pattern_is_not_explained() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let all = files(&sandbox.venv().join(venv::SITE));
    for (n, file) in all
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "py"))
        .enumerate()
    {
        match n % 11 {
            3 => fs::remove_file(file).unwrap(),
            5 => fs::write(file, b"").unwrap(),
            7 => fs::OpenOptions::new()
                .write(true)
                .open(file)
                .unwrap()
                .set_len(7)
                .unwrap(),
            _ => {}
        }
    }
    named(&sandbox, &[], &[], "random damage");
}

/// A power cut for real: ext4 is shut down by its ioctl after the journal is flushed, so names and times are on the
/// disk and bytes that nobody synced are not.
#[test]
fn a_power_cut_soon_after_an_install_is_named() {
    if !is_root() {
        skipped(1, "loop devices need root");
        return;
    }
    let sandbox = Sandbox::new();
    let mount = "mount -o loop,noauto_da_alloc disk venv 2>/dev/null";
    let make =
        format!("truncate -s 64M disk && mkfs.ext4 -q disk 2>/dev/null && mkdir venv && {mount}");
    let made = Command::new("sh")
        .args(["-c", &make])
        .current_dir(sandbox.root())
        .status();
    if !made.is_ok_and(|made| made.success()) {
        skipped(1, "no loop device here");
        return;
    }
    fs::remove_dir(sandbox.venv().join("lost+found")).unwrap();
    fill(&sandbox.venv());
    sh(sandbox.root(), "sync -f venv");
    // An installer writes files anew and syncs none of them.
    let site = sandbox.venv().join(venv::SITE);
    for file in ["ant/a.py", "bee/more.py", "cat/a.py", "dog/large.py"] {
        let path = site.join(file);
        let content = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, content).unwrap();
        venv::set_mtime(&path, 1_700_000_000, 123_456_789);
    }
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    let cut = "import fcntl, os, struct; fd = os.open('venv', os.O_RDONLY); fcntl.ioctl(fd, 0x8004587d, \
        struct.pack('I', 1))";
    let cut = Command::new("python3")
        .args(["-c", cut])
        .current_dir(sandbox.root())
        .status()
        .unwrap();
    sh(sandbox.root(), "umount venv");
    if !cut.success() {
        skipped(1, "this kernel does not shut down ext4");
        return;
    }
    sh(sandbox.root(), mount);
    let of = |verb| sandbox.snap(&[verb, "venv", "--json"]).stdout;
    let (diff, check) = (of("diff"), of("check"));
    sh(sandbox.root(), "umount venv");
    let read = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let (diff, check) = (read(diff), read(check));
    assert_eq!(diff["summary"]["kinds"]["emptied"], 4, "{diff}");
    assert_eq!(rules(&diff), ["power-loss"], "{diff}");
    assert_eq!(rules(&check), ["power-loss"], "{check}");
}
