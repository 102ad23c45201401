//! Place × verb: a venv with all that is kept comes back on each kind of file system, and what that does not hold is
//! left out and named. The oracle is the independent walk. The next file system is one row of `PLACES`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

use super::left_out::LeftOut;

/// Mounts a place; none where that cannot be had here.
type Make = fn(&Sandbox, &Path) -> Option<Mount>;

/// Hurts a tree.
type Hurt = fn(&Sandbox, &Path);

/// What stands in the venv, made anew before each verb: mounts that lie there while it runs.
type Within = fn(&Sandbox, &Path) -> Option<Vec<Mount>>;

/// A place, and what it does not hold, as JSON names it.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) lacks: &'static [&'static str],
    pub(super) make: Make,
    pub(super) within: Option<Within>,
}

const fn place(name: &'static str, lacks: &'static [&'static str], make: Make) -> Place {
    Place {
        name,
        lacks,
        make,
        within: None,
    }
}

impl Place {
    const fn with(self, within: Within) -> Self {
        Self {
            within: Some(within),
            ..self
        }
    }
}

pub(super) const PLACES: [Place; 23] = [
    place("memory", &[], memory),
    place("ext4", &[], ext4),
    place("ext4 with small inodes", &["times"], |sandbox, at| {
        let mkfs = ["mkfs.ext4", "-q", "-I", "128"];
        Mount::made(&mkfs, &sandbox.path("image"), at)
    }),
    place("xfs", &[], |sandbox, at| {
        Mount::made(&["mkfs.xfs", "-q"], &sandbox.path("image"), at)
    }),
    place("btrfs", &[], btrfs),
    place("a layer over another directory", &[], |sandbox, at| {
        let scratch = Mount::tmpfs(&sandbox.path("scratch"), "size=64m")?;
        fs::create_dir(sandbox.path("scratch/lower")).unwrap();
        let lower = sandbox.path("scratch/lower");
        let mount = Mount::overlay(&lower, at, &sandbox.path("scratch"))?;
        // It holds what it needs of the other one.
        scratch.detach();
        Some(mount)
    }),
    // bindfs of Debian 12 and Ubuntu 22.04 speaks version 2 of FUSE, sshfs version 3.
    place("user space", &[], |sandbox, at| bindfs(sandbox, &[], at)),
    place(
        "user space without attributes",
        &["xattr"],
        |sandbox, at| bindfs(sandbox, &["--xattr-none"], at),
    ),
    place("user space with one owner", &["owner"], |sandbox, at| {
        let flags = [
            "--force-user=77",
            "--force-group=78",
            "--chown-ignore",
            "--chgrp-ignore",
        ];
        bindfs(sandbox, &flags, at)
    }),
    place(
        "user space that refuses owners",
        &["owner"],
        |sandbox, at| bindfs(sandbox, &["--chown-deny", "--chgrp-deny"], at),
    ),
    place("user space that ignores modes", &["mode"], |sandbox, at| {
        bindfs(sandbox, &["--chmod-ignore"], at)
    }),
    place("user space that refuses modes", &["mode"], |sandbox, at| {
        bindfs(sandbox, &["--chmod-deny"], at)
    }),
    // Version 3 of its protocol has times in seconds, none of links, and neither links of files nor attributes.
    place("a network in user space", &["times", "xattr"], sshfs),
    place(
        "user space that gives attributes to read alone",
        &["xattr"],
        |sandbox, at| bindfs(sandbox, &["--xattr-ro"], at),
    ),
    place("user space that forces modes", &["mode"], |sandbox, at| {
        bindfs(sandbox, &["-p", "0755", "--chmod-deny"], at)
    }),
    place("below a default access list", &[], |sandbox, at| {
        let mount = ext4(sandbox, at)?;
        let list = ["-d", "-m", "u:1234:rwx,g:99:r"];
        run(Command::new("setfacl").args(list).arg(at)).then_some(mount)
    }),
    place(
        "below a directory that gives its group",
        &[],
        |sandbox, at| {
            let mount = ext4(sandbox, at)?;
            chown(at, None, Some(99)).unwrap();
            fs::set_permissions(at, fs::Permissions::from_mode(0o2775)).unwrap();
            Some(mount)
        },
    ),
    place("a bundle mounted over a file", &["mount"], memory).with(|sandbox, root| {
        let bundle = sandbox.path("bundle.pem");
        fs::write(&bundle, MOUNTED).unwrap();
        let over = root.join(venv::SITE).join("idna/core.py");
        Some(vec![Mount::bind(&bundle, &over)?])
    }),
    place("a directory mounted over one", &["mount"], ext4).with(|sandbox, root| {
        let other = sandbox.path("other");
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("precious"), MOUNTED).unwrap();
        let over = root.join(venv::SITE).join("idna");
        Some(vec![Mount::bind(&other, &over)?])
    }),
    place("a file that nobody may change", &["immutable"], ext4).with(|_, root| {
        let file = root.join(venv::SITE).join("idna/core.py");
        run(Command::new("chattr").arg("+i").arg(file)).then(Vec::new)
    }),
    place("a directory that may only grow", &["append-only"], ext4).with(|_, root| {
        let dir = root.join(venv::SITE).join("idna");
        run(Command::new("chattr").arg("+a").arg(dir)).then(Vec::new)
    }),
    place("a volume inside the venv", &["subvolume"], btrfs)
        .with(|_, root| volume(&root.join(venv::SITE).join("idna"))),
    place("the venv is a volume", &["subvolume"], btrfs).with(|_, root| volume(root)),
];

