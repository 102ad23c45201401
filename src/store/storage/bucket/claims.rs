//! What a store in a bucket promises when requests fail (promises 1 and 7).

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::fake::{FakeBucket, Fault};
use super::kept::Kept;
use super::objects::Failed;
use crate::disk::rooted::Rooted;
use crate::model::{Digest, SnapshotId};
use crate::store::storage::{Area, Over, Storage};
use crate::store::trial::{Trial, snapshot, store_over};

fn content(number: u32) -> Vec<u8> {
    format!("content {number} ").repeat(200).into_bytes()
}

/// Saves 60 objects and a snapshot of them.
fn save(bucket: &Arc<FakeBucket>, first: u32) -> Result<SnapshotId, crate::store::Error> {
    let Trial { store, monitor, .. } = &store_over(Arc::new(bucket.storage()));
    let packer = store.packer(monitor)?;
    let files = (first..first + 60).map(|number| (Digest::of(&content(number)), content(number)));
    packer.add_files(files)?;
    let tree = packer.add_tree(format!("tree {first}").into_bytes())?;
    packer.finish()?;
    store.snapshots.commit(&snapshot(tree, &format!("{first}")))
}

/// Checks that each listed snapshot is whole, as another host sees it. Returns their ids.
fn listed(bucket: &Arc<FakeBucket>) -> Vec<SnapshotId> {
    let Trial { store, monitor, .. } = &store_over(Arc::new(bucket.storage()));
    let catalog = store.snapshots.catalog().unwrap();
    assert!(catalog.damaged.is_empty());
    store.load_objects(monitor).unwrap();
    for (_, one) in &catalog.snapshots {
        let first: u32 = one.writer.parse().unwrap();
        store.objects.read(&one.root).unwrap();
        for number in first..first + 60 {
            let read = store.objects.read(&Digest::of(&content(number))).unwrap();
            assert_eq!(read, content(number));
        }
    }
    let scrubbed = store.scrub(|_| 1.0, 0, monitor).unwrap();
    assert!(scrubbed.flaws.is_empty(), "{:?}", scrubbed.flaws);
    catalog.snapshots.iter().map(|(id, _)| *id).collect()
}

#[test]
fn whoever_dies_at_any_request_loses_no_snapshot_and_lists_none_that_is_not_whole() {
    for end in [Fault::End, Fault::EndAfter] {
        for number in 0.. {
            let bucket = Arc::new(FakeBucket::default());
            let first = save(&bucket, 0).unwrap();
            let well = std::iter::repeat_n(Fault::Well, number);
            bucket.fail(well.chain([end.clone()]));
            let saved = save(&bucket, 30);
            let asked = bucket.asked().len();
            bucket.fail([]);
            let there = listed(&bucket);
            assert!(there.contains(&first), "request {number}");
            if let Ok(second) = saved {
                assert!(there.contains(&second), "request {number}");
            }
            // What arrived is not sent again.
            let packs = bucket.storage().names(Area::Packs).unwrap().len();
            bucket.fail([]);
            let again = save(&bucket, 30).unwrap();
            let sent = bucket
                .asked()
                .iter()
                .filter(|one| one.starts_with("put x/packs/"))
                .count();
            assert_eq!(packs + sent, 2, "request {number}: {:?}", bucket.asked());
            assert_eq!(listed(&bucket).len(), 2);
            assert!(listed(&bucket).contains(&again));
            if asked <= number {
                break;
            }
        }
    }
}

#[test]
fn a_request_that_fails_once_costs_another_one_and_nothing_else() {
    let unknown = || Failed::Unknown("reset".to_owned());
    for fault in [Fault::Before(unknown()), Fault::After(unknown())] {
        let bucket = Arc::new(FakeBucket::default());
        save(&bucket, 0).unwrap();
        let well = bucket.asked().len();
        for number in 0..well + 2 {
            let bucket = Arc::new(FakeBucket::default());
            let well = std::iter::repeat_n(Fault::Well, number);
            bucket.fail(well.chain([fault.clone()]));
            let id = save(&bucket, 0).unwrap();
            bucket.fail([]);
            assert_eq!(listed(&bucket), [id], "{fault:?} at request {number}");
        }
    }
}

