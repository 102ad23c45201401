//! Reads single files of a tree: hashed in pieces, since one may be larger than memory, or whole up to a limit.

use rustix::fs::OFlags;
use sha2::digest::DynDigest;

use crate::disk::rooted::Rooted;
use crate::model::RelPath;

/// Bytes that are read at a time: so many stay in the cache of a processor.
const PIECE_LEN: usize = 256 << 10;

/// The hash of a regular file; none where it cannot be read.
pub(crate) fn hash_file(
    root: &Rooted,
    path: &RelPath,
    mut hasher: Box<dyn DynDigest>,
) -> Option<Vec<u8>> {
    read_pieces(root, path, &mut |piece| hasher.update(piece))?;
    Some(hasher.finalize().to_vec())
}

/// Shows the content of a regular file, one piece after the other; none where it cannot be read to its end.
pub(crate) fn read_pieces(
    root: &Rooted,
    path: &RelPath,
    take: &mut dyn FnMut(&[u8]),
) -> Option<()> {
    let file = std::fs::File::from(root.open_below(path, OFlags::RDONLY).ok()?);
    let meta = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut buffer = vec![0; PIECE_LEN.min(meta.len() as usize + 1)];
    loop {
        match std::io::Read::read(&mut &file, &mut buffer) {
            Ok(0) => return Some(()),
            Ok(n) => take(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// The content of a regular file of at most `max` bytes; none where it is larger or cannot be read.
pub(crate) fn read_file(root: &Rooted, path: &RelPath, max: u64) -> Option<Vec<u8>> {
    let file = std::fs::File::from(root.open_below(path, OFlags::RDONLY).ok()?);
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > max {
        return None;
    }
    let mut content = Vec::with_capacity(meta.len() as usize);
    std::io::Read::read_to_end(&mut std::io::Read::take(&file, max + 1), &mut content).ok()?;
    (content.len() as u64 <= max).then_some(content)
}
