//! One entry as the blocks that stand before its content. What the old header cannot hold stands in a PAX header
//! before it.

use tar::{EntryType, Header};

use super::origin::Origin;
use super::{BLOCK, OCTAL_MAX, pax};
use crate::model::{Entry, Node, RelPath, Special};

/// Two blocks of zeros end an archive.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];
/// The longest name in the old header.
const NAME_MAX: usize = 100;
/// The largest number in seven octal digits.
const ID_MAX: u32 = 0o777_7777;

/// Why an entry is left out of an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Left {
    /// A socket: no archive holds one, and its program makes it anew.
    #[error("it is a socket")]
    Socket,
    /// A device.
    #[error("it is a device")]
    Device,
    /// It could not be read when it was saved.
    #[error("it could not be read when it was saved")]
    Unreadable,
}

/// The global header, which says where the archive comes from.
pub(crate) fn opening(origin: &Origin) -> Vec<u8> {
    let mut records = Vec::new();
    pax::put(&mut records, b"comment", origin.comment().as_bytes());
    let mut out = Vec::new();
    put_records(&mut out, EntryType::XGlobalHeader, &records);
    out
}

/// All that stands before the content of an entry, or why it has no place in an archive.
pub(crate) fn header(entry: &Entry) -> Result<Vec<u8>, Left> {
    let (kind, link, size) = match &entry.node {
        Node::Dir => (EntryType::Directory, None, 0),
        Node::File {
            link_to: Some(first),
            ..
        } => (EntryType::Link, Some(name(first, false)), 0),
        Node::File { size, .. } => (EntryType::Regular, None, *size),
        Node::Symlink(target) => (EntryType::Symlink, Some(target.clone()), 0),
        Node::Special(Special::Fifo) => (EntryType::Fifo, None, 0),
        Node::Special(Special::Socket) => return Err(Left::Socket),
        Node::Special(_) => return Err(Left::Device),
        Node::Unreadable(_) => return Err(Left::Unreadable),
    };
    let meta = &entry.meta;
    let path = name(&entry.path, entry.node == Node::Dir);
    let mut records = Vec::new();
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(meta.mode);
    if path.len() > NAME_MAX {
        pax::put(&mut records, b"path", &path);
    }
    if let Some(link) = link.as_ref().filter(|link| link.len() > NAME_MAX) {
        pax::put(&mut records, b"linkpath", link);
    }
    if size > OCTAL_MAX {
        pax::put(&mut records, b"size", size.to_string().as_bytes());
    }
    header.set_size(size);
    for (key, id) in [(b"uid", meta.uid), (b"gid", meta.gid)] {
        if id > ID_MAX {
            pax::put(&mut records, key, id.to_string().as_bytes());
        }
    }
    let fitting = |id: u32| if id > ID_MAX { 0 } else { u64::from(id) };
    header.set_uid(fitting(meta.uid));
    header.set_gid(fitting(meta.gid));
    let secs = u64::try_from(meta.mtime.secs).unwrap_or(OCTAL_MAX + 1);
    if meta.mtime.nanos > 0 || secs > OCTAL_MAX {
        pax::put(&mut records, b"mtime", pax::time(meta.mtime).as_bytes());
    }
    header.set_mtime(if secs > OCTAL_MAX { 0 } else { secs });
    if !matches!(kind, EntryType::Link | EntryType::Symlink) {
        for (name, value) in &meta.xattrs {
            pax::put(&mut records, &pax::xattr_key(name), value);
        }
    }
    set_names(&mut header, &path, link.as_deref().unwrap_or_default());
    let mut out = Vec::with_capacity(4 * BLOCK);
    if !records.is_empty() {
        put_records(&mut out, EntryType::XHeader, &records);
    }
    out.extend_from_slice(header.as_bytes());
    Ok(out)
}

/// The zeros that fill the last block of a content.
pub(crate) fn padding(size: u64) -> &'static [u8] {
    &END[..(BLOCK - (size % BLOCK as u64) as usize) % BLOCK]
}

/// Names begin at the directory in which an archive is unpacked, as `tar -C VENV -c .` writes them.
fn name(path: &RelPath, dir: bool) -> Vec<u8> {
    let end: &[u8] = if dir && !path.is_root() { b"/" } else { b"" };
    [b"./", path.as_bytes(), end].concat()
}

fn put_records(out: &mut Vec<u8>, kind: EntryType, records: &[u8]) {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(records.len() as u64);
    set_names(&mut header, b"././@PaxHeader", b"");
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(records);
    out.extend_from_slice(padding(records.len() as u64));
}

/// Writes names as far as they fit, and the checksum over all.
fn set_names(header: &mut Header, path: &[u8], link: &[u8]) {
    if let Some(ustar) = header.as_ustar_mut() {
        for (field, bytes) in [(&mut ustar.name, path), (&mut ustar.linkname, link)] {
            let len = bytes.len().min(NAME_MAX);
            field[..len].copy_from_slice(&bytes[..len]);
        }
    }
    header.set_cksum();
}
