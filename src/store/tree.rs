//! The description of one directory, content-addressed like a file (docs/format.md, "Tree").
//!
//! The same directory always gives the same bytes, so an unchanged package costs nothing in the next snapshot.

use super::wire::{Malformed, Reader, put_bytes, put_int, put_uint};
use crate::model::extent::Extent;
use crate::model::{Digest, Entry, Meta, Node, RelPath, Special, Time};

/// The version of this form, the first byte of each tree.
const VERSION: u8 = 1;

/// One entry of a tree: the entry itself and, for a directory, the tree that it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TreeEntry {
    pub(crate) entry: Entry,
    pub(crate) subtree: Option<Digest>,
}

/// Writes the entries of one directory, which are sorted by path.
pub(crate) fn encode(entries: &[TreeEntry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + entries.len() * 72);
    out.push(VERSION);
    put_uint(&mut out, entries.len() as u64);
    for TreeEntry { entry, subtree } in entries {
        put_bytes(&mut out, entry.path.name());
        put_meta(&mut out, &entry.meta);
        put_node(&mut out, &entry.node, *subtree);
    }
    out
}

fn put_meta(out: &mut Vec<u8>, meta: &Meta) {
    put_uint(out, meta.mode.into());
    put_uint(out, meta.uid.into());
    put_uint(out, meta.gid.into());
    put_int(out, meta.mtime.secs);
    put_uint(out, meta.mtime.nanos.into());
    put_uint(out, meta.xattrs.len() as u64);
    for (name, value) in &meta.xattrs {
        put_bytes(out, name);
        put_bytes(out, value);
    }
}

fn put_node(out: &mut Vec<u8>, node: &Node, subtree: Option<Digest>) {
    match node {
        Node::File {
            size,
            digest,
            link_to,
        } => {
            out.push(u8::from(link_to.is_some()));
            put_uint(out, *size);
            out.extend_from_slice(digest.as_bytes());
            if let Some(first) = link_to {
                put_bytes(out, first.as_bytes());
            }
        }
        Node::Dir => {
            out.push(2);
            out.extend_from_slice(subtree.unwrap_or(Digest::from_bytes([0; 32])).as_bytes());
        }
        Node::Symlink(target) => {
            out.push(3);
            put_bytes(out, target);
        }
        Node::Special(Special::Fifo) => out.push(4),
        Node::Special(Special::Socket) => out.push(5),
        Node::Special(Special::CharDevice(number)) => {
            out.push(6);
            put_uint(out, *number);
        }
        Node::Special(Special::BlockDevice(number)) => {
            out.push(7);
            put_uint(out, *number);
        }
        Node::Unreadable(reason) => {
            out.push(8);
            put_bytes(out, reason.as_bytes());
        }
    }
}

/// Reads the entries of the directory `dir`. Everything that a tree of ours never holds is refused: names that are not
/// plain, out of order or twice, impossible modes, times and attributes, and more than `extent` has room for.
pub(super) fn decode(
    bytes: &[u8],
    dir: &RelPath,
    extent: &mut Extent,
) -> Result<Vec<TreeEntry>, Malformed> {
    let mut reader = Reader(bytes);
    if reader.byte()? != VERSION {
        return Err(Malformed("the tree is of an unknown version"));
    }
    let count = reader.uint()?;
    let mut entries: Vec<TreeEntry> = Vec::new();
    for _ in 0..count {
        let path = dir
            .join(reader.bytes()?)
            .map_err(|_| Malformed("a name in the tree is not plain"))?;
        if entries.last().is_some_and(|last| last.entry.path >= path) {
            return Err(Malformed("the names in the tree are not in order"));
        }
        extent.add(&path)?;
        let meta = take_meta(&mut reader, extent)?;
        let (node, subtree) = take_node(&mut reader, extent)?;
        entries.push(TreeEntry {
            entry: Entry { path, meta, node },
            subtree,
        });
    }
    reader.end()?;
    Ok(entries)
}

/// Reads the topmost tree of a forest: one directory without a name, or nothing at all where no directory stood.
pub(super) fn decode_root(bytes: &[u8]) -> Result<Option<(Entry, Digest)>, Malformed> {
    let mut reader = Reader(bytes);
    let extent = &mut Extent::default();
    let no_topmost = Malformed("it is no topmost tree");
    if reader.byte()? != VERSION {
        return Err(no_topmost);
    }
    match reader.uint()? {
        0 => return reader.end().map(|()| None),
        1 if reader.bytes()?.is_empty() => {}
        _ => return Err(no_topmost),
    }
    let meta = take_meta(&mut reader, extent)?;
    let (node, subtree) = take_node(&mut reader, extent)?;
    reader.end()?;
    let subtree = subtree.ok_or(Malformed("its entry is no directory"))?;
    let path = RelPath::root();
    Ok(Some((Entry { path, meta, node }, subtree)))
}

