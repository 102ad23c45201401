//! Puts what links lead to in the places of the links: so a tree that stands on something else becomes one that stands
//! alone.
//!
//! A scan follows no link. This does, where somebody asked for it, and only links that lead out of the tree. What
//! cannot be followed (nothing is there, a pipe, a directory that holds the link itself) stays the link that it is.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::assemble::entry;
use super::batch::{Source, batches, read_batch};
use super::error::Error;
use super::scan::{Scan, scan};
use super::sink::Sink;
use super::stat_cache::StatCache;
use super::stated::Stated;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::Found;
use crate::model::segment::BATCH_LEN;
use crate::model::{Entry, Followed, Node, RelPath};
use crate::monitor::Monitor;

/// How deep links are followed that lead to directories with such links in them.
const DEPTH_MAX: usize = 8;

/// Where links lead, and what reads it there.
pub(crate) struct Follow<'a> {
    /// Where the tree stands: resolved.
    pub(crate) place: &'a Path,
    /// Which links are to be followed.
    pub(crate) wants: &'a dyn Fn(&RelPath) -> bool,
    pub(crate) sink: &'a dyn Sink,
    pub(crate) monitor: &'a dyn Monitor,
}

impl Follow<'_> {
    /// The same tree with the content behind its links, and how much that is.
    pub(crate) fn follow(&self, scan: Scan) -> Result<(Scan, Followed), Error> {
        self.below(scan, &[self.place.to_owned()])
    }

    /// The same of a tree that was reached through links. `above` are the trees through which it was, itself the last.
    fn below(&self, scan: Scan, above: &[PathBuf]) -> Result<(Scan, Followed), Error> {
        let mut pieces = Pieces {
            unreadable: scan.unreadable,
            unstable: scan.unstable,
            ..Pieces::default()
        };
        let mut files: BTreeMap<PathBuf, Vec<Lead>> = BTreeMap::new();
        for (entry, stat) in scan.tree.into_entries() {
            match self.leads(&entry, above) {
                None => pieces.put(entry, stat),
                Some(To::Dir(dir)) => self.dir(&entry.path, dir, above, &mut pieces)?,
                Some(To::File(dir, name)) => {
                    files.entry(dir).or_default().push(Lead {
                        link: entry,
                        stat,
                        name,
                    });
                }
            }
        }
        for (dir, leads) in files {
            if self.monitor.cancelled() {
                return Err(Error::Stopped);
            }
            self.files(&dir, leads, &mut pieces)?;
        }
        Ok(pieces.whole(scan.stand_ins))
    }

    /// Where a link leads that is to be followed.
    fn leads(&self, entry: &Entry, above: &[PathBuf]) -> Option<To> {
        let Node::Symlink(text) = &entry.node else {
            return None;
        };
        let here = above.last()?;
        if above.len() > DEPTH_MAX || above.len() == 1 && !(self.wants)(&entry.path) {
            return None;
        }
        let to = here.join(entry.path.parent()?.as_path());
        let to = to.join(Path::new(std::ffi::OsStr::from_bytes(text)));
        let to = outside(&to, above)?;
        let meta = to.metadata().ok()?;
        if meta.is_dir() {
            return Some(To::Dir(to));
        }
        let name = to.file_name()?.as_bytes().to_vec();
        (meta.is_file()).then(|| To::File(to.parent().unwrap_or(&to).to_owned(), name))
    }

    /// Takes a directory in the place of a link.
    fn dir(
        &self,
        link: &RelPath,
        dir: PathBuf,
        above: &[PathBuf],
        pieces: &mut Pieces,
    ) -> Result<(), Error> {
        let root = Rooted::open_resolved(&dir)?;
        let inner = scan(&root, &StatCache::default(), self.sink, self.monitor)?;
        let above: Vec<PathBuf> = above.iter().cloned().chain([dir]).collect();
        let (inner, followed) = self.below(inner, &above)?;
        let count = inner.manifest().entries().iter().filter_map(Entry::size);
        pieces.followed.add(&Followed {
            links: 1,
            files: count.clone().count() as u64 - followed.files,
            bytes: count.sum::<u64>() - followed.bytes,
        });
        pieces.followed.add(&followed);
        for (mut entry, stat) in inner.tree.into_entries() {
            let Some(path) = below(link, &entry.path) else {
                continue;
            };
            entry.path = path;
            if let Node::File {
                link_to: Some(first),
                ..
            } = &mut entry.node
                && let Some(path) = below(link, first)
            {
                *first = path;
            }
            pieces.put(entry, stat);
        }
        let unreadable = inner.unreadable.iter();
        pieces
            .unreadable
            .extend(unreadable.filter_map(|path| below(link, path)));
        let unstable = inner.unstable.iter();
        pieces
            .unstable
            .extend(unstable.filter_map(|path| below(link, path)));
        Ok(())
    }

    /// Takes files of one directory in the places of links.
    fn files(&self, dir: &Path, leads: Vec<Lead>, pieces: &mut Pieces) -> Result<(), Error> {
        let root = Rooted::open_resolved(dir)?;
        let found = |lead: &Lead| {
            let path = RelPath::new(&lead.name).ok()?;
            let stat = root.stat_below(&path, false).ok()?;
            let rare = None;
            stat.is_file().then_some(Found { path, stat, rare })
        };
        // What went away since it was asked for stays the link that it is.
        let (mut links, mut all) = (Vec::new(), Vec::new());
        for lead in leads {
            match found(&lead) {
                Some(file) => {
                    links.push(lead.link.path);
                    all.push(file);
                }
                None => pieces.put(lead.link, lead.stat),
            }
        }
        let numbered: Vec<(usize, &Found)> = all.iter().enumerate().collect();
        let mut contents = Vec::with_capacity(all.len());
        for batch in batches(&numbered, BATCH_LEN as u64) {
            contents.extend(read_batch(
                &Source::read_once(&root),
                batch,
                self.sink,
                self.monitor,
            )?);
        }
        for ((link, file), content) in links.into_iter().zip(all).zip(contents) {
            let stat = file.stat;
            let mut entry = entry(file, Some(content), None);
            entry.path = link;
            if matches!(entry.node, Node::Unreadable(_)) {
                pieces.unreadable.push(entry.path.clone());
            }
            pieces.followed.add(&Followed {
                links: 1,
                files: 1,
                bytes: stat.size,
            });
            pieces.put(entry, stat);
        }
        Ok(())
    }
}

