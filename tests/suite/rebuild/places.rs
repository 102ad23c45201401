//! Places that cannot take a new venv, and one where somebody is at work.

use std::fs;
use std::process::Command;

use super::scene::Scene;
use crate::support::faults::skipped;
use crate::support::mounts::Mount;
use crate::support::tree::Tree;
use crate::support::{Run, venv};

#[test]
fn a_full_or_read_only_place_is_told_and_nothing_is_left_there() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let place = scene.sandbox.path("small");
    fs::create_dir(&place).unwrap();
    let Some(mount) = Mount::tmpfs(&place, "size=48m") else {
        return;
    };
    venv::copy(&scene.venv(), &place.join("venv"));
    let before = Tree::of(&place.join("venv"));
    let rebuild = || {
        let mut command = scene.sandbox.command(&["rebuild", "small/venv"]);
        command.env("PIP_INDEX_URL", scene.index.url());
        let run = Run::of(command);
        assert_eq!(run.code, 3, "{run}");
        assert!(run.stderr.contains("hint:"), "{run}");
        Tree::of(&place.join("venv")).assert_same(&before, "a refusal");
        assert_eq!(scene.sandbox.ids(), Vec::<String>::new(), "{run}");
        let names = fs::read_dir(&place).unwrap().flatten();
        let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
        assert!(
            names
                .iter()
                .all(|name| !name.to_string_lossy().contains(".snap-")),
            "{names:?}"
        );
        run
    };
    // Room for a part of it.
    let free = rustix::fs::statvfs(&place).unwrap();
    let fill = free.f_bavail * free.f_frsize - (6 << 20);
    fs::write(place.join("fill"), vec![1; fill as usize]).unwrap();
    let run = rebuild();
    assert!(run.stderr.to_lowercase().contains("no space left"), "{run}");
    mount.read_only(true);
    let run = rebuild();
    assert!(run.stderr.contains("Read-only file system"), "{run}");
}

#[test]
fn two_rebuilds_of_one_venv_do_not_meet() {
    let scene = Scene::of_pip();
    let room = scene.sandbox.path(".venv.snap-build");
    fs::create_dir(&room).unwrap();
    let held = fs::File::open(&room).unwrap();
    held.lock().unwrap();
    let run = Run::of(scene.command(&[]));
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("rebuilding"), "{run}");
    assert!(room.exists());
    drop(held);
    scene.rebuild(0, &[]);
}

#[test]
fn a_rebuild_with_64_descriptors_comes_to_its_end() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("bee/__init__.py")).unwrap();
    let plain = scene.command(&[]);
    let mut command = Command::new("prlimit");
    scene.sandbox.dress(&mut command);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .arg("--nofile=64")
        .arg(plain.get_program())
        .args(plain.get_args());
    if Command::new("prlimit").arg("--version").output().is_err() {
        return skipped(1, "prlimit is not installed");
    }
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    scene.assert_works();
}
