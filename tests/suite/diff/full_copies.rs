//! Copies onto disks that are full, as people make them, each named by its rule and by no other.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::answers::rules;
use crate::support::faults::{is_root, skipped};
use crate::support::mounts::Mount;
use crate::support::stocked::{sh, stocked};

/// Of the venv fits so much, in parts of a hundred. What does not fit is cut in the first packages, the last ones, and
/// between.
const FITS: [u64; 4] = [35, 50, 65, 80];

/// How a venv is copied, from `full` to `venv`, and what it needs.
const BY: [(&str, &str); 4] = [
    ("cp", "cp -a full/. venv/"),
    ("cp", "cp -r full/. venv/"),
    ("tar", "tar -C full -cf - . | tar -C venv -xf -"),
    ("rsync", "rsync -a full/ venv/"),
];

/// A venv that was saved and then moved to `full`.
fn moved() -> Option<(Sandbox, u64)> {
    if !is_root() {
        skipped(1, "mounting needs root");
        return None;
    }
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    fs::rename(sandbox.venv(), sandbox.path("full")).unwrap();
    let used = blocks(&sandbox.path("full"), 0) * 4;
    Some((sandbox, used))
}

/// A file system in memory with room for so much, in KiB.
fn memory(sandbox: &Sandbox, kib: u64) -> Option<Mount> {
    Mount::tmpfs(&sandbox.venv(), &format!("size={kib}k"))
}

/// An ext4 of which all is taken but so much, in KiB.
fn disk(sandbox: &Sandbox, kib: u64) -> Option<Mount> {
    let image = sandbox.path("image");
    fs::File::create(&image)
        .and_then(|file| file.set_len(16 << 20))
        .unwrap();
    let made = Command::new("mkfs.ext4")
        .args(["-q", "-F", "-m", "0", "-b", "4096"])
        .arg(&image)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        skipped(1, "mkfs.ext4 is not here");
        return None;
    }
    let mount = Mount::image(&image, &sandbox.venv(), "loop")?;
    let dir = sandbox.venv();
    fs::remove_dir(dir.join("lost+found")).unwrap();
    // Directories take room here, too.
    let full = sandbox.path("full");
    let kib = kib * blocks(&full, 1) / blocks(&full, 0);
    // What is taken away needs blocks of its own to be noted down.
    let mut filler = fs::File::create(dir.join(".filler")).unwrap();
    loop {
        let stat = rustix::fs::statvfs(&dir).unwrap();
        let over = (stat.f_bfree * stat.f_frsize).saturating_sub(kib * 1024);
        if over < 4096
            || filler
                .write_all(&vec![0; over as usize / 2 + 2048])
                .is_err()
        {
            break;
        }
    }
    Some(mount)
}

/// What diff and check say of a copy that does not fit; none where there is no such disk.
fn copied(sandbox: &Sandbox, mount: Option<Mount>, how: &str) -> Option<(Value, Value)> {
    let mount = mount?;
    let copy = Command::new("sh")
        .args(["-c", how])
        .current_dir(sandbox.root())
        .output()
        .unwrap();
    let read = |verb, codes: &[i32]| -> Value {
        let said = sandbox.snap(&[verb, "venv", "--json"]);
        assert!(codes.contains(&said.code), "{said}");
        let nothing = || serde_json::json!({ "diagnosis": [] });
        match said.code {
            3 => nothing(),
            _ => serde_json::from_str(&said.stdout).unwrap(),
        }
    };
    // Where not even pyvenv.cfg came, there is no venv to be checked, and where no package came, none is damaged.
    let said = (read("diff", &[1]), read("check", &[0, 1, 3]));
    drop(mount);
    assert!(!copy.status.success(), "{how} fits");
    Some(said)
}

/// A way to have a disk with room for so many KiB.
type Make = fn(&Sandbox, u64) -> Option<Mount>;

#[test]
fn whoever_copies_onto_a_full_disk_is_told_of_the_disk_and_of_nothing_else() {
    let Some((sandbox, used)) = moved() else {
        return;
    };
    for (tool, how) in BY {
        if Command::new(tool).arg("--version").output().is_err() {
            skipped(1, &format!("{tool} is not installed"));
            continue;
        }
        let (mut tried, mut told_by) = (0, (0, 0));
        for (on, make) in [("memory", memory as Make), ("ext4", disk as Make)] {
            for percent in FITS {
                let what = format!("{how} onto {on} for {percent} %");
                let mount = make(&sandbox, used * percent / 100);
                let Some((diff, check)) = copied(&sandbox, mount, how) else {
                    continue;
                };
                let kinds = &diff["summary"]["kinds"];
                let count = |kind| kinds[kind].as_u64().unwrap_or(0);
                let (told, alone) = (rules(&diff), rules(&check));
                let is_told = told == ["short-copy"];
                // What only is missing shows its cause where the order of the copy is known.
                let shows = count("emptied") + count("truncated") > 1;
                assert!(is_told || !shows && told.is_empty(), "{what}: {diff}");
                assert!(
                    alone.is_empty() || alone == ["short-copy"],
                    "{what}: {check}"
                );
                if is_told {
                    let text = diff["diagnosis"][0]["text"].as_str().unwrap();
                    assert!(text.contains("make room before you restore"), "{text}");
                }
                tried += 1;
                told_by.0 += u32::from(is_told);
                told_by.1 += u32::from(!alone.is_empty());
            }
        }
        // How much of it, is for the order in the directories to say.
        let enough = told_by.0 * 3 >= tried && (told_by.1 > 1 || tried == 0);
        assert!(enough, "{how}: {told_by:?} of {tried}");
    }
}

#[test]
fn what_a_full_disk_left_is_known_also_when_the_disk_has_room_again() {
    let Some((sandbox, used)) = moved() else {
        return;
    };
    let Some(_mount) = memory(&sandbox, used / 2) else {
        return;
    };
    let copy = "cp -a full/. venv/ 2>/dev/null; mount -o remount,size=64m venv; true";
    sh(sandbox.root(), copy);
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(rules(&diff), ["short-copy"], "{diff}");
    let text = diff["diagnosis"][0]["text"].as_str().unwrap();
    assert!(text.contains("Look at the free space"), "{text}");
}

#[test]
fn packages_that_were_removed_and_files_that_were_emptied_are_no_copy() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(crate::support::venv::SITE);
    for name in ["dog", "elk"] {
        fs::remove_dir_all(site.join(name)).unwrap();
    }
    assert!(rules(&sandbox.json(1, &["diff", "venv"])).is_empty());
    sandbox.ok(&["restore", "venv"]);
    for file in ["ant/a.py", "bee/a.py", "cat/more.py"] {
        fs::write(site.join(file), b"").unwrap();
    }
    assert!(rules(&sandbox.json(1, &["diff", "venv"])).is_empty());
}

/// How many blocks of 4 KiB the files below a directory take, and its directories, each so many.
fn blocks(at: &Path, dir: u64) -> u64 {
    let of = |path: &Path| match fs::symlink_metadata(path).unwrap() {
        meta if meta.is_dir() => dir + blocks(path, dir),
        meta if meta.is_file() => meta.len().div_ceil(4096),
        _ => 0,
    };
    let entries = fs::read_dir(at).unwrap();
    entries.map(|entry| of(&entry.unwrap().path())).sum()
}
