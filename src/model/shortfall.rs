//! What a place cannot hold of a tree: some file systems keep coarser times, no attributes, other owners or no hard
//! links.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Manifest, Meta, Node, Time};
use super::path::RelPath;

/// One way in which a place holds less than was saved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Lack {
    /// Times come out in steps.
    Times {
        /// How long a step is, in nanoseconds; 0 where times come out otherwise, or cannot be set.
        step: u64,
    },
    /// The times of symbolic links cannot be set.
    LinkTimes,
    /// Files have one name each.
    HardLinks,
    /// An extended attribute cannot be set.
    Xattr {
        /// Its name, lossy.
        name: String,
    },
    /// The place itself adds an extended attribute that nobody set.
    Added {
        /// Its name, lossy.
        name: String,
    },
    /// Files of one owner and group come out with others.
    Owner {
        /// Which: user and group.
        of: (u32, u32),
        /// What comes out.
        held: (u32, u32),
    },
    /// Permission bits come out otherwise.
    Mode {
        /// The bits that were wanted.
        of: u32,
        /// What comes out.
        held: u32,
    },
    /// Something is mounted over it, and stays as it stands.
    Mount,
    /// The flag that nobody may change it (`chattr +i`): no snapshot has it.
    Immutable,
    /// The flag that it may only grow (`chattr +a`): no snapshot has it.
    AppendOnly,
    /// A directory is a volume of its own, which no snapshot tells.
    Subvolume,
    /// A directory is another user's, or has another group than this one's: attributes of it cannot be changed, or not
    /// without its set-group-id bit.
    Foreign,
    /// An extended attribute that a tar of another system has: it is kept, and no Linux can set it.
    ForeignXattr {
        /// Its name, lossy.
        name: String,
    },
    /// The access list of a member of a tar, which is not taken over.
    AccessList,
    /// Bits and attributes that give rights to whoever runs a file: they come back only when asked for.
    Rights,
    /// A FIFO, a socket or a device: it is made anew only when asked for, a socket never.
    Special {
        /// Which of them.
        name: String,
    },
    /// It could not be read when it was saved, or something was mounted over it: the snapshot does not have it, and
    /// nothing stands there.
    NotSaved,
}

impl Lack {
    /// Whether it says what the place can hold, and not what stands there now.
    pub(crate) fn is_of_place(&self) -> bool {
        let is_of_snapshot = matches!(
            self,
            Self::ForeignXattr { .. }
                | Self::AccessList
                | Self::Rights
                | Self::Special { .. }
                | Self::NotSaved
        );
        !self.is_of_tree() && !is_of_snapshot
    }

    /// Whether it says what stands there now.
    fn is_of_tree(&self) -> bool {
        matches!(
            self,
            Self::Mount | Self::Immutable | Self::AppendOnly | Self::Subvolume | Self::Foreign
        )
    }
}

/// What was left out of a tree in one way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// In which way.
    pub lack: Lack,
    /// Of how many entries.
    pub count: u64,
    /// The first of them; all of them where the lack says what stands there now (a mount, a flag).
    pub examples: Vec<RelPath>,
}

/// All that was left out: of which entries, by the way. A clone of a path shares its bytes, so a million entries of one
/// way take 36 MB, beside the gigabyte of their manifests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shortfall(BTreeMap<Lack, BTreeSet<RelPath>>);

/// How many paths are named of each way.
const EXAMPLES_MAX: usize = 3;
/// Steps that file systems keep times in: of NTFS, SMB, many in user space, exFAT, ext4 with small inodes, FAT.
const STEPS: [u64; 6] = [
    100,
    1_000,
    1_000_000,
    10_000_000,
    1_000_000_000,
    2_000_000_000,
];

impl Shortfall {
    /// Notes one entry of which something is left out.
    pub(crate) fn add(&mut self, lack: Lack, path: &RelPath) {
        self.0.entry(lack).or_default().insert(path.clone());
    }

    /// Both together. What one knows of a way already is not counted twice.
    pub(crate) fn with(mut self, other: Self) -> Self {
        for (lack, paths) in other.0 {
            self.0.entry(lack).or_default().extend(paths);
        }
        self
    }

    /// Whether something is left out in a way.
    pub(crate) fn has(&self, lack: &Lack) -> bool {
        self.0.contains_key(lack)
    }

