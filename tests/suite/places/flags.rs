//! Flags by which nobody may change a file (`chattr +i`, `+a`) are taken off right before a restore replaces it. Where
//! it then does not happen, they come back.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::faults::{can_trace, needs_root, skipped};
use crate::support::mounts::Mount;
use crate::support::{Run, Sandbox, Tree, venv};

/// A damaged venv on a file system of its own, of which the root, a directory and the damaged file have flags.
struct Flagged {
    sandbox: Sandbox,
    mounts: Vec<Mount>,
}

impl Flagged {
    fn new(in_place: bool) -> Option<Self> {
        let sandbox = Sandbox::new();
        let place = sandbox.path("place");
        std::fs::create_dir(&place).unwrap();
        let mut mounts = vec![Mount::made(
            &["mkfs.ext4", "-q"],
            &sandbox.path("image"),
            &place,
        )?];
        let root = place.join("venv");
        venv::tiny(&root);
        sandbox.ok(&["save", "place/venv"]);
        if in_place {
            std::fs::write(sandbox.path("bundle"), b"of somebody else").unwrap();
            let over = root.join(venv::SITE).join("click/utils.py");
            mounts.push(Mount::bind(&sandbox.path("bundle"), &over)?);
        }
        let flagged = Self { sandbox, mounts };
        flagged.hurt().then_some(flagged)
    }

    /// Damages it, and gives it the flags; whether that works here.
    fn hurt(&self) -> bool {
        self.free();
        let root = self.sandbox.path("place/venv");
        std::fs::write(root.join(venv::SITE).join("click/core.py"), b"").unwrap();
        let mut paths = self.paths().into_iter();
        let done = paths.all(|(flag, path)| chattr(&format!("+{flag}"), &path));
        if !done {
            skipped(1, "chattr does not work here");
        }
        done
    }

    fn free(&self) {
        for (_, path) in self.paths() {
            chattr("-ia", &path);
        }
    }

    fn paths(&self) -> [(char, PathBuf); 3] {
        let root = self.sandbox.path("place/venv");
        let site = root.join(venv::SITE);
        [
            ('i', site.join("click/core.py")),
            ('a', site.join("idna")),
            ('i', root),
        ]
    }

    fn has_all(&self) -> bool {
        self.paths().iter().all(|(flag, path)| has(path, *flag))
    }

    /// The tree, but for the time of its root, in which the journal lay where files are replaced one by one.
    fn tree(&self) -> Tree {
        let mut tree = Tree::of(&self.sandbox.path("place/venv"));
        tree.0.get_mut(Path::new("")).unwrap().mtime = (0, 0);
        tree
    }

    /// Whether nothing of a restore is left.
    fn is_clean(&self) -> bool {
        ["place", "place/venv"].iter().all(|dir| {
            let mut names = std::fs::read_dir(self.sandbox.path(dir)).unwrap().flatten();
            !names.any(|entry| entry.file_name().to_string_lossy().contains(".snap-"))
        })
    }

    /// The program, killed at the n-th call of some name.
    fn killed(&self, call: &str, n: usize) -> Run {
        let kill = format!("{call}:signal=KILL:when={n}");
        self.sandbox
            .snap_traced(&[&kill], &["restore", "place/venv", "--yes"])
    }
}

impl Drop for Flagged {
    fn drop(&mut self) {
        self.free();
        while self.mounts.pop().is_some() {}
    }
}

fn chattr(how: &str, path: &Path) -> bool {
    let output = Command::new("chattr").arg(how).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

fn has(path: &Path, flag: char) -> bool {
    let output = Command::new("lsattr").arg("-d").arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split(' ').next().unwrap().contains(flag)
}

/// How many calls of a name come before the first flag is taken off.
fn calls_before(flagged: &Flagged, call: &str) -> usize {
    assert!(flagged.hurt());
    let log = flagged.sandbox.path("log");
    let slow = [
        format!("{call}:delay_enter=1"),
        "ioctl:delay_enter=1".to_owned(),
    ];
    let slow: Vec<&str> = slow.iter().map(String::as_str).collect();
    let args = ["restore", "place/venv", "--yes"];
    let run = Run::of(flagged.sandbox.traced_to(&log, &slow, &args));
    assert_eq!(run.code, 0, "{run}");
    let text = std::fs::read_to_string(log).unwrap();
    let before = text
        .lines()
        .take_while(|line| !line.contains("FS_IOC_SETFLAGS"));
    before
        .filter(|line| line.contains(&format!(" {call}(")))
        .count()
}

/// A kill in that window left the venv as it was but for the flags, and called it as it was.
#[test]
fn flags_that_were_taken_off_come_back_where_a_kill_kept_the_restore_from_happening() {
    if !needs_root() || !can_trace() {
        return;
    }
    for (in_place, calls) in [
        (false, [("ioctl", &[2, 4][..]), ("renameat2", &[1])]),
        (true, [("ioctl", &[2, 4]), ("renameat", &[1, 2])]),
    ] {
        let Some(flagged) = Flagged::new(in_place) else {
            return;
        };
        for (call, later) in calls {
            let before = calls_before(&flagged, call);
            let mut taken_back = 0;
            for n in later.iter().map(|later| before + later) {
                assert!(flagged.hurt());
                let told = format!("in place: {in_place}, {call} {n}");
                let hurt = flagged.tree();
                let run = flagged.killed(call, n);
                assert_eq!(run.code, 137, "{told}: {run}");
                let run = flagged.sandbox.snap(&["diff", "place/venv"]);
                if run.code == 1 {
                    assert!(flagged.has_all(), "{told}: {run}");
                    hurt.assert_same(&flagged.tree(), &told);
                    taken_back += 1;
                }
                assert!(flagged.is_clean(), "{told}: {run}");
            }
            assert!(taken_back > 0, "in place: {in_place}, {call}");
        }
    }
}

/// The same where it fails by itself.
#[test]
fn flags_that_were_taken_off_come_back_where_the_exchange_is_refused() {
    if !needs_root() || !can_trace() {
        return;
    }
    for (in_place, refusal) in [
        (false, "renameat2:error=EIO"),
        // The journal that lists the steps; those before name the staging and the flags.
        (true, "renameat@.snap-restore-journal:error=EIO:when=3+"),
    ] {
        let Some(flagged) = Flagged::new(in_place) else {
            return;
        };
        let hurt = flagged.tree();
        let run = flagged
            .sandbox
            .snap_traced(&[refusal], &["restore", "place/venv", "--yes"]);
        assert_eq!(run.code, 3, "{refusal}: {run}");
        assert!(flagged.has_all(), "{refusal}: {run}");
        hurt.assert_same(&flagged.tree(), refusal);
    }
}

/// The journal lies in the tree then, of which the root may not be changed either.
#[test]
fn a_root_that_nobody_may_change_stops_no_restore_file_by_file() {
    if !needs_root() {
        return;
    }
    let Some(flagged) = Flagged::new(true) else {
        return;
    };
    let run = flagged.sandbox.code(3, &["restore", "place/venv"]);
    assert!(run.stderr.contains("--yes") && flagged.has_all(), "{run}");
    flagged.sandbox.ok(&["restore", "place/venv", "--yes"]);
    flagged.sandbox.ok(&["diff", "place/venv"]);
}
