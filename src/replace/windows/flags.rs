//! The windows in which flags are off the tree that is replaced (`chattr +i`). Only root may give them back, and not on
//! each file system: what cannot be had is told, and nothing is left either way.

use std::fs;
use std::path::Path;

use super::list::{JournalIn, killed_in_place};
use super::scene::{Heard, Scene, Visitor};
use crate::disk::flags::{Flags, take_off};
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::RelPath;
use crate::replace::Bound;
use crate::replace::disk::journal::{Journal, Workplace};
use crate::replace::disk::step::PathText;
use crate::replace::recovery::workplaces;
use crate::replace::route::{InPlace, Route};
use crate::replace::{Settled, Who};

const TOOL: &str = "lib/b";

fn rel(path: &str) -> RelPath {
    RelPath::new(path.as_bytes()).unwrap()
}

/// Lets the journal that was left name flags that were taken off a file, by the inode that it has.
fn note_flags(scene: &Scene, at: &Path) {
    let root = Rooted::open(at).unwrap();
    let stat = root.stat_below(&rel(TOOL), true).unwrap();
    let flags = Flags::of(&Stat {
        immutable: true,
        ..stat
    });
    let (work, mut journal) = left(scene);
    journal.flags = vec![(PathText::new(&rel(TOOL)), flags.unwrap())];
    work.write(&journal).unwrap();
}

fn left(scene: &Scene) -> (Workplace, Journal) {
    let work = workplaces(&scene.site()).unwrap().pop().unwrap();
    let journal = work.read().unwrap().unwrap();
    (work, journal)
}

/// Whether the file at the place is immutable, of which nothing is left then.
fn is_immutable(scene: &Scene) -> bool {
    let root = Rooted::open(&scene.path("venv")).unwrap();
    let is = root.stat_below(&rel(TOOL), true).unwrap().immutable;
    if is {
        take_off(&root, &rel(TOOL)).unwrap();
    }
    is
}

#[test]
fn flags_that_were_off_in_a_window_before_the_exchange_come_back_or_are_told() {
    type Crash = fn(&Scene);
    let windows: [(&str, Crash); 3] = [
        ("both trees are named", |scene| {
            let mut verified = scene.verified();
            verified.name_both(&Heard::default()).unwrap();
            std::mem::forget(verified);
        }),
        ("before the steps in place, beside", |scene| {
            std::mem::forget(scene.verified());
        }),
        ("before the steps in place, inside", |scene| {
            let mut plan = scene.plan();
            let (goal, live) = (&plan.goal, plan.live.as_ref());
            let in_place = InPlace::plan(Bound::Unwritable, goal, live, plan.how);
            plan.route = Route::InPlace(in_place);
            std::mem::forget(plan.stage(&Heard::default()).unwrap());
        }),
    ];
    for (what, crash) in windows {
        let scene = Scene::new();
        crash(&scene);
        note_flags(&scene, &scene.path("venv"));
        let heard = Heard::default();
        let settled = scene.recover_as(Visitor::WithKeeper, Who::Look, &heard);
        assert_eq!(settled.unwrap(), Settled::Whole, "{what}");
        assert!(is_immutable(&scene) != heard.has("FlagsOff"), "{what}");
        scene.assert_undone(what);
    }
}

#[test]
fn a_first_journal_without_its_name_gives_back_the_flags_that_it_names() {
    let scene = Scene::new();
    std::mem::forget(scene.staged());
    note_flags(&scene, &scene.path("venv"));
    fs::remove_dir_all(scene.staging("")).unwrap();
    let journal = ".venv.snap-restore-journal";
    let unnamed = scene.path(&format!("{journal}.tmp"));
    fs::rename(scene.path(journal), unnamed).unwrap();
    let heard = Heard::default();
    let settled = scene.recover_as(Visitor::WithKeeper, Who::Look, &heard);
    assert_eq!(settled.unwrap(), Settled::Whole);
    assert!(is_immutable(&scene) != heard.has("FlagsOff"));
    scene.assert_undone("unnamed");
}

#[test]
fn flags_are_given_to_no_file_of_the_new_tree() {
    type Crash = fn(&Scene);
    let windows: [(&str, Crash); 3] = [
        ("exchanged", |scene| {
            std::mem::forget(scene.swapped());
            note_flags(scene, &scene.staging(""));
        }),
        ("in place, beside", |scene| {
            note_before_steps(scene, JournalIn::Parent);
        }),
        ("in place, inside", |scene| {
            note_before_steps(scene, JournalIn::Tree);
        }),
    ];
    for (what, crash) in windows {
        let scene = Scene::new();
        crash(&scene);
        let heard = Heard::default();
        let settled = scene.recover_as(Visitor::WithKeeper, Who::Look, &heard);
        assert_eq!(settled.unwrap(), Settled::Whole, "{what}");
        assert!(!is_immutable(&scene), "{what}");
        scene.assert_done(what);
    }
}

fn note_before_steps(scene: &Scene, journal: JournalIn) {
    killed_in_place(scene, journal, 0);
    note_flags(scene, &scene.path("venv"));
}

#[test]
fn flags_are_given_to_no_file_that_was_put_there_since() {
    let scene = Scene::new();
    std::mem::forget(scene.verified());
    note_flags(&scene, &scene.path("venv"));
    let file = scene.path("venv").join(TOOL);
    fs::write(scene.path("venv/other"), "broken").unwrap();
    fs::rename(scene.path("venv/other"), &file).unwrap();
    let heard = Heard::default();
    let settled = scene.recover_as(Visitor::WithKeeper, Who::Look, &heard);
    assert_eq!(settled.unwrap(), Settled::Whole);
    assert!(!is_immutable(&scene) && !heard.has("FlagsOff"));
    scene.assert_undone("another file");
}
