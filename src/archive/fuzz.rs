//! Whatever bytes are taken for a tar, the reader makes of them a tree that a scan could have found, or refuses
//! (promise 8). For fuzzers and tests alone.

use super::{BLOCK, Gathered, Promised, Reader, RootMark, plain};
use crate::model::{Entry, Manifest, Node};

const VENV: RootMark = RootMark {
    path: "pyvenv.cfg",
    tree: "venv",
};

/// A tar, as it is and with the sums of its headers put right: almost no other change would get behind those.
pub fn tar(data: &[u8]) {
    read(data);
    let mut signed = data.to_vec();
    for block in signed.as_chunks_mut::<BLOCK>().0 {
        if block[257..].starts_with(b"ustar") {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    read(&signed);
}

fn read(data: &[u8]) {
    let Ok(plain) = plain(data, &Promised::default()) else {
        return;
    };
    let mut reader = Reader::new(plain);
    let mut gathered = Gathered::default();
    while let Ok(next) = reader.next() {
        let Some(member) = next else {
            if let Ok(tree) = gathered.finish(VENV) {
                check(&tree);
            }
            return;
        };
        if gathered.add(member).is_err() {
            return;
        }
    }
}

fn check(tree: &Manifest) {
    let entries = tree.entries();
    assert!(entries.first().is_some_and(|first| first.path.is_root()));
    assert!(
        entries.is_sorted_by(|one, next| one.path < next.path),
        "an entry comes twice"
    );
    for entry in entries {
        let above = entry.path.parent().and_then(|dir| tree.get(&dir));
        let in_dir = above.is_some_and(|above| above.node == Node::Dir);
        assert!(
            in_dir || entry.path.is_root(),
            "{entry:?} is in no directory"
        );
        if let Node::File {
            link_to: Some(first),
            size,
            ..
        } = &entry.node
        {
            let first = tree.get(first).filter(|first| first.path < entry.path);
            let is_same = |first: &Entry| first.size() == Some(*size) && first.meta == entry.meta;
            assert!(first.is_some_and(is_same), "{entry:?} leads nowhere");
        }
    }
}
