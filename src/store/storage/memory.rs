//! Storage in memory, for tests: what a store needs of its storage and nothing more.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Area, Draft, Listed, Over, Storage};
use crate::disk::PathError;

/// Files by area and name.
#[derive(Debug, Default)]
pub(crate) struct MemoryStorage(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    files: BTreeMap<(Area, String), File>,
    /// The time: one second for each file that was written.
    now: i64,
    drafts: usize,
}

#[derive(Clone, Debug)]
struct File {
    content: Vec<u8>,
    written: i64,
}

impl MemoryStorage {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, area: Area, name: &str) -> Result<File, PathError> {
        let found = self.inner().files.get(&(area, name.to_owned())).cloned();
        found.ok_or_else(|| failed(area, name, ErrorKind::NotFound))
    }
}

fn failed(area: Area, name: &str, kind: ErrorKind) -> PathError {
    let path: PathBuf = [area.dir(), name].iter().collect();
    PathError::new("read", &path, kind)
}

struct MemoryDraft<'s> {
    storage: &'s MemoryStorage,
    content: Vec<u8>,
}

impl Draft for MemoryDraft<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PathError> {
        self.content.extend_from_slice(bytes);
        Ok(())
    }

    fn publish(mut self: Box<Self>, area: Area, name: &str, over: Over) -> Result<(), PathError> {
        let content = std::mem::take(&mut self.content);
        let mut inner = self.storage.inner();
        let key = (area, name.to_owned());
        let stays = inner.files.get(&key).is_some_and(|file| match over {
            Over::Nothing => true,
            Over::Damaged => file.content == content,
            Over::Any => false,
        });
        if stays {
            return Ok(());
        }
        inner.now += 1;
        let written = inner.now;
        inner.files.insert(key, File { content, written });
        Ok(())
    }
}

impl Drop for MemoryDraft<'_> {
    fn drop(&mut self) {
        self.storage.inner().drafts -= 1;
    }
}

impl Storage for MemoryStorage {
    fn begin(&self) -> Result<Box<dyn Draft + '_>, PathError> {
        self.inner().drafts += 1;
        Ok(Box::new(MemoryDraft {
            storage: self,
            content: Vec::new(),
        }))
    }

    fn get(&self, area: Area, name: &str, max: u64) -> Result<Vec<u8>, PathError> {
        let content = self.file(area, name)?.content;
        if content.len() as u64 > max {
            return Err(failed(area, name, ErrorKind::FileTooLarge));
        }
        Ok(content)
    }

    fn range(&self, area: Area, name: &str, offset: u64, len: usize) -> Result<Vec<u8>, PathError> {
        let content = self.file(area, name)?.content;
        let from = content.get(offset as usize..);
        let part = from.and_then(|rest| rest.get(..len));
        part.map(<[u8]>::to_vec)
            .ok_or_else(|| failed(area, name, ErrorKind::UnexpectedEof))
    }

    fn peek(
        &self,
        area: Area,
        name: &str,
        offset: u64,
        room: &mut [u8],
    ) -> Result<usize, PathError> {
        let content = self.file(area, name)?.content;
        let rest = content.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(room.len());
        room[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn stat(&self, area: Area, name: &str) -> Result<Option<Listed>, PathError> {
        let found = self.inner().files.get(&(area, name.to_owned())).cloned();
        Ok(found.map(|file| Listed {
            name: name.to_owned(),
            size: file.content.len() as u64,
            written: file.written,
        }))
    }

    fn names(&self, area: Area) -> Result<Vec<String>, PathError> {
        let inner = self.inner();
        let names = inner.files.keys().filter(|(of, _)| *of == area);
        Ok(names.map(|(_, name)| name.clone()).collect())
    }

    fn delete(&self, area: Area, names: &[String]) -> Result<(), PathError> {
        for name in names {
            self.inner().files.remove(&(area, name.clone()));
        }
        Ok(())
    }

    fn prepare(&self) -> Result<(), PathError> {
        Ok(())
    }

    fn is_laid_out(&self) -> Result<bool, PathError> {
        let inner = self.inner();
        let of_store = |area| matches!(area, Area::Packs | Area::Snapshots);
        Ok(inner.files.keys().any(|(area, _)| of_store(*area)))
    }

    fn may_write(&self) -> bool {
        true
    }

    fn has_no_drafts(&self) -> Result<bool, PathError> {
        Ok(self.inner().drafts == 0)
    }

    fn clear_drafts(&self) -> Result<(), PathError> {
        Ok(())
    }
}
