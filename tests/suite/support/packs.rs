//! The files of a store, and how they are hurt.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Sandbox, venv};

/// What a directory holds, in order.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .map(|list| list.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}

/// Edits the bytes of a file.
pub(crate) fn change(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// A saved venv.
pub(crate) fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox
}

/// Flips a bit of some content that does not compress, in each pack that has it.
pub(crate) fn lose(sandbox: &Sandbox, content: &[u8]) {
    for pack in files(&sandbox.path("store/packs")) {
        let bytes = fs::read(&pack).unwrap();
        let found = bytes.windows(64).position(|part| part == &content[..64]);
        if let Some(at) = found {
            change(&pack, |bytes| bytes[at + 5000] ^= 1);
        }
    }
}

/// Flips a bit in a pack, in the middle of some content that does not compress.
pub(crate) fn damage(pack: &Path, content: &[u8]) {
    change(pack, |bytes| {
        let found = bytes.windows(64).position(|part| part == &content[..64]);
        bytes[found.unwrap() + 1000] ^= 1;
    });
}
