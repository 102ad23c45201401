//! File by file, where directories cannot be exchanged: the steps of the journal, each of which may be done again.

use std::collections::HashSet;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::error::{At, PathError};
use super::journal::{PathText, Step};
use super::meta;
use super::remove::remove_tree;
use super::rooted::Rooted;
use super::stat::Stat;
use crate::model::{Meta, RelPath, Time};

/// Carries the steps out in order. `staging` is gone if all that stood in it was placed before a crash.
pub(crate) fn apply(
    venv: &Rooted,
    staging: Option<&Rooted>,
    steps: &[Step],
) -> Result<(), PathError> {
    let goals = Goals::of(steps);
    for step in steps {
        match step {
            Step::Remove(path) => remove(venv, &parse(venv, path)?, goals.at(path))?,
            Step::Mkdir(path) => mkdir(venv, &parse(venv, path)?)?,
            Step::Place(path) => place(venv, staging, &parse(venv, path)?)?,
            Step::Settle {
                path,
                mode,
                uid,
                gid,
                secs,
                nanos,
            } => {
                let mtime = Time {
                    secs: *secs,
                    nanos: *nanos,
                };
                settle(
                    venv,
                    &parse(venv, path)?,
                    &Meta {
                        mode: *mode,
                        uid: *uid,
                        gid: *gid,
                        mtime,
                        xattrs: Vec::new(),
                    },
                )?;
            }
        }
    }
    rustix::fs::syncfs(venv.fd()).at("sync", venv.path())
}

/// The paths of which the steps would still remove or replace what stands there, sorted.
pub(crate) fn doomed(
    venv: &Rooted,
    staging: Option<&Rooted>,
    steps: &[Step],
) -> Result<Vec<RelPath>, PathError> {
    let goals = Goals::of(steps);
    let mut doomed = Vec::new();
    for step in steps {
        let (Step::Remove(text) | Step::Place(text)) = step else {
            continue;
        };
        let path = parse(venv, text)?;
        let is_doomed = if matches!(step, Step::Remove(_)) {
            venv.stat_below(&path, true)
                .is_ok_and(|stat| !goals.at(text).is_met(stat.is_dir()))
        } else {
            staging.is_some_and(|staging| staging.stat_below(&path, true).is_ok())
        };
        if is_doomed {
            doomed.push(path);
        }
    }
    doomed.sort_unstable();
    Ok(doomed)
}

/// Settles the root once more, whose time moved when staging and journal were removed from it.
pub(crate) fn settle_root(venv: &Rooted, steps: &[Step]) -> Result<(), PathError> {
    let of_root = |step: &&Step| matches!(step, Step::Settle { path, .. } if path.path().is_some_and(|path| path.is_root()));
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
fn parent(venv: &Rooted, path: &RelPath) -> Result<std::os::fd::OwnedFd, PathError> {
    venv.open_below(
        &path.parent().unwrap_or_default(),
        OFlags::RDONLY | OFlags::DIRECTORY,
    )
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
    /// Whether what stands there may be what was wanted.
    fn is_met(self, is_dir: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Directory => is_dir,
            Self::File => !is_dir,
        }
    }
}

impl<'a> Goals<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let (mut dirs, mut files) = (HashSet::new(), HashSet::new());
        for step in steps {
            match step {
                Step::Mkdir(path) => drop(dirs.insert(path)),
                Step::Place(path) => drop(files.insert(path)),
                Step::Remove(_) | Step::Settle { .. } => {}
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

/// Removes what stands in the way. What later steps put there in its place stays: they may all have been done before a crash.
fn remove(venv: &Rooted, path: &RelPath, goal: Goal) -> Result<(), PathError> {
    let dir = match parent(venv, path) {
        Err(error) if error.is_absent() => return Ok(()),
        done => done?,
    };
    let dir = Rooted::from_fd(dir, venv.shown(&path.parent().unwrap_or_default()));
    let is_dir = dir.stat_name(path.name())?.map(|stat| stat.is_dir());
    match is_dir {
        Some(is_dir) if !goal.is_met(is_dir) => remove_tree(&dir, path.name()),
        _ => Ok(()),
    }
}

fn mkdir(venv: &Rooted, path: &RelPath) -> Result<(), PathError> {
    let dir = parent(venv, path)?;
    match rustix::fs::mkdirat(&dir, path.name(), Mode::from_raw_mode(0o700)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error).at("create directory", &venv.shown(path)),
    }
}

fn place(venv: &Rooted, staging: Option<&Rooted>, path: &RelPath) -> Result<(), PathError> {
    let Some(staging) = staging else {
        return Ok(());
    };
    let from = match parent(staging, path) {
        Err(error) if error.is_absent() => return Ok(()),
        done => done?,
    };
    let to = parent(venv, path)?;
    match rustix::fs::renameat(&from, path.name(), &to, path.name()) {
        // It was placed before a crash.
        Err(Errno::NOENT) => Ok(()),
        // Two names of one inode: the rename did nothing, so the staged name goes.
        Ok(()) => match rustix::fs::unlinkat(&from, path.name(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error).at("remove", &staging.shown(path)),
        },
        Err(error) => Err(error).at("replace", &venv.shown(path)),
    }
}

fn settle(venv: &Rooted, path: &RelPath, meta: &Meta) -> Result<(), PathError> {
    let fd = venv.open_below(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let stat = Stat::of(&fd).at("stat", &venv.shown(path))?;
    meta::apply(&fd, meta, (stat.uid, stat.gid)).at("set the attributes of", &venv.shown(path))
}
