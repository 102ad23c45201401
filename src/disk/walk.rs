//! Everything below a directory, found in parallel: names and states, not content.

use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::Scope;
use rayon::slice::ParallelSliceMut;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::limits::is_shortage;
use super::meta::read_xattrs;
use super::rooted::{Rooted, names_once};
use super::stat::Stat;
use crate::model::{Node, RelPath};

/// How the names begin that a replacement uses inside the root of a tree.
pub(crate) const INSIDE: &str = ".snap-restore";

/// What follows in each of those names.
const OWN: [&str; 5] = ["-fresh", "-journal", "-journal.tmp", "-staging", "-trial"];

/// Whether a path is what a replacement uses inside the root, and that no scan counts as the tree's. Other names that
/// only begin so are somebody's.
pub(crate) fn is_inside(path: &RelPath) -> bool {
    path.parts().next().is_some_and(is_own_name)
}

/// Whether a name in the root is one that a replacement uses.
pub(crate) fn is_own_name(name: &[u8]) -> bool {
    let end = name.strip_prefix(INSIDE.as_bytes());
    end.is_some_and(|end| OWN.iter().any(|own| own.as_bytes() == end))
}

/// One thing that the walk met.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: RelPath,
    pub(crate) stat: Stat,
    /// What most have not: apart, since a walk may hold a million.
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few of the things have that a walk meets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rare {
    /// The text of a symbolic link.
    pub(crate) target: Option<Vec<u8>>,
    /// Extended attributes of a directory; those of files are read when the file is open anyway.
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Why a directory could not be listed or a link not read.
    pub(crate) problem: Option<String>,
}

/// Walks the tree and returns all that it holds, sorted, the root first. A mount inside the tree is an entry with
/// `mount_root` and that as its problem, and is not entered.
pub(crate) fn walk(root: &Rooted) -> Result<Vec<Found>, PathError> {
    let found = Mutex::new(Vec::new());
    walk_dirs(root, &|_| None, &|_, mut here| {
        found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(&mut here);
    })?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Takes a directory with those of its entries that are no directories. What takes long should be spawned.
pub(crate) type Take<'a> = dyn Fn(&Scope<'a>, Vec<Found>) + Sync + 'a;

/// Knows the state of a file without a look at it; none where it does not.
pub(crate) type StateOf<'a> = dyn Fn(&RelPath) -> Option<Stat> + Sync + 'a;

/// Walks the tree and hands on one directory after the other, from many threads and in no order: so nobody has to
/// hold all of a large tree. A mount is handed on like a file. A file whose state `state_of` knows is not looked at.
pub(crate) fn walk_dirs<'a>(
    root: &'a Rooted,
    state_of: &'a StateOf<'a>,
    take: &'a Take<'a>,
) -> Result<(), PathError> {
    let stat = root.stat()?;
    let walker = Walker {
        root,
        state_of,
        take,
        failed: Arc::default(),
    };
    rayon::scope(|scope| walker.directory(scope, RelPath::root(), stat));
    match walker.failed.get() {
        Some(error) => Err(*error).at("list", root.path()),
        None => Ok(()),
    }
}

#[derive(Clone)]
struct Walker<'a> {
    root: &'a Rooted,
    state_of: &'a StateOf<'a>,
    take: &'a Take<'a>,
    /// Why the root cannot be listed, or what this process lacks to list the rest.
    failed: Arc<OnceLock<Errno>>,
}

impl<'a> Walker<'a> {
    fn directory(&self, scope: &Scope<'a>, path: RelPath, stat: Stat) {
        let mut here = Vec::new();
        let mut rare = Rare::default();
        if path.parts().count() > RelPath::LEVELS_MAX {
            rare.problem = Some("it is nested too deep".to_owned());
        } else if let Err(error) = self.list(scope, &path, &mut rare, &mut here) {
            if path.is_root() || is_shortage(error) {
                let _ = self.failed.set(error);
            }
            rare.problem = Some(std::io::Error::from(error).to_string());
        }
        here.push(Found::new(path, stat, rare));
        (self.take)(scope, here);
    }

    fn list(
        &self,
        scope: &Scope<'a>,
        own: &RelPath,
        rare: &mut Rare,
        here: &mut Vec<Found>,
    ) -> rustix::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let fd = self.root.open_raw(own, flags, Mode::empty())?;
        rare.xattrs = read_xattrs(&fd)?;
        for name in names_once(&fd)? {
            let Ok(path) = own.join(&name) else {
                continue;
            };
            let known = (self.state_of)(&path).map(Ok);
            let stat = match known.unwrap_or_else(|| Stat::at(&fd, &name)) {
                Ok(stat) => stat,
                // The entry went away between the listing and now; the comparison after the walk sees to that.
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error),
            };
            if stat.is_dir() && !stat.mount_root {
                let walker = self.clone();
                scope.spawn(move |scope| walker.directory(scope, path, stat));
            } else {
                here.push(leaf(&fd, &name, path, stat));
            }
        }
        Ok(())
    }
}

fn leaf(dir: impl AsFd, name: &[u8], path: RelPath, stat: Stat) -> Found {
    let mut rare = Rare::default();
    if stat.mount_root {
        rare.problem = Some(Node::MOUNTED.to_owned());
    } else if stat.file_type() == rustix::fs::FileType::Symlink {
        match rustix::fs::readlinkat(dir, name, Vec::new()) {
            Ok(target) => rare.target = Some(target.into_bytes()),
            Err(error) => rare.problem = Some(std::io::Error::from(error).to_string()),
        }
    }
    Found::new(path, stat, rare)
}

impl Found {
    /// Whether it is in a state that it had before. The root may be a mount, of which the state counts.
    pub(crate) fn has_held_still(&self, before: &Stat) -> bool {
        if self.path.is_root() {
            self.stat.same_state(before)
        } else {
            self.stat.held_still(before)
        }
    }

    fn new(path: RelPath, stat: Stat, rare: Rare) -> Self {
        let has = rare.target.is_some() || !rare.xattrs.is_empty() || rare.problem.is_some();
        Self {
            path,
            stat,
            rare: has.then(|| Box::new(rare)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_names_of_a_replacement_are_its_own() {
        let is_own = |path: &str| is_inside(&RelPath::new(path.as_bytes()).unwrap());
        for own in OWN {
            assert!(is_own(&format!("{INSIDE}{own}")) && is_own(&format!("{INSIDE}{own}/lib/a")));
            assert!(!is_own(&format!("lib/{INSIDE}{own}")));
            assert!(!is_own(&format!("{INSIDE}{own}s")));
        }
        for others in ["", "-notes", "-notes/a", "d", "/staging"] {
            assert!(!is_own(&format!("{INSIDE}{others}")), "{others}");
        }
        assert!(!is_own(""));
    }
}
