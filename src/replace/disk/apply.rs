//! File by file, where directories cannot be exchanged: the steps of the journal, each of which may be done again.

use std::collections::HashSet;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::step::{PathText, Step, XattrText};
use crate::disk::error::{At, PathError};
use crate::disk::meta;
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Meta, RelPath, Time};

/// Carries the steps out in order. `staging` is gone if all that stood in it was placed before a crash.
pub(crate) fn apply(
    venv: &Rooted,
    staging: Option<&Rooted>,
    steps: &[Step],
) -> Result<(), PathError> {
    let goals = Goals::of_steps(steps);
    for step in steps {
        match step {
            Step::Remove(path) => remove(venv, &parse(venv, path)?, goals.at(path))?,
            Step::Mkdir(path) => mkdir(venv, &parse(venv, path)?)?,
            Step::Place(path) => place(venv, staging, &parse(venv, path)?)?,
            Step::Attributes {
                path,
                mode,
                uid,
                gid,
                secs,
                nanos,
                xattrs,
                stays,
            } => {
                let xattrs = xattrs
                    .as_ref()
                    .map(|all| all.iter().filter_map(XattrText::xattr));
                let mtime = Time {
                    secs: *secs,
                    nanos: *nanos,
                };
                set_saved(
                    venv,
                    &parse(venv, path)?,
                    &Meta {
                        mode: *mode,
                        uid: *uid,
                        gid: *gid,
                        mtime,
                        xattrs: Vec::new(),
                    },
                    xattrs.map(Iterator::collect),
                    *stays,
                )?;
            }
        }
    }
    rustix::fs::syncfs(venv.fd()).at("sync", venv.path())
}

/// The paths of which the steps would still remove or replace what stands there, sorted.
pub(crate) fn doomed(
    venv: &Rooted,
    staging: &Rooted,
    steps: &[Step],
) -> Result<Vec<RelPath>, PathError> {
    let goals = Goals::of_steps(steps);
    let mut doomed = Vec::new();
    for step in steps {
        let goal = match step {
            Step::Remove(text) => goals.at(text),
            Step::Mkdir(_) => Goal::Directory,
            Step::Place(_) => Goal::Nothing,
            Step::Attributes { .. } => continue,
        };
        let (Step::Remove(text) | Step::Mkdir(text) | Step::Place(text)) = step else {
            continue;
        };
        let path = parse(venv, text)?;
        if matches!(step, Step::Place(_)) && stat_if_there(staging, &path)?.is_none() {
            continue;
        }
        doomed.extend(match stat_if_there(venv, &path)? {
            Some(stat) => (!goal.is_met(stat.is_dir())).then_some(path),
            None if matches!(step, Step::Remove(_)) => None,
            None => no_directory_above(venv, &path)?,
        });
    }
    doomed.sort_unstable();
    doomed.dedup();
    Ok(doomed)
}

/// The state of what stands at a path. What cannot be looked at may stand there, and is an error.
fn stat_if_there(tree: &Rooted, path: &RelPath) -> Result<Option<Stat>, PathError> {
    match tree.stat_below(path, true) {
        Err(error) if leads_nowhere(&error) => Ok(None),
        done => done.map(Some),
    }
}

