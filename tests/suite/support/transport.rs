//! Snapshots that leave and enter.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::faults::{is_root, skipped};
use crate::support::{Run, Sandbox, Tree, venv};

/// A venv with what tars find hard: long and odd names, hard links, attributes, FIFOs, old times, a large file.
pub(crate) fn odd(root: &Path) {
    venv::tiny(root);
    let deep = format!("odd/{}/{}", "d".repeat(120), "e".repeat(200));
    venv::write(root, &format!("{deep}/{}", "f".repeat(250)), b"deep");
    venv::write(root, "odd/first", b"linked content");
    fs::hard_link(root.join("odd/first"), root.join("odd/second")).unwrap();
    fs::hard_link(root.join("odd/first"), root.join("third")).unwrap();
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"odd/\xff\xfe\n=x");
    fs::write(root.join(name), b"odd name").unwrap();
    std::os::unix::fs::symlink("x".repeat(150), root.join("odd/far")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("odd/near")).unwrap();
    fs::create_dir(root.join("odd/empty")).unwrap();
    venv::write(root, "odd/none", b"");
    venv::write(root, "odd/large.bin", &venv::noise((9 << 20) + 77));
    venv::write(root, "odd/segment.bin", &venv::noise(4 << 20));
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(root.join("odd/none"), "user.a=b%", b"x\ny", flags).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o640);
    rustix::fs::mknodat(rustix::fs::CWD, root.join("odd/fifo"), fifo, mode, 0).unwrap();
    if is_root() {
        std::os::unix::fs::chown(root.join("odd/none"), Some(3_000_000), Some(12)).unwrap();
    }
    venv::age(root, 1_700_000_001);
    venv::set_mtime(&root.join("odd/none"), -86_400, 999_999_999);
    fs::set_permissions(root.join("odd/empty"), fs::Permissions::from_mode(0o711)).unwrap();
    venv::set_mtime(&root.join("odd/empty"), 1_600_000_000, 1);
    fs::set_permissions(root, fs::Permissions::from_mode(0o750)).unwrap();
    venv::set_mtime(root, 1_600_000_000, 987_654_321);
}

/// Whether a program is there; told as skipped where not.
pub(crate) fn works(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        skipped(1, &format!("there is no {program}"));
    }
    found
}

/// Runs a program, which must succeed. Returns what it wrote to standard error.
#[track_caller]
pub(crate) fn run(program: &str, args: &[&str], cwd: &Path) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {error}");
    error
}

/// The topmost tree of the snapshots of a store, which all have the same.
pub(crate) fn root_of(sandbox: &Sandbox, store: &str) -> String {
    let files = fs::read_dir(sandbox.path(store).join("snapshots")).unwrap();
    let root = |file: std::io::Result<fs::DirEntry>| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let snapshot: Value = serde_json::from_slice(&bytes).unwrap();
        snapshot["root"].as_str().unwrap().to_owned()
    };
    let roots: std::collections::BTreeSet<String> = files.map(root).collect();
    assert_eq!(roots.len(), 1, "{roots:?}");
    roots.into_iter().next().unwrap()
}

/// A sandbox with a saved and exported venv.
pub(crate) fn exported(build: impl Fn(&Path), file: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    build(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "first", "--note", "a note"]);
    sandbox.ok(&["export", "latest", file, "--venv", "venv"]);
    sandbox
}

/// Runs a command with another store.
#[track_caller]
pub(crate) fn at(sandbox: &Sandbox, store: &str, code: i32, args: &[&str]) -> Run {
    sandbox.code(code, &[args, &["--store", store]].concat())
}

/// What a snapshot of a store restores to.
#[track_caller]
pub(crate) fn tree_at(sandbox: &Sandbox, store: &str, id: &str) -> Tree {
    at(
        sandbox,
        store,
        0,
        &["restore", "venv", id, "--to", "out", "--exact"],
    );
    let tree = Tree::of(&sandbox.path("out"));
    fs::remove_dir_all(sandbox.path("out")).unwrap();
    tree
}
