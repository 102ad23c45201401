//! Where the path of a venv leads, so that nobody guards one by two spellings.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use venv_snap::Site;

/// A place, by its path without links and by the directory that stands there.
#[derive(Debug)]
pub(super) struct Spot {
    path: PathBuf,
    directory: Option<(u64, u64)>,
}

impl Spot {
    /// The place to which a path leads now.
    pub(super) fn of(path: &Path) -> Self {
        let path =
            Site::resolve(path).map_or_else(|_| nearest(path), |site| site.path().to_owned());
        let meta = std::fs::metadata(&path).ok();
        Self {
            directory: meta.map(|meta| (meta.dev(), meta.ino())),
            path,
        }
    }

    /// Whether it is another name of the same place. A directory that is mounted in two places has two paths.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.path == other.path || self.directory.is_some() && self.directory == other.directory
    }
}

/// A path below the nearest directory that is there.
fn nearest(path: &Path) -> PathBuf {
    let mut above = path.ancestors();
    let found = above.find_map(|dir| Some((dir, std::fs::canonicalize(dir).ok()?)));
    let Some((dir, real)) = found else {
        return path.to_owned();
    };
    let rest = path.strip_prefix(dir).unwrap_or(path);
    rest.components().fold(real, |mut at, part| {
        match part {
            Component::ParentDir => {
                at.pop();
            }
            part => at.push(part),
        }
        at
    })
}