fn take_meta(reader: &mut Reader<'_>, extent: &mut Extent) -> Result<Meta, Malformed> {
    let (mode, uid, gid) = (reader.uint32()?, reader.uint32()?, reader.uint32()?);
    let mtime = Time {
        secs: reader.int()?,
        nanos: reader.uint32()?,
    };
    if mode > 0o7777 || mtime.nanos >= 1_000_000_000 || uid == u32::MAX || gid == u32::MAX {
        return Err(Malformed("mode, owner or time of an entry is impossible"));
    }
    let mut xattrs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for _ in 0..reader.uint()? {
        let (name, value) = (reader.bytes()?, reader.bytes()?);
        let in_order = xattrs.last().is_none_or(|(last, _)| &last[..] < name);
        if !in_order || !Meta::is_attribute(name, value) {
            return Err(Malformed("an attribute of an entry is impossible"));
        }
        extent.add_attribute(name, value)?;
        xattrs.push((name.to_vec(), value.to_vec()));
    }
    Ok(Meta {
        mode,
        uid,
        gid,
        mtime,
        xattrs,
    })
}

fn take_node(
    reader: &mut Reader<'_>,
    extent: &mut Extent,
) -> Result<(Node, Option<Digest>), Malformed> {
    let mut text = |reader: &mut Reader<'_>| {
        let text = reader.bytes()?;
        extent
            .add_bytes(text.len())
            .map(|()| text.to_vec())
            .map_err(Malformed::from)
    };
    let node = match reader.byte()? {
        tag @ (0 | 1) => {
            let size = reader.uint()?;
            let digest = Digest::from_bytes(reader.array()?);
            let first = (tag == 1).then(|| text(reader)).transpose()?;
            let link_to = first
                .map(|first| RelPath::new(&first))
                .transpose()
                .map_err(|_| Malformed("a hard link leads nowhere"))?;
            if size > i64::MAX as u64 || link_to.as_ref().is_some_and(RelPath::is_root) {
                return Err(Malformed("a file is impossible"));
            }
            Node::File {
                size,
                digest,
                link_to,
            }
        }
        2 => return Ok((Node::Dir, Some(Digest::from_bytes(reader.array()?)))),
        3 => {
            let target = text(reader)?;
            if target.is_empty() || target.contains(&0) {
                return Err(Malformed("a symbolic link is impossible"));
            }
            Node::Symlink(target)
        }
        4 => Node::Special(Special::Fifo),
        5 => Node::Special(Special::Socket),
        6 => Node::Special(Special::CharDevice(reader.uint()?)),
        7 => Node::Special(Special::BlockDevice(reader.uint()?)),
        8 => {
            let reason = String::from_utf8(text(reader)?);
            Node::Unreadable(reason.map_err(|_| Malformed("a reason is no text"))?)
        }
        _ => return Err(Malformed("an entry is of an unknown type")),
    };
    Ok((node, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<TreeEntry>, Malformed> {
        decode(bytes, &RelPath::root(), &mut Extent::default())
    }

    fn entry(name: &str, node: Node) -> TreeEntry {
        let mtime = Time { secs: -5, nanos: 7 };
        let meta = Meta {
            mode: 0o644,
            uid: 1,
            gid: 2,
            mtime,
            xattrs: vec![(b"user.a".to_vec(), b"b".to_vec())],
        };
        let subtree = (node == Node::Dir).then(|| Digest::of(b"sub"));
        TreeEntry {
            entry: Entry {
                path: RelPath::new(name.as_bytes()).unwrap(),
                meta,
                node,
            },
            subtree,
        }
    }

    fn sample() -> Vec<TreeEntry> {
        let file = |link_to| Node::File {
            size: 3,
            digest: Digest::of(b"abc"),
            link_to,
        };
        vec![
            entry("a", file(None)),
            entry("b", Node::Dir),
            entry("c", Node::Symlink(b"../x".to_vec())),
            entry("d", file(Some(RelPath::new(b"a").unwrap()))),
            entry("e", Node::Special(Special::BlockDevice(9))),
            entry("f", Node::Unreadable("no".into())),
        ]
    }

    #[test]
    fn every_kind_of_entry_reads_back() {
        assert_eq!(read(&encode(&sample())).unwrap(), sample());
    }

    #[test]
    fn hostile_trees_are_refused() {
        let mut twice = sample();
        twice[1] = twice[0].clone();
        assert!(read(&encode(&twice)).is_err());
        let good = encode(&sample());
        for len in 0..good.len() {
            assert!(read(&good[..len]).is_err());
        }
        for name in [&b".."[..], b".", b"", b"a/b", b"a\0"] {
            let mut bytes = vec![VERSION, 1];
            put_bytes(&mut bytes, name);
            put_meta(&mut bytes, &Meta::default());
            put_node(&mut bytes, &Node::Special(Special::Fifo), None);
            assert!(read(&bytes).is_err(), "{name:?}");
        }
    }
}
