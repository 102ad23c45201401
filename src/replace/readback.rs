//! Compares a staged tree with what it should be, part by part as it is read: of each file, only whether it was seen is
//! kept in memory, and its inode if that has several names.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::error::{Error, Mismatch};
use crate::model::compare::{group, worst};
use crate::model::{Entry, Kind, Manifest, RelPath};
use crate::tree::stated::Stated;

/// A tree that should be `expected`.
pub(super) struct Readback<'a> {
    expected: &'a Manifest,
    /// Which differences count.
    counts: &'a (dyn Fn(Kind, &Entry) -> bool + Sync),
    /// How many names each group of hard links has, by its first name.
    groups: HashMap<&'a RelPath, usize>,
    /// Which of the expected entries were there.
    seen: Vec<AtomicBool>,
    /// The inodes of files that have several names here or elsewhere, with their places in the manifest.
    names: Mutex<Vec<(u64, u64, usize)>>,
    /// The first that is wrong, in the order of paths.
    wrong: Mutex<Option<(RelPath, Mismatch)>>,
}

impl<'a> Readback<'a> {
    pub(super) fn new(
        expected: &'a Manifest,
        counts: &'a (dyn Fn(Kind, &Entry) -> bool + Sync),
    ) -> Self {
        let entries = expected.entries();
        let links = entries.iter().filter(|entry| *group(entry) != entry.path);
        let mut groups: HashMap<&RelPath, usize> = links.map(|link| (group(link), 0)).collect();
        for entry in entries {
            if let Some(count) = groups.get_mut(group(entry)) {
                *count += 1;
            }
        }
        Self {
            expected,
            counts,
            groups,
            seen: entries.iter().map(|_| AtomicBool::new(false)).collect(),
            names: Mutex::new(Vec::with_capacity(entries.len())),
            wrong: Mutex::default(),
        }
    }

    /// Looks at some entries of the tree.
    pub(super) fn take(&self, found: &Stated) {
        let mut names = Vec::new();
        for (entry, stat) in found.iter() {
            let Some(at) = self.expected.position(&entry.path) else {
                if !is_ghost(entry) {
                    self.wrong(Kind::Extra, entry, None);
                }
                continue;
            };
            self.seen[at].store(true, Ordering::Relaxed);
            let expected = &self.expected.entries()[at];
            if let Some((kind, reason)) = worst(expected, entry, false) {
                self.wrong(kind, entry, reason);
            } else if entry.size().is_some() {
                if stat.nlink > 1 {
                    names.push((stat.dev, stat.ino, at));
                } else if self.groups.contains_key(group(expected)) {
                    self.wrong(Kind::Link, entry, None);
                }
            }
        }
        let mut all = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        all.append(&mut names);
    }

    fn wrong(&self, kind: Kind, entry: &Entry, reason: Option<String>) {
        if !(self.counts)(kind, entry) {
            return;
        }
        let mut first = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|(path, _)| entry.path < *path) {
            *first = Some((entry.path.clone(), Mismatch::Differs { kind, reason }));
        }
    }

    /// Fails if anything was not as it should be, once all was looked at.
    pub(super) fn end(self) -> Result<(), Error> {
        self.compare_links();
        let missing = self
            .seen
            .iter()
            .position(|seen| !seen.load(Ordering::Relaxed));
        if let Some(at) = missing {
            self.wrong(Kind::Missing, &self.expected.entries()[at], None);
        }
        let wrong = self
            .wrong
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        match wrong {
            Some((path, what)) => Err(Error::NotVerified { path, what }),
            None => Ok(()),
        }
    }

    /// The names of one inode must be one group of links, all of it. Names elsewhere, as in the tree from which a
    /// file was taken over, do not count.
    fn compare_links(&self) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = std::mem::take(&mut *names);
        names.sort_unstable();
        for one in names.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let entries = || one.iter().map(|(_, _, at)| &self.expected.entries()[*at]);
            let first = entries().next().map(group);
            let expected = first.and_then(|first| self.groups.get(first)).unwrap_or(&1);
            let odd = entries().find(|entry| Some(group(entry)) != first);
            let few = entries().next().filter(|_| one.len() != *expected);
            if let Some(entry) = odd.or(few) {
                self.wrong(Kind::Link, entry, None);
            }
        }
    }
}

