//! What every storage has to do: each claim is tried with each of them.

use std::sync::Arc;

use super::memory::MemoryStorage;
use super::{Area, DIRS, Over, Storage, choose};
use crate::disk::atomic;
use crate::disk::rooted::Rooted;

const ALL: [Area; 7] = [
    Area::Packs,
    Area::Snapshots,
    Area::Pins,
    Area::Forgotten,
    Area::Quarantine,
    Area::Roll,
    Area::Suspects,
];

fn in_memory(claim: impl FnOnce(&dyn Storage)) {
    claim(&MemoryStorage::default());
}

#[cfg(feature = "remote")]
fn in_a_bucket(claim: impl FnOnce(&dyn Storage)) {
    claim(&Arc::<super::bucket::fake::FakeBucket>::default().storage());
}

fn in_a_directory(claim: impl FnOnce(&dyn Storage)) {
    let scratch = tempfile::tempdir().unwrap();
    for dir in DIRS {
        atomic::make_private_dir(&scratch.path().join(dir)).unwrap();
    }
    let storage = choose(&Arc::new(Rooted::open(scratch.path()).unwrap()));
    storage.prepare().unwrap();
    claim(&*storage);
}

macro_rules! claims {
    ($($name:ident)+) => {
        mod memory { $(#[test] fn $name() { super::in_memory(super::$name); })+ }
        #[cfg(feature = "remote")]
        mod bucket { $(#[test] fn $name() { super::in_a_bucket(super::$name); })+ }
        mod local { $(#[test] fn $name() { super::in_a_directory(super::$name); })+ }
    };
}

claims! {
    what_was_put_comes_back_whole_and_in_ranges
    what_is_there_already_stays_as_it_is
    what_is_not_as_its_name_says_gives_way
    whoever_says_so_replaces_nothing
    whoever_says_so_replaces_even_the_same
    a_draft_is_seen_by_nobody_until_it_is_published
    a_draft_that_is_given_up_leaves_nothing
    a_file_longer_than_wanted_is_not_read
    what_is_not_there_is_missing_and_an_area_never_used_is_empty
    names_are_sorted_and_each_area_has_its_own
    a_listing_tells_sizes_and_times
    what_was_deleted_is_gone_and_may_be_deleted_again
    a_mark_is_an_empty_file_and_may_be_set_again
    a_moved_file_is_in_the_other_area_alone_and_written_then
    what_another_moved_first_counts_as_moved
    what_is_nowhere_cannot_be_moved
    the_header_is_a_file_like_others
    many_threads_may_put_the_same_and_others
}

fn put(storage: &dyn Storage, area: Area, name: &str, content: &[u8]) {
    storage.put(area, name, content, Over::Damaged).unwrap();
}

fn get(storage: &dyn Storage, area: Area, name: &str) -> Vec<u8> {
    storage.get(area, name, 1 << 20).unwrap()
}

fn what_was_put_comes_back_whole_and_in_ranges(storage: &dyn Storage) {
    for area in ALL {
        put(storage, area, "one", b"0123456789");
        assert_eq!(get(storage, area, "one"), b"0123456789");
        assert_eq!(storage.range(area, "one", 3, 4).unwrap(), b"3456");
        assert_eq!(storage.range(area, "one", 10, 0).unwrap(), b"");
        let beyond = storage.range(area, "one", 8, 3).unwrap_err();
        assert_eq!(
            beyond.source.kind(),
            std::io::ErrorKind::UnexpectedEof,
            "{beyond}"
        );
        let mut room = [0; 4];
        assert_eq!(storage.peek(area, "one", 8, &mut room).unwrap(), 2);
        assert_eq!(&room[..2], b"89");
        assert_eq!(storage.peek(area, "one", 2, &mut room).unwrap(), 4);
        assert_eq!(&room, b"2345");
        assert_eq!(storage.peek(area, "one", 10, &mut room).unwrap(), 0);
    }
}

fn what_is_there_already_stays_as_it_is(storage: &dyn Storage) {
    put(storage, Area::Packs, "one", b"content");
    let before = storage.stat(Area::Packs, "one").unwrap();
    put(storage, Area::Packs, "one", b"content");
    assert_eq!(storage.stat(Area::Packs, "one").unwrap(), before);
    assert!(storage.has_no_drafts().unwrap());
}

fn what_is_not_as_its_name_says_gives_way(storage: &dyn Storage) {
    for damaged in [&b"cont"[..], b"c0ntent", b"content and more", b""] {
        put(storage, Area::Packs, "one", damaged);
        // What is kept open must not give the old bytes back.
        assert_eq!(get(storage, Area::Packs, "one"), damaged);
        put(storage, Area::Packs, "one", b"content");
        assert_eq!(get(storage, Area::Packs, "one"), b"content");
        assert_eq!(storage.range(Area::Packs, "one", 0, 7).unwrap(), b"content");
    }
}

fn whoever_says_so_replaces_nothing(storage: &dyn Storage) {
    for content in [b"one", b"two"] {
        storage
            .put(Area::Top, "header", content, Over::Nothing)
            .unwrap();
        assert_eq!(get(storage, Area::Top, "header"), b"one");
    }
}

fn whoever_says_so_replaces_even_the_same(storage: &dyn Storage) {
    for content in [b"one", b"one", b"two"] {
        storage
            .put(Area::Snapshots, "name", content, Over::Any)
            .unwrap();
        assert_eq!(get(storage, Area::Snapshots, "name"), content);
    }
    assert_eq!(storage.names(Area::Snapshots).unwrap(), ["name"]);
}

fn a_draft_is_seen_by_nobody_until_it_is_published(storage: &dyn Storage) {
    let mut draft = storage.begin().unwrap();
    draft.write(b"first, ").unwrap();
    assert!(!storage.has_no_drafts().unwrap());
    draft.write(b"second").unwrap();
    for area in ALL {
        assert!(storage.names(area).unwrap().is_empty());
    }
    draft.publish(Area::Packs, "one", Over::Damaged).unwrap();
    assert_eq!(get(storage, Area::Packs, "one"), b"first, second");
    assert!(storage.has_no_drafts().unwrap());
}

fn a_draft_that_is_given_up_leaves_nothing(storage: &dyn Storage) {
    let mut draft = storage.begin().unwrap();
    draft.write(b"lost").unwrap();
    drop(draft);
    storage.clear_drafts().unwrap();
    assert!(storage.has_no_drafts().unwrap());
    for area in ALL {
        assert!(storage.names(area).unwrap().is_empty());
    }
}

fn a_file_longer_than_wanted_is_not_read(storage: &dyn Storage) {
    put(storage, Area::Snapshots, "one", b"0123456789");
    assert_eq!(storage.get(Area::Snapshots, "one", 10).unwrap().len(), 10);
    let long = storage.get(Area::Snapshots, "one", 9).unwrap_err();
    assert_eq!(long.source.kind(), std::io::ErrorKind::FileTooLarge);
}

fn what_is_not_there_is_missing_and_an_area_never_used_is_empty(storage: &dyn Storage) {
    for area in ALL {
        assert!(storage.names(area).unwrap().is_empty());
        assert!(storage.list(area).unwrap().is_empty());
        assert_eq!(storage.stat(area, "one").unwrap(), None);
        let mut room = [0; 4];
        for error in [
            storage.get(area, "one", 10).unwrap_err(),
            storage.range(area, "one", 0, 1).unwrap_err(),
            storage.peek(area, "one", 0, &mut room).unwrap_err(),
        ] {
            assert!(error.is_missing(), "{error}");
        }
    }
}

fn names_are_sorted_and_each_area_has_its_own(storage: &dyn Storage) {
    for name in ["c", "a", "b"] {
        put(storage, Area::Packs, name, b"");
    }
    put(storage, Area::Pins, "d", b"");
    assert_eq!(storage.names(Area::Packs).unwrap(), ["a", "b", "c"]);
    assert_eq!(storage.names(Area::Pins).unwrap(), ["d"]);
    assert!(storage.names(Area::Roll).unwrap().is_empty());
}

fn a_listing_tells_sizes_and_times(storage: &dyn Storage) {
    put(storage, Area::Packs, "a", b"1");
    put(storage, Area::Packs, "b", b"22");
    let listed = storage.list(Area::Packs).unwrap();
    let told: Vec<(&str, u64)> = listed
        .iter()
        .map(|one| (one.name.as_str(), one.size))
        .collect();
    assert_eq!(told, [("a", 1), ("b", 2)]);
    assert!(0 < listed[0].written && listed[0].written <= listed[1].written);
    for one in listed {
        assert_eq!(storage.stat(Area::Packs, &one.name).unwrap(), Some(one));
    }
}

fn what_was_deleted_is_gone_and_may_be_deleted_again(storage: &dyn Storage) {
    for name in ["a", "b", "c"] {
        put(storage, Area::Packs, name, b"content");
        assert_eq!(storage.range(Area::Packs, name, 0, 7).unwrap(), b"content");
    }
    let names = ["a".to_owned(), "c".to_owned()];
    for _ in 0..2 {
        storage.delete(Area::Packs, &names).unwrap();
        assert_eq!(storage.names(Area::Packs).unwrap(), ["b"]);
        assert!(
            storage
                .range(Area::Packs, "a", 0, 7)
                .unwrap_err()
                .is_missing()
        );
    }
    // To delete nothing needs no area.
    storage.delete(Area::Quarantine, &[]).unwrap();
}

fn a_mark_is_an_empty_file_and_may_be_set_again(storage: &dyn Storage) {
    for _ in 0..2 {
        storage.mark(Area::Roll, "one").unwrap();
        assert_eq!(get(storage, Area::Roll, "one"), b"");
        assert_eq!(storage.names(Area::Roll).unwrap(), ["one"]);
    }
}

fn a_moved_file_is_in_the_other_area_alone_and_written_then(storage: &dyn Storage) {
    put(storage, Area::Packs, "one", b"content");
    put(storage, Area::Packs, "two", b"");
    assert_eq!(get(storage, Area::Packs, "one"), b"content");
    let written = |area, name| storage.stat(area, name).unwrap().unwrap().written;
    let before = written(Area::Packs, "one");
    let names = ["one".to_owned(), "two".to_owned()];
    storage
        .shift(&names, Area::Packs, Area::Quarantine, "lost-")
        .unwrap();
    assert!(storage.names(Area::Packs).unwrap().is_empty());
    let there = storage.names(Area::Quarantine).unwrap();
    assert_eq!(there, ["lost-one", "lost-two"]);
    assert_eq!(get(storage, Area::Quarantine, "lost-one"), b"content");
    assert!(written(Area::Quarantine, "lost-one") >= before);
    assert!(
        storage
            .range(Area::Packs, "one", 0, 1)
            .unwrap_err()
            .is_missing()
    );
}

fn what_another_moved_first_counts_as_moved(storage: &dyn Storage) {
    put(storage, Area::Snapshots, "one", b"content");
    let names = ["one".to_owned()];
    for _ in 0..2 {
        storage
            .shift(&names, Area::Snapshots, Area::Forgotten, "")
            .unwrap();
        assert!(storage.names(Area::Snapshots).unwrap().is_empty());
        assert_eq!(get(storage, Area::Forgotten, "one"), b"content");
    }
}

fn what_is_nowhere_cannot_be_moved(storage: &dyn Storage) {
    let names = ["one".to_owned()];
    let moved = storage.shift(&names, Area::Snapshots, Area::Forgotten, "");
    assert!(moved.unwrap_err().is_missing());
}

fn the_header_is_a_file_like_others(storage: &dyn Storage) {
    put(storage, Area::Packs, "one", b"");
    assert!(storage.is_laid_out().unwrap() && storage.may_write());
    put(storage, Area::Top, "header", b"{}");
    assert_eq!(get(storage, Area::Top, "header"), b"{}");
    storage.put(Area::Top, "header", b"{1}", Over::Any).unwrap();
    assert_eq!(get(storage, Area::Top, "header"), b"{1}");
}

fn many_threads_may_put_the_same_and_others(storage: &dyn Storage) {
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            scope.spawn(move || {
                for number in 0..20_u8 {
                    let name = format!("{}", number % 10);
                    put(storage, Area::Packs, &name, name.as_bytes());
                    let mut own = storage.begin().unwrap();
                    own.write(&[thread, number]).unwrap();
                    let name = format!("own-{thread}-{number}");
                    own.publish(Area::Pins, &name, Over::Damaged).unwrap();
                }
            });
        }
    });
    let names = storage.names(Area::Packs).unwrap();
    assert_eq!(names.len(), 10);
    for name in names {
        assert_eq!(get(storage, Area::Packs, &name), name.as_bytes());
    }
    assert_eq!(storage.names(Area::Pins).unwrap().len(), 160);
    assert!(storage.has_no_drafts().unwrap());
}