/// A conflict says only that somebody is writing there: nothing may have been written in the end. And a request that
/// is sent again by the client itself meets its own object.
#[test]
fn that_a_snapshot_is_there_already_is_believed_when_it_was_read_back() {
    let name = "snapshot";
    for (fault, requests) in [
        (Fault::Before(Failed::Exists), 3),
        (Fault::After(Failed::Exists), 2),
        (Fault::Before(Failed::Unknown(String::new())), 3),
        (Fault::After(Failed::Unknown(String::new())), 2),
    ] {
        let bucket = Arc::new(FakeBucket::default());
        let storage = bucket.storage();
        bucket.fail([fault.clone()]);
        storage
            .put(Area::Snapshots, name, b"one", Over::Damaged)
            .unwrap();
        assert_eq!(
            bucket.asked().len(),
            requests,
            "{fault:?} {:?}",
            bucket.asked()
        );
        assert_eq!(storage.get(Area::Snapshots, name, 10).unwrap(), b"one");
        // Another content under the name is damage, and gives way.
        storage
            .put(Area::Snapshots, name, b"other", Over::Damaged)
            .unwrap();
        assert_eq!(storage.get(Area::Snapshots, name, 10).unwrap(), b"other");
    }
    // A server that always says so and has nothing is not asked for ever.
    let bucket = Arc::new(FakeBucket::default());
    bucket.fail((0..40).map(|number| match number % 2 {
        0 => Fault::Before(Failed::Exists),
        _ => Fault::Well,
    }));
    let put = bucket
        .storage()
        .put(Area::Snapshots, name, b"one", Over::Damaged);
    assert!(put.is_err() && bucket.asked().len() < 12);
}

#[test]
fn what_keys_do_not_allow_is_denied_and_not_asked_again() {
    let bucket = Arc::new(FakeBucket::default());
    let storage = bucket.storage();
    let denied = || {
        Fault::Before(Failed::Denied(
            "the server answers 403 AccessDenied".to_owned(),
        ))
    };
    bucket.fail([denied()]);
    let put = storage
        .put(Area::Pins, "one", b"", Over::Damaged)
        .unwrap_err();
    assert!(put.is_denied() && bucket.asked().len() == 1, "{put}");
    bucket.fail([denied()]);
    assert!(storage.names(Area::Packs).unwrap_err().is_denied());
}

#[test]
fn a_copy_on_this_host_that_is_damaged_is_dropped_and_read_anew() {
    let bucket = Arc::new(FakeBucket::default());
    let id = save(&bucket, 0).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let home = Arc::new(Rooted::open(scratch.path()).unwrap());
    let kept = || Kept::open(&home, 1 << 20).unwrap();
    let read_all = || {
        let storage = bucket.storage_that_keeps(Some(kept()));
        let Trial { store, monitor, .. } = &store_over(Arc::new(storage));
        assert_eq!(store.snapshots.catalog().unwrap().snapshots[0].0, id);
        store.load_objects(monitor).unwrap();
        bucket.fail([]);
        for number in 0..60 {
            let read = store.objects.read(&Digest::of(&content(number))).unwrap();
            assert_eq!(read, content(number));
        }
        bucket.asked().len()
    };
    assert!(read_all() > 0);
    assert_eq!(read_all(), 0, "all was kept");
    for entry in std::fs::read_dir(scratch.path().join("kept")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
    }
    assert!(read_all() > 0);
    assert_eq!(read_all(), 0, "the right copies were kept");
}

