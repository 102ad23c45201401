//! Root rebuilds the venv of somebody else: nothing of theirs runs as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::index::sdist;
use super::scene::Scene;
use crate::support::index::{Index, PLAIN};
use crate::support::{Run, faults, tools};

/// A user who is nobody here.
const USER: u32 = 4242;

/// An interpreter that anybody may run and that brings a pip.
fn public_python() -> Option<PathBuf> {
    let brings_pip = |path: &PathBuf| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=4242", "--regid=4242", "--clear-groups"])
            .arg(path);
        let asked = command
            .args(["-I", "-m", "ensurepip", "--version"])
            .current_dir("/")
            .output();
        asked.is_ok_and(|output| output.status.success())
    };
    let places = ["/usr/bin/python3", "/usr/local/bin/python3"]
        .map(PathBuf::from)
        .into_iter();
    let path = std::env::var_os("PATH").unwrap();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path)
        .map(|dir| dir.join("python3"))
        .collect();
    let found = places.chain(on_path).find(brings_pip);
    if found.is_none() {
        faults::skipped(
            1,
            "no interpreter with ensurepip is there that every user may run",
        );
    }
    found
}

fn give(dir: &Path) {
    lchown(dir, Some(USER), Some(USER)).unwrap();
    if fs::symlink_metadata(dir).unwrap().is_dir() {
        fs::read_dir(dir)
            .unwrap()
            .flatten()
            .for_each(|entry| give(&entry.path()));
    }
}

#[test]
fn whatever_builds_and_imports_runs_as_the_owner() {
    if !faults::needs_root() {
        return;
    }
    let Some(python) = public_python() else {
        return;
    };
    let scene = Scene::of_index();
    fs::set_permissions(scene.sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut made = Command::new(&python);
    tools::done(
        made.args(["-I", "-m", "venv", "--without-pip"])
            .arg(scene.venv()),
    );
    fs::write(scene.sandbox.path("requirements.txt"), "ant==1.0\n").unwrap();
    give(&scene.venv());
    chown(scene.sandbox.path("requirements.txt"), Some(USER), None).unwrap();
    let dir = scene.sandbox.path("sources");
    fs::create_dir_all(&dir).unwrap();
    sdist(
        &dir,
        "open('/tmp/venv-snap-test-proof', 'w').close() if os.getuid() == 0 else None",
    );
    let index = Index::serve(&dir, PLAIN);
    let mut command = scene.command(&["--from", "requirements.txt"]);
    command.env("PIP_INDEX_URL", index.url());
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    assert!(!Path::new("/tmp/venv-snap-test-proof").exists());
    let init = fs::read_to_string(scene.file("ant/__init__.py")).unwrap();
    assert!(init.contains("uid = 4242"), "{init}");
    for path in [
        scene.venv(),
        scene.file("ant/core.py"),
        scene.venv().join("bin/ant-tool"),
    ] {
        let meta = fs::symlink_metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (USER, USER), "{}", path.display());
    }
    assert_eq!(scene.sandbox.debris(), Vec::<String>::new());
    assert_eq!(fs::metadata(scene.sandbox.path("store")).unwrap().uid(), 0);
}