/// What a path leads to outside of some trees, with all links resolved; none where that is nothing, or holds one of
/// them.
pub(crate) fn outside(path: &Path, trees: &[PathBuf]) -> Option<PathBuf> {
    let to = path.canonicalize().ok()?;
    let is_apart = |tree: &PathBuf| !to.starts_with(tree) && !tree.starts_with(&to);
    trees.iter().all(is_apart).then_some(to)
}

/// A path of a tree that stands below another one.
fn below(dir: &RelPath, path: &RelPath) -> Option<RelPath> {
    if path.is_root() {
        return Some(dir.clone());
    }
    RelPath::new(&[dir.as_bytes(), b"/", path.as_bytes()].concat()).ok()
}

/// Where a link leads.
enum To {
    Dir(PathBuf),
    /// The directory, and the name in it.
    File(PathBuf, Vec<u8>),
}

/// A link that leads to a file of this name.
struct Lead {
    link: Entry,
    stat: Stat,
    name: Vec<u8>,
}

/// What a tree is put together from.
#[derive(Default)]
struct Pieces {
    entries: Vec<(Entry, Stat)>,
    unreadable: Vec<RelPath>,
    unstable: Vec<RelPath>,
    followed: Followed,
}

impl Pieces {
    fn put(&mut self, entry: Entry, stat: Stat) {
        self.entries.push((entry, stat));
    }

    fn whole(mut self, stand_ins: bool) -> (Scan, Followed) {
        self.unreadable.sort();
        self.unstable.sort();
        let (entries, stats) = self.entries.into_iter().unzip();
        let scan = Scan {
            tree: Stated::new(entries, stats),
            unreadable: self.unreadable,
            unstable: self.unstable,
            stand_ins,
        };
        (scan, self.followed)
    }
}
