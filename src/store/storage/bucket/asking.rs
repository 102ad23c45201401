//! How a store asks a bucket: which keys, how often, and what answers and their absence mean.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};

use bytes::Bytes;

use super::objects::{Failed, Listing, Put};
use super::{Area, BucketStorage, Kept, LAST, Listed, TRIES};
use crate::disk::PathError;

impl BucketStorage {
    /// What the keys of an area begin with, without a slash in the end.
    pub(super) fn key_of(&self, area: Area) -> String {
        let parts = [self.prefix.as_str(), area.dir()].into_iter();
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }

    pub(super) fn key(&self, area: Area, name: &str) -> String {
        match self.key_of(area).as_str() {
            "" => name.to_owned(),
            dir => format!("{dir}/{name}"),
        }
    }

    pub(super) fn error(
        &self,
        verb: &'static str,
        area: Area,
        name: &str,
        failed: &Failed,
    ) -> PathError {
        let kind = match failed {
            Failed::Missing => ErrorKind::NotFound,
            Failed::Exists => ErrorKind::AlreadyExists,
            Failed::Denied(_) => ErrorKind::PermissionDenied,
            Failed::TooLong => ErrorKind::FileTooLarge,
            Failed::Stopped => ErrorKind::Interrupted,
            Failed::Unknown(_) | Failed::Busy(_) | Failed::Refused(_) => ErrorKind::Other,
        };
        let path: PathBuf = [&self.name, Path::new(area.dir()), Path::new(name)]
            .iter()
            .collect();
        PathError::new(verb, &path, Error::new(kind, failed.to_string()))
    }

    pub(super) fn listed(&self, area: Area, one: &Listing) -> Option<Listed> {
        let dir = self.key_of(area);
        let rest = one.key.strip_prefix(&*dir)?;
        let name = rest.strip_prefix('/').unwrap_or(rest);
        // What lies deeper is none of ours.
        (!name.is_empty() && !name.contains('/')).then(|| Listed {
            name: name.to_owned(),
            size: one.size,
            written: one.written,
        })
    }

    pub(super) fn listing(
        &self,
        area: Area,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Vec<Listing>, PathError> {
        self.steadily(|| self.objects.list(prefix, after))
            .map_err(|failed| self.error("list", area, "", &failed))
    }

    /// What one request told of the areas in [`LAST`]. A command asks for several of them, and what another host does
    /// meanwhile counts for the next command. Packs are listed after it, so that what a listed snapshot needs is among
    /// them.
    pub(super) fn last(&self, area: Area) -> Result<Arc<Vec<Listing>>, PathError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*last {
            return Ok(Arc::clone(known));
        }
        let before = self.key_of(Area::Snapshots);
        let told = Arc::new(self.listing(area, &self.prefix, Some(&before))?);
        *last = Some(Arc::clone(&told));
        Ok(told)
    }

    /// The content of the header: a copy of it where the store was listed and it is still the same.
    pub(super) fn header_as_listed(&self, key: &str) -> Result<Bytes, Failed> {
        let get = || self.steadily(|| self.objects.get(key, None, 64 << 10));
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(last) = last else {
            return get();
        };
        let Some(listed) = last.iter().find(|one| one.key == key) else {
            return Err(Failed::Missing);
        };
        let (Some(kept), Some(tag)) = (&self.kept, &listed.tag) else {
            return get();
        };
        let copy = Kept::name(
            &format!("{key} {tag} {}", listed.written),
            listed.size,
            None,
        );
        if let Some(known) = kept.read(&copy).filter(|it| it.len() as u64 == listed.size) {
            return Ok(known.into());
        }
        let content = get()?;
        kept.keep(&copy, &content);
        Ok(content)
    }

    /// Forgets what was told of an area: it is about to change.
    pub(super) fn changes(&self, area: Area) {
        if area == Area::Top {
            *self.header() = None;
        }
        // A summary changes nothing here: each process knows those that it wrote.
        if area == Area::Top || (area != Area::Summaries && LAST.contains(&area)) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    pub(super) fn header(&self) -> MutexGuard<'_, Option<(Listed, Bytes)>> {
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request again where nobody knows what came of it, at most [`TRIES`] times in all. Only for requests that
    /// may be carried out twice.
    pub(super) fn steadily<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let mut pause = self.pause;
        for _ in 1..TRIES {
            match ask() {
                Err(Failed::Unknown(_)) => std::thread::sleep(pause),
                done => return done,
            }
            pause *= 2;
        }
        ask()
    }

    pub(super) fn get_bytes(&self, area: Area, name: &str, max: u64) -> Result<Bytes, PathError> {
        let key = self.key(area, name);
        self.steadily(|| self.objects.get(&key, None, max))
            .map_err(|failed| self.error("read", area, name, &failed))
    }

    /// Writes an object. What is named by its content may be put as often as one likes.
    pub(super) fn put_over(
        &self,
        area: Area,
        name: &str,
        content: &[Bytes],
    ) -> Result<(), PathError> {
        self.changes(area);
        let key = self.key(area, name);
        self.steadily(|| self.objects.put(&key, content, Put::Over))
            .map_err(|failed| self.error("write", area, name, &failed))
    }

    /// Writes an object where there is none. Returns whether it, or one of the same content, is there now; false where
    /// another is. A request of which the answer got lost is never sent again before it is known that nothing came of
    /// it.
    pub(super) fn put_new(
        &self,
        area: Area,
        name: &str,
        content: &[Bytes],
    ) -> Result<bool, PathError> {
        self.changes(area);
        let key = self.key(area, name);
        let len: usize = content.iter().map(Bytes::len).sum();
        let mut pause = self.pause;
        let mut tries = 0;
        loop {
            let failed = match self.objects.put(&key, content, Put::New) {
                Ok(()) => return Ok(true),
                Err(failed @ (Failed::Exists | Failed::Unknown(_) | Failed::Busy(_))) => failed,
                Err(failed) => return Err(self.error("write", area, name, &failed)),
            };
            match self.steadily(|| self.objects.get(&key, None, len as u64)) {
                Ok(there) => return Ok(is_same(content, &there)),
                Err(Failed::TooLong) => return Ok(false),
                Err(Failed::Missing) if tries < TRIES => {}
                Err(Failed::Missing) => return Err(self.error("write", area, name, &failed)),
                Err(failed) => return Err(self.error("read back", area, name, &failed)),
            }
            tries += 1;
            std::thread::sleep(pause);
            pause *= 2;
        }
    }
}

fn is_same(content: &[Bytes], there: &[u8]) -> bool {
    let mut rest = there;
    content
        .iter()
        .all(|piece| match rest.strip_prefix(&**piece) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        })
        && rest.is_empty()
}
