//! The windows in which a crash can come, in the order of the page in `replace/mod.rs`, each with the tree that stands
//! at the place in the end. A crash is a value that is forgotten: nothing of it is dropped, as nothing is when a
//! process is killed.

use std::fs;
use std::mem::forget;

use super::scene::Scene;
use crate::monitor::Silent;
use crate::replace::Bound;
use crate::replace::disk::apply::apply;
use crate::replace::route::{InPlace, Route};

/// Which tree stands at the place when all is settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Then {
    Old,
    New,
}

/// A moment at which a process dies.
pub(super) struct Window {
    pub(super) name: &'static str,
    /// What stood at the place before.
    pub(super) scene: fn() -> Scene,
    /// Goes as far, and dies.
    pub(super) crash: fn(&Scene),
    pub(super) then: Then,
}

impl Window {
    /// A place at which a process died in this window.
    pub(super) fn open(&self) -> Scene {
        let scene = (self.scene)();
        (self.crash)(&scene);
        scene
    }
}

const fn window(name: &'static str, scene: fn() -> Scene, crash: fn(&Scene), then: Then) -> Window {
    Window {
        name,
        scene,
        crash,
        then,
    }
}

/// The windows of a replacement by name: those in place are as many as there are steps.
pub(super) const BY_NAME: &[Window] = &[
    // Plan → Staged.
    window(
        "the journal has no name",
        Scene::new,
        journal_unnamed,
        Then::Old,
    ),
    window("the journal alone", Scene::new, journal_alone, Then::Old),
    window("what is kept counts", Scene::new, kept_counts, Then::Old),
    window("staged in part", Scene::new, staged_in_part, Then::Old),
    window(
        "staged",
        Scene::new,
        |scene| forget(scene.staged()),
        Then::Old,
    ),
    // Staged → Verified.
    window(
        "verified",
        Scene::new,
        |scene| forget(scene.verified()),
        Then::Old,
    ),
    // Verified → Swapped, by an exchange or two renames.
    window("both trees are named", Scene::new, both_named, Then::Old),
    window(
        "between two renames",
        Scene::new,
        |scene| renamed(scene, 1),
        Then::New,
    ),
    window(
        "after two renames",
        Scene::new,
        |scene| renamed(scene, 2),
        Then::New,
    ),
    window(
        "exchanged",
        Scene::new,
        |scene| forget(scene.swapped()),
        Then::New,
    ),
    // Swapped → Done.
    window(
        "the old tree is gone in part",
        Scene::new,
        old_gone_in_part,
        Then::New,
    ),
    window("the old tree is gone", Scene::new, old_gone, Then::New),
    window("all is done", Scene::new, all_done, Then::New),
    // Where nothing stood.
    window(
        "staged for nothing",
        Scene::of_nothing,
        |scene| forget(scene.staged()),
        Then::Old,
    ),
    window(
        "named for nothing",
        Scene::of_nothing,
        both_named,
        Then::New,
    ),
    window(
        "placed where nothing stood",
        Scene::of_nothing,
        |scene| forget(scene.swapped()),
        Then::New,
    ),
    // Where an empty directory gives its place.
    window(
        "staged for an empty directory",
        Scene::of_empty,
        |scene| forget(scene.staged()),
        Then::Old,
    ),
    window(
        "named for an empty directory",
        Scene::of_empty,
        both_named,
        Then::Old,
    ),
    window(
        "the empty directory is gone",
        Scene::of_empty,
        emptied,
        Then::New,
    ),
    window(
        "placed where it was",
        Scene::of_empty,
        |scene| forget(scene.swapped()),
        Then::New,
    ),
];

fn journal_unnamed(scene: &Scene) {
    journal_alone(scene);
    let journal = ".venv.snap-restore-journal";
    let unnamed = scene.path(&format!("{journal}.tmp"));
    fs::rename(scene.path(journal), unnamed).unwrap();
}

fn journal_alone(scene: &Scene) {
    kept_counts(scene);
    *scene.shelf.counts.lock().unwrap() = false;
}

fn kept_counts(scene: &Scene) {
    forget(scene.staged());
    fs::remove_dir_all(scene.staging("")).unwrap();
}

fn staged_in_part(scene: &Scene) {
    forget(scene.staged());
    fs::remove_file(scene.staging("lib/b")).unwrap();
}

fn both_named(scene: &Scene) {
    let mut verified = scene.verified();
    verified.name_both(&Silent::default()).unwrap();
    forget(verified);
}

/// One or both of two renames, where no exchange is known.
pub(super) fn renamed(scene: &Scene, count: usize) {
    both_named(scene);
    let place = scene.path("venv");
    let renames = [
        (place.clone(), scene.path(".venv.snap-restore-aside")),
        (scene.staging(""), place),
    ];
    for (from, to) in &renames[..count] {
        fs::rename(from, to).unwrap();
    }
}

fn old_gone_in_part(scene: &Scene) {
    forget(scene.swapped());
    fs::remove_file(scene.staging("lib/a")).unwrap();
}

fn old_gone(scene: &Scene) {
    forget(scene.swapped());
    fs::remove_dir_all(scene.staging("")).unwrap();
}

fn all_done(scene: &Scene) {
    scene.swapped().finish(&Silent::default());
}

fn emptied(scene: &Scene) {
    both_named(scene);
    fs::remove_dir(scene.path("venv")).unwrap();
}

/// Where journal and staging of a replacement in place lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum JournalIn {
    /// Beside the tree: an exchange was planned, and its directory could not be renamed.
    Parent,
    /// In the tree itself.
    Tree,
}

/// Goes in place as far as some of the steps, and dies there. Returns whether there were more.
pub(super) fn killed_in_place(scene: &Scene, journal: JournalIn, done: usize) -> bool {
    let monitor = Silent::default();
    let mut plan = scene.plan();
    if journal == JournalIn::Tree {
        let in_place = InPlace::plan(Bound::Unwritable, &plan.goal, plan.live.as_ref(), plan.how);
        plan.route = Route::InPlace(in_place);
    }
    let mut verified = plan.stage(&monitor).unwrap().verify(&monitor).unwrap();
    if journal == JournalIn::Parent {
        verified.name_both(&monitor).unwrap();
        verified = verified.fall_back();
    }
    let (there, steps) = verified.begin_in_place(&monitor).unwrap();
    let staging = verified.staged.space.staging.root();
    apply(&there, Some(staging), &steps[..done.min(steps.len())]).unwrap();
    forget(verified);
    done < steps.len()
}
