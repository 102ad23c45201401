//! A small writer of the store's format that shares no code with the library, so that it can write what the library
//! never would.

use std::fs;
use std::path::Path;

/// The name of some bytes.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

pub(super) fn uint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub(super) fn int(value: i64) -> Vec<u8> {
    uint(((value << 1) ^ (value >> 63)) as u64)
}

pub(super) fn text(bytes: &[u8]) -> Vec<u8> {
    [uint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// Mode, owner, time and attributes of an entry.
#[derive(Clone)]
pub(super) struct Meta {
    pub(super) mode: u64,
    pub(super) uid: u64,
    pub(super) secs: i64,
    pub(super) nanos: u64,
    pub(super) xattrs: Vec<u8>,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            mode: 0o644,
            uid: rustix::process::geteuid().as_raw().into(),
            secs: 1_000_000_000,
            nanos: 0,
            xattrs: uint(0),
        }
    }
}

/// One entry of a tree: `node` is its type and what follows.
pub(super) fn entry(name: &[u8], meta: &Meta, node: &[u8]) -> Vec<u8> {
    [
        &text(name)[..],
        &uint(meta.mode),
        &uint(meta.uid),
        &uint(rustix::process::getegid().as_raw().into()),
        &int(meta.secs),
        &uint(meta.nanos),
        &meta.xattrs,
        node,
    ]
    .concat()
}

pub(super) fn file(name: &[u8], content: &[u8]) -> Vec<u8> {
    sized(name, content.len() as u64, content)
}

/// A file that claims this size, whatever its content has.
pub(super) fn sized(name: &[u8], size: u64, content: &[u8]) -> Vec<u8> {
    let node = [&[0][..], &uint(size), &digest(content)].concat();
    entry(name, &Meta::default(), &node)
}

pub(super) fn hard_link(name: &[u8], content: &[u8], first: &[u8]) -> Vec<u8> {
    let size = uint(content.len() as u64);
    let node = [&[1][..], &size, &digest(content), &text(first)].concat();
    entry(name, &Meta::default(), &node)
}

pub(super) fn dir(name: &[u8], tree: &[u8]) -> Vec<u8> {
    let meta = Meta {
        mode: 0o755,
        ..Meta::default()
    };
    entry(name, &meta, &[&[2][..], &digest(tree)].concat())
}

pub(super) fn symlink(name: &[u8], target: &[u8]) -> Vec<u8> {
    let node = [&[3][..], &text(target)].concat();
    entry(name, &Meta::default(), &node)
}

pub(super) fn tree(entries: &[Vec<u8>]) -> Vec<u8> {
    [&[1][..], &uint(entries.len() as u64), &entries.concat()].concat()
}

/// An object in a pack.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) kind: u8,
    pub(super) bytes: Vec<u8>,
    /// What the table calls it.
    pub(super) id: [u8; 32],
}

pub(super) fn object(kind: u8, bytes: &[u8]) -> Object {
    Object {
        kind,
        bytes: bytes.to_vec(),
        id: digest(bytes),
    }
}

/// A row of a pack's table.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) frame: u64,
    pub(super) kind: u8,
    pub(super) start: u64,
    pub(super) len: u64,
    pub(super) id: [u8; 32],
}

/// A pack on its way.
#[derive(Clone, Default)]
pub(super) struct Pack {
    /// Each with its header, and the plain length that the table gives it.
    pub(super) frames: Vec<(Vec<u8>, u64)>,
    pub(super) rows: Vec<Row>,
}

impl Pack {
    pub(super) fn of(objects: &[Object]) -> Self {
        let mut pack = Self::default();
        let plain = pack.list(objects);
        let body = zstd::bulk::compress(&plain, 3).unwrap();
        pack.frames
            .push((frame(1, &body, plain.len() as u32), plain.len() as u64));
        pack
    }

    /// The plain bytes of a frame, and the rows of its objects.
    pub(super) fn list(&mut self, objects: &[Object]) -> Vec<u8> {
        let mut plain = uint(objects.len() as u64);
        for one in objects {
            plain.extend([&[one.kind, 0][..], &uint(one.bytes.len() as u64)].concat());
        }
        for one in objects {
            self.rows.push(Row {
                frame: self.frames.len() as u64,
                kind: one.kind,
                start: plain.len() as u64,
                len: one.bytes.len() as u64,
                id: one.id,
            });
            plain.extend(&one.bytes);
        }
        plain
    }

    pub(super) fn table(&self) -> Vec<u8> {
        let mut out = uint(self.frames.len() as u64);
        let mut offset = 16;
        for (frame, plain) in &self.frames {
            out.extend([uint(offset), uint(frame.len() as u64), uint(*plain)].concat());
            offset += frame.len() as u64;
        }
        out.extend(uint(self.rows.len() as u64));
        for row in &self.rows {
            let numbers = [uint(row.start), uint(row.len)].concat();
            out.extend([&uint(row.frame)[..], &[row.kind, 0], &numbers].concat());
        }
        self.rows.iter().for_each(|row| out.extend(row.id));
        out
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.with_table(&self.table())
    }

    /// The whole pack with another table.
    pub(super) fn with_table(&self, plain: &[u8]) -> Vec<u8> {
        let stored = zstd::bulk::compress(plain, 3).unwrap();
        let at = 16
            + self
                .frames
                .iter()
                .map(|(frame, _)| frame.len() as u64)
                .sum::<u64>();
        self.ended(&stored, at, stored.len() as u32, plain.len() as u32)
    }

    /// The whole pack with a footer of one's own choice; its digest is right.
    pub(super) fn ended(&self, stored: &[u8], at: u64, len: u32, plain: u32) -> Vec<u8> {
        let mut out = b"VSNAPACK\x01\0\0\0\0\0\0\0".to_vec();
        self.frames.iter().for_each(|(frame, _)| out.extend(frame));
        let numbers = [
            &at.to_le_bytes()[..],
            &len.to_le_bytes(),
            &plain.to_le_bytes(),
        ]
        .concat();
        let sum = digest(&[stored, &numbers].concat());
        out.extend([stored, &numbers, &sum, &[0; 8], b"VSNAPEND"].concat());
        out
    }
}

/// A frame with its header.
pub(super) fn frame(codec: u8, body: &[u8], plain_len: u32) -> Vec<u8> {
    let mut out = b"VSFR".to_vec();
    out.extend([codec, 0, 0, 0]);
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(plain_len.to_le_bytes());
    out.extend(&digest(body)[..8]);
    out.extend(body);
    out
}

/// An empty store.
pub(super) fn store(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let private = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::create_dir(path).unwrap();
    private(path, 0o700);
    for name in ["packs", "snapshots", "pins", "tmp"] {
        fs::create_dir(path.join(name)).unwrap();
        private(&path.join(name), 0o700);
    }
    fs::write(path.join("lock"), b"").unwrap();
    fs::write(
        path.join("venv-snap.json"),
        b"{\"format\":1,\"features\":[]}",
    )
    .unwrap();
}

/// Writes a file under the name of its digest.
pub(super) fn put(dir: &Path, bytes: &[u8]) -> String {
    let name = blake3::hash(bytes).to_hex().to_string();
    fs::write(dir.join(&name), bytes).unwrap();
    name
}
