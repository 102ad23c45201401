//! Takes over good files of the live tree into a staging directory, one directory at a time: through held descriptors
//! of both sides, so that what somebody moves meanwhile leads nowhere, and the kernel looks each path up once.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::staging::Staging;
use crate::disk::error::{At, PathError};
use crate::disk::meta;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::{Meta, RelPath};

/// One directory of the live tree and the same one in staging, both held open.
#[derive(Debug)]
pub(crate) struct Reuse<'a> {
    staging: &'a Staging,
    from: OwnedFd,
    to: OwnedFd,
}

impl<'a> Reuse<'a> {
    /// Opens a directory on both sides; none where the live tree does not have it any more.
    pub(crate) fn open(
        live: &Rooted,
        staging: &'a Staging,
        dir: &RelPath,
    ) -> Result<Option<Self>, PathError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let Ok(from) = live.open_raw(dir, flags, Mode::empty()) else {
            return Ok(None);
        };
        let to = staging.root().open_below(dir, flags)?;
        Ok(Some(Self { staging, from, to }))
    }

    /// Takes over the file (or socket, FIFO, device) at `path` in this directory, which was proved good in the state
    /// `proof`: as a copy that shares its blocks where the file system can do that, else as a hard link if
    /// `may_link`. Returns the state of the new name, or none where the file must be written afresh: because it is
    /// not in that state any more, or because it cannot be shared.
    pub(crate) fn take(
        &self,
        path: &RelPath,
        proof: &Stat,
        meta: &Meta,
        may_link: bool,
    ) -> Result<Option<Stat>, PathError> {
        // A file that has other names shall stay one with them, and a copy would not.
        let alone = proof.nlink == 1;
        if proof.is_file()
            && alone
            && !self.staging.no_reflink.load(Ordering::Relaxed)
            && let Some(cloned) = self.clone_blocks(path, proof, meta)?
        {
            return Ok(Some(cloned));
        }
        let name = path.name();
        // A link that was just made of another name of the same file has moved its change time.
        let is_proved = || {
            Stat::at(&self.from, name).is_ok_and(|stat| {
                let ctime = if alone { proof.ctime } else { stat.ctime };
                stat.same_state(&Stat { ctime, ..*proof })
            })
        };
        if !may_link || !is_proved() {
            return Ok(None);
        }
        if rustix::fs::linkat(&self.from, name, &self.to, name, AtFlags::empty()).is_err() {
            return Ok(None);
        }
        // Whatever the name meant at that moment: only the inode that was proved counts. The link itself changed the
        // change time, so that is compared without; a write in between shows in the other times.
        let now = self.state(path)?;
        let untouched = now.same_state(&Stat {
            ctime: now.ctime,
            ..*proof
        });
        if !untouched {
            self.staging.remove(path)?;
        }
        Ok(untouched.then_some(now))
    }

    /// The state of a new name.
    fn state(&self, path: &RelPath) -> Result<Stat, PathError> {
        Stat::at(&self.to, path.name()).at_with("stat", || self.staging.root().shown(path))
    }

    /// Copies by sharing blocks.
    fn clone_blocks(
        &self,
        path: &RelPath,
        proof: &Stat,
        meta: &Meta,
    ) -> Result<Option<Stat>, PathError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(source) = rustix::fs::openat(&self.from, path.name(), flags, Mode::empty()) else {
            return Ok(None);
        };
        let is_proved = || Stat::of(&source).is_ok_and(|stat| stat.same_state(proof));
        if !is_proved() || !self.reflink(path, &source, meta)? {
            return Ok(None);
        }
        if is_proved() {
            return self.state(path).map(Some);
        }
        self.staging.remove(path)?;
        Ok(None)
    }

    /// Whether the file system can share blocks is found out with the first file that has any.
    fn reflink(&self, path: &RelPath, source: &OwnedFd, meta: &Meta) -> Result<bool, PathError> {
        let file = self.staging.create_file(path, meta)?;
        match rustix::fs::ioctl_ficlone(&file, source.as_fd()) {
            Ok(()) => {
                meta::apply_to_new(&file, meta)
                    .at_with("set the attributes of", || self.staging.root().shown(path))?;
                Ok(true)
            }
            Err(error) => {
                if matches!(
                    error,
                    Errno::OPNOTSUPP | Errno::NOTTY | Errno::XDEV | Errno::NOSYS
                ) {
                    self.staging.no_reflink.store(true, Ordering::Relaxed);
                }
                self.staging.remove(path)?;
                Ok(false)
            }
        }
    }
}

/// Whether a new file in a directory can share its blocks with a file of a tree: tried with one that never has a name.
pub(crate) fn shares_blocks(tree: &Rooted, file: &RelPath, dir: &Rooted) -> bool {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let Ok(source) = tree.open_below(file, flags) else {
        return false;
    };
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let made = rustix::fs::openat(dir.fd(), ".", flags, Mode::from_raw_mode(0o600));
    made.is_ok_and(|made| rustix::fs::ioctl_ficlone(&made, source.as_fd()).is_ok())
}
