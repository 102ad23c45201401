//! One digest for the states of all entries of a tree: where two looks give the same one, nobody touched anything in
//! between, since a change time cannot be set by hand.

use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk};
use crate::model::{Digest, RelPath, Time};

use super::error::Error;
use super::scan::{Scan, own};

/// What a look at the names and states of a tree tells. Nothing of it is read.
#[derive(Debug)]
pub(crate) struct Glance {
    /// The states of all entries. None where one of them proves nothing: an entry that changed a moment ago may change
    /// once more without a trace, and what could not be listed, or is mounted over, was not seen.
    pub(crate) fingerprint: Option<Digest>,
    /// The device and inode of each file.
    inodes: Vec<(u64, u64)>,
    /// How many regular files there are.
    pub(crate) files: u64,
    /// The sum of their lengths in bytes.
    pub(crate) bytes: u64,
}

impl Glance {
    /// Walks a tree. Change times from `racy` on prove nothing.
    pub(crate) fn at(root: &Rooted, racy: Option<Time>) -> Result<Self, Error> {
        let found = own(walk(root)?);
        let is_seen = |one: &Found| one.rare.as_ref().is_none_or(|rare| rare.problem.is_none());
        let is_whole = found.iter().all(is_seen);
        let states = found.iter().map(|one| (&one.path, &one.stat));
        let files = || found.iter().filter(|one| one.stat.is_file());
        Ok(Self {
            fingerprint: fingerprint(states, racy).filter(|_| is_whole),
            inodes: files().map(|one| (one.stat.dev, one.stat.ino)).collect(),
            files: files().count() as u64,
            bytes: files().map(|one| one.stat.size).sum(),
        })
    }

    /// Whether one of the files is one of these, by device and inode.
    pub(crate) fn any(&self, is_one: impl Fn(u64, u64) -> bool) -> bool {
        self.inodes.iter().any(|&(dev, ino)| is_one(dev, ino))
    }
}

impl Scan {
    /// The fingerprint of a tree that was scanned, as [`Glance`] has it; none where a state proves nothing.
    pub(crate) fn fingerprint(&self, racy: Option<Time>) -> Option<Digest> {
        let is_whole = self.unreadable.is_empty()
            && self.unstable.is_empty()
            && self.manifest().mounts().next().is_none();
        let states = self.tree.iter().map(|(entry, stat)| (&entry.path, stat));
        fingerprint(states, racy).filter(|_| is_whole)
    }
}

fn fingerprint<'a>(
    states: impl Iterator<Item = (&'a RelPath, &'a Stat)>,
    racy: Option<Time>,
) -> Option<Digest> {
    let mut all = Vec::new();
    for (path, stat) in states {
        if racy.is_some_and(|racy| stat.ctime >= racy) {
            return None;
        }
        let name = path.as_bytes();
        all.extend((name.len() as u64).to_le_bytes());
        all.extend(name);
        let numbers = [stat.dev, stat.ino, stat.size, u64::from(stat.mode)];
        let owners = [u64::from(stat.uid), u64::from(stat.gid)];
        let times = [stat.mtime, stat.ctime].map(|time| [time.secs as u64, time.nanos.into()]);
        let numbers = numbers
            .into_iter()
            .chain(owners)
            .chain(times.into_iter().flatten());
        numbers.for_each(|number| all.extend(number.to_le_bytes()));
    }
    Some(Digest::of(&all))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_is_done_to_a_tree_gives_it_another_fingerprint() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/one"), "1").unwrap();
        let root = Rooted::open(dir.path()).unwrap();
        let look = || Glance::at(&root, None).unwrap().fingerprint.unwrap();
        let mut before = look();
        assert_eq!(before, look());
        let changes: [fn(&std::path::Path); 4] = [
            |dir| fs::write(dir.join("a/two"), "2").unwrap(),
            |dir| fs::write(dir.join("a/one"), "3").unwrap(),
            |dir| fs::rename(dir.join("a/one"), dir.join("a/three")).unwrap(),
            |dir| fs::remove_file(dir.join("a/two")).unwrap(),
        ];
        for change in changes {
            change(dir.path());
            let after = look();
            assert_ne!(before, after);
            before = after;
        }
        let now = Glance::at(&root, Some(Time { secs: 0, nanos: 0 })).unwrap();
        assert_eq!(now.fingerprint, None, "all of it changed since then");
        assert_eq!((now.files, now.bytes), (1, 1));
    }
}
