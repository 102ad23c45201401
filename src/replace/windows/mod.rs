//! Every window of a crash, with both windows of the room in memory: no store, no root, no tracer. A crash is a value
//! that is forgotten: nothing of it is dropped, as nothing is when a process is killed.

mod scene;

use super::route::Bound;
use std::fs;

use crate::model::Digest;
use crate::monitor::Silent;
use crate::replace::disk::apply::apply;
use crate::replace::route::{InPlace, Route};
use crate::replace::{Error, Settled, has_left};

use scene::{Answer, Scene, files};

#[test]
fn a_crash_before_the_exchange_leaves_the_old_tree_as_it_was() {
    type Bring = fn(&Scene);
    let windows: [(&str, Bring); 5] = [
        ("the journal alone", |scene| {
            std::mem::forget(scene.staged());
            fs::remove_dir_all(scene.staging("")).unwrap();
        }),
        ("staged in part", |scene| {
            std::mem::forget(scene.staged());
            fs::remove_file(scene.staging("lib/b")).unwrap();
        }),
        ("staged", |scene| std::mem::forget(scene.staged())),
        ("verified", |scene| std::mem::forget(scene.verified())),
        ("both trees are named", |scene| {
            let mut verified = scene.verified();
            verified.name_both(&Silent::default()).unwrap();
            std::mem::forget(verified);
        }),
    ];
    for (what, bring) in windows {
        let scene = Scene::new();
        bring(&scene);
        assert_eq!(scene.recover().unwrap(), Settled::Whole, "{what}");
        scene.assert_undone(what);
    }
}

#[test]
fn a_crash_after_the_exchange_is_completed() {
    type Bring = fn(&Scene);
    let windows: [(&str, Bring); 5] = [
        ("exchanged", |scene| std::mem::forget(scene.swapped())),
        ("between two renames", |scene| {
            let mut verified = scene.verified();
            verified.name_both(&Silent::default()).unwrap();
            std::mem::forget(verified);
            let aside = scene.path(".venv.snap-restore-aside");
            fs::rename(scene.path("venv"), aside).unwrap();
        }),
        ("the old tree is removed in part", |scene| {
            std::mem::forget(scene.swapped());
            fs::remove_file(scene.staging("lib/a")).unwrap();
        }),
        ("the old tree is gone", |scene| {
            std::mem::forget(scene.swapped());
            fs::remove_dir_all(scene.staging("")).unwrap();
        }),
        ("all is done", |scene| {
            scene.swapped().finish(&Silent::default());
        }),
    ];
    for (what, bring) in windows {
        let scene = Scene::new();
        bring(&scene);
        assert_eq!(scene.recover().unwrap(), Settled::Whole, "{what}");
        scene.assert_done(what);
        assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"a")), "{what}");
    }
}

#[test]
fn a_late_change_is_kept_and_gets_into_no_new_tree_whoever_finishes() {
    for crash in [false, true] {
        let scene = Scene::new();
        let mut swapped = scene.swapped();
        // It has a name in both trees.
        fs::write(scene.staging("lib/a"), "late").unwrap();
        fs::write(scene.staging("lib/new"), "new").unwrap();
        assert_eq!(fs::read(scene.path("venv/lib/a")).unwrap(), b"late");
        if crash {
            std::mem::forget(swapped);
            scene.recover().unwrap();
        } else {
            let done = swapped.finish(&Silent::default());
            assert!(done.unsettled.is_none() && done.kept_old.is_none());
        }
        scene.assert_done(if crash { "after a crash" } else { "at once" });
        assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"late")));
        assert_eq!(scene.kept_text("lib/new"), Some(Digest::of(b"new")));
    }
}

