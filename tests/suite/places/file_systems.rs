//! Place × verb: a venv with all that is kept comes back on each kind of file system, and what that does not hold is
//! left out and named. The oracle is the independent walk. The next file system is one row of `PLACES`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, tree::Record, venv};

/// Mounts a place; none where that cannot be had here.
type Make = fn(&Sandbox, &Path) -> Option<Mount>;

/// Hurts a tree.
type Hurt = fn(&Sandbox, &Path);

/// What each place does not hold, as JSON names it.
const PLACES: [(&str, &[&str], Make); 13] = [
    ("memory", &[], |_, at| Mount::tmpfs(at, "size=64m")),
    ("ext4", &[], |sandbox, at| {
        Mount::made(&["mkfs.ext4", "-q"], &sandbox.path("image"), at)
    }),
    ("ext4 with small inodes", &["times"], |sandbox, at| {
        let mkfs = ["mkfs.ext4", "-q", "-I", "128"];
        Mount::made(&mkfs, &sandbox.path("image"), at)
    }),
    ("xfs", &[], |sandbox, at| {
        Mount::made(&["mkfs.xfs", "-q"], &sandbox.path("image"), at)
    }),
    ("btrfs", &[], |sandbox, at| {
        Mount::made(&["mkfs.btrfs", "-q"], &sandbox.path("image"), at)
    }),
    ("a layer over another directory", &[], |sandbox, at| {
        let scratch = Mount::tmpfs(&sandbox.path("scratch"), "size=64m")?;
        fs::create_dir(sandbox.path("scratch/lower")).unwrap();
        let lower = sandbox.path("scratch/lower");
        let mount = Mount::overlay(&lower, at, &sandbox.path("scratch"))?;
        // It holds what it needs of the other one.
        scratch.detach();
        Some(mount)
    }),
    ("user space", &[], |sandbox, at| bindfs(sandbox, &[], at)),
    (
        "user space without attributes",
        &["xattr"],
        |sandbox, at| bindfs(sandbox, &["--xattr-none"], at),
    ),
    ("user space with one owner", &["owner"], |sandbox, at| {
        let flags = [
            "--force-user=77",
            "--force-group=78",
            "--chown-ignore",
            "--chgrp-ignore",
        ];
        bindfs(sandbox, &flags, at)
    }),
    (
        "user space that refuses owners",
        &["owner"],
        |sandbox, at| bindfs(sandbox, &["--chown-deny", "--chgrp-deny"], at),
    ),
    ("user space that ignores modes", &["mode"], |sandbox, at| {
        bindfs(sandbox, &["--chmod-ignore"], at)
    }),
    ("user space that refuses modes", &["mode"], |sandbox, at| {
        bindfs(sandbox, &["--chmod-deny"], at)
    }),
    // Version 3 of its protocol has times in seconds, none of links, and neither links of files nor attributes.
    ("a network in user space", &["times", "xattr"], sshfs),
];

fn bindfs(sandbox: &Sandbox, flags: &[&str], at: &Path) -> Option<Mount> {
    let from = sandbox.path("below");
    fs::create_dir_all(&from).unwrap();
    let from = from.to_str().unwrap().to_owned();
    Mount::user(&[&["bindfs"], flags, &[&from]].concat(), at)
}

/// Without a network: the server is a child of the client.
fn sshfs(sandbox: &Sandbox, at: &Path) -> Option<Mount> {
    let server = "/usr/lib/openssh/sftp-server";
    if !Path::new(server).exists() {
        skipped(1, "there is no sftp-server");
        return None;
    }
    let from = sandbox.path("below");
    fs::create_dir_all(&from).unwrap();
    let command = sandbox.path("ssh");
    fs::write(&command, format!("#!/bin/sh\nexec {server}\n")).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    let option = format!("ssh_command={}", command.display());
    let from = format!("here:{}", from.display());
    Mount::user(&["sshfs", "-o", &option, &from], at)
}

