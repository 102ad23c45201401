//! Many requests of a store in a bucket are on their way together, so that it does not wait for each answer.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;

use super::BucketStorage;
use super::fake::FakeBucket;
use super::objects::{Failed, Listing, Objects, Put};
use crate::model::Digest;
use crate::store::Wanted;
use crate::store::trial::{Trial, store_over};

/// A bucket that answers to nobody until so many ask at once.
#[derive(Debug, Default)]
struct Gate {
    bucket: FakeBucket,
    is_shut: AtomicBool,
    waiting: Mutex<usize>,
    came: Condvar,
}

const TOGETHER: usize = 6;

impl Objects for Gate {
    fn put(&self, key: &str, content: &[Bytes], put: Put) -> Result<(), Failed> {
        self.bucket.put(key, content, put)
    }

    fn get(&self, key: &str, range: Option<Range<u64>>, max: u64) -> Result<Bytes, Failed> {
        if self.is_shut.load(Ordering::SeqCst) {
            let mut waiting = self.waiting.lock().unwrap();
            *waiting += 1;
            self.came.notify_all();
            let long = Duration::from_mins(1);
            let wait = |count: &mut usize| *count < TOGETHER;
            let (waiting, end) = self.came.wait_timeout_while(waiting, long, wait).unwrap();
            drop(waiting);
            assert!(!end.timed_out(), "one after the other");
        }
        self.bucket.get(key, range, max)
    }

    fn head(&self, key: &str) -> Result<Listing, Failed> {
        self.bucket.head(key)
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listing>, Failed> {
        self.bucket.list(prefix, after)
    }

    fn delete(&self, keys: Vec<String>) -> Result<(), Failed> {
        self.bucket.delete(keys)
    }
}

#[test]
fn frames_are_fetched_by_requests_that_are_on_their_way_at_once() {
    let gate = Arc::new(Gate::default());
    let objects = Arc::<Gate>::clone(&gate);
    let storage = BucketStorage::new(Path::new("s3://bucket/x"), "x", objects, None);
    let Trial { store, monitor, .. } = &store_over(Arc::new(storage));
    let packer = store.packer(monitor).unwrap();
    // Each is long enough for a frame of its own.
    let content = |number: usize| vec![number as u8; 4 << 20];
    let ids: Vec<Digest> = (0..TOGETHER)
        .map(|number| Digest::of(&content(number)))
        .collect();
    for (number, id) in ids.iter().enumerate() {
        packer.add_files([(*id, content(number))]).unwrap();
    }
    packer.finish().unwrap();
    let wanted = ids
        .iter()
        .zip(0..)
        .map(|(id, purpose)| Wanted { id: *id, purpose });
    let batches = store.objects.plan(wanted.collect()).unwrap();
    assert_eq!(batches.len(), TOGETHER);
    gate.is_shut.store(true, Ordering::SeqCst);
    let take = |number: &usize, bytes: &[u8]| {
        assert_eq!(bytes, content(*number));
        Ok::<_, crate::store::Error>(())
    };
    store.objects.fetch(batches, take).unwrap();
}
