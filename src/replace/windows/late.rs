//! What changes after the scan, in the replaced tree or through a file that both trees share.

use std::fs;

use super::scene::{Answer, Scene, files};
use crate::model::Digest;
use crate::monitor::Silent;
use crate::replace::observed::Observed;
use crate::replace::{Error, Swapped, has_left};

#[test]
fn a_late_change_is_kept_and_gets_into_no_new_tree_whoever_finishes() {
    type Finish = fn(&Scene, Swapped<'_>);
    let windows: [(&str, Finish); 3] = [
        ("at once", |_, mut swapped| {
            let done = swapped.finish(&Silent::default());
            assert!(done.unsettled.is_none() && done.kept_old.is_none());
        }),
        ("after a crash", |scene, swapped| {
            std::mem::forget(swapped);
            scene.recover().unwrap();
        }),
        ("after a crash when it was kept", |scene, swapped| {
            let staged = &swapped.verified.staged;
            let live = staged.plan.live.as_ref().unwrap();
            let observed = Observed::read(staged, live);
            let added = observed.add_to(&scene.shelf, &live.root, &Silent::default());
            assert!(added.unwrap().is_some());
            std::mem::forget(swapped);
            scene.recover().unwrap();
        }),
    ];
    for (what, finish) in windows {
        let scene = Scene::new();
        let swapped = scene.swapped();
        // It has a name in both trees.
        fs::write(scene.staging("lib/a"), "late").unwrap();
        fs::write(scene.staging("lib/new"), "new").unwrap();
        assert_eq!(fs::read(scene.path("venv/lib/a")).unwrap(), b"late");
        finish(&scene, swapped);
        scene.assert_done(what);
        assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"late")));
        assert_eq!(scene.kept_text("lib/new"), Some(Digest::of(b"new")));
    }
}

#[test]
fn what_cannot_be_kept_stays_beside_the_new_tree_whoever_finishes() {
    for crash in [false, true] {
        let what = format!("crash: {crash}");
        let scene = Scene::new();
        let mut swapped = scene.swapped();
        *scene.shelf.answer.lock().unwrap() = Answer::Cannot;
        fs::write(scene.staging("lib/a"), "late").unwrap();
        if crash {
            std::mem::forget(swapped);
            scene.recover().unwrap();
        } else {
            assert!(swapped.finish(&Silent::default()).kept_old.is_some());
        }
        scene.assert_new(&what);
        let kept = scene.kept_beside(&what).unwrap();
        assert_eq!(fs::read(kept.join("lib/a")).unwrap(), b"late", "{what}");
        // Nothing is shared with what stays.
        fs::write(kept.join("lib/a"), "later").unwrap();
        assert_eq!(files(&scene.path("venv")), scene.good, "{what}");
    }
}

#[test]
fn a_keeper_that_can_do_it_later_is_waited_for() {
    let scene = Scene::new();
    std::mem::forget(scene.swapped());
    fs::write(scene.staging("lib/mine"), "late").unwrap();
    *scene.shelf.answer.lock().unwrap() = Answer::Waits;
    assert!(matches!(scene.recover(), Err(Error::Waits(_))));
    assert!(has_left(&scene.site()));
    *scene.shelf.answer.lock().unwrap() = Answer::Does;
    scene.recover().unwrap();
    scene.assert_done("later");
    assert_eq!(scene.kept_text("lib/mine"), Some(Digest::of(b"late")));
}
