//! A file that a person asked for, at a place of theirs: complete and durable under its name, or not there at all.
//!
//! Until then it has a name of its own beside that place, and its lock: one that nobody holds is what a crash left
//! (promise 9).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::atomic::random_name;
use super::error::{At, PathError};
use super::rename::rename_new;
use super::rooted::Rooted;
use super::stat::Stat;

/// A file that has no name of its own yet. Dropped without [`OutFile::publish`] it is removed.
#[derive(Debug)]
pub(crate) struct OutFile {
    dir: Rooted,
    path: PathBuf,
    name: Vec<u8>,
    temp: Vec<u8>,
    file: File,
    replace: bool,
    kept: bool,
}

impl OutFile {
    /// Begins a file that only its owner may read. Unless it may be `replace`d, nothing may stand at the path.
    pub(crate) fn create(path: &Path, replace: bool) -> Result<Self, PathError> {
        Self::create_as(path, replace, Mode::from_raw_mode(0o600))
    }

    /// The same with another mode, from which the umask takes bits.
    fn create_as(path: &Path, replace: bool, mode: Mode) -> Result<Self, PathError> {
        let verb = "create";
        let none = || PathError::new(verb, path, io::ErrorKind::IsADirectory);
        let name = path.file_name().ok_or_else(none)?.as_bytes().to_vec();
        let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let parent = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).at(verb, path)?;
        let dir = Rooted::open(&parent)?;
        sweep(&dir);
        match dir.stat_name(&name)? {
            Some(stat) if stat.is_dir() => return Err(none()),
            Some(stat) if !replace || !stat.is_file() => {
                return Err(PathError::new(verb, path, io::ErrorKind::AlreadyExists));
            }
            _ => {}
        }
        let (temp, file) = begin(&dir, mode).at(verb, path)?;
        Ok(Self {
            dir,
            path: path.to_owned(),
            name,
            temp,
            file,
            replace,
            kept: false,
        })
    }

    /// Makes the content durable, then gives it its name, then makes the name durable.
    pub(crate) fn publish(mut self) -> Result<(), PathError> {
        rustix::fs::fsync(&self.file).at("sync", &self.path)?;
        let (dir, temp, name) = (self.dir.fd(), self.temp.as_slice(), self.name.as_slice());
        let moved = if self.replace {
            rustix::fs::renameat(dir, temp, dir, name)
        } else {
            rename_new(dir, temp, dir, name)
        };
        moved.at("create", &self.path)?;
        self.kept = true;
        self.dir.sync()
    }
}

/// How the name of a file begins that is not complete yet.
const PREFIX: &str = ".snap-export-";

/// Makes a new file, and holds its lock.
fn begin(dir: &Rooted, mode: Mode) -> io::Result<(Vec<u8>, File)> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        let random = random_name().map_err(|error| error.source)?;
        let temp = format!("{PREFIX}{random}").into_bytes();
        let file = File::from(rustix::fs::openat(dir.fd(), temp.as_slice(), flags, mode)?);
        // Somebody may sweep it in the moment before it is locked. Where locks are unknown, nobody can.
        let locked = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        let there = dir.stat_name(&temp).is_ok_and(|stat| stat.is_some());
        if there && locked != Err(Errno::WOULDBLOCK) {
            return Ok((temp, file));
        }
    }
}

/// Removes what exports that were killed left in a directory. What cannot be removed is no reason to stop.
fn sweep(dir: &Rooted) {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let me = rustix::process::geteuid().as_raw();
    let names = dir.names().unwrap_or_default();
    for name in names
        .iter()
        .filter(|name| name.starts_with(PREFIX.as_bytes()))
    {
        let Ok(fd) = rustix::fs::openat(dir.fd(), name.as_slice(), flags, Mode::empty()) else {
            continue;
        };
        let ours = Stat::of(&fd).is_ok_and(|stat| stat.is_file() && stat.uid == me);
        if ours && rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = rustix::fs::unlinkat(dir.fd(), name.as_slice(), AtFlags::empty());
        }
    }
}

/// Writes a file that everybody may read, in the place of what stands there: readers see the whole old one or the whole
/// new one.
pub(crate) fn replace_readable(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let mut file = OutFile::create(path, true)?;
    file.write_all(bytes).at("write", path)?;
    rustix::fs::fchmod(&file.file, Mode::from_raw_mode(0o644)).at("create", path)?;
    file.publish()
}

/// Writes into a place that a person named, wherever that leads: a file by `replace`, in one step, a device as it is.
pub(crate) fn deliver(
    path: &Path,
    bytes: &[u8],
    replace: fn(&Path, &[u8]) -> Result<(), PathError>,
) -> Result<(), PathError> {
    match Place::of(path)? {
        Place::File(file) => replace(&file, bytes),
        Place::AsItIs => write_into(path, bytes),
    }
}

/// Where a path leads that a person named.
enum Place {
    /// To a file that is there or is to be, behind all links: they stay.
    File(PathBuf),
    /// To what cannot be replaced: a device, a pipe, a descriptor of this process.
    AsItIs,
}

/// So many links in a row are followed, as the kernel does.
const LINKS_MAX: usize = 40;

impl Place {
    fn of(path: &Path) -> Result<Self, PathError> {
        let mut at = path.to_owned();
        for _ in 0..LINKS_MAX {
            let parent = at.parent().filter(|dir| !dir.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).to_owned();
            match std::fs::symlink_metadata(&at).map(|one| one.file_type()) {
                Ok(kind) if kind.is_symlink() => {}
                Ok(kind) if !kind.is_file() && !kind.is_dir() => return Ok(Self::AsItIs),
                // What is wrong with it is told when it is written.
                _ => return Ok(Self::File(at)),
            }
            // What is given by a descriptor may have no name that could be replaced, and a file that was opened twice
            // would get this and what else is written there one over the other.
            if std::fs::canonicalize(&parent).is_ok_and(|dir| dir.starts_with("/proc")) {
                let is_file = at.metadata().is_ok_and(|one| one.is_file());
                let refused = || PathError::new("create", path, Errno::EXIST);
                return if is_file {
                    Err(refused())
                } else {
                    Ok(Self::AsItIs)
                };
            }
            at = parent.join(std::fs::read_link(&at).at("create", path)?);
        }
        Err(PathError::new("create", path, Errno::LOOP))
    }
}

fn write_into(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let file = std::fs::OpenOptions::new().write(true).open(path);
    let mut file = file.at("create", path)?;
    file.write_all(bytes).at("write", path)
}

/// Writes a file in the place of what stands there, in one step, with the rights that any new file of this user gets.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let mut file = OutFile::create_as(path, true, Mode::from_raw_mode(0o666))?;
    file.write_all(bytes).at("write", path)?;
    file.publish()
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if !self.kept {
            // A failure here is not told: the next export removes what stays (`sweep`).
            let _ = rustix::fs::unlinkat(self.dir.fd(), self.temp.as_slice(), AtFlags::empty());
        }
    }
}
