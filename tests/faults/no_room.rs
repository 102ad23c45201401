//! S: a disk that is full, without inodes, over its quota, or read-only from one moment to the next, at every level.
//! The command refuses with 3 or succeeds; the old venv is whole, the store sound, nothing left behind; with room
//! again a plain retry succeeds (promises 1, 2, 9).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rustix::fs::FallocateFlags;

use crate::dice::Dice;
use crate::rig::FileSystem;
use crate::support::faults::{needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Run, Sandbox, Tree, venv};
use crate::{points, told};

/// What is tried without room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Save,
    Restore,
    Prune,
    Repair,
}

impl Act {
    const ALL: [Self; 4] = [Self::Save, Self::Restore, Self::Prune, Self::Repair];
}

/// A small disk with a venv and its store, and a copy of both elsewhere to begin anew from.
struct Disk {
    /// Unmounted before the sandbox goes.
    mount: Option<Mount>,
    sandbox: Sandbox,
    options: &'static str,
    /// The snapshots with their trees, oldest first, and the venv as it is, which is none of them.
    saved: Vec<(String, Tree)>,
    now: Tree,
}

impl Disk {
    /// A new disk; none where it cannot be had, which is told.
    fn new(make: impl Fn(&Path) -> bool, options: &'static str) -> Option<Self> {
        if !needs_root() {
            return None;
        }
        let sandbox = Sandbox::new();
        if !make(&sandbox.path("image")) {
            return None;
        }
        let mut disk = Self {
            mount: None,
            sandbox,
            options,
            saved: Vec::new(),
            now: Tree::default(),
        };
        if !disk.on() {
            return None;
        }
        disk.fill_in();
        Some(disk)
    }

    /// Mounts it.
    fn on(&mut self) -> bool {
        let (image, at) = (self.sandbox.path("image"), self.sandbox.path("disk"));
        self.mount = Mount::image(&image, &at, self.options);
        self.mount.is_some()
    }