    /// Each way, in order.
    pub(crate) fn into_left_out(self) -> Vec<LeftOut> {
        let ways = self.0.into_iter();
        ways.map(|(lack, paths)| {
            let shown = if lack.is_of_tree() {
                paths.len()
            } else {
                EXAMPLES_MAX
            };
            LeftOut {
                count: paths.len() as u64,
                examples: paths.into_iter().take(shown).collect(),
                lack,
            }
        })
        .collect()
    }

    /// Notes in which ways what came out of an entry is less than what was wanted.
    pub(crate) fn compare(&mut self, entry: &Entry, held: &Meta) {
        let (wanted, path) = (&entry.meta, &entry.path);
        if wanted.mtime != held.mtime {
            let lack = match entry.node {
                Node::Symlink(_) => Lack::LinkTimes,
                _ => Lack::Times {
                    step: step(wanted.mtime, held.mtime),
                },
            };
            self.add(lack, path);
        }
        let (of, out) = ((wanted.uid, wanted.gid), (held.uid, held.gid));
        if of != out {
            self.add(Lack::Owner { of, held: out }, path);
        }
        if wanted.mode != held.mode && !matches!(entry.node, Node::Symlink(_)) {
            let (of, held) = (wanted.mode, held.mode);
            self.add(Lack::Mode { of, held }, path);
        }
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        for (lost, _) in missing(wanted, held) {
            self.add(Lack::Xattr { name: name(lost) }, path);
        }
        for (added, _) in missing(held, wanted) {
            if !wanted.xattrs.iter().any(|(known, _)| known == added) {
                self.add(Lack::Added { name: name(added) }, path);
            }
        }
    }
}

/// The attributes that count and that another has not, or not so.
fn missing<'a>(a: &'a Meta, b: &'a Meta) -> impl Iterator<Item = &'a (Vec<u8>, Vec<u8>)> {
    a.counting_xattrs().filter(|one| !b.xattrs.contains(one))
}

/// By which step a time became another one; 0 if by none that is known.
fn step(wanted: Time, held: Time) -> u64 {
    let by = STEPS.into_iter().find(|step| floor(wanted, *step) == held);
    by.unwrap_or(0)
}

fn floor(time: Time, step: u64) -> Time {
    let nanos = i128::from(time.secs) * 1_000_000_000 + i128::from(time.nanos);
    let down = nanos - nanos.rem_euclid(i128::from(step.max(1)));
    Time {
        secs: down.div_euclid(1_000_000_000) as i64,
        nanos: down.rem_euclid(1_000_000_000) as u32,
    }
}

/// The expected tree, less what the place is known to lack: where the live tree differs from it by such a lack alone,
/// what the live tree has is taken over, so that no difference remains. Also returns what was taken over.
pub(crate) fn meet(expected: Manifest, live: &Manifest, lacks: &[Lack]) -> (Manifest, Shortfall) {
    let mut left = Shortfall::default();
    if lacks.is_empty() {
        return (expected, left);
    }
    let mut entries = expected.into_entries();
    for entry in &mut entries {
        if let Some(there) = live.get(&entry.path) {
            for lack in lacks {
                if lack.meet(entry, there) {
                    left.add(lack.clone(), &entry.path);
                }
            }
        }
    }
    (Manifest::new(entries), left)
}

impl Lack {
    /// Takes over from what stands there what differs by this lack alone; returns whether anything does.
    fn meet(&self, entry: &mut Entry, there: &Entry) -> bool {
        let (wanted, held) = (&mut entry.meta, &there.meta);
        let is_link = matches!(entry.node, Node::Symlink(_));
        match self {
            Self::Times { .. } | Self::LinkTimes if wanted.mtime == held.mtime => false,
            Self::Times { step } if !is_link => {
                let comes_out = *step == 0 || floor(wanted.mtime, *step) == held.mtime;
                if comes_out {
                    wanted.mtime = held.mtime;
                }
                comes_out
            }
            Self::LinkTimes if is_link => {
                wanted.mtime = held.mtime;
                true
            }
            Self::Times { .. }
            | Self::LinkTimes
            | Self::Mount
            | Self::Immutable
            | Self::AppendOnly
            | Self::Subvolume
            | Self::Foreign
            | Self::ForeignXattr { .. }
            | Self::AccessList
            | Self::Rights
            | Self::Special { .. }
            | Self::NotSaved => false,
            Self::Xattr { name } => {
                let before = wanted.xattrs.len();
                let is_there = held.xattrs.iter().any(|(known, _)| is(known, name));
                wanted
                    .xattrs
                    .retain(|(known, _)| is_there || !is(known, name));
                wanted.xattrs.len() < before
            }
            Self::Added { name } => {
                let added = held.xattrs.iter().find(|(known, _)| is(known, name));
                let is_new = !wanted.xattrs.iter().any(|(known, _)| is(known, name));
                let added = added.filter(|_| is_new).cloned();
                wanted.xattrs.extend(added.clone());
                wanted.xattrs.sort_unstable();
                added.is_some()
            }
            Self::Owner { of, held: out } => {
                let came_out = (wanted.uid, wanted.gid) == *of && (held.uid, held.gid) == *out;
                if came_out {
                    (wanted.uid, wanted.gid) = *out;
                }
                came_out
            }
            Self::Mode { of, held: out } => {
                let came_out = !is_link && wanted.mode == *of && held.mode == *out;
                if came_out {
                    wanted.mode = *out;
                }
                came_out
            }
            Self::HardLinks => entry.part_from(there),
        }
    }
}

