//! Q: the power is cut right after the program said that it was done, by the file system's own shutdown. All must be
//! there (promises 1 and 2). `peers.sh` measures others in the same way.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::dice::Dice;
use crate::rig::FileSystem;
use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};
use crate::{points, told};

/// Ends a file system as a power cut does: nothing more reaches the disk, not even the log.
fn cut(at: &Path) -> bool {
    // FS_IOC_SHUTDOWN with NOLOGFLUSH.
    let script = "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, \
        struct.pack('I', 2))";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(at)
        .output();
    done.is_ok_and(|done| done.status.success())
}

/// A disk that can be cut and turned on again.
struct Disk {
    /// Unmounted before the sandbox goes.
    mount: Option<Mount>,
    sandbox: Sandbox,
}

impl Disk {
    fn new(fs: FileSystem) -> Option<Self> {
        let sandbox = Sandbox::new();
        if !fs.make(&sandbox.path("image")) {
            return None;
        }
        let mount = Mount::image(&sandbox.path("image"), &sandbox.path("disk"), "loop");
        mount.is_some().then_some(Self { mount, sandbox })
    }

    /// Cuts the power and turns it on again.
    fn cut(&mut self) -> bool {
        let done = cut(&self.sandbox.path("disk"));
        self.mount = None;
        let (image, at) = (self.sandbox.path("image"), self.sandbox.path("disk"));
        self.mount = Mount::image(&image, &at, "loop");
        done && self.mount.is_some()
    }

    fn ok(&self, args: &[&str]) {
        self.sandbox
            .ok(&[args, &["--store", "disk/store"]].concat());
    }

    fn says(&self, args: &[&str]) -> serde_json::Value {
        self.sandbox
            .json(0, &[args, &["--store", "disk/store"]].concat())
    }
}

impl Disk {
    /// Checks that the venv is all there, and that nothing else is left of the restore.
    fn check_restored(&self, tree: &Tree, what: &str) {
        tree.assert_same(&Tree::of(&self.sandbox.path("disk/venv")), what);
        let left: Vec<_> = fs::read_dir(self.sandbox.path("disk"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(".snap-"))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "{what}");
        self.ok(&["diff", "disk/venv", "latest"]);
    }
}

#[test]
fn a_power_cut_right_after_success_loses_nothing() {
    if !needs_root() {
        return;
    }
    for fs in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(mut disk) = Disk::new(fs) else {
            continue;
        };
        let rounds = points(4, 20);
        let dir = disk.sandbox.path("disk/venv");
        let mut dice = Dice::new(rounds as u64);
        let mut trees = Vec::new();
        for round in 0..rounds {
            let _ = fs::remove_dir_all(&dir);
            venv::tiny(&dir);
            for n in 0..dice.below(40) {
                fs::write(dir.join(format!("file-{n}")), dice.bytes(5000)).unwrap();
            }
            let tree = Tree::of(&dir);
            // Into a store on another disk too, of which no sync helps this one.
            disk.sandbox.ok(&["save", "disk/venv"]);
            let saved = disk.says(&["save", "disk/venv"]);
            trees.push((saved["snapshot"]["id"].as_str().unwrap().to_owned(), tree));
            if !disk.cut() {
                skipped(1, "this kernel does not shut down file systems");
                return;
            }
            disk.ok(&["verify"]);
            // The store kept all; the venv itself, which nobody synced, did not.
            let tree = &trees[round].1;
            for (id, tree) in [&trees[dice.below(trees.len())], &trees[round]] {
                disk.ok(&["restore", "disk/venv", id, "--to", "out", "--exact"]);
                tree.assert_same(
                    &Tree::of(&disk.sandbox.path("out")),
                    &format!("save {round}"),
                );
                fs::remove_dir_all(disk.sandbox.path("out")).unwrap();
            }
            for elsewhere in [false, true] {
                if dir.exists() {
                    let _ = fs::remove_dir_all(dir.join("bin"));
                    fs::write(dir.join("extra"), b"x").unwrap();
                }
                let restore = ["restore", "disk/venv", "latest"];
                if elsewhere {
                    disk.sandbox.ok(&restore);
                } else {
                    disk.ok(&restore);
                }
                assert!(disk.cut());
                disk.check_restored(tree, &format!("restore {round}, {elsewhere}"));
            }
        }
        told(&format!("Q {}", fs.name()), 3 * rounds, 3 * rounds);
    }
}