    fn fill_in(&mut self) {
        let (mut dice, dir) = (Dice::new(1), self.path("venv"));
        venv::tiny(&dir);
        for state in 0..3 {
            // One content that a prune can free apart from another that stays.
            fs::write(dir.join("data.bin"), dice.bytes(500_000)).unwrap();
            fs::write(dir.join(format!("stays-{state}.bin")), dice.bytes(200_000)).unwrap();
            let run = self.ok(&["save", "disk/venv", "--json"]);
            let said: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let id = said["snapshot"]["id"].as_str().unwrap().to_owned();
            self.saved.push((id, Tree::of(&dir)));
        }
        fs::write(dir.join("data.bin"), dice.bytes(600_000)).unwrap();
        fs::remove_file(dir.join("stays-0.bin")).unwrap();
        self.now = Tree::of(&dir);
        fs::create_dir(self.sandbox.path("copy")).unwrap();
        for name in ["venv", "store"] {
            venv::copy(&self.path(name), &self.sandbox.path("copy").join(name));
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path("disk").join(name)
    }

    fn snap(&self, args: &[&str]) -> Run {
        self.sandbox
            .snap(&[args, &["--store", "disk/store"]].concat())
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> Run {
        let run = self.snap(args);
        assert_eq!(run.code, 0, "snap {args:?}\n{run}");
        run
    }

    fn command(&self, act: Act) -> Command {
        let middle = self.saved[1].0.as_str();
        let args: &[&str] = match act {
            Act::Save => &["save", "disk/venv", "--force"],
            Act::Restore => &["restore", "disk/venv", middle],
            Act::Prune => &["prune", "--grace", "0"],
            Act::Repair => &["verify", "--repair"],
        };
        self.sandbox
            .command(&[args, &["--store", "disk/store"]].concat())
    }

    /// Puts everything back as at the beginning, and prepares what the act wants.
    fn reset(&self, act: Act) {
        for entry in fs::read_dir(self.path("")).unwrap() {
            let path = entry.unwrap().path();
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
        for name in ["venv", "store"] {
            venv::copy(&self.sandbox.path("copy").join(name), &self.path(name));
        }
        match act {
            Act::Save | Act::Restore => {}
            Act::Prune => {
                self.ok(&["forget", &self.saved[0].0]);
            }
            Act::Repair => {
                let packs = fs::read_dir(self.path("store/packs")).unwrap();
                for pack in packs.map(|pack| pack.unwrap().path()) {
                    let mut bytes = fs::read(&pack).unwrap();
                    let at = bytes.len() - 10;
                    bytes[at] ^= 1;
                    fs::write(&pack, bytes).unwrap();
                }
            }
        }
        // What is freed counts only once it is on the disk.
        let done = Command::new("sync").arg("-f").arg(self.path("")).status();
        assert!(done.unwrap().success(), "sync -f");
    }

    /// Checks that the venv is whole after an act without room, whether it was done or not. `what` says where.
    fn check(&self, act: Act, run: &Run, what: &str) {
        assert!(matches!(run.code, 0 | 3), "{what}: {run}");
        let hint = run.code == 0 || run.stderr.contains("hint: ");
        assert!(hint, "{what}: {run}");
        let done = act == Act::Restore && run.code == 0;
        let want = if done { &self.saved[1].1 } else { &self.now };
        want.assert_same(&Tree::of(&self.path("venv")), what);
    }

    /// Checks the same where the exchange may have happened and could not be made durable.
    fn check_either(&self, act: Act, run: &Run, what: &str) {
        assert!(matches!(run.code, 0 | 3), "{what}: {run}");
        let now = Tree::of(&self.path("venv")).by_itself();
        if act != Act::Restore || self.saved[1].1 != now {
            assert!(act != Act::Restore || run.code == 3, "{what}: {run}");
            self.now.assert_same(&now, what);
        }
    }

    fn nothing_left(&self, what: &str) {
        let mut left: Vec<PathBuf> = ["", "venv", "store/tmp"]
            .iter()
            .flat_map(|dir| fs::read_dir(self.path(dir)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        let tmp = self.path("store/tmp");
        left.retain(|path| {
            path.to_string_lossy().contains(".snap-") || path.parent() == Some(&tmp)
        });
        assert!(left.is_empty(), "{what}: {left:?}");
    }

    /// Checks that with room again the store is sound, a plain retry succeeds, and what was saved comes back.
    fn check_retry(&self, act: Act, what: &str) {
        if act != Act::Repair {
            self.ok(&["verify"]);
        }
        let run = Run::of(self.command(act));
        assert_eq!(run.code, 0, "{what}, again: {run}");
        if act == Act::Restore {
            self.saved[1]
                .1
                .assert_same(&Tree::of(&self.path("venv")), what);
        }
        self.nothing_left(what);
        self.ok(&["verify"]);
        for (id, tree) in self.saved.iter().skip(usize::from(act == Act::Prune)) {
            self.ok(&["restore", "disk/venv", id, "--to", "out", "--exact"]);
            tree.assert_same(&Tree::of(&self.sandbox.path("out")), what);
            fs::remove_dir_all(self.sandbox.path("out")).unwrap();
        }
    }

    /// Tries each act at each level, with `take` to take the room and `give` to give it back.
    fn at_levels(
        &self,
        name: &str,
        levels: &[u64],
        take: impl Fn(&Self, u64),
        give: impl Fn(&Self),
    ) {
        let (mut tried, mut refused) = (0, 0);
        for act in Act::ALL {
            for &level in levels {
                let what = format!("{act:?} with {name} {level}");
                self.reset(act);
                take(self, level);
                let run = Run::of(self.command(act));
                self.check(act, &run, &what);
                self.nothing_left(&what);
                give(self);
                self.check_retry(act, &what);
                tried += 1;
                refused += usize::from(run.code == 3);
            }
        }
        told(&format!("S {name}"), tried, tried);
        println!("S {name}: {refused} refused, {} done", tried - refused);
        assert!(
            refused > 0 && refused < tried,
            "{name}: {refused} of {tried}"
        );
    }
}

/// An ext4 of 32 MiB, of which root may use every block.
fn ext4(image: &Path, options: &[&str]) -> bool {
    fs::File::create(image)
        .and_then(|file| file.set_len(32 << 20))
        .unwrap();
    let made = Command::new("mkfs.ext4")
        .args(["-q", "-F", "-m", "0"])
        .args(options)
        .arg(image)
        .output();
    let made = made.is_ok_and(|made| made.status.success());
    if !made {
        skipped(1, "mkfs.ext4 is not here");
    }
    made
}

#[test]
fn a_disk_with_hardly_any_room_refuses_whole_and_is_no_harm() {
    let Some(disk) = Disk::new(|image| ext4(image, &[]), "loop") else {
        return;
    };
    let levels: Vec<u64> = (0..=64).step_by(points(16, 1)).collect();
    let take = |disk: &Disk, level: u64| {
        let stat = rustix::fs::statvfs(disk.path("").as_path()).unwrap();
        let file = fs::File::create(disk.path("filler")).unwrap();
        let mut len = (stat.f_bavail * stat.f_frsize).saturating_sub(level << 16);
        // What the file system needs to describe the filler comes from the same room.
        while rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, len).is_err() {
            len -= 4096;
        }
    };
    let give = |disk: &Disk| fs::remove_file(disk.path("filler")).unwrap();
    disk.at_levels("64 KiB blocks free:", &levels, take, give);
}

#[test]
fn a_disk_with_hardly_any_inodes_refuses_whole_and_is_no_harm() {
    let Some(disk) = Disk::new(|image| ext4(image, &["-N", "256"]), "loop") else {
        return;
    };
    let levels: Vec<u64> = (0..=64).step_by(points(16, 4)).collect();
    let take = |disk: &Disk, level: u64| {
        fs::create_dir(disk.path("fillers")).unwrap();
        let name = |n: u64| disk.path(&format!("fillers/{n}"));
        let made = (0..10_000)
            .take_while(|&n| fs::write(name(n), b"").is_ok())
            .count() as u64;
        (0..level.min(made)).for_each(|n| fs::remove_file(name(n)).unwrap());
    };
    let give = |disk: &Disk| fs::remove_dir_all(disk.path("fillers")).unwrap();
    disk.at_levels("inodes free:", &levels, take, give);
}

#[test]
fn a_quota_that_is_used_up_refuses_whole_and_is_no_harm() {
    // The disk is a subvolume, so that its quota can be changed from outside of it.
    let make = |image: &Path| {
        let top = image.with_file_name("top");
        let made = FileSystem::Btrfs.make(image);
        let mounted = made.then(|| Mount::image(image, &top, "loop")).flatten();
        mounted.is_some() && btrfs(&["subvolume", "create"], &top.join("part")).is_some()
    };
    let Some(disk) = Disk::new(make, "loop,subvol=part") else {
        return;
    };
    let top = disk.sandbox.path("top");
    let device = device(&disk);
    let Some(_top) = Mount::image(Path::new(&device), &top, "subvolid=5") else {
        return;
    };
    btrfs(&["quota", "enable"], &top).unwrap();
    let levels: Vec<u64> = (0..=64).step_by(points(32, 4)).collect();
    let take = |_: &Disk, level: u64| {
        btrfs(&["quota", "rescan", "-w"], &top).unwrap();
        let shown = btrfs(&["qgroup", "show", "--raw", "--sync"], &top).unwrap();
        let used: u64 = shown
            .lines()
            .find_map(|line| line.strip_prefix("0/256"))
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap();
        let limit = (used + (level << 16)).to_string();
        btrfs(&["qgroup", "limit", &limit, "0/256"], &top).unwrap();
    };
    let give = |_: &Disk| {
        btrfs(&["qgroup", "limit", "none", "0/256"], &top).unwrap();
    };
    disk.at_levels("64 KiB of a quota free:", &levels, take, give);
}

#[test]
fn a_disk_that_turns_read_only_at_any_moment_is_no_harm() {
    let Some(mut disk) = Disk::new(|image| ext4(image, &[]), "loop,errors=remount-ro") else {
        return;
    };
    let count = points(4, 20);
    let (mut tried, mut refused) = (0, 0);
    for act in Act::ALL {
        disk.reset(act);
        let start = Instant::now();
        let run = Run::of(disk.command(act));
        assert_eq!(run.code, 0, "{run}");
        let takes = start.elapsed();
        for n in 0..count {
            disk.reset(act);
            let what = format!("{act:?}, read-only after {n} of {count} parts of its time");
            let command = disk.command(act);
            let run = std::thread::scope(|scope| {
                let run = scope.spawn(|| Run::of(command));
                std::thread::sleep(takes * n as u32 / count as u32);
                turn_read_only(&disk);
                run.join().unwrap()
            });
            disk.check_either(act, &run, &what);
            // It is mounted anew as after a crash: what the journal of the file system has is there.
            disk.mount = None;
            assert!(disk.on(), "{what}");
            let settled = disk.snap(&["diff", "disk/venv"]);
            assert!(settled.code <= 1, "{what}: {settled}");
            disk.check_retry(act, &what);
            tried += 1;
            refused += usize::from(run.code == 3);
        }
    }
    told("S read-only", tried, tried);
    println!("S read-only: {refused} refused, {} done", tried - refused);
    assert!(refused > 0);
}

/// Runs one of the tools of btrfs; what it said, if it succeeded.
fn btrfs(args: &[&str], path: &Path) -> Option<String> {
    let run = Command::new("btrfs").args(args).arg(path).output().ok()?;
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    run.status.success().then_some(said)
}

/// The device that is mounted.
fn device(disk: &Disk) -> String {
    let args = ["-n", "-v", "-o", "SOURCE"];
    let shown = Command::new("findmnt")
        .args(args)
        .arg(disk.path(""))
        .output();
    String::from_utf8(shown.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// Makes the disk read-only, as the kernel does when it finds an error in the file system.
fn turn_read_only(disk: &Disk) {
    let device = device(disk);
    let name = device.rsplit('/').next().unwrap();
    fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), b"1").unwrap();
}
