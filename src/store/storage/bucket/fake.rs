//! A bucket in memory, for tests, that fails when it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::objects::{Failed, Listing, Objects, Put};
use super::{BucketStorage, Kept};

/// What happens to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Nothing.
    Well,
    /// It is not carried out.
    Before(Failed),
    /// It is carried out, and the answer says otherwise.
    After(Failed),
    /// It is not carried out, and no later one is: whoever sends them is dead.
    End,
    /// The same, after this one was carried out.
    EndAfter,
}

/// Objects by key.
#[derive(Debug, Default)]
pub(in crate::store) struct FakeBucket(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<String, (Bytes, i64)>,
    now: i64,
    /// What happens to the next requests.
    faults: VecDeque<Fault>,
    ended: bool,
    /// The requests so far, each with its key.
    asked: Vec<String>,
}

impl FakeBucket {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a store sees of it that is opened anew, on another host.
    pub(in crate::store) fn storage(self: &Arc<Self>) -> BucketStorage {
        self.storage_that_keeps(None)
    }

    pub(super) fn storage_that_keeps(self: &Arc<Self>, kept: Option<Kept>) -> BucketStorage {
        let objects = Arc::<Self>::clone(self);
        let storage = BucketStorage::new(Path::new("s3://bucket/x"), "x", objects, kept);
        BucketStorage {
            pause: Duration::ZERO,
            ..storage
        }
    }

    /// Lets the next requests fail, and the sender live again.
    pub(super) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut inner = self.inner();
        inner.faults = faults.into_iter().collect();
        inner.ended = false;
        inner.asked.clear();
    }

    /// The requests since the last call of `fail`, each with its key.
    pub(super) fn asked(&self) -> Vec<String> {
        self.inner().asked.clone()
    }

    fn ask<T>(
        &self,
        what: &str,
        key: &str,
        work: impl FnOnce(&mut Inner) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let mut inner = self.inner();
        inner.asked.push(format!("{what} {key}"));
        let fault = inner.faults.pop_front().unwrap_or(Fault::Well);
        let dead = || Failed::Unknown("the sender is dead".to_owned());
        if inner.ended || fault == Fault::End {
            inner.ended = true;
            return Err(dead());
        }
        match fault {
            Fault::Before(failed) => Err(failed),
            Fault::After(failed) => work(&mut inner).and(Err(failed)),
            Fault::EndAfter => {
                inner.ended = true;
                work(&mut inner).and(Err(dead()))
            }
            Fault::Well | Fault::End => work(&mut inner),
        }
    }
}

fn listing((key, (content, written)): (&String, &(Bytes, i64))) -> Listing {
    Listing {
        key: key.clone(),
        size: content.len() as u64,
        written: *written,
        tag: None,
    }
}

impl Objects for FakeBucket {
    fn put(&self, key: &str, content: &[Bytes], put: Put) -> Result<(), Failed> {
        self.ask("put", key, |inner| {
            if put == Put::New && inner.objects.contains_key(key) {
                return Err(Failed::Exists);
            }
            inner.now += 1;
            let now = inner.now;
            inner
                .objects
                .insert(key.to_owned(), (content.concat().into(), now));
            Ok(())
        })
    }

    fn get(&self, key: &str, range: Option<Range<u64>>, max: u64) -> Result<Bytes, Failed> {
        self.ask("get", key, |inner| {
            let (content, _) = inner.objects.get(key).ok_or(Failed::Missing)?;
            let len = content.len() as u64;
            let range = range.unwrap_or(0..len);
            if range.start >= len && len > 0 {
                return Err(Failed::Refused("416".to_owned()));
            }
            let part = content.slice(range.start as usize..range.end.min(len) as usize);
            if part.len() as u64 > max {
                return Err(Failed::TooLong);
            }
            Ok(part)
        })
    }

    fn head(&self, key: &str) -> Result<Listing, Failed> {
        self.ask("head", key, |inner| {
            let found = inner.objects.get_key_value(key);
            found.map(listing).ok_or(Failed::Missing)
        })
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listing>, Failed> {
        self.ask("list", prefix, |inner| {
            let dir = format!("{prefix}/");
            let after = after.unwrap_or_default();
            let found = inner.objects.iter();
            let found = found.filter(|(key, _)| key.starts_with(&dir) && key.as_str() > after);
            Ok(found.map(listing).collect())
        })
    }

    fn delete(&self, keys: Vec<String>) -> Result<(), Failed> {
        self.ask("delete", &keys.join(" "), |inner| {
            for key in &keys {
                inner.objects.remove(key);
            }
            Ok(())
        })
    }
}