/// What is mounted over something, which nobody touches.
pub(super) const MOUNTED: &[u8] = b"of somebody else";

fn memory(_: &Sandbox, at: &Path) -> Option<Mount> {
    Mount::tmpfs(at, "size=64m")
}

fn ext4(sandbox: &Sandbox, at: &Path) -> Option<Mount> {
    Mount::made(&["mkfs.ext4", "-q"], &sandbox.path("image"), at)
}

fn btrfs(sandbox: &Sandbox, at: &Path) -> Option<Mount> {
    Mount::made(&["mkfs.btrfs", "-q"], &sandbox.path("image"), at)
}

/// Makes a directory a volume of its own, with all that it holds.
fn volume(dir: &Path) -> Option<Vec<Mount>> {
    let aside = dir.with_extension("aside");
    let above = dir.parent().unwrap();
    let then = fs::metadata(above).unwrap();
    fs::rename(dir, &aside).unwrap();
    let create = ["subvolume", "create"];
    let made = run(Command::new("btrfs").args(create).arg(dir))
        && run(Command::new("cp").arg("-aT").args([&aside, dir]));
    fs::remove_dir_all(aside).unwrap();
    venv::set_mtime(above, then.mtime(), then.mtime_nsec());
    made.then(Vec::new)
}

/// Runs a tool; tells where it cannot be had.
fn run(command: &mut Command) -> bool {
    let done = command.output().is_ok_and(|output| output.status.success());
    if !done {
        skipped(
            1,
            &format!("{} does not work here", command.get_program().display()),
        );
    }
    done
}

fn bindfs(sandbox: &Sandbox, flags: &[&str], at: &Path) -> Option<Mount> {
    let from = sandbox.path("below");
    fs::create_dir_all(&from).unwrap();
    let from = from.to_str().unwrap().to_owned();
    Mount::user(&[&["bindfs"], flags, &[&from]].concat(), at)
}

/// Without a network: the server is a child of the client.
pub(super) fn sshfs(sandbox: &Sandbox, at: &Path) -> Option<Mount> {
    sshfs_by("", sandbox, at)
}

/// The same, its server started by another program.
pub(super) fn sshfs_by(starter: &str, sandbox: &Sandbox, at: &Path) -> Option<Mount> {
    let server = "/usr/lib/openssh/sftp-server";
    if !Path::new(server).exists() {
        skipped(1, "there is no sftp-server");
        return None;
    }
    let from = sandbox.path("below");
    fs::create_dir_all(&from).unwrap();
    let command = sandbox.path("ssh");
    fs::write(&command, format!("#!/bin/sh\nexec {starter} {server}\n")).unwrap();
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).unwrap();
    let option = format!("ssh_command={}", command.display());
    let from = format!("here:{}", from.display());
    Mount::user(&["sshfs", "-o", &option, &from], at)
}

