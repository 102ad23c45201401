//! Where a hostile store is tried out: a target, what lies around it, and every command, each with its limits.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::writer::{self, Object, Pack, digest, object, tree};
use crate::support::{Run, Sandbox, Tree, venv};

/// No command may take more address space than this, in KiB: what the shell's `ulimit -v` counts.
const SPACE_KIB: u64 = 1_200_000;
/// Nor may it hold more memory than this: what the largest forest that is read takes.
const RESIDENT_KIB: u64 = 700_000;
/// Nor run longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// A sandbox with a store, a venv, and canaries.
pub(super) struct Place {
    pub(super) sandbox: Sandbox,
    canary: Tree,
    live: Tree,
}

impl Place {
    pub(super) fn new() -> Self {
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path("canary/dir")).unwrap();
        fs::write(sandbox.path("canary/file"), b"untouched").unwrap();
        fs::write(sandbox.path("canary/dir/file"), b"untouched").unwrap();
        venv::tiny(&sandbox.path("area/venv"));
        writer::store(&sandbox.path("store"));
        Self {
            canary: canary(&sandbox),
            live: Tree::of(&sandbox.path("area/venv")),
            sandbox,
        }
    }

    pub(super) fn put_pack(&self, bytes: &[u8]) -> String {
        writer::put(&self.sandbox.path("store/packs"), bytes)
    }

    /// What a snapshot file says, of the target. It claims many entries, so that no limit by that number stops what is
    /// tried.
    pub(super) fn snapshot(&self, root: &[u8]) -> Value {
        let root = blake3::Hash::from(digest(root)).to_hex().to_string();
        json!({
            "format": 1, "features": [], "purpose": "save",
            "venv": {"host": "another", "path": self.sandbox.path("area/target")},
            "created": "2026-01-02T03:04:05.000006Z", "parent": null, "label": null, "note": null,
            "baseline": true, "root": root,
            "totals": {"files": crate::points(200_000, 4_000_000), "dirs": 1, "symlinks": 0, "special": 0, "bytes": 1},
            "writer": "another"
        })
    }

    pub(super) fn put_snapshot(&self, snapshot: &Value) -> String {
        let bytes = serde_json::to_vec(snapshot).unwrap();
        writer::put(&self.sandbox.path("store/snapshots"), &bytes)
    }

    /// A store with one snapshot of a root directory that is described by `inside`, with all else in one pack.
    pub(super) fn with_tree(&self, inside: &[u8], others: &[Object]) -> String {
        let root = tree(&[writer::dir(b"", inside)]);
        let mut objects = vec![object(1, &root), object(1, inside)];
        objects.extend(others.iter().cloned());
        self.put_pack(&Pack::of(&objects).bytes());
        self.put_snapshot(&self.snapshot(&root))
    }

    /// Runs every command. None may panic, hang, take much memory, show raw control characters or change anything
    /// around. Returns the codes of list, restore and verify.
    pub(super) fn try_all(&self, name: &str, id: &str) -> (i32, i32, i32) {
        let file = format!("{id}:a");
        let list = self.run(name, &["list"]).code;
        for args in [
            &["show", id][..],
            &["ls", id],
            &["cat", &file],
            &["diff", "area/venv", id],
            &["stats"],
            &["log"],
        ] {
            self.run(name, args);
        }
        let restore = self.run(name, &["restore", "area/target", id]).code;
        let verify = self.run(name, &["verify"]).code;
        for args in [
            &["rebuild-index"][..],
            &["forget", "--keep-daily", "1", "-n"],
            &["prune", "--grace", "0"],
            &["verify", "--repair"],
            &["list"],
        ] {
            self.run(name, args);
        }
        (list, restore, verify)
    }

    /// Runs one command within its limits.
    pub(super) fn run(&self, name: &str, args: &[&str]) -> Run {
        let mut command = Command::new("sh");
        self.sandbox.dress(&mut command);
        let script = format!("ulimit -v {SPACE_KIB}; exec \"$0\" \"$@\"");
        let (out, err) = (self.sandbox.path("stdout"), self.sandbox.path("stderr"));
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_snap")])
            .args(args)
            .env("RAYON_NUM_THREADS", "2")
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        let mut resident = 0;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            resident = resident.max(held(child.id()));
            if start.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{name}: {args:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let run = Run {
            code: status.code().unwrap_or(-1),
            stdout: read(&out),
            stderr: read(&err),
        };
        fs::remove_file(out).unwrap();
        fs::remove_file(err).unwrap();
        assert!(
            [0, 1, 2, 3, 10].contains(&run.code),
            "{name}: {args:?}: {run}"
        );
        assert!(
            resident < RESIDENT_KIB,
            "{name}: {args:?} held {resident} KiB"
        );
        let raw = |text: &str| {
            text.chars()
                .any(|c| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c))
        };
        assert!(
            args[0] == "cat" || !raw(&run.stdout) && !raw(&run.stderr),
            "{name}: {args:?}: {run:?}"
        );
        self.assert_untouched(name, args);
        run
    }

    fn assert_untouched(&self, name: &str, args: &[&str]) {
        let what = format!("{name}: {args:?}");
        self.canary.assert_same(&canary(&self.sandbox), &what);
        self.live
            .assert_same(&Tree::of(&self.sandbox.path("area/venv")), &what);
        let names = |dir: &str| -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(self.sandbox.path(dir))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names("."), ["area", "canary", "store"], "{what}");
        assert!(
            names("area")
                .iter()
                .all(|name| ["target", "venv"].contains(&name.as_str())),
            "{what}: {:?}",
            names("area")
        );
    }
}

/// What a process holds at most in memory, in KiB.
fn held(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// The canary, without the hard links that others have to its files.
fn canary(sandbox: &Sandbox) -> Tree {
    let mut tree = Tree::of(&sandbox.path("canary"));
    tree.0.values_mut().for_each(|record| record.group = None);
    tree
}
