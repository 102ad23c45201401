//! A venv that is gone as a whole: it is put back, unless the file system that holds it is not there.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::scene::Scene;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, venv};

/// How a venv goes, in words and in deed.
type Way = (&'static str, fn(&Path));

#[test]
fn a_venv_that_is_gone_as_a_whole_is_put_back_however_it_went() {
    let scene = Scene::new("mode = \"heal\", heals = 50, settle = \"1s\"");
    let venv = scene.sandbox.venv();
    scene.round(0);
    let ways: [Way; 7] = [
        ("removed", |venv| fs::remove_dir_all(venv).unwrap()),
        ("renamed", |venv| {
            fs::rename(venv, venv.with_extension("old")).unwrap();
        }),
        ("renamed elsewhere", |venv| {
            fs::create_dir(venv.with_file_name("attic")).unwrap();
            fs::rename(venv, venv.with_file_name("attic").join("venv")).unwrap();
        }),
        ("a file instead", |venv| {
            fs::remove_dir_all(venv).unwrap();
            fs::write(venv, "").unwrap();
        }),
        ("an empty directory instead", |venv| {
            fs::remove_dir_all(venv).unwrap();
            fs::create_dir(venv).unwrap();
        }),
        ("emptied", |venv| {
            for one in fs::read_dir(venv).unwrap().flatten() {
                let path = one.path();
                let is_dir = one.file_type().unwrap().is_dir();
                if is_dir {
                    fs::remove_dir_all(path)
                } else {
                    fs::remove_file(path)
                }
                .unwrap();
            }
        }),
        ("a link that leads nowhere instead", |venv| {
            let other = venv.with_file_name("moved");
            fs::rename(venv, &other).unwrap();
            std::os::unix::fs::symlink(&other, venv).unwrap();
            fs::remove_dir_all(other).unwrap();
        }),
    ];
    for (number, (way, go)) in ways.into_iter().enumerate() {
        go(&venv);
        if way.starts_with("a link") {
            // The link leads to a place of which no baseline is known.
            scene.round(1);
            assert!(fs::symlink_metadata(&venv).unwrap().is_symlink());
            continue;
        }
        let told = scene.round(0);
        assert_eq!(told["venvs"][0]["integrity"], "sound", "{way}: {told}");
        scene.sandbox.ok(&["diff", "venv"]);
        assert_eq!(scene.restarts(), number + 1, "{way}");
        let alerts = scene.alerts();
        let said: Vec<_> = alerts
            .iter()
            .map(|one| one["state"].as_str().unwrap())
            .collect();
        assert_eq!(said.len(), 2 * (number + 1), "{way}: {said:?}");
        assert_eq!(said[2 * number..], ["damaged", "sound"], "{way}");
    }
    let told = scene.alerts()[0]["text"].as_str().unwrap().to_owned();
    assert!(told.contains("it is gone as a whole"), "{told}");
}

#[test]
fn where_the_directory_around_is_gone_as_well_that_is_told_and_the_venv_comes_back_once_it_is_made()
{
    let sandbox = Sandbox::new();
    let around = sandbox.path("app");
    fs::create_dir(&around).unwrap();
    venv::tiny(&around.join("venv"));
    sandbox.ok(&["save", "app/venv"]);
    guarded(&sandbox);
    round(&sandbox, 0);
    fs::rename(&around, sandbox.path("away")).unwrap();
    let run = round(&sandbox, 1);
    assert!(run.contains("so is the directory that held it"), "{run}");
    assert!(!around.exists());
    fs::create_dir(&around).unwrap();
    round(&sandbox, 0);
    sandbox.ok(&["diff", "app/venv"]);
}

#[test]
fn nothing_is_put_where_the_file_system_of_the_venv_is_not_mounted() {
    // The venv below what is mounted, and at it.
    for (at, venv) in [("app", "app/venv"), ("app/venv", "app/venv")] {
        let sandbox = Sandbox::new();
        fs::create_dir_all(sandbox.path(at)).unwrap();
        let Some(mount) = Mount::tmpfs(&sandbox.path(at), "size=16m") else {
            return;
        };
        venv::tiny(&sandbox.path(venv));
        sandbox.ok(&["save", venv]);
        guarded(&sandbox);
        round(&sandbox, 0);
        mount.detach();
        let is_untouched = || {
            let below = fs::read_dir(sandbox.path(at)).unwrap();
            assert_eq!(below.count(), 0, "{at}");
        };
        let run = round(&sandbox, 3);
        assert!(
            run.contains("it stood on the file system that was mounted at"),
            "{run}"
        );
        is_untouched();
        // A guard that never saw it has what the last save saw.
        fs::remove_dir_all(sandbox.path("store/watch")).unwrap();
        if at == "app" {
            let run = round(&sandbox, 3);
            assert!(run.contains("it stood on another file system"), "{run}");
            is_untouched();
        }
    }
}

/// A volume of btrfs has a device of its own, which goes with it; what it was mounted in is still there.
#[test]
fn a_venv_that_was_a_volume_of_its_own_is_put_back_where_that_is_deleted() {
    let sandbox = Sandbox::new();
    let Some(mount) = Mount::made(
        &["mkfs.btrfs", "-q"],
        &sandbox.path("image"),
        &sandbox.path("app"),
    ) else {
        return;
    };
    let volume = |verb: &str| {
        let path = sandbox.path("app/venv");
        let mut command = Command::new("btrfs");
        let done = command.args(["subvolume", verb]).arg(path).output();
        assert!(done.unwrap().status.success(), "btrfs subvolume {verb}");
    };
    volume("create");
    venv::tiny(&sandbox.path("app/venv"));
    sandbox.ok(&["save", "app/venv"]);
    guarded(&sandbox);
    round(&sandbox, 0);
    volume("delete");
    let run = round(&sandbox, 0);
    assert!(run.contains("it is gone as a whole"), "{run}");
    sandbox.ok(&["diff", "app/venv"]);
    mount.detach();
    let run = round(&sandbox, 3);
    assert!(run.contains("it stood on the file system"), "{run}");
}

fn guarded(sandbox: &Sandbox) {
    let path = sandbox.path("app/venv");
    let rules = format!(
        "[[venv]]\npath = \"{}\"\npolicy = {{ mode = \"heal\", settle = \"1s\" }}\n",
        path.display()
    );
    fs::write(sandbox.path("watch.toml"), rules).unwrap();
}

#[track_caller]
fn round(sandbox: &Sandbox, code: i32) -> String {
    sandbox
        .code(code, &["watch", "--config", "watch.toml", "--once"])
        .to_string()
}