fn is(known: &[u8], name: &str) -> bool {
    String::from_utf8_lossy(known) == name
}

impl Entry {
    /// Makes a further name of a file (a hard link) a file of its own, where `there` is one with the same bytes.
    fn part_from(&mut self, there: &Self) -> bool {
        let same = self.digest() == there.digest();
        match (&mut self.node, &there.node) {
            (Node::File { link_to, .. }, Node::File { link_to: None, .. }) if same => {
                link_to.take().is_some()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn entry(path: &str, nanos: u32, xattr: bool) -> Entry {
        let xattrs = if xattr {
            vec![(b"user.x".to_vec(), b"1".to_vec())]
        } else {
            Vec::new()
        };
        Entry {
            path: RelPath::new(path.as_bytes()).unwrap(),
            meta: Meta {
                mode: 0o644,
                uid: 1,
                gid: 1,
                mtime: Time { secs: -3, nanos },
                xattrs,
            },
            node: Node::File {
                size: 1,
                digest: Digest::of(b"x"),
                link_to: None,
            },
        }
    }

    #[test]
    fn what_came_out_is_met_and_nothing_else() {
        let (wanted, held) = (entry("a", 7, true), entry("a", 0, false));
        let mut short = Shortfall::default();
        short.compare(&wanted, &held.meta);
        let left = short.clone().into_left_out();
        let lacks: Vec<Lack> = left.iter().map(|one| one.lack.clone()).collect();
        let name = "user.x".to_owned();
        assert_eq!(lacks, [Lack::Times { step: 100 }, Lack::Xattr { name }]);
        assert!(
            left.iter()
                .all(|one| one.count == 1 && one.examples.len() == 1)
        );
        let live = |entry| Manifest::new(vec![entry]);
        let (met, left) = meet(live(wanted.clone()), &live(held.clone()), &lacks);
        assert_eq!(met, live(held));
        assert_eq!(left.into_left_out().len(), 2);
        // Another value, another time and another owner are no lack.
        let mut other = entry("a", 8, true);
        other.meta.xattrs[0].1 = b"2".to_vec();
        other.meta.uid = 2;
        let (met, left) = meet(live(wanted.clone()), &live(other), &lacks);
        assert_eq!(met, live(wanted));
        assert!(left.into_left_out().is_empty());
    }

    #[test]
    fn what_both_know_of_a_way_is_counted_once() {
        let (one, other) = (entry("a", 7, true).path, entry("b", 7, true).path);
        let (mut known, mut tried) = (Shortfall::default(), Shortfall::default());
        known.add(Lack::LinkTimes, &one);
        for path in [&one, &other] {
            tried.add(Lack::LinkTimes, path);
        }
        let left = known.with(tried).into_left_out();
        let [left] = &left[..] else {
            panic!("{left:?}");
        };
        assert_eq!((left.count, left.examples.clone()), (2, vec![one, other]));
    }

    #[test]
    fn times_before_the_epoch_go_down_too() {
        let time = |secs, nanos| Time { secs, nanos };
        assert_eq!(floor(time(-3, 7), 1_000_000_000), time(-3, 0));
        assert_eq!(floor(time(-3, 0), 2_000_000_000), time(-4, 0));
        assert_eq!(floor(time(5, 123_456_789), 1_000), time(5, 123_456_000));
        assert_eq!(step(time(5, 123_456_789), time(5, 0)), 1_000_000_000);
        assert_eq!(step(time(5, 0), time(9, 0)), 0);
    }
}
