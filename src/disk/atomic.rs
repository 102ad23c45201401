//! One file of the store written whole or not at all: temporary, synced, renamed, and the directory synced.
//!
//! A failed sync is never retried: the kernel may have dropped the data and reported it once (Rebello et al., ATC'20).

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::error::{At, PathError};
use super::rename::rename_new;
use super::rooted::Rooted;

/// A file that has no final name yet. Dropped without [`Temp::publish`] it is removed.
#[derive(Debug)]
pub(crate) struct Temp<'a> {
    dir: &'a Rooted,
    name: String,
    file: File,
    kept: bool,
}

impl<'a> Temp<'a> {
    /// Creates a file that only its owner may read.
    pub(crate) fn create(dir: &'a Rooted) -> Result<Self, PathError> {
        let name = random_name()?;
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path = dir.path().join(&name);
        let fd = rustix::fs::openat(dir.fd(), name.as_str(), flags, Mode::from_raw_mode(0o600))
            .at("create", &path)?;
        // A strange umask or an inherited access list must not decide who may read it, nor that its owner may not.
        rustix::fs::fchmod(&fd, Mode::from_raw_mode(0o600)).at("set the mode of", &path)?;
        give_to_owner(dir, &fd).at("set the owner of", &path)?;
        Ok(Self {
            dir,
            name,
            file: fd.into(),
            kept: false,
        })
    }

    /// Where it is now.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), PathError> {
        self.file.write_all(bytes).at("write", &self.path())
    }

    /// Whether something else than this content has the name already. What cannot be read is something else.
    pub(crate) fn is_other(&self, to: &Rooted, name: &str) -> bool {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let there = match rustix::fs::openat(to.fd(), name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(error) => return error != rustix::io::Errno::NOENT,
        };
        !same_content(&self.file, &there).unwrap_or(false)
    }

    /// Makes the content durable, then gives it its name, then makes the name durable. A file of that name stays.
    pub(crate) fn publish(mut self, to: &Rooted, name: &str) -> Result<(), PathError> {
        rustix::fs::fdatasync(&self.file).at("sync", &self.path())?;
        let path = to.path().join(name);
        let (from, old) = (self.dir.fd(), self.name.as_bytes());
        match rename_new(from, old, to.fd(), name.as_bytes()) {
            Ok(()) => self.kept = true,
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error).at("rename to", &path),
        }
        to.sync()
    }
}

impl Temp<'_> {
    /// Like [`Temp::publish`], in place of whatever has that name.
    pub(crate) fn replace(mut self, to: &Rooted, name: &str) -> Result<(), PathError> {
        rustix::fs::fdatasync(&self.file).at("sync", &self.path())?;
        let path = to.path().join(name);
        rustix::fs::renameat(self.dir.fd(), self.name.as_str(), to.fd(), name)
            .at("rename to", &path)?;
        self.kept = true;
        to.sync()
    }

    /// Gives the file its name where it lies, in place of whatever has that. Nothing is made durable: only for copies
    /// that are checked when they are read, and can be had again.
    #[cfg(feature = "remote")]
    pub(crate) fn keep(mut self, name: &str) -> Result<(), PathError> {
        rustix::fs::renameat(self.dir.fd(), self.name.as_str(), self.dir.fd(), name)
            .at_with("rename to", || self.dir.path().join(name))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is removed by the next command.
            let _ = rustix::fs::unlinkat(self.dir.fd(), self.name.as_str(), AtFlags::empty());
        }
    }
}

