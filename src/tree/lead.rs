//! What links lead to, for audits. A scan follows nothing; where an installer linked into its cache, what stands in
//! the venv is the content that lies there. None of it is trusted: a file is opened only if it is a regular one, and
//! read no further than is asked.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use sha2::digest::DynDigest;

use crate::model::{Digest, Manifest, Node, RelPath};

/// Bytes that are read at a time.
const PIECE_LEN: usize = 1 << 20;

/// What stands where a link leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Led {
    /// Nothing, or the links go round in a circle.
    Nothing,
    /// A regular file of so many bytes.
    File(u64),
    /// A directory.
    Dir,
    /// A directory in which nothing is, but perhaps bytecode.
    Hollow,
    /// A FIFO, a socket or a device.
    Other,
    /// It may not be looked at, for this reason.
    Unknown(String),
}

/// Where the link at a path leads, or that which stands above it; none where neither is a link. `place` is where the
/// tree stands.
pub(crate) fn target(manifest: &Manifest, place: &Path, path: &RelPath) -> Option<PathBuf> {
    let mut above = std::iter::successors(Some(path.clone()), RelPath::parent);
    let (link, entry) = above.find_map(|dir| Some((dir.clone(), manifest.get(&dir)?)))?;
    let Node::Symlink(text) = &entry.node else {
        return None;
    };
    let dir = link.parent().unwrap_or_default();
    let to = place
        .join(dir.as_path())
        .join(Path::new(std::ffi::OsStr::from_bytes(text)));
    let rest = path.as_path().strip_prefix(link.as_path()).ok()?;
    Some(if rest.as_os_str().is_empty() {
        to
    } else {
        to.join(rest)
    })
}

/// What stands at a path, with all links followed.
pub(crate) fn led(path: &Path) -> Led {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => Led::File(meta.len()),
        Ok(meta) if meta.is_dir() && is_hollow(path) => Led::Hollow,
        Ok(meta) if meta.is_dir() => Led::Dir,
        Ok(_) => Led::Other,
        Err(error) => match (error.kind(), Errno::from_io_error(&error)) {
            (ErrorKind::NotFound | ErrorKind::NotADirectory, _) | (_, Some(Errno::LOOP)) => {
                Led::Nothing
            }
            _ => Led::Unknown(error.to_string()),
        },
    }
}

/// Whether a directory that may be read holds nothing but bytecode.
fn is_hollow(path: &Path) -> bool {
    let own = |name: &std::ffi::OsStr| name != "__pycache__";
    let names = std::fs::read_dir(path);
    names
        .is_ok_and(|mut names| !names.any(|entry| entry.is_ok_and(|entry| own(&entry.file_name()))))
}

/// The content of a regular file of at most `max` bytes.
pub(crate) fn read_led(path: &Path, max: u64) -> Option<Vec<u8>> {
    let (file, meta) = open(path)?;
    if meta.len() > max {
        return None;
    }
    let mut content = Vec::with_capacity(meta.len() as usize);
    file.take(max + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= max).then_some(content)
}

/// The hash of a regular file of so many bytes; none where it has another size or cannot be read.
pub(crate) fn hash_led(path: &Path, size: u64, mut hasher: Box<dyn DynDigest>) -> Option<Vec<u8>> {
    let (file, meta) = open(path)?;
    let mut file = file.take(size + 1);
    let mut buffer = vec![0; PIECE_LEN.min(meta.len() as usize + 1)];
    let mut read = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return (read == size).then(|| hasher.finalize().to_vec()),
            Ok(n) => {
                read += n as u64;
                hasher.update(&buffer[..n]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// The digest of a regular file of so many bytes; none where it has another size or cannot be read.
pub(crate) fn digest_led(path: &Path, size: u64) -> Option<Digest> {
    let (file, meta) = open(path)?;
    if meta.len() != size {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    let mut file = file.take(size + 1);
    let read = std::io::copy(&mut file, &mut hasher).ok()?;
    (read == size).then(|| Digest::from_bytes(hasher.finalize().into()))
}

/// Opens a regular file, and nothing else: to open a FIFO waits, and to open a device may do something.
fn open(path: &Path) -> Option<(File, Metadata)> {
    let seen = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok().filter(Metadata::is_file)?;
    let same = (meta.dev(), meta.ino()) == (seen.dev(), seen.ino());
    same.then_some((file, meta))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_no_further_than_asked() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), b"hello").unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        let fifo = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            fifo,
            0,
        )
        .unwrap();
        assert_eq!(led(&at("link")), Led::File(5));
        assert_eq!(led(&at("fifo")), Led::Other);
        assert_eq!(led(&at("loop")), Led::Nothing);
        assert_eq!(led(dir.path()), Led::Dir);
        std::fs::create_dir_all(at("hollow/__pycache__")).unwrap();
        assert_eq!(led(&at("hollow")), Led::Hollow);
        assert_eq!(led(Path::new("/dev/zero")), Led::Other);
        assert_eq!(read_led(&at("link"), 5), Some(b"hello".to_vec()));
        for (name, max) in [("link", 4), ("fifo", 9), ("loop", 9)] {
            assert_eq!(read_led(&at(name), max), None, "{name}");
        }
    }
}
