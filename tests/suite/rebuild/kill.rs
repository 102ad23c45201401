//! Killed at any moment, the venv is the old one or the new one, and the next command leaves nothing of it behind.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::scene::Scene;
use crate::support::tree::Tree;
use crate::support::{faults, tools};

/// In how many parts the time of a rebuild is cut by kills.
const PARTS: u32 = 12;

/// What stands beside the venv that a rebuild or a restore may have left.
fn left(scene: &Scene) -> Vec<String> {
    let names = fs::read_dir(scene.sandbox.root()).unwrap().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".snap-")).collect()
}

#[test]
fn a_kill_at_any_time_leaves_the_old_venv_or_the_new_one() {
    let scene = match tools::find("uv") {
        Some(uv) => Scene::of_uv(&uv),
        None => Scene::of_pip(),
    };
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let uv = tools::find("uv").map(|uv| uv.parent().unwrap().display().to_string());
    let command = || {
        let mut command = scene.command(&[]);
        command.env("PATH", format!("{}:{path}", uv.clone().unwrap_or_default()));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let start = Instant::now();
    assert!(command().status().unwrap().success());
    let whole = start.elapsed();
    scene.sandbox.ok(&["undo", "venv"]);
    let ruin = Tree::of(&scene.venv());
    let known = scene.sandbox.ids().len();
    for part in 0..PARTS {
        let mut child = command().spawn().unwrap();
        std::thread::sleep(whole * part / PARTS);
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever was started ends with it, and the next command after that takes away what it left.
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(100));
            scene.sandbox.snap(&["check", "venv"]);
            if left(&scene).is_empty() {
                break;
            }
        }
        let ids = scene.sandbox.ids().len();
        assert_eq!(left(&scene), Vec::<String>::new(), "{part}");
        if ids == known {
            Tree::of(&scene.venv()).assert_same(&ruin, &format!("killed at {part}"));
        } else {
            scene.assert_works();
            break;
        }
    }
}

#[test]
fn the_new_snapshot_counts_with_the_exchange_or_not_at_all() {
    if !faults::can_trace() {
        return;
    }
    let Some(uv) = tools::find("uv") else { return };
    let mut reached = 0;
    // A rebuild to another place replaces nothing, so its journal names no incident: the snapshot stayed.
    let (here, there) = (
        vec!["rebuild", "venv"],
        vec!["rebuild", "venv", "--to", "new"],
    );
    for (args, call) in [(&here, "renameat2"), (&here, "syncfs"), (&there, "syncfs")] {
        for n in 1..=3 {
            let scene = Scene::of_uv(&uv);
            fs::remove_file(scene.file("ant/core.py")).unwrap();
            let ruin = Tree::of(&scene.venv());
            let kill = format!("{call}:signal=KILL:when={n}");
            let path = std::env::var("PATH").unwrap();
            let mut command = scene.sandbox.traced(&[&kill], args);
            command.env("PATH", format!("{}:{path}", uv.parent().unwrap().display()));
            let run = crate::support::Run::of({
                command.env("UV_INDEX_URL", scene.index.url());
                command
            });
            reached += u32::from(run.code != 0);
            scene.sandbox.snap(&["check", args.last().unwrap()]);
            let list = scene.sandbox.snap(&["list", "--json"]);
            assert_eq!(left(&scene), Vec::<String>::new(), "{kill}: {run}");
            let ids = if list.code == 0 {
                scene.sandbox.ids().len()
            } else {
                0
            };
            let is_new = scene.sandbox.path("new").exists();
            if args.len() > 2 {
                assert_eq!(
                    (ids, is_new),
                    (usize::from(is_new), ids > 0),
                    "{kill}: {run}"
                );
                Tree::of(&scene.venv()).assert_same(&ruin, &kill);
                continue;
            }
            match ids {
                0 => Tree::of(&scene.venv()).assert_same(&ruin, &kill),
                2 => scene.assert_works(),
                more => panic!("{kill}: {more} snapshots\n{list}"),
            }
        }
    }
    assert!(reached > 2, "{reached}");
}
