//! Storage in a bucket: each file of the store is one object, whose key is the store's prefix, the area and the name
//! (docs/format.md, "In a bucket").
//!
//! A draft is held in memory until it has its name, so nothing half written is ever to be seen. The name comes by a
//! request that fails where there is an object of that name. What such an answer means, or one that got lost, is told
//! by reading back what is there. (Promises 1 and 7.)

mod answer;
mod asked;
mod asking;
#[cfg(test)]
mod claims;
mod credentials;
#[cfg(test)]
pub(in crate::store) mod fake;
mod http;
mod kept;
mod objects;
mod probe;
mod s3;
#[cfg(test)]
mod together;
mod unconnected;

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;

use super::{Area, Draft, Listed, Over, Storage};
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::store::location::{Access, BucketUrl};
use crate::store::storage::HEADER;
use crate::store::storage::probe::Probe;
use kept::Kept;
use objects::{Failed, Listing, Objects};
use s3::S3;

/// How often a request is sent of which nobody knows whether it was carried out. The client repeats some by itself.
const TRIES: u32 = 3;
/// How long the first pause between tries is, where nobody is in a hurry.
const PAUSE: Duration = Duration::from_millis(200);
/// A draft grows by pieces of so many bytes, each of which is one allocation.
const PIECE_LEN: usize = 4 << 20;

/// The areas whose keys come last, with only the key of the header behind them. Whoever opens the store needs all of
/// them, and one request lists them.
const LAST: [Area; 4] = [
    Area::Snapshots,
    Area::Summaries,
    Area::Suspects,
    Area::Tombstones,
];

/// A store that lies in a bucket.
#[derive(Debug)]
pub(crate) struct BucketStorage {
    /// The URL of the store, for messages.
    name: PathBuf,
    prefix: String,
    objects: Arc<dyn Objects>,
    kept: Option<Kept>,
    /// The header, which is asked for several times when a store is opened.
    header: Mutex<Option<(Listed, Bytes)>>,
    /// What a listing told of the areas that are [`LAST`], and of the header.
    last: Mutex<Option<Arc<Vec<Listing>>>>,
    drafts: AtomicUsize,
    /// How long the first pause between tries is.
    pause: Duration,
}

impl BucketStorage {
    /// The store of that name. No request is sent yet. Copies of what was read are kept in `home`.
    pub(crate) fn connect(
        url: &BucketUrl,
        access: &Access,
        home: &Arc<Rooted>,
    ) -> Result<Self, PathError> {
        let name = PathBuf::from(url.to_string());
        let objects = S3::connect(url, access)
            .map_err(|why| PathError::new("reach", &name, Error::other(why)))?;
        let kept = Kept::open(home, access.cache_bytes_max).ok();
        Ok(Self::new(&name, url.prefix(), Arc::new(objects), kept))
    }

    fn new(name: &Path, prefix: &str, objects: Arc<dyn Objects>, kept: Option<Kept>) -> Self {
        Self {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            objects,
            kept,
            header: Mutex::default(),
            last: Mutex::default(),
            drafts: AtomicUsize::new(0),
            pause: PAUSE,
        }
    }
}

/// A file that grows in memory.
struct BucketDraft<'s> {
    storage: &'s BucketStorage,
    whole: Vec<Bytes>,
    last: Vec<u8>,
}

impl Draft for BucketDraft<'_> {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), PathError> {
        while !bytes.is_empty() {
            if self.last.capacity() == 0 {
                self.last
                    .reserve_exact(PIECE_LEN.min(bytes.len().max(64 << 10)));
            }
            let room = self.last.capacity() - self.last.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.last.extend_from_slice(now);
            bytes = later;
            if self.last.len() == self.last.capacity() {
                self.whole.push(std::mem::take(&mut self.last).into());
            }
        }
        Ok(())
    }

    fn publish(mut self: Box<Self>, area: Area, name: &str, over: Over) -> Result<(), PathError> {
        let mut content = std::mem::take(&mut self.whole);
        content.push(std::mem::take(&mut self.last).into());
        let storage = self.storage;
        if over == Over::Any {
            return storage.put_over(area, name, &content);
        }
        let is_there = storage.put_new(area, name, &content)?;
        if is_there || over == Over::Nothing {
            return Ok(());
        }
        storage.put_over(area, name, &content)
    }
}

