//! Packs that are kept open, since most are read more than once: as many as the process has descriptors for.

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::PathError;
use crate::disk::limits::{descriptors, is_shortage_io};

/// How many are kept open at most, and no more than an eighth of what the process is granted.
const OPEN_MAX: u64 = 64;
/// So many are kept wherever a store can be read at all.
const OPEN_MIN: u64 = 2;

/// The packs that are open, each with when it was asked for last.
#[derive(Debug, Default)]
pub(super) struct OpenPacks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<String, (Arc<File>, u64)>,
    asked: u64,
}

impl OpenPacks {
    /// A pack that is open, or that `open` opens.
    pub(super) fn get(
        &self,
        name: &str,
        open: impl Fn() -> Result<File, PathError>,
    ) -> Result<Arc<File>, PathError> {
        if let Some(file) = self.kept().again(name) {
            return Ok(file);
        }
        // Without the lock: others need not wait for the disk.
        let file = match open() {
            Err(error) if is_shortage_io(&error.source) => {
                // Others may have taken what the process had left.
                self.kept().files.clear();
                open()?
            }
            done => done?,
        };
        let file = Arc::new(file);
        self.kept().keep(name, &file, most(descriptors()));
        Ok(file)
    }

    /// Forgets that a pack is open: it is about to go.
    pub(super) fn close(&self, name: &str) {
        self.kept().files.remove(name);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn again(&mut self, name: &str) -> Option<Arc<File>> {
        self.asked += 1;
        let (file, asked) = self.files.get_mut(name)?;
        *asked = self.asked;
        Some(Arc::clone(file))
    }

    /// Keeps a file, and closes those that nobody asked for the longest.
    fn keep(&mut self, name: &str, file: &Arc<File>, most: usize) {
        while self.files.len() >= most {
            let oldest = self.files.iter().min_by_key(|(_, (_, asked))| *asked);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            self.files.remove(&name);
        }
        let kept = (Arc::clone(file), self.asked);
        self.files.insert(name.to_owned(), kept);
    }
}

/// How many are kept open by a process that may have so many descriptors.
fn most(granted: Option<u64>) -> usize {
    let most = granted.map_or(OPEN_MAX, |granted| granted / 8);
    most.clamp(OPEN_MIN, OPEN_MAX) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_the_process_bounds_what_is_kept_open() {
        for (granted, kept) in [
            (None, 64),
            (Some(1_000_000), 64),
            (Some(1024), 64),
            (Some(64), 8),
            (Some(40), 5),
            (Some(8), 2),
        ] {
            assert_eq!(most(granted), kept, "{granted:?}");
        }
    }

    #[test]
    fn what_nobody_asked_for_the_longest_is_closed() {
        let file = Arc::new(File::open("/dev/null").unwrap());
        let mut kept = Kept::default();
        for name in ["a", "b", "c"] {
            assert!(kept.again(name).is_none());
            kept.keep(name, &file, 3);
        }
        assert!(kept.again("a").is_some());
        kept.again("d");
        kept.keep("d", &file, 3);
        let mut names: Vec<&str> = kept.files.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "c", "d"]);
    }

    #[test]
    fn where_descriptors_lack_what_is_open_is_closed_and_it_is_tried_again() {
        let packs = OpenPacks::default();
        let open = || Ok(File::open("/dev/null").unwrap());
        packs.get("one", open).unwrap();
        let lacks = || {
            if packs.kept().files.is_empty() {
                return open();
            }
            let error = std::io::Error::from(rustix::io::Errno::MFILE);
            Err(PathError::new("open", std::path::Path::new("two"), error))
        };
        packs.get("two", lacks).unwrap();
        assert_eq!(packs.kept().files.len(), 1);
    }
}