/// A venv with all that a snapshot keeps.
pub(super) fn rich(root: &Path) {
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
    // uv leaves its lock in each venv, and a restore holds it.
    venv::write(root, ".lock", b"");
    venv::age(root, 1_700_000_001);
    venv::set_mtime(&root.join("bin/tool"), 1_700_000_002, 123_456_789);
    venv::set_mtime(&site.join("click/core.py"), 1_600_000_000, 1);
    venv::set_mtime(&site.join("click"), 1_600_000_003, 999_999_999);
    // An installer makes files, directories and links within one second.
    symlink("tool", root.join("bin/link")).unwrap();
    for (number, path) in ["bin/link", "lib64", "bin", "lib"].iter().enumerate() {
        venv::set_mtime(&root.join(path), 1_600_000_005, 300 + number as i64);
    }
    venv::set_mtime(&site.join("idna/core.py"), 1_600_000_000, 900_000_001);
}

#[test]
fn a_venv_comes_back_on_every_file_system_and_what_that_does_not_hold_is_named() {
    if !needs_root() {
        return;
    }
    for Place {
        name: what,
        lacks,
        make,
        within,
    } in PLACES
    {
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
            let is_bare = within.is_some() && !root.exists();
            let within = within.filter(|_| !is_bare);
            let Some(mounts) = within.map_or(Some(Vec::new()), |make| make(&sandbox, &root)) else {
                break;
            };
            let told = format!("{what}, {verb:?}");
            let answer = if within.is_some() {
                asked(&sandbox, verb, lacks, &told)
            } else {
                sandbox.json(0, verb)
            };
            let left = LeftOut::of(&answer);
            assert_ne!(answer["mode"], "identical", "{told}: {answer}");
            left.assert_explains(&good, &Tree::of(&root).by_itself(), &told);
            // What lies within comes only once there is a venv.
            let lacks = if is_bare && within.is_none() {
                &[][..]
            } else {
                lacks
            };
            for lack in lacks {
                assert!(left.has(lack), "{told}: no {lack} in {answer}");
            }
            if lacks.is_empty() {
                assert!(left.names.is_empty(), "{told}: {answer}");
            }
            agree(&sandbox, &told);
            drop(mounts);
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

/// Runs a restore of what stands there and no snapshot keeps: it is told and refused first, unless nothing is lost by
/// it.
fn asked(sandbox: &Sandbox, verb: &[&str], lacks: &[&str], told: &str) -> Value {
    let dry = sandbox.json(0, &[verb, &["-n"]].concat());
    for lack in lacks {
        assert!(LeftOut::of(&dry).has(lack), "{told}: no {lack} in {dry}");
    }
    assert_eq!(dry["left_out_tried"], false, "{told}: {dry}");
    if lacks.contains(&"mount") {
        return sandbox.json(0, verb);
    }
    let before = Tree::of(&sandbox.path("place"));
    let run = sandbox.code(3, verb);
    assert!(run.stderr.contains("--yes"), "{told}: {run}");
    before.assert_same(&Tree::of(&sandbox.path("place")), told);
    sandbox.json(0, &[verb, &["--yes"]].concat())
}

/// Before each of these the tree is hurt. After each it is the saved one, as far as the place holds it.
const VERBS: [(&[&str], Hurt); 4] = [
    (&["restore", "place/venv"], |_, _| {}),
    (&["restore", "place/venv"], |_, root| hurt(root)),
    (&["restore", "place/venv", "--copy", "--force"], |_, _| {}),
    (&["restore", "place/venv", "--only", "click"], |_, root| {
        fs::write(root.join(venv::SITE).join("click/core.py"), b"").unwrap();
    }),
];

/// Takes a package away and empties a script.
pub(super) fn hurt(root: &Path) {
    fs::remove_dir_all(root.join(venv::SITE).join("click")).unwrap();
    fs::write(root.join("bin/tool"), b"").unwrap();
}

/// The commands agree that nothing is left to be done.
#[track_caller]
pub(super) fn agree(sandbox: &Sandbox, what: &str) {
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
pub(super) fn rest(place: &Path) -> Vec<String> {
    let names = fs::read_dir(place).unwrap().flatten();
    let mut names: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| name != "lost+found");
    names.sort();
    names
}
