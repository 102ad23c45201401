//! Whatever bytes the readers of the store are given, they give them back or refuse them (promise 8). For fuzzers and
//! tests alone.

use super::frame::{self, HEADER_LEN, Object, ObjectKind};
use super::pack::Table;
use super::{segment, tree};
use crate::model::{RelPath, Snapshot};

/// A pack: its table with footer, its plain table, a frame, the plain bytes of a frame, a list of segments.
pub fn pack(data: &[u8]) {
    // A checksum guards them, so behind it nothing else is ever read.
    if let Ok(table) = Table::open(data) {
        assert!(Table::decode(&table.encode()) == Ok(table));
    }
    if let Ok(table) = Table::decode(data) {
        assert!(table.encode() == data, "a table has two forms");
        let sealed = table.seal(16).unwrap_or_default();
        assert!(Table::open(&sealed) == Ok(table));
    }
    if let Some((header, body)) = data.split_at_checked(HEADER_LEN) {
        let _ = frame::open(header, body);
        let _ = frame::open(&frame::header(frame::Codec::Zstd, body, 1 << 16), body);
    }
    if let Ok(list) = segment::decode(data) {
        assert!(segment::encode(&list) == data, "a list has two forms");
    }
    plain_frame(data);
}

fn plain_frame(data: &[u8]) {
    let Ok(parts) = frame::parts(data) else {
        return;
    };
    let objects: Vec<Object> = parts
        .iter()
        .map(|part| {
            let bytes = &data[part.start as usize..][..part.len as usize];
            assert!(part.is(bytes), "an object is not what its frame says");
            Object {
                id: part.id,
                kind: part.kind,
                segment: part.segment,
                bytes: bytes.into(),
            }
        })
        .collect();
    let mut again = Vec::new();
    frame::join(&objects, &mut again);
    assert!(again == data, "a frame has two forms");
    let trees = objects.iter().filter(|one| one.kind == ObjectKind::Tree);
    trees.for_each(|one| self::tree(&one.bytes));
}

/// The tree of a directory, and a topmost one.
pub fn tree(data: &[u8]) {
    for dir in [
        RelPath::root(),
        RelPath::new(b"lib/deep").unwrap_or_default(),
    ] {
        if let Ok(entries) = tree::decode(data, &dir, &mut crate::model::extent::Extent::default())
        {
            assert!(tree::encode(&entries) == data, "a tree has two forms");
        }
    }
    let _ = tree::decode_root(data);
}

/// A snapshot file. Unknown fields are ignored, so it comes back the same from the second time on.
pub fn snapshot(data: &[u8]) {
    let Ok(snapshot) = serde_json::from_slice::<Snapshot>(data) else {
        return;
    };
    let text = serde_json::to_vec_pretty(&snapshot).unwrap_or_default();
    let again = serde_json::from_slice::<Snapshot>(&text);
    assert!(
        again.is_ok_and(|again| again == snapshot),
        "a snapshot changes"
    );
    let _ = (snapshot.entries(), snapshot.venv.path());
}
