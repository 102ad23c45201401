//! A restore of a part touches that part alone: names that share a file stay linked as they were, but where they are to
//! be names of what comes back.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

const ONE: &str = "lib/python3.11/site-packages/click/utils.py";
const TWO: &str = "lib/python3.11/site-packages/click/vtwin.py";
const THREE: &str = "lib/python3.11/site-packages/idna/twin.py";

/// Fills a venv with three names of one file, and links all other files with a cache, as uv does. Saves it.
fn linked(sandbox: &Sandbox) -> PathBuf {
    let root = sandbox.venv();
    venv::tiny(&root);
    fs::hard_link(root.join(ONE), root.join(TWO)).unwrap();
    fs::hard_link(root.join(ONE), root.join(THREE)).unwrap();
    // On a mount of its own only the venv itself can hold other names.
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    let cache = if device(sandbox.root()) == device(&root) {
        sandbox.path("cache")
    } else {
        root.join("cache")
    };
    fs::create_dir_all(&cache).unwrap();
    for (n, path) in [
        "bin/tool",
        "pyvenv.cfg",
        "lib/python3.11/site-packages/idna/core.py",
    ]
    .into_iter()
    .enumerate()
    {
        fs::hard_link(root.join(path), cache.join(n.to_string())).unwrap();
    }
    venv::age(&root, 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    root
}

fn inode(path: &Path) -> (u64, u64) {
    let meta = fs::metadata(path).unwrap();
    (meta.ino(), meta.nlink())
}

#[track_caller]
fn stay_linked(root: &Path, before: (u64, u64), what: &str) {
    let (two, three) = (inode(&root.join(TWO)), inode(&root.join(THREE)));
    assert_eq!(two, three, "{what}: the others are linked");
    assert_eq!(two.0, before.0, "{what}: and as they were");
    assert_eq!(two.1, 2, "{what}: with nothing else");
    stay(root, what);
}

/// What shares its files with a cache does so still.
#[track_caller]
fn stay(root: &Path, what: &str) {
    for path in [
        "bin/tool",
        "pyvenv.cfg",
        "lib/python3.11/site-packages/idna/core.py",
    ] {
        assert_eq!(
            inode(&root.join(path)).1,
            2,
            "{what}: {path} left its cache"
        );
    }
}

fn one_name(sandbox: &Sandbox, how: &str) {
    let root = linked(sandbox);
    let good = fs::read(root.join(ONE)).unwrap();
    let before = inode(&root.join(TWO));
    let only = ["restore", "venv", "--only", ONE];
    // Nothing is wrong.
    let run = sandbox.ok(&only);
    assert!(run.stdout.starts_with("nothing to do"), "{run}");
    // What is asked for and good is left alone as well.
    fs::remove_file(root.join("bin/python")).unwrap();
    let json = sandbox.json(0, &["restore", "venv", "--only", "bin", "--only", "idna"]);
    assert_eq!(json["written"], 1, "{json}");
    assert_eq!(inode(&root.join(ONE)), (before.0, 3), "{json}");
    stay(&root, how);
    // One name is gone.
    fs::remove_file(root.join(ONE)).unwrap();
    let json = sandbox.json(0, &only);
    assert_eq!(fs::read(root.join(ONE)).unwrap(), good, "{json}");
    // The others are good, so all three are one file again.
    let before = inode(&root.join(TWO));
    assert_eq!((inode(&root.join(ONE)), before.1), (before, 3), "{json}");
    stay(&root, how);
    // The content is bad under all names, and one is asked for.
    fs::write(root.join(TWO), b"edited\n").unwrap();
    fs::remove_file(root.join(ONE)).unwrap();
    fs::hard_link(root.join(TWO), root.join(ONE)).unwrap();
    let json = sandbox.json(0, &only);
    assert_eq!(fs::read(root.join(ONE)).unwrap(), good, "{json}");
    assert_eq!(fs::read(root.join(THREE)).unwrap(), b"edited\n", "{json}");
    stay_linked(&root, before, how);
    assert_eq!(json["written"], 1, "{json}");
    let told: Vec<&str> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    assert!(!told.contains(&TWO) && !told.contains(&THREE), "{json}");
    // Two that are asked for are one file again.
    let json = sandbox.json(0, &["restore", "venv", "--only", ONE, "--only", TWO]);
    assert_eq!(inode(&root.join(ONE)), inode(&root.join(TWO)), "{json}");
    assert_eq!(fs::read(root.join(TWO)).unwrap(), good, "{json}");
    assert_eq!(fs::read(root.join(THREE)).unwrap(), b"edited\n", "{json}");
    // All of them.
    sandbox.ok(&["restore", "venv"]);
    sandbox.ok(&["diff", "venv"]);
}

#[test]
fn one_name_of_several_comes_back_alone() {
    // The restore failed, or wrote every file that is linked with a cache anew.
    one_name(&Sandbox::new(), "exchanged");
}

#[test]
fn one_name_of_several_comes_back_alone_in_place() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.venv(), "size=16m") else {
        return;
    };
    one_name(&sandbox, "in place");
}

