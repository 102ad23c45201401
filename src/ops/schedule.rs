//! `schedule`: files that tell the machine when to run what. They are written whole, only where they differ, and only
//! over files of our own, which a line in them says.

use std::path::{Path, PathBuf};

use super::error::Error;
use crate::disk::atomic::{make_private_dir, remove};
use crate::disk::error::At;
use crate::disk::out_file::replace_readable;
use crate::disk::rooted::Rooted;

/// A file to be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleFile {
    /// Its name in the directory.
    pub name: String,
    /// All that it holds.
    pub content: String,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Placed {
    /// It was not there.
    New,
    /// It was there with other content.
    Changed,
    /// It was there as it shall be.
    Unchanged,
    /// It is there no more.
    Removed,
}

impl Placed {
    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }
}

/// Makes these the files of ours in a directory: writes what differs, and removes those that are not among them.
/// `is_ours` tells by name whether a file may be one, and `mark` is the line that every one of ours has.
pub fn place_schedule(
    dir: &Path,
    files: &[ScheduleFile],
    mark: &str,
    is_ours: &dyn Fn(&str) -> bool,
) -> Result<Vec<(PathBuf, Placed)>, Error> {
    let mut done = Vec::new();
    for file in files {
        let path = dir.join(&file.name);
        if let Some(there) = content(&path)?
            && !there.lines().any(|line| line == mark)
        {
            return Err(Error::NotOurs(path));
        }
    }
    if !files.is_empty() {
        make_private_dir(dir)?;
    }
    for file in files {
        let path = dir.join(&file.name);
        let placed = match content(&path)? {
            Some(there) if there == file.content => Placed::Unchanged,
            Some(_) => Placed::Changed,
            None => Placed::New,
        };
        if placed != Placed::Unchanged {
            replace_readable(&path, file.content.as_bytes())?;
        }
        done.push((path, placed));
    }
    let Ok(names) = std::fs::read_dir(dir) else {
        return Ok(done);
    };
    let names = names
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let wanted = |name: &str| files.iter().any(|file| file.name == name);
    let mut left: Vec<String> = names
        .filter(|name| is_ours(name) && !wanted(name))
        .collect();
    left.sort();
    for name in left {
        let path = dir.join(&name);
        if content(&path)?.is_some_and(|there| there.lines().any(|line| line == mark)) {
            remove(
                &Rooted::open_resolved(&std::fs::canonicalize(dir).at("open", dir)?)?,
                &[&name],
            )?;
            done.push((path, Placed::Removed));
        }
    }
    Ok(done)
}

/// What a file holds; none where there is none.
fn content(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path)?,
    }
}