/// Whether a file has the name that a network file system gives to one that was removed while it was open, until it is
/// closed there as well: `.fuse_hidden` of libfuse, `.nfs` of the kernel's client. Nobody else may write in staging.
fn is_ghost(entry: &Entry) -> bool {
    let of = |prefix: &[u8]| entry.path.name().strip_prefix(prefix);
    let rest = of(b".fuse_hidden").or_else(|| of(b".nfs"));
    let is_named =
        rest.is_some_and(|rest| rest.len() >= 16 && rest.iter().all(u8::is_ascii_hexdigit));
    is_named && entry.size().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::stat::Stat;
    use crate::model::{Digest, Meta, Node};

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    fn file(name: &str, first: Option<&str>) -> Entry {
        Entry {
            path: path(name),
            meta: Meta::default(),
            node: Node::File {
                size: 1,
                digest: Digest::of(b"x"),
                link_to: first.map(path),
            },
        }
    }

    /// Reads back files with their inodes and numbers of names, one by one as parts come.
    fn read_back(expected: Vec<Entry>, found: &[(&str, u64, u32)]) -> Result<(), String> {
        let expected = Manifest::new(expected);
        let readback = Readback::new(&expected, &|_, _| true);
        for (name, ino, nlink) in found {
            let stat = Stat {
                ino: *ino,
                nlink: *nlink,
                ..Stat::of(std::io::stdin()).unwrap()
            };
            readback.take(&Stated::new(vec![file(name, None)], vec![stat]));
        }
        readback.end().map_err(|error| error.to_string())
    }

    fn wrong(expected: Vec<Entry>, found: &[(&str, u64, u32)], words: [&str; 2]) {
        let error = read_back(expected, found).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }

    #[test]
    fn what_lacks_and_what_is_too_much_is_told() {
        let two = || vec![file("a", None), file("b", None)];
        read_back(two(), &[("b", 2, 1), ("a", 1, 1)]).unwrap();
        wrong(two(), &[("a", 1, 1)], ["'b'", "missing"]);
        wrong(
            two(),
            &[("a", 1, 1), ("b", 2, 1), ("a/c", 3, 1)],
            ["'a/c'", "extra"],
        );
    }

    #[test]
    fn a_file_that_was_removed_while_open_is_no_extra_one_and_all_else_of_its_name_is() {
        let gone = [
            ".fuse_hidden0000019700000002",
            ".nfs000000000012d687000000b1",
        ];
        for name in gone {
            read_back(vec![file("a", None)], &[("a", 1, 1), (name, 2, 1)]).unwrap();
            let mut dir = file(name, None);
            assert!(is_ghost(&dir), "{name}");
            dir.node = Node::Dir;
            assert!(!is_ghost(&dir), "{name}");
        }
        for name in [
            ".nfs",
            ".nfs00000000001",
            ".nfs000000000012d6zz",
            "nfs000000000012d687",
        ] {
            assert!(!is_ghost(&file(name, None)), "{name}");
        }
    }

    #[test]
    fn the_names_of_an_inode_are_one_whole_group() {
        let group = || vec![file("a", None), file("b", Some("a")), file("c", None)];
        read_back(group(), &[("a", 1, 2), ("c", 3, 1), ("b", 1, 2)]).unwrap();
        // A name elsewhere, as in the tree that is replaced, does not count.
        read_back(group(), &[("a", 1, 3), ("b", 1, 3), ("c", 3, 2)]).unwrap();
        wrong(
            group(),
            &[("a", 1, 1), ("b", 2, 1), ("c", 3, 1)],
            ["'a'", "link"],
        );
        wrong(
            group(),
            &[("a", 1, 2), ("b", 2, 2), ("c", 3, 1)],
            ["'a'", "link"],
        );
        wrong(
            group(),
            &[("a", 1, 3), ("b", 1, 3), ("c", 1, 3)],
            ["'c'", "link"],
        );
        wrong(
            group(),
            &[("a", 1, 2), ("b", 2, 2), ("c", 1, 2)],
            ["link", ""],
        );
    }
}