/// The first thing above a path that is no directory: it goes before the path can be made.
fn no_directory_above(venv: &Rooted, path: &RelPath) -> Result<Option<RelPath>, PathError> {
    let above: Vec<RelPath> = std::iter::successors(path.parent(), RelPath::parent).collect();
    for path in above.into_iter().rev().skip(1) {
        if stat_if_there(venv, &path)?.is_some_and(|stat| !stat.is_dir()) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Gives directories their attributes: nothing is removed, made or placed.
pub(crate) fn set_all_attributes(venv: &Rooted, steps: &[Step]) -> Result<(), PathError> {
    let of_dirs = steps
        .iter()
        .filter(|step| matches!(step, Step::Attributes { .. }));
    apply(venv, None, &of_dirs.cloned().collect::<Vec<_>>())
}

/// Gives the root its attributes once more, whose time moved when staging and journal were removed from it.
pub(crate) fn set_root_attributes(venv: &Rooted, steps: &[Step]) -> Result<(), PathError> {
    let of_root = |step: &&Step| match step {
        Step::Attributes { path, .. } => path.path().is_some_and(|path| path.is_root()),
        _ => false,
    };
    steps
        .iter()
        .find(of_root)
        .map_or(Ok(()), |step| apply(venv, None, std::slice::from_ref(step)))
}

fn parse(venv: &Rooted, path: &PathText) -> Result<RelPath, PathError> {
    path.path().ok_or_else(|| {
        PathError::new(
            "use the journal of",
            venv.path(),
            std::io::Error::other("it names no normal path"),
        )
    })
}

/// The directory that holds `path`, reached without following a link.
fn parent(venv: &Rooted, path: &RelPath) -> Result<Rooted, PathError> {
    let above = path.parent().unwrap_or_default();
    let fd = venv.open_below(&above, OFlags::RDONLY | OFlags::DIRECTORY)?;
    Ok(Rooted::from_fd(fd, venv.shown(&above)))
}

/// The same directory, made where it lacks: somebody else may have removed it since, or put something in its place.
fn parent_made(venv: &Rooted, path: &RelPath) -> Result<Rooted, PathError> {
    match parent(venv, path) {
        Err(error) if leads_nowhere(&error) => {
            mkdir(venv, &path.parent().unwrap_or_default())?;
            parent(venv, path)
        }
        done => done,
    }
}

/// Whether a path means nothing, since something above it is missing or no directory.
fn leads_nowhere(error: &PathError) -> bool {
    error.is_absent() || error.source.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// Does something in a directory. If even its owner may not write in it, it gets another mode first; the step that
/// gives it its attributes comes later.
fn inside<T>(dir: &Rooted, call: impl Fn() -> Result<T, PathError>) -> Result<T, PathError> {
    match call() {
        Err(error) if error.is_denied() && !dir.may_write() => {
            if rustix::fs::fchmod(dir.fd(), Mode::from_raw_mode(0o700)).is_err() {
                return Err(error);
            }
            call()
        }
        done => done,
    }
}

/// What later steps make of the paths that earlier ones remove.
struct Goals<'a> {
    dirs: HashSet<&'a PathText>,
    files: HashSet<&'a PathText>,
}

/// What shall stand at a path in the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Nothing,
    Directory,
    File,
}

impl Goal {
    /// Whether what stands there is of the kind that was wanted, so that it may be what a later step put there.
    fn is_met(self, is_dir: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Directory => is_dir,
            Self::File => !is_dir,
        }
    }
}

impl<'a> Goals<'a> {
    fn of_steps(steps: &'a [Step]) -> Self {
        let (mut dirs, mut files) = (HashSet::new(), HashSet::new());
        for step in steps {
            match step {
                Step::Mkdir(path) => drop(dirs.insert(path)),
                Step::Place(path) => drop(files.insert(path)),
                Step::Remove(_) | Step::Attributes { .. } => {}
            }
        }
        Self { dirs, files }
    }

    fn at(&self, path: &PathText) -> Goal {
        match (self.dirs.contains(path), self.files.contains(path)) {
            (true, _) => Goal::Directory,
            (_, true) => Goal::File,
            _ => Goal::Nothing,
        }
    }
}

/// Removes what stands in the way. What later steps put there in its place stays: they may all have been done before
/// a crash.
fn remove(venv: &Rooted, path: &RelPath, goal: Goal) -> Result<(), PathError> {
    let dir = match parent(venv, path) {
        Err(error) if leads_nowhere(&error) => return Ok(()),
        done => done?,
    };
    match dir.stat_name(path.name())? {
        Some(stat) if !goal.is_met(stat.is_dir()) => {
            inside(&dir, || remove_tree(&dir, path.name()))
        }
        _ => Ok(()),
    }
}

/// Makes a directory. What stands there and is no directory goes, as it does where a file is placed.
fn mkdir(venv: &Rooted, path: &RelPath) -> Result<(), PathError> {
    let dir = parent_made(venv, path)?;
    inside(&dir, || {
        let there = dir.stat_name(path.name())?;
        if there.is_some_and(|stat| !stat.is_dir()) {
            remove_tree(&dir, path.name())?;
        }
        match rustix::fs::mkdirat(dir.fd(), path.name(), Mode::from_raw_mode(0o700)) {
            Ok(()) => made(&dir, path.name()).at_with("set the attributes of", || venv.shown(path)),
            Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error).at_with("create directory", || venv.shown(path)),
        }
    })
}

/// Takes from a new directory what it got from the one above it.
fn made(dir: &Rooted, name: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(dir.fd(), name, flags, Mode::empty())?;
    meta::drop_inherited(fd, &Meta::default())
}

