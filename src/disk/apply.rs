//! File by file, where directories cannot be exchanged: the steps of the journal, each of which may be done again.

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
    for step in steps {
        match step {
            Step::Remove(path) => remove(venv, &parse(venv, path)?)?,
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

fn remove(venv: &Rooted, path: &RelPath) -> Result<(), PathError> {
    let dir = match parent(venv, path) {
        Err(error) if error.is_absent() => return Ok(()),
        done => done?,
    };
    let shown = venv.shown(&path.parent().unwrap_or_default());
    remove_tree(&Rooted::from_fd(dir, shown), path.name())
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