#[test]
fn what_cannot_be_kept_stays_beside_the_new_tree_whoever_finishes() {
    for crash in [false, true] {
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
        assert_eq!(files(&scene.path("venv")), scene.good, "{crash}");
        let others = scene.others();
        assert_eq!(others.len(), 1, "{others:?}");
        let kept = scene.path(&others[0]);
        assert_eq!(fs::read(kept.join("lib/a")).unwrap(), b"late", "{crash}");
        // Nothing is shared with what stays.
        fs::write(kept.join("lib/a"), "later").unwrap();
        assert_eq!(files(&scene.path("venv")), scene.good, "{crash}");
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

/// Goes in place, beside or inside the tree, as far as some of the steps, and dies there. Returns whether there were
/// more.
fn killed_in_place(scene: &Scene, inside: bool, done: usize) -> bool {
    let monitor = Silent::default();
    let mut plan = scene.plan();
    if inside {
        let in_place = InPlace::plan(Bound::Unwritable, &plan.goal, plan.live.as_ref(), plan.how);
        plan.route = Route::InPlace(in_place);
    }
    let mut verified = plan.stage(&monitor).unwrap().verify(&monitor).unwrap();
    if !inside {
        verified.name_both(&monitor).unwrap();
        verified = verified.fall_back();
    }
    let (there, steps) = verified.begin_in_place(&monitor).unwrap();
    let staging = verified.staged.space.staging.root();
    apply(&there, Some(staging), &steps[..done.min(steps.len())]).unwrap();
    std::mem::forget(verified);
    done < steps.len()
}

#[test]
fn a_crash_between_any_two_steps_in_place_is_completed() {
    for inside in [false, true] {
        let mut done = 0;
        loop {
            let scene = Scene::new();
            let more = killed_in_place(&scene, inside, done);
            let what = format!("inside: {inside}, {done} steps");
            assert_eq!(scene.recover().unwrap(), Settled::Whole, "{what}");
            scene.assert_done(&what);
            if !more {
                break;
            }
            done += 1;
        }
        assert!(done > 4, "it took {done} steps");
    }
}

#[test]
fn what_came_in_the_way_of_steps_since_a_crash_is_kept_first() {
    let scene = Scene::new();
    killed_in_place(&scene, false, 0);
    fs::write(scene.path("venv/lib/mine"), "since").unwrap();
    scene.recover().unwrap();
    scene.assert_done("completed");
    assert_eq!(scene.kept_text("lib/mine"), Some(Digest::of(b"since")));
}

#[test]
fn what_both_trees_share_at_the_fall_back_is_staged_afresh_before_it_is_replaced() {
    // The staged name was put over another name of the same file, which changes nothing.
    let scene = Scene::new();
    let monitor = Silent::default();
    let mut verified = scene.verified();
    verified.name_both(&monitor).unwrap();
    fs::write(scene.path("venv/lib/a"), "late").unwrap();
    assert_eq!(fs::read(scene.staging("lib/a")).unwrap(), b"late");
    let mut swapped = verified.fall_back().go_in_place(&monitor).unwrap();
    let done = swapped.finish(&monitor);
    assert_eq!(done.wrong, Vec::new());
    scene.assert_done("in place");
    assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"late")));
}

#[test]
fn where_nothing_stands_the_new_tree_is_placed_also_after_a_crash() {
    for crash in [false, true] {
        let scene = Scene::new();
        fs::remove_dir_all(scene.path("venv")).unwrap();
        let mut verified = scene.verified();
        if crash {
            verified.name_both(&Silent::default()).unwrap();
            std::mem::forget(verified);
            scene.recover().unwrap();
        } else {
            let mut swapped = verified.swap(&Silent::default()).unwrap();
            assert!(swapped.finish(&Silent::default()).unsettled.is_none());
        }
        scene.assert_done(if crash { "after a crash" } else { "at once" });
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
    assert_eq!(files(&scene.path("venv")).len(), 1);
    let others = scene.others();
    let kept = others.iter().find(|name| name.contains("-old-")).unwrap();
    assert_eq!(files(&scene.path(kept)), scene.hurt);
}
