//! The same windows where the keeper is away or gone, or the journal is of another user.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::list::{BY_NAME, Then, Window};
use super::scene::{Files, Heard, Scene, Visitor, files};
use crate::monitor::Silent;
use crate::replace::{Settled, Who, has_left};

/// The windows in which something is kept.
fn kept() -> impl Iterator<Item = (Scene, &'static Window)> {
    let opened = BY_NAME.iter().map(|window| (window.open(), window));
    opened.filter(|(scene, _)| scene.shelf.keeps)
}

#[test]
fn what_needs_a_keeper_that_is_away_waits_for_it_in_any_window() {
    let mut waited = BTreeSet::new();
    for (scene, Window { name, then, .. }) in kept() {
        let look = scene.recover_as(Visitor::KeeperAway, Who::Look, &Silent::default());
        if look.unwrap() == Settled::Waits {
            assert!(has_left(&scene.site()), "{name}");
            assert!(
                scene.shelf.counts() || *name == "the journal alone",
                "{name}"
            );
            waited.insert(*name);
        }
        let is_whole = [&scene.old, &scene.good].contains(&&scene.standing());
        assert!(is_whole, "{name}");
        scene.recover().unwrap();
        match then {
            Then::Old => scene.assert_undone(name),
            Then::New => scene.assert_done(name),
        }
    }
    for name in [
        "staged",
        "both trees are named",
        "between two renames",
        "exchanged",
    ] {
        assert!(waited.contains(name), "{name}");
    }
}

#[test]
fn where_the_keeper_is_gone_the_old_tree_stays_whichever_it_is() {
    for (scene, Window { name, then, .. }) in kept() {
        let counts = scene.shelf.counts();
        let heard = Heard::default();
        let settled = scene.recover_as(Visitor::KeeperGone, Who::Replace, &heard);
        assert_eq!(settled.unwrap(), Settled::Whole, "{name}");
        let beside = scene.kept_beside(name);
        match then {
            Then::Old => {
                assert_eq!(scene.standing(), scene.old, "{name}");
                assert_eq!(beside, None, "{name}");
            }
            Then::New => {
                scene.assert_new(name);
                if let Some(kept) = &beside {
                    assert!(!share(kept, &scene.path("venv")), "{name}");
                    assert!(!heard.has("shares: Some"), "{name}");
                }
                assert_is_what_was_left(&scene, beside.map(|kept| files(&kept)), name);
            }
        }
        // Nobody could take it back.
        assert_eq!(scene.shelf.counts(), counts, "{name}");
    }
}

#[test]
fn on_the_word_of_another_user_nothing_is_removed_in_any_window() {
    for window in BY_NAME {
        let (scene, name) = (window.open(), window.name);
        let before = all_files(&scene);
        let heard = Heard::default();
        let settled = scene.recover_as(Visitor::OtherUser, Who::Look, &heard);
        assert_eq!(settled.unwrap(), Settled::Whole, "{name}");
        assert!(!has_left(&scene.site()), "{name}");
        match window.then {
            Then::Old => assert_eq!(scene.standing(), scene.old, "{name}"),
            Then::New => scene.assert_new(name),
        }
        // What stays and is shared is told, since nothing is written on that word.
        let others = scene.others().into_iter().map(|name| scene.path(&name));
        let shares = others
            .filter(|path| path.is_dir())
            .any(|kept| share(&kept, &scene.path("venv")));
        assert!(
            !shares || window.then == Then::Old || heard.has("shares: Some"),
            "{name}"
        );
        // Under other names, perhaps, but all of it.
        assert_eq!(all_files(&scene), before, "{name}");
    }
}

/// What stays of an old tree is what a crash left of it.
fn assert_is_what_was_left(scene: &Scene, left: Option<Files>, name: &str) {
    let gone = ["the old tree is gone", "all is done"].contains(&name);
    assert_eq!(left.is_none(), gone, "{name}");
    let Some(left) = left else { return };
    let in_part = name == "the old tree is gone in part";
    assert_eq!(left.len(), scene.old.len() - usize::from(in_part), "{name}");
    let is_old = |(path, text): (&String, &Vec<u8>)| scene.old.get(path) == Some(text);
    assert!(left.iter().all(is_old), "{name}");
}

/// Whether two trees have a file in common.
fn share(one: &Path, other: &Path) -> bool {
    if !one.is_dir() || !other.is_dir() {
        return false;
    }
    let inodes = |dir: &Path| -> HashSet<u64> {
        let paths = files(dir).into_keys().map(|path| dir.join(path));
        paths
            .map(|path| fs::metadata(path).unwrap().ino())
            .collect()
    };
    !inodes(one).is_disjoint(&inodes(other))
}

/// The contents of all files at the place and beside it, but for journals.
pub(super) fn all_files(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let all = files(scene.dir.path()).into_iter();
    let all = all.filter(|(path, _)| !path.contains("-journal"));
    let named = all.map(|(path, text)| (path.rsplit('/').next().unwrap().to_owned(), text));
    let mut all: Vec<(String, Vec<u8>)> = named.collect();
    all.sort();
    all
}