#[test]
fn what_lies_in_another_pack_than_summaries_tell_is_found_there() {
    let (bucket, elsewhere) = (Arc::default(), Arc::default());
    save(&bucket, 0).unwrap();
    save(&elsewhere, 0).unwrap();
    // Whoever writes without summaries wrote the pack anew, and removed the old one.
    let (storage, other) = (bucket.storage(), elsewhere.storage());
    let old = storage.names(Area::Packs).unwrap();
    storage.delete(Area::Packs, &old).unwrap();
    let [name] = &other.names(Area::Packs).unwrap()[..] else {
        panic!()
    };
    let bytes = other.get(Area::Packs, name, u64::MAX).unwrap();
    assert_eq!(std::slice::from_ref(name), old);
    let new = "0".repeat(64);
    storage.put(Area::Packs, &new, &bytes, Over::Any).unwrap();

    let Trial { store, monitor, .. } = &store_over(Arc::new(bucket.storage()));
    let lists = |bucket: &FakeBucket| {
        let asked = bucket.asked().into_iter();
        asked.filter(|one| one == "list x/packs").count()
    };
    bucket.fail([]);
    store.load_objects(monitor).unwrap();
    assert_eq!(lists(&bucket), 0);
    for number in 0..60 {
        let read = store.objects.read(&Digest::of(&content(number)));
        assert_eq!(read.unwrap(), content(number));
    }
    assert_eq!(lists(&bucket), 1);
    // Who saves relies on no pack that is not there.
    let vouched = |store: &crate::store::Store| {
        let ids = (0..60).map(|number| Digest::of(&content(number)));
        ids.filter(|id| store.objects.vouches(id)).count()
    };
    let Trial { store, monitor, .. } = &store_over(Arc::new(bucket.storage()));
    store.load_all(monitor).unwrap();
    assert_eq!(vouched(store), 60);
    storage.delete(Area::Packs, &[new]).unwrap();
    let Trial { store, monitor, .. } = &store_over(Arc::new(bucket.storage()));
    store.load_objects(monitor).unwrap();
    store.load_all(monitor).unwrap();
    assert_eq!(vouched(store), 0);
}

#[test]
fn what_comes_back_also_stays_where_it_was_and_counts_as_forgotten_no_more() {
    let bucket = Arc::new(FakeBucket::default());
    let id = save(&bucket, 0).unwrap();
    let storage = bucket.storage();
    let at = |area| storage.names(area).unwrap().len();
    let counts = || {
        let Trial { store, .. } = &store_over(Arc::new(bucket.storage()));
        let forgotten = store.snapshots.forgotten().unwrap();
        let listed = store.snapshots.catalog().unwrap();
        (listed.snapshots.len(), forgotten.snapshots.len())
    };
    for _ in 0..2 {
        let Trial { store, .. } = &store_over(Arc::new(bucket.storage()));
        store.snapshots.forget(&[id]).unwrap();
        assert_eq!(counts(), (0, 1));
        store.snapshots.unforget(&[id]).unwrap();
        assert_eq!((counts(), at(Area::Forgotten)), ((1, 0), 1));
    }
    assert_eq!(listed(&bucket), [id]);
}

#[test]
fn a_snapshot_that_another_host_saves_meanwhile_is_not_taken_for_missing() {
    let bucket = Arc::new(FakeBucket::default());
    save(&bucket, 0).unwrap();
    let Trial { store, .. } = &store_over(Arc::new(bucket.storage()));
    store.snapshots.catalog().unwrap();
    save(&bucket, 30).unwrap();
    assert_eq!(store.snapshots.missing().unwrap(), []);
    let names = bucket.storage().names(Area::Snapshots).unwrap();
    let gone = &names[..1];
    bucket.storage().delete(Area::Snapshots, gone).unwrap();
    // What another host does meanwhile counts for the next command.
    let Trial { store, .. } = &store_over(Arc::new(bucket.storage()));
    assert_eq!(store.snapshots.missing().unwrap()[0].to_hex(), gone[0]);
}
