//! The directory beside a venv in which programs of others build a new one: theirs to write in, ours to hold and to
//! remove. Whoever is at work there holds a lock on it, so one without is left by a crash, and goes (promise 9).

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{Gid, Mode, Uid};

use super::error::{At, PathError};
use super::lock::{Sharing, lock};
use super::remove::{Names, remove_held, remove_tree};
use super::rooted::Rooted;
use crate::model::Digest;
use crate::monitor::{Monitor, Silent};

/// Names of venvs up to this length stand whole in the name of a workroom, which may have 255 bytes.
const NAME_BYTES_MAX: usize = 200;
/// How its name ends.
const SUFFIX: &str = ".snap-build";

/// A directory that is held while somebody builds in it. Dropped, it goes with all that it holds.
#[derive(Debug)]
pub(crate) struct Workroom {
    parent: Rooted,
    name: String,
    root: Rooted,
}

impl Workroom {
    /// What it is called beside a venv.
    fn name(venv: &[u8]) -> String {
        let plain = std::str::from_utf8(venv).ok();
        match plain.filter(|name| name.len() <= NAME_BYTES_MAX) {
            Some(name) => format!(".{name}{SUFFIX}"),
            None => format!(".{}{SUFFIX}", &Digest::of(venv).to_hex()[..16]),
        }
    }

    /// Makes it for a user, who alone may write in it. None where another process is at work in one.
    pub(crate) fn create(
        parent: Rooted,
        venv: &[u8],
        (uid, gid): (u32, u32),
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>, PathError> {
        let name = Self::name(venv);
        if !Self::clear_left(&parent, venv)? {
            return Ok(None);
        }
        let shown = parent.path().join(&name);
        rustix::fs::mkdirat(parent.fd(), name.as_str(), Mode::from_raw_mode(0o700))
            .at("create directory", &shown)?;
        let root = parent.enter(name.as_bytes())?;
        if !lock(
            root.fd(),
            &shown,
            Sharing::Exclusive,
            Duration::ZERO,
            monitor,
        )? {
            return Ok(None);
        }
        let room = Self { parent, name, root };
        room.give_to((uid, gid))?;
        Ok(Some(room))
    }

    /// Gives it to a user, who alone may enter it then. Only root can.
    pub(crate) fn give_to(&self, (uid, gid): (u32, u32)) -> Result<(), PathError> {
        let stat = self.root.stat()?;
        if (stat.uid, stat.gid) != (uid, gid) && rustix::process::geteuid().is_root() {
            let owner = (Uid::from_raw(uid), Gid::from_raw(gid));
            rustix::fs::fchown(self.root.fd(), Some(owner.0), Some(owner.1))
                .at("set the owner of", self.root.path())?;
        }
        Ok(())
    }

    /// The directory.
    pub(crate) fn root(&self) -> &Rooted {
        &self.root
    }

    /// Its path.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    /// Removes it with all that it holds.
    pub(crate) fn remove(self) -> Result<(), PathError> {
        remove_held(
            &self.parent,
            self.name.as_bytes(),
            &self.root,
            &Names::default(),
        )
    }

    /// Whether there is one beside a venv, held or left.
    pub(crate) fn is_left(parent: &Rooted, venv: &[u8]) -> bool {
        matches!(parent.stat_name(Self::name(venv).as_bytes()), Ok(Some(_)))
    }

    /// Removes the workrooms of venvs whose names begin with `prefix`, where nobody holds them. A failure is not told:
    /// the workroom may be anybody's.
    pub(crate) fn clear_all_left(parent: &Rooted, prefix: &str) -> Result<(), PathError> {
        for name in parent.names()? {
            let text = std::str::from_utf8(&name).ok();
            let text = text.and_then(|text| text.strip_prefix('.')?.strip_suffix(SUFFIX));
            if let Some(venv) = text.filter(|text| text.starts_with(prefix)) {
                let _ = Self::clear_left(parent, venv.as_bytes());
            }
        }
        Ok(())
    }

    /// Removes one that nobody holds. False where somebody does.
    pub(crate) fn clear_left(parent: &Rooted, venv: &[u8]) -> Result<bool, PathError> {
        let name = Self::name(venv);
        match parent.stat_name(name.as_bytes())? {
            None => return Ok(true),
            Some(stat) if !stat.is_dir() => {
                return remove_tree(parent, name.as_bytes()).map(|()| true);
            }
            Some(_) => {}
        }
        let root = parent.enter(name.as_bytes())?;
        let silent = Silent::default();
        let free = lock(
            root.fd().as_fd(),
            root.path(),
            Sharing::Exclusive,
            Duration::ZERO,
            &silent,
        )?;
        if free {
            remove_held(parent, name.as_bytes(), &root, &Names::default())?;
        }
        Ok(free)
    }
}

impl Drop for Workroom {
    fn drop(&mut self) {
        // What fails here is removed by the next command: the lock goes with this process.
        let _ = remove_held(
            &self.parent,
            self.name.as_bytes(),
            &self.root,
            &Names::default(),
        );
    }
}