fn same_content(one: &File, other: &File) -> std::io::Result<bool> {
    let len = one.metadata()?.len();
    if other.metadata()?.len() != len {
        return Ok(false);
    }
    let (mut ours, mut theirs) = (vec![0; COMPARED_AT_ONCE], vec![0; COMPARED_AT_ONCE]);
    for start in (0..len).step_by(COMPARED_AT_ONCE) {
        let part = COMPARED_AT_ONCE.min((len - start) as usize);
        one.read_exact_at(&mut ours[..part], start)?;
        other.read_exact_at(&mut theirs[..part], start)?;
        if ours[..part] != theirs[..part] {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Bytes of two files that are compared at a time.
const COMPARED_AT_ONCE: usize = 1 << 20;

/// What root writes into another user's store belongs to that user, who could not read it otherwise.
fn give_to_owner(dir: &Rooted, fd: impl std::os::fd::AsFd) -> rustix::io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = super::stat::Stat::of(dir.fd())?;
    if owner.uid == 0 {
        return Ok(());
    }
    let (uid, gid) = (
        rustix::fs::Uid::from_raw(owner.uid),
        rustix::fs::Gid::from_raw(owner.gid),
    );
    rustix::fs::fchown(fd, Some(uid), Some(gid))
}

/// Makes an empty file that only its owner may read, unless it is there already: a lock must stay the same file.
/// There is nothing in it that could be there in part, so it needs no other name first.
pub(crate) fn make_empty(dir: &Rooted, name: &str) -> Result<(), PathError> {
    let path = dir.path().join(name);
    let flags = OFlags::CREATE | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o600);
    let fd = rustix::fs::openat(dir.fd(), name, flags, mode).at("create", &path)?;
    rustix::fs::fchmod(&fd, mode).at("set the mode of", &path)?;
    give_to_owner(dir, &fd).at("set the owner of", &path)?;
    dir.sync()
}

/// Removes names and makes that durable. That one is gone already is fine.
pub(crate) fn remove(dir: &Rooted, names: &[impl AsRef<Path>]) -> Result<(), PathError> {
    for name in names.iter().map(AsRef::as_ref) {
        match rustix::fs::unlinkat(dir.fd(), name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(error).at_with("remove", || dir.path().join(name)),
        }
    }
    dir.sync()
}

/// Moves files to another directory and makes that durable. Their modification time tells when they were moved. That
/// another process moved one first is fine.
pub(crate) fn shift(
    from: &Rooted,
    to: &Rooted,
    names: &[String],
    prefix: &str,
) -> Result<(), PathError> {
    let now = rustix::fs::Timestamps {
        last_access: NOW,
        last_modification: NOW,
    };
    for name in names {
        let goal = format!("{prefix}{name}");
        let (old, new) = (from.path().join(name), to.path().join(&goal));
        let moved = rustix::fs::utimensat(from.fd(), name, &now, AtFlags::SYMLINK_NOFOLLOW)
            .at("set the times of", &old)
            .and_then(|()| {
                rustix::fs::renameat(from.fd(), name, to.fd(), &*goal).at("rename to", &new)
            });
        let there = || to.stat_name(goal.as_bytes()).map(|stat| stat.is_some());
        match moved {
            Err(error) if error.is_missing() && there()? => {}
            done => done?,
        }
    }
    to.sync()?;
    from.sync()
}

/// What `utimensat` takes for the present time.
const NOW: rustix::fs::Timespec = rustix::fs::Timespec {
    tv_sec: 0,
    tv_nsec: rustix::fs::UTIME_NOW,
};

/// Makes a directory that only its owner may enter, whatever the umask, and its parents as usual. Returns whether it
/// is new.
pub(crate) fn make_private_dir(path: &Path) -> Result<bool, PathError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).at("create directory", parent)?;
    }
    match rustix::fs::mkdirat(rustix::fs::CWD, path, Mode::from_raw_mode(0o700)) {
        Ok(()) => {}
        Err(rustix::io::Errno::EXIST) => return Ok(false),
        Err(error) => return Err(error).at("create directory", path),
    }
    let dir = Rooted::open(path)?;
    rustix::fs::fchmod(dir.fd(), Mode::from_raw_mode(0o700)).at("set the mode of", path)?;
    dir.sync()?;
    if let Some(parent) = path.parent() {
        Rooted::open(parent)?.sync()?;
    }
    Ok(true)
}

/// The same for a directory inside one that is held open. It belongs to whoever that one belongs to.
pub(crate) fn make_private_below(dir: &Rooted, path: &Path) -> Result<(), PathError> {
    let name = path.file_name().unwrap_or_default();
    match rustix::fs::mkdirat(dir.fd(), name, Mode::from_raw_mode(0o700)) {
        Ok(()) => {}
        Err(rustix::io::Errno::EXIST) => return Ok(()),
        Err(error) => return Err(error).at("create directory", path),
    }
    let made = dir.enter(name.as_encoded_bytes())?;
    rustix::fs::fchmod(made.fd(), Mode::from_raw_mode(0o700)).at("set the mode of", path)?;
    give_to_owner(dir, made.fd()).at("set the owner of", path)?;
    made.sync()?;
    dir.sync()
}

/// 16 random hex digits.
pub(crate) fn random_name() -> Result<String, PathError> {
    let mut bytes = [0_u8; 8];
    let source = Path::new("/dev/urandom");
    let mut file = File::open(source).at("open", source)?;
    std::io::Read::read_exact(&mut file, &mut bytes).at("read", source)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}
