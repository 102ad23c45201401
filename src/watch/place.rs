//! Where a venv stands: on which file system, and whether it still is the directory that it was.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::model::Shown;
use crate::tree::{Error, Site, Standing};

/// Where a venv stands, or stood; what of it is not known is none.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// The device of the file system.
    pub device: Option<u64>,
    /// The directory at which that is mounted.
    pub mount: Option<String>,
    /// The device of that directory. A venv may be a volume of its own within a mount (btrfs), with a device that goes
    /// with it.
    #[serde(default)]
    pub mount_device: Option<u64>,
    /// The inode of the directory that stands there.
    pub inode: Option<u64>,
    /// When that was made, in nanoseconds since 1970: numbers of inodes are used again. Not every file system tells.
    pub born: Option<u64>,
}

/// What is there of a venv that is gone as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gone {
    /// Nothing stands there.
    Nothing,
    /// Something stands there that is no directory.
    File,
    /// The directory that held it is gone as well.
    Parent,
}

impl Place {
    /// The place of a venv as it is now, and what is there where the venv is gone as a whole. Nothing is told of a path
    /// that cannot be looked at.
    pub fn of(venv: &Path) -> (Self, Option<Gone>) {
        let (path, gone) = match Site::resolve(venv) {
            Ok(site) => match site.standing() {
                Standing::Directory => (Some(site.path().to_owned()), None),
                Standing::Nothing => (parent(site.path()), Some(Gone::Nothing)),
                Standing::Other => (parent(site.path()), Some(Gone::File)),
            },
            Err(Error::NoParent(_)) => (nearest(venv), Some(Gone::Parent)),
            Err(_) => return (Self::default(), None),
        };
        let mut place = path.map_or_else(Self::default, |path| Self::at(&path));
        if gone.is_some() {
            place.forget_directory();
        }
        (place, gone)
    }

    /// The place of a directory.
    fn at(dir: &Path) -> Self {
        let stat = |dir: &Path| Rooted::open_resolved(dir).ok()?.stat().ok();
        let Some(own) = stat(dir) else {
            return Self::default();
        };
        let mut above = dir.ancestors().map(|dir| (dir, stat(dir)));
        let is_mount = |(dir, stat): &(&Path, Option<Stat>)| {
            *dir == Path::new("/") || stat.as_ref().is_some_and(|stat| stat.mount_root)
        };
        let mount = above.find(is_mount);
        Self {
            device: Some(own.dev),
            mount: mount
                .as_ref()
                .map(|(dir, _)| dir.to_string_lossy().into_owned()),
            mount_device: mount.and_then(|(_, stat)| Some(stat?.dev)),
            inode: Some(own.ino),
            born: std::fs::metadata(dir).ok().as_ref().and_then(born),
        }
    }

    /// Where this directory is now, if it was renamed and stands beside.
    pub fn beside(&self, venv: &Path) -> Option<PathBuf> {
        let is_it = |one: &std::fs::DirEntry| {
            let meta = one.metadata();
            meta.is_ok_and(|meta| {
                let same = (Some(meta.ino()), Some(meta.dev())) == (self.inode, self.device);
                meta.is_dir() && same && born(&meta) == self.born
            })
        };
        self.inode?;
        let mut all = std::fs::read_dir(venv.parent()?).ok()?.flatten();
        all.find(is_it).map(|one| one.path())
    }

    /// Whether another directory stands at the `other` place, as far as both are known.
    pub(super) fn is_replaced(&self, other: &Self) -> bool {
        let differ = |a: Option<u64>, b: Option<u64>| a.is_some() && b.is_some() && a != b;
        differ(self.inode, other.inode) || differ(self.born, other.born)
    }

    /// The same with any directory.
    pub(super) fn forget_directory(&mut self) {
        (self.inode, self.born) = (None, None);
    }

    /// Why the `other` place is not on the file system on which this one is; none where it is, as far as both are
    /// known.
    pub(super) fn unlike(&self, other: &Self) -> Option<String> {
        let shown = |mount: &String| Shown(mount.as_bytes()).to_string();
        match (&self.mount, &other.mount) {
            (Some(was), Some(is)) if was != is => {
                let (was, is) = (shown(was), shown(is));
                return Some(format!(
                    "it stood on the file system that was mounted at '{was}', and now there is the one of '{is}'"
                ));
            }
            _ => {}
        }
        let mounts = self.mount_device.zip(other.mount_device);
        let (was, is) = mounts.or(self.device.zip(other.device))?;
        let number = |dev| format!("{}:{}", rustix::fs::major(dev), rustix::fs::minor(dev));
        (was != is).then(|| {
            let (was, is) = (number(was), number(is));
            format!("it stood on another file system (device {was}) than the one that is there now (device {is})")
        })
    }

    /// The same in another start of the machine, which may number devices otherwise.
    pub(super) fn after_boot(self) -> Self {
        Self {
            device: None,
            mount_device: None,
            ..self
        }
    }
}

/// When something was made.
fn born(meta: &std::fs::Metadata) -> Option<u64> {
    let since = meta
        .created()
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    u64::try_from(since.as_nanos()).ok()
}

fn parent(path: &Path) -> Option<PathBuf> {
    path.parent().map(Path::to_owned)
}

/// The nearest directory above that is there.
fn nearest(venv: &Path) -> Option<PathBuf> {
    venv.ancestors()
        .skip(1)
        .find_map(|dir| std::fs::canonicalize(dir).ok().filter(|dir| dir.is_dir()))
}