/// A venv with all that a snapshot keeps.
fn rich(root: &Path) {
    venv::tiny(root);
    let site = root.join(venv::SITE);
    fs::hard_link(site.join("click/utils.py"), site.join("click/same.py")).unwrap();
    let set = |path: &str, name: &str, value: &[u8]| {
        let flags = rustix::fs::XattrFlags::empty();
        if rustix::fs::setxattr(root.join(path), name, value, flags).is_err() {
            skipped(1, &format!("this file system has no {name}"));
        }
    };
    set("bin/tool", "user.note", b"kept");
    set("lib", "user.dir", b"kept");
    chown(root.join("bin/tool"), Some(77), Some(78)).unwrap();
    chown(root.join("lib"), Some(77), Some(79)).unwrap();
    lchown(root.join("lib64"), Some(77), Some(78)).unwrap();
    let mode = |path: &str, mode| {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("bin", 0o2770);
    mode("pyvenv.cfg", 0o640);
    venv::age(root, 1_700_000_001);
    venv::set_mtime(&root.join("bin/tool"), 1_700_000_002, 123_456_789);
    venv::set_mtime(&site.join("click/core.py"), 1_600_000_000, 1);
    venv::set_mtime(&site.join("click"), 1_600_000_003, 999_999_999);
}

/// What was left out, by its name: every difference of the tree is one of these, and each of these is a difference.
struct LeftOut {
    names: Vec<String>,
    json: Value,
}

impl LeftOut {
    fn of(answer: &Value) -> Self {
        let all = answer["left_out"].as_array().unwrap();
        for one in all {
            assert!(one["count"].as_u64().unwrap() > 0, "{answer}");
            assert!(!one["paths"].as_array().unwrap().is_empty(), "{answer}");
            assert!(!one["reason"].as_str().unwrap().is_empty(), "{answer}");
        }
        Self {
            names: all
                .iter()
                .map(|one| one["what"].as_str().unwrap().to_owned())
                .collect(),
            json: answer["left_out"].clone(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Holds a tree against the one that was saved.
    #[track_caller]
    fn assert_explains(&self, good: &Tree, now: &Tree, what: &str) {
        let paths = |tree: &Tree| tree.0.keys().cloned().collect::<Vec<PathBuf>>();
        assert_eq!(paths(good), paths(now), "{what}");
        for (path, then) in &good.0 {
            let told = format!(
                "{what}: {}: {then:?} is {:?}: {}",
                path.display(),
                now.0[path],
                self.json
            );
            self.explain(then, &now.0[path], &told);
        }
    }

    #[track_caller]
    fn explain(&self, then: &Record, now: &Record, told: &str) {
        assert_eq!(
            (then.kind, &then.content, &then.link),
            (now.kind, &now.content, &now.link),
            "{told}"
        );
        if then.kind == "symlink" {
            assert!(then.mtime == now.mtime || self.has("link-times"), "{told}");
        } else {
            assert!(then.mode == now.mode || self.has("mode"), "{told}");
            let near = then.mtime.0 == now.mtime.0 && now.mtime.1 == 0 && self.has("times");
            assert!(then.mtime == now.mtime || near, "{told}");
        }
        assert!(then.owner == now.owner || self.has("owner"), "{told}");
        assert!(then.group == now.group || self.has("hard-links"), "{told}");
        assert!(then.xattrs == now.xattrs || self.has("xattr"), "{told}");
    }
}

#[test]
fn a_venv_comes_back_on_every_file_system_and_what_that_does_not_hold_is_named() {
    if !needs_root() {
        return;
    }
    for (what, lacks, make) in PLACES {
        let sandbox = Sandbox::new();
        let place = sandbox.path("place");
        fs::create_dir(&place).unwrap();
        let root = place.join("venv");
        rich(&root);
        sandbox.ok(&["save", "place/venv"]);
        let good = Tree::of(&root);
        fs::remove_dir_all(&root).unwrap();
        let Some(_mount) = make(&sandbox, &place) else {
            continue;
        };
        for (verb, hurt) in VERBS {
            hurt(&sandbox, &root);
            let told = format!("{what}, {verb:?}");
            let answer = sandbox.json(0, verb);
            let left = LeftOut::of(&answer);
            assert_ne!(answer["mode"], "identical", "{told}: {answer}");
            left.assert_explains(&good, &Tree::of(&root).by_itself(), &told);
            for lack in lacks {
                assert!(left.has(lack), "{told}: no {lack} in {answer}");
            }
            if lacks.is_empty() {
                assert!(left.names.is_empty(), "{told}: {answer}");
            }
            agree(&sandbox, &told);
        }
        let again = sandbox.json(
            0,
            &["restore", "place/venv", "--to", "place/other", "--exact"],
        );
        let left = LeftOut::of(&again);
        left.assert_explains(&good, &Tree::of(&place.join("other")).by_itself(), what);
        sandbox.ok(&["save", "place/venv"]);
        agree(&sandbox, what);
        assert_eq!(rest(&place), ["other", "venv"], "{what}");
    }
}

/// Before each of these the tree is hurt. After each it is the saved one, as far as the place holds it.
const VERBS: [(&[&str], Hurt); 4] = [
    (&["restore", "place/venv"], |_, _| {}),
    (&["restore", "place/venv"], |_, root| {
        fs::remove_dir_all(root.join(venv::SITE).join("click")).unwrap();
        fs::write(root.join("bin/tool"), b"").unwrap();
    }),
    (&["restore", "place/venv", "--copy", "--force"], |_, _| {}),
    (&["restore", "place/venv", "--only", "click"], |_, root| {
        fs::write(root.join(venv::SITE).join("click/core.py"), b"").unwrap();
    }),
];

/// The commands agree that nothing is left to be done.
#[track_caller]
fn agree(sandbox: &Sandbox, what: &str) {
    let diff = sandbox.json(0, &["diff", "place/venv"]);
    assert!(
        diff["entries"].as_array().unwrap().is_empty(),
        "{what}: {diff}"
    );
    sandbox.ok(&["check", "place/venv"]);
    let again = sandbox.json(0, &["restore", "place/venv"]);
    assert_eq!(again["mode"], "identical", "{what}: {again}");
}

/// What stands beside the venv.
fn rest(place: &Path) -> Vec<String> {
    let names = fs::read_dir(place).unwrap().flatten();
    let mut names: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| name != "lost+found");
    names.sort();
    names
}
