//! What the names at the top of a cache mean, by installer. A name that is not here is told, never guessed.

use crate::model::Installer;

/// Whose cache a directory is, by what lies in it; none where nothing tells.
pub(crate) fn installer_of(names: &[Vec<u8>]) -> Option<Installer> {
    let has = |of: &dyn Fn(&[u8]) -> bool| names.iter().any(|name| of(name));
    let is = |word: &'static [u8]| move |name: &[u8]| name == word;
    if has(&|name| bucket(name, b"archive-v") || bucket(name, b"wheels-v")) {
        Some(Installer::Uv)
    } else if has(&is(b"http-v2")) || has(&is(b"selfcheck")) {
        Some(Installer::Pip)
    } else if has(&is(b"artifacts")) {
        Some(Installer::Poetry)
    } else if has(&is(b"wheel")) {
        Some(Installer::Virtualenv)
    } else if has(&is(b"packages")) || has(&is(b"hashes")) {
        Some(Installer::Pdm)
    } else if has(&is(b"http")) || has(&is(b"wheels")) {
        Some(Installer::Pip)
    } else {
        None
    }
}

/// Whether a name is that of a bucket of uv: a word and any number.
pub(super) fn bucket(name: &[u8], word: &[u8]) -> bool {
    let number = name.strip_prefix(word);
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// What one directory of a cache holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Holds {
    Responses,
    /// Archives at any depth.
    Archives,
    /// Unpacked wheels of uv, by number.
    Unpacked,
    /// What points to unpacked wheels of uv.
    Pointers,
    /// Unpacked wheels of pdm, by file name.
    Packages,
    /// Unpacked wheels and others of virtualenv, by version of Python.
    Images,
    /// Nothing that an installer would put into a venv, or nothing that can be held against anything.
    Other,
}

/// What a name at the top of a cache holds; none where that is not known.
pub(super) fn holds(installer: Installer, name: &[u8]) -> Option<Holds> {
    let numbered = |words: &[&[u8]]| words.iter().any(|word| bucket(name, word));
    Some(match (installer, name) {
        (Installer::Pip, b"http" | b"http-v2") => Holds::Responses,
        (Installer::Pip | Installer::Pdm, b"wheels") | (Installer::Poetry, b"artifacts") => {
            Holds::Archives
        }
        (Installer::Pdm, b"packages") => Holds::Packages,
        (Installer::Virtualenv, b"wheel") => Holds::Images,
        (Installer::Uv, _) if numbered(&[b"archive-v"]) => Holds::Unpacked,
        (Installer::Uv, _) if numbered(&[b"wheels-v", b"sdists-v", b"built-wheels-v"]) => {
            Holds::Pointers
        }
        (Installer::Uv, _) if numbered(OTHER_OF_UV) => Holds::Other,
        (Installer::Pip, b"selfcheck" | b"selfcheck.json")
        | (Installer::Poetry, b"cache" | b"virtualenvs" | b"build")
        | (Installer::Pdm, b"hashes" | b"http" | b"metadata" | b"envs" | b"keyring")
        | (Installer::Virtualenv, b"py_info" | b"unzip")
        | (_, b".lock" | b".gitignore" | b".git" | b"CACHEDIR.TAG") => Holds::Other,
        _ => return None,
    })
}

/// Buckets of uv in which nothing can be held against anything.
const OTHER_OF_UV: &[&[u8]] = &[
    b"simple-v",
    b"flat-index-v",
    b"interpreter-v",
    b"builds-v",
    b"git-v",
    b"environments-v",
    b"python-v",
    b"binaries-v",
    b"osv-v",
];