fn place(venv: &Rooted, staging: Option<&Rooted>, path: &RelPath) -> Result<(), PathError> {
    let Some(staging) = staging else {
        return Ok(());
    };
    let from = match parent(staging, path) {
        Err(error) if error.is_absent() => return Ok(()),
        done => done?,
    };
    let name = path.name();
    // The file was placed before a crash.
    if from.stat_name(name)?.is_none() {
        return Ok(());
    }
    let to = parent_made(venv, path)?;
    let rename = || rustix::fs::renameat(from.fd(), name, to.fd(), name);
    inside(&to, || {
        let renamed = match rename() {
            Err(Errno::ISDIR) => {
                remove_tree(&to, name)?;
                rename()
            }
            done => done,
        };
        renamed.at_with("replace", || venv.shown(path))
    })?;
    // Two names of one inode: the rename did nothing, so the staged name goes.
    match rustix::fs::unlinkat(from.fd(), name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error).at_with("remove", || staging.shown(path)),
    }
}

/// What a directory that stays shall be: what it is by now, but for its time. A mode that only let us write in it
/// (`inside`) is taken back.
fn as_it_stands(now: &Stat, then: &Meta) -> Meta {
    let now = now.meta();
    let is_opened = now.mode == 0o700 && then.mode & 0o300 != 0o300;
    Meta {
        mode: if is_opened { then.mode } else { now.mode },
        mtime: then.mtime,
        ..now
    }
}

/// Gives a directory its attributes. Nothing is done to one that is gone since, or is as it shall be. A directory of
/// another user is only theirs to change: the comparison afterwards tells of it.
fn set_saved(
    venv: &Rooted,
    path: &RelPath,
    meta: &Meta,
    xattrs: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    stays: bool,
) -> Result<(), PathError> {
    let fd = match venv.open_below(path, OFlags::RDONLY | OFlags::DIRECTORY) {
        Err(error) if leads_nowhere(&error) => return Ok(()),
        done => done?,
    };
    let stat = Stat::of(&fd).at_with("stat", || venv.shown(path))?;
    let kept = stays.then(|| as_it_stands(&stat, meta));
    let (meta, xattrs) = match &kept {
        Some(kept) => (kept, None),
        None => (meta, xattrs),
    };
    let now = meta::read_xattrs(&fd).at_with("read", || venv.shown(path))?;
    let now: Vec<_> = now
        .into_iter()
        .filter(|(name, _)| Step::sets(name))
        .collect();
    let wanted = xattrs.unwrap_or_else(|| now.clone());
    let meta = &Meta {
        xattrs: wanted,
        ..meta.clone()
    };
    let mut there = Meta {
        xattrs: now,
        ..stat.meta()
    };
    if there == *meta {
        return Ok(());
    }
    there.mtime = meta.mtime;
    if there == *meta {
        // Nothing else is set again: an access list would take the set-group-id bit along.
        return of_others(&stat, meta::set_times(&fd, meta.mtime))
            .at_with("set the times of", || venv.shown(path));
    }
    let is_gone = |name: &[u8]| !meta.xattrs.iter().any(|(kept, _)| kept == name);
    let mut gone = there.xattrs.iter().filter(|(name, _)| is_gone(name));
    let settled = gone
        .try_for_each(|(name, _)| rustix::fs::fremovexattr(&fd, name.as_slice()))
        .and_then(|()| meta::apply(&fd, meta, (stat.uid, stat.gid)));
    of_others(&stat, settled).at_with("set the attributes of", || venv.shown(path))
}

/// Lets a refusal pass where a directory is another user's.
fn of_others(stat: &Stat, done: rustix::io::Result<()>) -> rustix::io::Result<()> {
    let me = rustix::process::geteuid();
    match done {
        Err(Errno::PERM | Errno::ACCESS) if !me.is_root() && stat.uid != me.as_raw() => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_not_taken_for_absent() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("proc")).unwrap();
        std::fs::write(dir.path().join("proc/version"), "").unwrap();
        let tree = Rooted::open(dir.path()).unwrap();
        let path = RelPath::new(b"proc/version").unwrap();
        let text = || PathText::new(&path);
        let told = |venv: &Rooted, staging: &Rooted| {
            [
                Step::Remove(text()),
                Step::Mkdir(text()),
                Step::Place(text()),
            ]
            .map(|step| doomed(venv, staging, &[step]).ok())
        };
        let doomed = Some(vec![path.clone()]);
        assert_eq!(told(&tree, &tree), [doomed.clone(), doomed.clone(), doomed]);
        // Nothing is looked at across a mount.
        let root = Rooted::open(std::path::Path::new("/")).unwrap();
        assert_eq!(told(&root, &tree), [None, None, None]);
        assert_eq!(told(&tree, &root)[2], None);
    }
}
