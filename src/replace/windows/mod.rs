//! Every window of a crash, with contents and keeper in memory: no store, no root, no tracer.

mod flags;
mod in_place;
mod late;
mod list;
mod others;
mod scene;
mod strangers;

use std::fs;

use crate::model::Digest;
use crate::monitor::Silent;
use crate::replace::disk::swap;
use crate::replace::{Keep, Settled};

use list::{BY_NAME, Then};
use scene::{Scene, files};

#[test]
fn a_crash_in_any_window_leaves_the_old_tree_as_it_was_or_the_new_one_whole() {
    for window in BY_NAME {
        let (scene, what) = (window.open(), window.name);
        assert_eq!(scene.recover().unwrap(), Settled::Whole, "{what}");
        match window.then {
            Then::Old => scene.assert_undone(what),
            Then::New => {
                scene.assert_done(what);
                let kept = scene.shelf.keeps.then(|| Digest::of(b"a"));
                assert_eq!(scene.kept_text("lib/a"), kept, "{what}");
            }
        }
    }
}

#[test]
fn what_was_settled_is_left_alone_by_the_next_command() {
    for window in BY_NAME {
        let (scene, what) = (window.open(), window.name);
        scene.recover().unwrap();
        let (stands, kept) = (scene.standing(), scene.shelf.newest());
        assert_eq!(scene.recover().unwrap(), Settled::Whole, "{what}");
        assert_eq!(scene.standing(), stands, "{what}");
        assert_eq!(scene.shelf.newest(), kept, "{what}");
    }
}

#[test]
fn an_old_tree_that_was_asked_for_stays_under_its_name_also_after_a_crash() {
    type Crash = fn(&Scene, &str);
    let windows: [(&str, Crash); 2] = [
        ("exchanged", |_, _| {}),
        ("named to stay", |scene, kept| {
            let (from, to) = (scene.staging(""), scene.path(kept));
            fs::rename(from, to).unwrap();
        }),
    ];
    for (what, crash) in windows {
        let scene = Scene::new();
        let monitor = Silent::default();
        let staged = scene.plan_keeping(Some(Keep::Asked)).stage(&monitor);
        let verified = staged.unwrap().verify(&monitor).unwrap();
        let swapped = verified.swap(&monitor).unwrap();
        assert_eq!(swapped.way, swap::Way::Exchanged);
        let journal = &swapped.verified.staged.space.journal;
        let kept = journal.keep_old.clone().unwrap();
        std::mem::forget(swapped);
        crash(&scene, &kept);
        scene.recover().unwrap();
        scene.assert_new(what);
        assert_eq!(scene.kept_beside(what), Some(scene.path(&kept)), "{what}");
        assert_eq!(files(&scene.path(&kept)), scene.old, "{what}");
    }
}

#[test]
fn a_tree_that_was_put_there_since_is_not_touched_and_the_old_one_is_kept() {
    let scene = Scene::new();
    std::mem::forget(scene.swapped());
    fs::rename(scene.path("venv"), scene.path("moved")).unwrap();
    fs::create_dir(scene.path("venv")).unwrap();
    fs::write(scene.path("venv/theirs"), "theirs").unwrap();
    scene.recover().unwrap();
    assert_eq!(scene.standing().len(), 1);
    let others = scene.others();
    let kept = others.iter().find(|name| name.contains("-old-")).unwrap();
    assert_eq!(files(&scene.path(kept)), scene.old);
}
