//! Looks once more at what a walk found, by the names that are known.
//!
//! A directory is listed again only where its times could miss a change: whatever comes into it, leaves it or is
//! renamed in it moves them.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};

use super::clock::quiet_after;
use super::error::{At, PathError};
use super::limits::is_shortage;
use super::rooted::{Rooted, names_once};
use super::stat::Stat;
use crate::model::RelPath;

/// Something of a tree, with its place in the list of who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'p> {
    pub(crate) at: usize,
    pub(crate) path: &'p RelPath,
}

/// What is known by the directory that holds it.
type ByDir<'p> = BTreeMap<&'p [u8], Vec<Known<'p>>>;

/// Opens each directory that holds some of what is known, and shows it with that, from many threads. Where the
/// directory is not there any more, it is shown without a descriptor. The root itself is in no directory and not shown.
pub(crate) fn in_each_dir<'p>(
    root: &Rooted,
    known: impl Iterator<Item = Known<'p>>,
    show: impl Fn(Option<&OwnedFd>, &[Known<'p>]) -> Result<()> + Sync,
) -> std::result::Result<(), PathError> {
    let mut dirs = ByDir::new();
    for one in known.filter(|one| !one.path.is_root()) {
        dirs.entry(one.path.parent_bytes()).or_default().push(one);
    }
    open_each(root, dirs, |_, dir, known| show(dir, known))
}

/// Whether a tree holds just what was found in it, each in a state that `is_held` accepts: of a path, what was found
/// and what stands there now. What `leaves_out` names does not count. The caller judges the root's own state, and,
/// where that changed, whether something came into the root.
pub(crate) fn still_holds<'p>(
    root: &Rooted,
    found: impl Iterator<Item = (&'p RelPath, &'p Stat)>,
    leaves_out: impl Fn(&RelPath) -> bool + Sync,
    is_held: impl Fn(&RelPath, &Stat, &Stat) -> bool + Sync,
) -> std::result::Result<bool, PathError> {
    let lists = quiet_after(root)?.is_some();
    let mut dirs = ByDir::new();
    let mut then = Vec::new();
    for (at, (path, stat)) in found.enumerate() {
        then.push(stat);
        if lists && stat.is_dir() && !stat.mount_root {
            dirs.entry(path.as_bytes()).or_default();
        }
        if !path.is_root() {
            let here = dirs.entry(path.parent_bytes()).or_default();
            here.push(Known { at, path });
        }
    }
    let moved = AtomicBool::new(false);
    let holds = |path: &RelPath, dir: Option<&OwnedFd>, known: &[Known<'p>]| {
        // A directory that could not be entered before holds nothing that is known.
        let Some(dir) = dir else {
            return Ok(known.is_empty());
        };
        for one in known {
            match Stat::at(dir, one.path.name()) {
                Ok(now) if is_held(one.path, then[one.at], &now) => {}
                Err(error) if is_shortage(error) => return Err(error),
                _ => return Ok(false),
            }
        }
        let is_own = |name: &Vec<u8>| !path.join(name).is_ok_and(|path| leaves_out(&path));
        Ok(!lists || names_once(dir)?.iter().filter(|name| is_own(name)).count() == known.len())
    };
    open_each(root, dirs, |path, dir, known| {
        if !moved.load(Ordering::Relaxed) && !holds(path, dir, known)? {
            moved.store(true, Ordering::Relaxed);
        }
        Ok(())
    })?;
    Ok(!moved.into_inner())
}

fn open_each<'p>(
    root: &Rooted,
    dirs: ByDir<'p>,
    show: impl Fn(&RelPath, Option<&OwnedFd>, &[Known<'p>]) -> Result<()> + Sync,
) -> std::result::Result<(), PathError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let dirs: Vec<_> = dirs.into_iter().collect();
    let shown = dirs.par_iter().try_for_each(|(dir, known)| {
        let dir = RelPath::new(dir).map_err(|_| Errno::INVAL)?;
        match root.open_raw(&dir, flags, Mode::empty()) {
            Ok(fd) => show(&dir, Some(&fd), known),
            Err(error) if is_shortage(error) => Err(error),
            Err(_) => show(&dir, None, known),
        }
    });
    shown.at("list", root.path())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::disk::walk::walk;

    /// What is done to a tree, and how.
    type Change = (&'static str, fn(&Path));

    fn holds(root: &Rooted, found: &[crate::disk::walk::Found]) -> bool {
        let known = found.iter().map(|one| (&one.path, &one.stat));
        let is_held = |_: &RelPath, then: &Stat, now: &Stat| now.held_still(then);
        still_holds(root, known, |_| false, is_held).unwrap()
    }

    #[test]
    fn a_tree_still_holds_what_was_found_until_anything_of_it_changes() {
        let changes: [Change; 8] = [
            ("nothing", |_| ()),
            ("vanished", |dir| {
                fs::remove_file(dir.join("a/one")).unwrap();
            }),
            ("appeared", |dir| {
                fs::write(dir.join("b/three"), "").unwrap();
            }),
            ("appeared where nothing was", |dir| {
                fs::write(dir.join("b/empty/three"), "").unwrap();
            }),
            ("came and went", |dir| {
                fs::write(dir.join("b/three"), "").unwrap();
                fs::remove_file(dir.join("b/three")).unwrap();
            }),
            ("renamed", |dir| {
                fs::rename(dir.join("a/one"), dir.join("a/other")).unwrap();
            }),
            ("exchanged", |dir| {
                fs::remove_file(dir.join("a/one")).unwrap();
                fs::write(dir.join("a/one"), "1").unwrap();
            }),
            ("written", |dir| fs::write(dir.join("b/two"), "22").unwrap()),
        ];
        for (what, change) in changes {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir_all(dir.path().join("a")).unwrap();
            fs::create_dir_all(dir.path().join("b/empty")).unwrap();
            fs::write(dir.path().join("a/one"), "1").unwrap();
            fs::write(dir.path().join("b/two"), "2").unwrap();
            let root = Rooted::open(dir.path()).unwrap();
            let found = walk(&root).unwrap();
            change(dir.path());
            assert_eq!(holds(&root, &found), what == "nothing", "{what}");
        }
    }

    #[test]
    fn what_is_known_is_shown_by_directory_and_what_is_gone_without_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        let paths = ["", "a", "a/b", "a/b/c", "gone/x"];
        let paths = paths.map(|path| RelPath::new(path.as_bytes()).unwrap());
        let known = paths.iter().enumerate();
        let known = known.map(|(at, path)| Known { at, path });
        let seen = std::sync::Mutex::new(Vec::new());
        let root = Rooted::open(dir.path()).unwrap();
        in_each_dir(&root, known, |dir, known| {
            let places = known.iter().map(|one| one.at).collect::<Vec<_>>();
            seen.lock().unwrap().push((places, dir.is_some()));
            Ok(())
        })
        .unwrap();
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        let there = |at| (vec![at], true);
        assert_eq!(seen, [there(1), there(2), there(3), (vec![4], false)]);
    }
}
