//! Hard links of a part: after `restore --heal` or `--only` the names that were one file are one file again, and `diff`
//! agrees.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::sandbox::site;
use crate::support::{Sandbox, venv};

/// Names of one file, in two packages and beside them.
const NAMES: [&str; 3] = ["click/core.py", "click/same.py", "own/same.py"];

/// How one of the names stopped being one of that file.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// A copy of its own, with the time kept.
    Copied,
    /// The same as a newer file.
    Rewritten,
    Missing,
    Emptied,
}

/// Each of the names is lost in one way, and one of them in each.
const LOSSES: [(Loss, &str); 6] = [
    (Loss::Copied, NAMES[0]),
    (Loss::Copied, NAMES[1]),
    (Loss::Copied, NAMES[2]),
    (Loss::Rewritten, NAMES[0]),
    (Loss::Missing, NAMES[0]),
    (Loss::Emptied, NAMES[1]),
];

impl Loss {
    fn happen(self, file: &Path) {
        let content = fs::read(file).unwrap();
        fs::remove_file(file).unwrap();
        match self {
            Self::Copied => {
                fs::write(file, content).unwrap();
                venv::set_mtime(file, 1_700_000_000, 123_456_789);
            }
            Self::Rewritten => fs::write(file, content).unwrap(),
            Self::Missing => {}
            Self::Emptied => fs::write(file, b"").unwrap(),
        }
    }
}

fn scene() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    fs::create_dir(site.join("own")).unwrap();
    for name in &NAMES[1..] {
        fs::hard_link(site.join(NAMES[0]), site.join(name)).unwrap();
    }
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    sandbox
}

#[track_caller]
fn assert_one_file(sandbox: &Sandbox, what: &str) {
    let inode = |name: &&str| fs::metadata(site(sandbox).join(name)).unwrap().ino();
    let inodes: Vec<u64> = NAMES.iter().map(inode).collect();
    assert!(
        inodes.iter().all(|one| *one == inodes[0]),
        "{what}: {inodes:?}"
    );
}

#[test]
fn a_name_that_became_a_file_of_its_own_is_one_of_its_file_again_after_each_restore_in_part() {
    let parts: [&[&str]; 3] = [
        &["--heal"],
        &["--only", "NAME"],
        &["--only", "NAME", "--copy"],
    ];
    let sandbox = scene();
    for (loss, name) in LOSSES {
        for part in parts {
            loss.happen(&site(&sandbox).join(name));
            let what = format!("{loss:?} {name} {part:?}");
            let diff = sandbox.json(1, &["diff", "venv"]);
            assert!(
                diff["summary"]["damage"].as_u64() > Some(0),
                "{what}: {diff}"
            );
            let path = format!("{}/{name}", venv::SITE);
            let part = part.iter().map(|word| word.replace("NAME", &path));
            let part: Vec<String> = part.collect();
            let part: Vec<&str> = part.iter().map(String::as_str).collect();
            let foretold = sandbox.json(0, &[&["restore", "venv", "-n"], &part[..]].concat());
            let done = sandbox.json(0, &[&["restore", "venv"], &part[..]].concat());
            assert_eq!(done["mode"], "exchanged", "{what}: {done}");
            assert_eq!(foretold["entries"], done["entries"], "{what}");
            assert_one_file(&sandbox, &what);
            let diff = sandbox.json(0, &["diff", "venv"]);
            assert_eq!(diff["identical"], true, "{what}: {diff}");
        }
    }
}

#[test]
fn a_package_comes_back_with_the_links_that_its_files_had_to_others() {
    let sandbox = scene();
    fs::remove_dir_all(site(&sandbox).join("click")).unwrap();
    sandbox.ok(&["restore", "venv", "--only", "click"]);
    // RECORD does not list the further name, so it is nobody's.
    sandbox.ok(&["restore", "venv", "--only", "**/click/same.py"]);
    assert_one_file(&sandbox, "click");
    sandbox.ok(&["diff", "venv"]);
}

#[test]
fn files_that_became_one_are_their_own_again_after_each_restore_in_part() {
    let (one, other) = ("click/utils.py", "click/twin.py");
    // Of the two the one that `diff` names.
    for part in [&["--heal"][..], &["--only", "**/utils.py"]] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let site = site(&sandbox);
        fs::copy(site.join(one), site.join(other)).unwrap();
        venv::age(&sandbox.venv(), 1_700_000_000);
        sandbox.ok(&["save", "venv"]);
        fs::remove_file(site.join(other)).unwrap();
        fs::hard_link(site.join(one), site.join(other)).unwrap();
        sandbox.code(1, &["diff", "venv"]);
        sandbox.ok(&[&["restore", "venv"], part].concat());
        let inode = |name: &str| fs::metadata(site.join(name)).unwrap().ino();
        assert_ne!(inode(one), inode(other), "{part:?}");
        sandbox.ok(&["diff", "venv"]);
    }
}

#[test]
fn a_name_whose_content_changed_is_told_alone_and_left_out_of_the_file_where_it_stays() {
    let sandbox = scene();
    let site = site(&sandbox);
    let mine = site.join(NAMES[2]);
    fs::remove_file(&mine).unwrap();
    fs::write(&mine, b"mine = 1\n").unwrap();
    let one_is_told = || {
        let diff = sandbox.json(1, &["diff", "venv"]);
        let entries = diff["entries"].as_array().unwrap().iter();
        let told = entries.filter(|entry| entry["class"] != "noise");
        assert_eq!(told.count(), 1, "{diff}");
    };
    one_is_told();
    fs::write(site.join("click/utils.py"), b"").unwrap();
    sandbox.ok(&["restore", "venv", "--only", "click"]);
    assert_eq!(fs::read(&mine).unwrap(), b"mine = 1\n");
    let inode = |name: &str| fs::metadata(site.join(name)).unwrap().ino();
    assert_eq!(inode(NAMES[0]), inode(NAMES[1]));
    one_is_told();
    sandbox.ok(&["restore", "venv"]);
    assert_one_file(&sandbox, "all of it");
}