/// `diff` tells them with the package, and a restore of it said that nothing was to do.
#[test]
fn the_directories_of_a_package_come_back_with_it() {
    const DIR: &str = "lib/python3.11/site-packages/click";
    type Hurt = fn(&Path);
    let hurts: [(&str, Hurt); 4] = [
        ("mode", |dir| mode(dir, 0o700)),
        ("setgid", |dir| mode(dir, 0o2775)),
        ("attribute", |dir| {
            rustix::fs::setxattr(dir, "user.mark", b"x", rustix::fs::XattrFlags::empty()).unwrap();
        }),
        ("owner", |dir| {
            if needs_root() {
                std::os::unix::fs::chown(dir, Some(33), Some(33)).unwrap();
            }
        }),
    ];
    for (what, hurt) in hurts {
        let sandbox = Sandbox::new();
        linked(&sandbox);
        let dir = sandbox.venv().join(DIR);
        let other = sandbox.venv().join("lib/python3.11/site-packages/idna");
        let before = Tree::of(&sandbox.venv());
        mode(&other, 0o700);
        hurt(&dir);
        fs::remove_file(dir.join("core.py")).unwrap();
        sandbox.ok(&["restore", "venv", "--only", "click"]);
        // What belongs to others stays as it is.
        assert_eq!(
            fs::metadata(&other).unwrap().mode() & 0o7777,
            0o700,
            "{what}"
        );
        mode(&other, 0o755);
        before.assert_same(&Tree::of(&sandbox.venv()), what);
        sandbox.ok(&["diff", "venv"]);
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// It named packages that it left as they were.
#[test]
fn a_part_tells_only_the_packages_of_which_it_brings_something_back() {
    let parts: [(&[&str], &[&str]); 5] = [
        (&["--only", "idna"], &["idna"]),
        (&["--only", "**/idna/core.py"], &["idna"]),
        (&["--only", "idna", "--only", "click"], &["click", "idna"]),
        (&["--only", "bin"], &[]),
        (&["--heal"], &["click", "idna"]),
    ];
    for (part, told) in parts {
        for moved in [false, true] {
            let sandbox = Sandbox::new();
            venv::tiny(&sandbox.venv());
            venv::package(&sandbox.venv(), venv::SITE, "gone", &["core.py"]);
            sandbox.ok(&["save", "venv"]);
            let id = sandbox.ids().remove(0);
            let place = if moved { "moved" } else { "venv" };
            fs::rename(sandbox.venv(), sandbox.path(place)).unwrap();
            let root = sandbox.path(place);
            let site = root.join(venv::SITE);
            venv::package(&root, venv::SITE, "added", &["core.py"]);
            fs::remove_dir_all(site.join("gone")).unwrap();
            fs::remove_dir_all(site.join("gone-1.0.dist-info")).unwrap();
            fs::write(root.join("bin/tool"), b"").unwrap();
            for name in ["click", "idna"] {
                fs::write(site.join(name).join("core.py"), b"").unwrap();
            }
            let restore = [&["restore", place, &id, "--from-other"], part].concat();
            for how in [&["-n"][..], &[]] {
                let json = sandbox.json(0, &[&restore[..], how].concat());
                let names = json["packages"].as_array().unwrap().iter();
                let names: Vec<&str> = names.map(|one| one["name"].as_str().unwrap()).collect();
                assert_eq!(names, told, "{part:?} {how:?}: {json}");
            }
        }
    }
}
