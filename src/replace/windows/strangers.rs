//! The windows in which a tree is not the one that the journal names: copied, moved, or put there by somebody else.

use std::fs;
use std::mem::forget;
use std::path::Path;

use super::list::renamed;
use super::others::all_files;
use super::scene::{Heard, Scene, Visitor, files};
use crate::monitor::Silent;
use crate::replace::disk::swap::{self, Refusal};
use crate::replace::{Settled, Who, has_left};

const VISITORS: [Visitor; 4] = [
    Visitor::WithKeeper,
    Visitor::KeeperAway,
    Visitor::KeeperGone,
    Visitor::OtherUser,
];

/// Gives a tree other inodes, as a copy of the whole directory around it does.
fn copy_anew(tree: &Path) {
    if !tree.exists() {
        return;
    }
    let moved = tree.with_extension("moved");
    fs::rename(tree, &moved).unwrap();
    fs::create_dir(tree).unwrap();
    for (path, text) in files(&moved) {
        let to = tree.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
    }
    fs::remove_dir_all(moved).unwrap();
}

#[test]
fn of_trees_that_nobody_can_tell_apart_any_more_none_is_removed() {
    type Crash = fn(&Scene);
    let windows: [(&str, Crash); 4] = [
        ("both trees are named", |scene| renamed(scene, 0)),
        ("between two renames", |scene| renamed(scene, 1)),
        ("after two renames", |scene| renamed(scene, 2)),
        ("exchanged", |scene| forget(scene.swapped())),
    ];
    for (window, crash) in windows {
        for visitor in VISITORS {
            let what = format!("{window}, {visitor:?}");
            let scene = Scene::new();
            crash(&scene);
            // The first copy has inodes that were given out by then, and no number comes again.
            for name in [
                "venv",
                ".venv.snap-restore-staging",
                ".venv.snap-restore-aside",
            ] {
                copy_anew(&scene.path(name));
            }
            let before = all_files(&scene);
            let heard = Heard::default();
            let settled = scene.recover_as(visitor, Who::Look, &heard);
            assert_eq!(settled.unwrap(), Settled::Whole, "{what}");
            assert_eq!(all_files(&scene), before, "{what}");
            assert!(heard.has("Unknown"), "{what}");
            assert!(!has_left(&scene.site()), "{what}");
            // Nothing stands in the way of the next one.
            let is_named = |name: &String| name.contains(".snap-old-rest-");
            assert!(scene.others().iter().all(is_named), "{what}");
        }
    }
}

#[test]
fn a_file_in_whose_place_a_tree_was_put_stays_whoever_finishes() {
    for visitor in [Visitor::WithKeeper, Visitor::OtherUser] {
        let what = format!("{visitor:?}");
        let scene = Scene::of_nothing();
        fs::write(scene.path("venv"), "theirs").unwrap();
        forget(scene.swapped());
        let settled = scene.recover_as(visitor, Who::Look, &Silent::default());
        assert_eq!(settled.unwrap(), Settled::Whole, "{what}");
        scene.assert_new(&what);
        let kept = scene.kept_beside(&what).unwrap();
        assert_eq!(fs::read(kept).unwrap(), b"theirs", "{what}");
    }
}

#[test]
fn a_tree_that_came_to_the_place_in_the_last_moment_is_there_again() {
    for by_two in [false, true] {
        let scene = Scene::new();
        let mut verified = scene.verified();
        let live = verified.name_both(&Silent::default()).unwrap();
        fs::rename(scene.path("venv"), scene.path("venv.bak")).unwrap();
        fs::create_dir(scene.path("venv")).unwrap();
        fs::write(scene.path("venv/theirs"), "theirs").unwrap();
        let work = &verified.staged.space.work;
        let done = if by_two {
            swap::two_renames(work, b"venv", live.as_ref()).map(Some)
        } else {
            swap::exchange(work, b"venv", live.as_ref())
        };
        assert!(matches!(done, Err(Refusal::Replaced)), "{done:?}");
        drop(verified);
        assert_eq!(scene.others(), ["venv.bak"]);
        assert_eq!(files(&scene.path("venv.bak")), scene.old);
        assert_eq!(fs::read(scene.path("venv/theirs")).unwrap(), b"theirs");
    }
}

#[test]
fn what_has_the_name_of_the_old_tree_after_a_crash_and_is_another_one_stays() {
    let scene = Scene::new();
    forget(scene.swapped());
    fs::rename(scene.staging(""), scene.path("moved")).unwrap();
    fs::create_dir(scene.staging("")).unwrap();
    fs::write(scene.staging("theirs"), "theirs").unwrap();
    scene.recover().unwrap();
    scene.assert_new("completed");
    assert_eq!(files(&scene.path("moved")), scene.old);
    fs::remove_dir_all(scene.path("moved")).unwrap();
    let kept = scene.kept_beside("theirs").unwrap();
    assert_eq!(fs::read(kept.join("theirs")).unwrap(), b"theirs");
}
