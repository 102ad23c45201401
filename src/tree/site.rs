//! The place where a venv stands, or should stand.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use crate::disk::error::At;
use crate::disk::rooted::Rooted;

/// What stands at the place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A directory.
    Directory,
    /// Nothing.
    Nothing,
    /// A file or anything else that is no directory.
    Other,
}

/// A resolved place: its parent exists, and no part of its path is a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    path: PathBuf,
    standing: Standing,
}

/// How many links may lead to a venv (the kernel's own limit).
const LINKS_MAX: usize = 40;

impl Site {
    /// Resolves a path, also one at which nothing stands: a link that leads nowhere is followed to where it leads.
    pub fn resolve(given: &Path) -> Result<Self, Error> {
        let mut at = std::path::absolute(given).at("resolve", given)?;
        for _ in 0..LINKS_MAX {
            let Ok(target) = std::fs::read_link(&at) else {
                break;
            };
            at = at.parent().unwrap_or(Path::new("/")).join(target);
        }
        let (path, standing) = match std::fs::canonicalize(&at) {
            Ok(path) => {
                let standing = if path.is_dir() {
                    Standing::Directory
                } else {
                    Standing::Other
                };
                (path, standing)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                (absent(&at)?, Standing::Nothing)
            }
            Err(error) => return Err(error).at("resolve", given)?,
        };
        Ok(Self { path, standing })
    }

    /// The place under which a store knows a venv, also where nothing is left of what was around it, or a link leads
    /// elsewhere by now.
    pub fn known(path: &Path) -> Self {
        match Self::resolve(path) {
            Ok(site) if site.path == path => site,
            _ => Self {
                path: path.to_owned(),
                standing: Standing::Nothing,
            },
        }
    }

    /// The same place, looked at again. Nothing is followed any more: a link that stands there now, or in the way,
    /// was put there in the meantime.
    pub(crate) fn again(&self) -> Result<Self, Error> {
        let standing = match self.path.file_name() {
            None => Standing::Directory,
            Some(_) => match self.open_parent()?.stat_name(self.name())? {
                Some(stat) if stat.is_dir() => Standing::Directory,
                Some(_) => Standing::Other,
                None => Standing::Nothing,
            },
        };
        Ok(Self {
            standing,
            ..self.clone()
        })
    }

    /// Opens the directory that holds it.
    pub(crate) fn open_parent(&self) -> Result<Rooted, Error> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        Ok(Rooted::open_resolved(parent)?)
    }

    /// The resolved absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands there.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The name in the parent directory.
    pub(crate) fn name(&self) -> &[u8] {
        self.path.file_name().unwrap_or(OsStr::new("")).as_bytes()
    }

    /// Opens the directory that stands there; an error where none does.
    pub(crate) fn open(&self) -> Result<Rooted, Error> {
        match self.standing {
            Standing::Nothing => Err(Error::NotFound(self.path.clone())),
            Standing::Other => Err(Error::NotADirectory(self.path.clone())),
            Standing::Directory => Ok(Rooted::open_resolved(&self.path)?),
        }
    }

    /// Whether a directory that was opened here still is what stands here.
    pub(crate) fn holds(&self, root: &Rooted) -> Result<bool, Error> {
        match Rooted::open_resolved(&self.path) {
            Ok(now) => Ok(now.stat()?.same_inode(&root.stat()?)),
            Err(error) if error.is_absent() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the directory, which must be a venv.
    pub(crate) fn open_venv(&self) -> Result<Rooted, Error> {
        let root = self.open()?;
        if is_venv(&root)? {
            Ok(root)
        } else {
            Err(Error::NotAVenv(self.path.clone()))
        }
    }

    /// Opens the directory, in which something must tell what should be there.
    pub(crate) fn open_environment(&self) -> Result<Rooted, Error> {
        let root = self.open()?;
        if is_environment(&root)? {
            Ok(root)
        } else {
            Err(Error::NotAudited(self.path.clone()))
        }
    }
}

fn is_venv(root: &Rooted) -> Result<bool, Error> {
    let config = root.stat_name(b"pyvenv.cfg")?;
    Ok(config.is_some_and(|stat| stat.is_file()))
}

/// Whether it is a venv, has the `conda-meta` of conda, or a distribution at its top, as `pip install --target` leaves
/// it.
fn is_environment(root: &Rooted) -> Result<bool, Error> {
    let is_dir = |name: &[u8]| {
        let stat = root.stat_name(name)?;
        Ok::<_, Error>(stat.is_some_and(|stat| stat.is_dir()))
    };
    if is_venv(root)? || is_dir(b"conda-meta")? {
        return Ok(true);
    }
    for name in root.names()? {
        if name.ends_with(b".dist-info") && is_dir(&name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The resolved path of something that is not there.
fn absent(at: &Path) -> Result<PathBuf, Error> {
    let no_parent = || Error::NoParent(at.to_owned());
    let name = at.file_name().ok_or_else(no_parent)?;
    let parent =
        std::fs::canonicalize(at.parent().ok_or_else(no_parent)?).map_err(|_| no_parent())?;
    if !parent.is_dir() {
        return Err(no_parent());
    }
    Ok(parent.join(name))
}
