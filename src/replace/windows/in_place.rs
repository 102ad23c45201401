//! The windows of a replacement in place: before, between and after its steps.

use std::fs;

use super::list::{JournalIn, killed_in_place};
use super::scene::{Heard, Scene, Visitor, files};
use crate::model::Digest;
use crate::monitor::Silent;
use crate::replace::error::Unreplaced;
use crate::replace::{Error, Settled, Who, has_left};

const PLACES: [JournalIn; 2] = [JournalIn::Parent, JournalIn::Tree];

#[test]
fn a_crash_between_any_two_steps_in_place_is_completed() {
    for journal in PLACES {
        let mut done = 0;
        loop {
            let scene = Scene::new();
            let more = killed_in_place(&scene, journal, done);
            let what = format!("journal in {journal:?}, {done} steps");
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
fn a_crash_after_the_steps_and_without_staging_is_completed() {
    for journal in PLACES {
        let scene = Scene::new();
        killed_in_place(&scene, journal, usize::MAX);
        let staging = match journal {
            JournalIn::Parent => scene.staging(""),
            JournalIn::Tree => scene.path("venv/.snap-restore-staging"),
        };
        fs::remove_dir_all(staging).unwrap();
        assert_eq!(scene.recover().unwrap(), Settled::Whole, "{journal:?}");
        scene.assert_done(&format!("{journal:?}"));
    }
}

#[test]
fn what_came_in_the_way_of_steps_since_a_crash_is_kept_first() {
    let scene = Scene::new();
    killed_in_place(&scene, JournalIn::Parent, 0);
    fs::write(scene.path("venv/lib/mine"), "since").unwrap();
    scene.recover().unwrap();
    scene.assert_done("completed");
    assert_eq!(scene.kept_text("lib/mine"), Some(Digest::of(b"since")));
}

#[test]
fn steps_wait_for_a_keeper_that_is_away_and_are_given_up_without_one_by_who_replaces_all() {
    for journal in PLACES {
        let scene = Scene::new();
        killed_in_place(&scene, journal, 1);
        let look = |visitor| scene.recover_as(visitor, Who::Look, &Silent::default());
        let stands = scene.standing();
        assert_eq!(look(Visitor::KeeperAway).unwrap(), Settled::Waits);
        assert!(matches!(
            look(Visitor::KeeperGone),
            Err(Error::Uncompleted(_))
        ));
        assert_eq!(scene.standing(), stands, "{journal:?}");
        let heard = Heard::default();
        let given_up = scene.recover_as(Visitor::KeeperGone, Who::Replace, &heard);
        assert_eq!(given_up.unwrap(), Settled::Whole);
        assert!(
            heard.has("GivenUp") && !has_left(&scene.site()),
            "{journal:?}"
        );
        // What keeps the state that they began to replace stays.
        assert!(scene.shelf.counts(), "{journal:?}");
    }
}

#[test]
fn steps_of_another_user_are_not_done_and_what_they_staged_is_not_removed() {
    let scene = Scene::new();
    killed_in_place(&scene, JournalIn::Parent, 1);
    let stands = scene.standing();
    let refused = scene.recover_as(Visitor::OtherUser, Who::Look, &Silent::default());
    let Err(Error::Uncompleted(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(*why, Error::Refused(Unreplaced::OfOtherUser)));
    assert!(has_left(&scene.site()));
    let heard = Heard::default();
    let given_up = scene.recover_as(Visitor::OtherUser, Who::Replace, &heard);
    given_up.unwrap();
    assert!(heard.has("GivenUp"));
    assert_eq!(scene.standing(), stands);
    let kept = scene.kept_beside("staged").unwrap();
    assert!(kept.to_str().unwrap().contains(".snap-old-rest-"));
}

#[test]
fn steps_are_done_in_no_tree_that_was_put_there_since() {
    let scene = Scene::new();
    killed_in_place(&scene, JournalIn::Parent, 1);
    fs::rename(scene.path("venv"), scene.path("moved")).unwrap();
    fs::create_dir(scene.path("venv")).unwrap();
    fs::write(scene.path("venv/theirs"), "theirs").unwrap();
    let heard = Heard::default();
    scene
        .recover_as(Visitor::WithKeeper, Who::Look, &heard)
        .unwrap();
    assert!(heard.has("VenvGone"));
    assert_eq!(scene.standing().len(), 1);
    assert_eq!(scene.others(), ["moved"]);
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
fn what_was_written_and_then_left_by_its_name_in_the_tree_is_staged_afresh_at_the_fall_back() {
    // Both trees share the file no more, but what staging has of it is not what was checked.
    type Leave = fn(&std::path::Path);
    let removed: Leave = |path| fs::remove_file(path).unwrap();
    let renamed: Leave = |path| fs::rename(path, path.with_extension("moved")).unwrap();
    let replaced: Leave = |path| {
        let beside = path.with_extension("new");
        fs::write(&beside, "another").unwrap();
        fs::rename(beside, path).unwrap();
    };
    for (leave, what) in [
        (removed, "removed"),
        (renamed, "renamed"),
        (replaced, "replaced"),
    ] {
        let scene = Scene::new();
        let monitor = Silent::default();
        let mut verified = scene.verified();
        verified.name_both(&monitor).unwrap();
        fs::write(scene.path("venv/lib/a"), "late").unwrap();
        leave(&scene.path("venv/lib/a"));
        assert_eq!(fs::read(scene.staging("lib/a")).unwrap(), b"late");
        let mut swapped = verified.fall_back().go_in_place(&monitor).unwrap();
        assert_eq!(swapped.finish(&monitor).wrong, Vec::new(), "{what}");
        scene.assert_done(what);
    }
}

#[test]
fn a_link_in_staging_leads_no_fall_back_out_of_it() {
    // By then staging belongs to whoever owns the tree, who makes a link of one of its directories.
    let scene = Scene::new();
    let monitor = Silent::default();
    let mut verified = scene.verified();
    verified.name_both(&monitor).unwrap();
    let outside = scene.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::rename(scene.staging("lib"), scene.path("moved")).unwrap();
    std::os::unix::fs::symlink(&outside, scene.staging("lib")).unwrap();
    // It is written to, so that the fall-back stages it afresh.
    fs::write(scene.path("venv/lib/a"), "late").unwrap();
    let done = verified.fall_back().go_in_place(&monitor);
    assert!(done.is_err());
    assert_eq!(files(&outside).len(), 0);
    assert_eq!(
        fs::read(scene.path("venv/lib/mine")).unwrap(),
        b"the last copy"
    );
}