impl Drop for BucketDraft<'_> {
    fn drop(&mut self) {
        self.storage.drafts.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Storage for BucketStorage {
    /// There are no directories to be made, and who may write is for the server to say.
    fn prepare(&self) -> Result<(), PathError> {
        Ok(())
    }

    fn begin(&self) -> Result<Box<dyn Draft + '_>, PathError> {
        self.drafts.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(BucketDraft {
            storage: self,
            whole: Vec::new(),
            last: Vec::new(),
        }))
    }

    fn get(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        if area == Area::Top
            && let Some((listed, known)) = &*self.header()
            && listed.name == name
        {
            return Ok(known.to_vec());
        }
        Ok(self.get_bytes(area, name, max)?.into())
    }

    fn get_near(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        let get = || self.get(area, name, max);
        match &self.kept {
            Some(kept) => kept.or_keep(&Kept::name(name, 0, None), get),
            None => get(),
        }
    }

    fn range(&self, area: Area, name: &str, offset: u64, len: usize) -> Result<Vec<u8>, PathError> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let key = self.key(area, name);
        let wanted = offset..offset + len as u64;
        let asked = self.steadily(|| self.objects.get(&key, Some(wanted.clone()), len as u64));
        let cut = || PathError {
            source: ErrorKind::UnexpectedEof.into(),
            ..self.error("read", area, name, &Failed::Missing)
        };
        match asked {
            Ok(bytes) if bytes.len() == len => Ok(bytes.into()),
            Ok(_) => Err(cut()),
            // Servers refuse a range beyond the end with one status or another, so the length is asked for.
            Err(failed @ Failed::Refused(_)) => match self.steadily(|| self.objects.head(&key)) {
                Ok(there) if there.size < wanted.end => Err(cut()),
                _ => Err(self.error("read", area, name, &failed)),
            },
            Err(failed) => Err(self.error("read", area, name, &failed)),
        }
    }

    fn range_near(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        len: usize,
    ) -> Result<Vec<u8>, PathError> {
        let range = || self.range(area, name, offset, len);
        match &self.kept {
            Some(kept) => kept.or_keep(&Kept::name(name, offset, Some(len)), range),
            None => range(),
        }
    }

    fn keep_near(&self, name: &str, content: &[u8]) {
        if let Some(kept) = &self.kept {
            kept.keep(&Kept::name(name, 0, None), content);
        }
    }

    fn drop_near(&self, name: &str, part: Option<(u64, usize)>) -> bool {
        let (offset, len) = part.unzip();
        let copy = Kept::name(name, offset.unwrap_or(0), len);
        self.kept.as_ref().is_some_and(|kept| kept.remove(&copy))
    }

    fn peek(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        room: &mut [u8],
    ) -> Result<usize, PathError> {
        let size = match self.stat(area, name)? {
            Some(there) => there.size,
            None => return Err(self.error("read", area, name, &Failed::Missing)),
        };
        let len = size.saturating_sub(offset).min(room.len() as u64) as usize;
        room[..len].copy_from_slice(&self.range(area, name, offset, len)?);
        Ok(len)
    }

    fn stat(&self, area: Area, name: &str) -> Result<Option<Listed>, PathError> {
        let key = self.key(area, name);
        let head = || match self.steadily(|| self.objects.head(&key)) {
            Ok(one) => Ok(self.listed(area, &one)),
            Err(Failed::Missing) => Ok(None),
            Err(failed) => Err(self.error("look at", area, name, &failed)),
        };
        if (area, name) != (Area::Top, HEADER) {
            return head();
        }
        let mut header = self.header();
        if header.is_none() {
            let content = match self.header_as_listed(&key) {
                Err(Failed::Missing) => return Ok(None),
                // A header that is too long is not read, but it is there.
                Err(Failed::TooLong) => return head(),
                Err(failed) => return Err(self.error("read", area, name, &failed)),
                Ok(content) => content,
            };
            let (name, size, written) = (name.to_owned(), content.len() as u64, 0);
            *header = Some((
                Listed {
                    name,
                    size,
                    written,
                },
                content,
            ));
        }
        Ok(header.as_ref().map(|(listed, _)| listed.clone()))
    }

    fn names(&self, area: Area) -> Result<Vec<String>, PathError> {
        Ok(self.list(area)?.into_iter().map(|one| one.name).collect())
    }

    fn list(&self, area: Area) -> Result<Vec<Listed>, PathError> {
        let found = if LAST.contains(&area) {
            self.last(area)?
        } else {
            Arc::new(self.listing(area, &self.key_of(area), None)?)
        };
        let found = found.iter();
        let mut found: Vec<Listed> = found.filter_map(|one| self.listed(area, one)).collect();
        found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn glance(&self, area: Area) -> Result<Vec<(String, Option<u64>)>, PathError> {
        let listed = self.list(area)?.into_iter();
        Ok(listed.map(|one| (one.name, Some(one.size))).collect())
    }

    fn is_far(&self) -> bool {
        true
    }

    fn foresee(&self) {
        // An error is no matter here: who needs the list asks again, and is told then.
        let _ = self.last(Area::Snapshots);
    }

    fn look_again(&self) {
        self.changes(Area::Snapshots);
    }

    fn delete(&self, area: Area, names: &[String]) -> Result<(), PathError> {
        let Some(first) = names.first() else {
            return Ok(());
        };
        self.changes(area);
        let keys: Vec<String> = names.iter().map(|name| self.key(area, name)).collect();
        self.steadily(|| self.objects.delete(keys.clone()))
            .map_err(|failed| self.error("remove", area, first, &failed))
    }

    fn is_laid_out(&self) -> Result<bool, PathError> {
        Ok(!(self.names(Area::Packs)?.is_empty() && self.names(Area::Snapshots)?.is_empty()))
    }

    fn may_write(&self) -> bool {
        true
    }

    fn has_no_drafts(&self) -> Result<bool, PathError> {
        Ok(self.drafts.load(Ordering::Relaxed) == 0)
    }

    fn clear_drafts(&self) -> Result<(), PathError> {
        Ok(())
    }

    fn mark(&self, area: Area, name: &str) -> Result<(), PathError> {
        self.put_over(area, name, &[])
    }

    fn probe(&self, token: &str) -> Result<Option<Probe>, PathError> {
        self.try_out(token).map(Some)
    }
}
