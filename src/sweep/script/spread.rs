//! Patterns of names as the files for which they stand, where it matters which of them are meant.

use std::path::{Path, PathBuf};

use super::{FOUND, MEANINGS_MAX, Reader};
use crate::sweep::glob::matches;
use crate::sweep::links::is_pattern;
use crate::sweep::quotes::{escaped, unescaped};

impl Reader<'_> {
    /// The names in a directory; none where that is not known, or there are too many.
    pub(super) fn names_in(&self, dir: &str, with_hidden: bool) -> Option<Vec<String>> {
        let dir = self.known_dir(dir)?;
        let names = self.machine.root.kinds(&dir).into_iter();
        let names = names.map(|(name, _)| name.to_string_lossy().into_owned());
        let names: Vec<String> = names
            .filter(|name| with_hidden || !name.starts_with('.'))
            .map(|name| escaped(&name))
            .collect();
        (names.len() <= MEANINGS_MAX).then_some(names)
    }

    /// What a pattern stands for; none for what is no pattern, matches nothing, or too much.
    pub(super) fn spread(&self, pattern: &str) -> Option<Vec<String>> {
        if !pattern.split('/').any(is_pattern)
            || pattern.contains("**")
            || pattern.contains([FOUND, crate::sweep::glob::ANYTHING])
        {
            return None;
        }
        let mut all = vec![if pattern.starts_with('/') { "/" } else { "" }.to_owned()];
        let mut parts = pattern
            .split('/')
            .filter(|part| !part.is_empty())
            .peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            let asks_dir = !is_last || pattern.ends_with('/');
            let end = if asks_dir { "/" } else { "" };
            let mut next = Vec::new();
            for before in all {
                let names = self.named_by(&before, part, asks_dir)?;
                next.extend(names.iter().map(|name| format!("{before}{name}{end}")));
            }
            if next.is_empty() || next.len() > MEANINGS_MAX {
                return None;
            }
            all = next;
        }
        Some(all)
    }

    /// The names in a directory for which a part of a pattern stands; none where the directory is not known.
    fn named_by(&self, before: &str, part: &str, asks_dir: bool) -> Option<Vec<String>> {
        let root = &self.machine.root;
        if !is_pattern(part) {
            let place = unescaped(&self.place(&format!("{before}{part}")));
            let is_there = root.exists(Path::new(&place));
            return Some(is_there.then(|| part.to_owned()).into_iter().collect());
        }
        let dir = self.known_dir(if before.is_empty() { "." } else { before })?;
        let rules = self.state.globs;
        let is_meant = |name: &std::ffi::OsString, kind: std::fs::FileType| {
            let leads_to_dir = || root.meta(&dir.join(name)).is_some_and(|meta| meta.is_dir());
            let is_dir = || kind.is_dir() || kind.is_symlink() && leads_to_dir();
            let name = std::os::unix::ffi::OsStrExt::as_bytes(name.as_os_str());
            matches(part.as_bytes(), name, rules) && (!asks_dir || is_dir())
        };
        let all = root.kinds(&dir).into_iter();
        let all = all.filter(|(name, kind)| is_meant(name, *kind));
        Some(
            all.map(|(name, _)| escaped(&name.to_string_lossy()))
                .collect(),
        )
    }

    /// A directory that is there and of which the name is known.
    fn known_dir(&self, word: &str) -> Option<PathBuf> {
        let place = self.place(word);
        let is_known = place.starts_with('/') && !place.split('/').any(is_pattern);
        let dir = PathBuf::from(unescaped(&place));
        (is_known && !self.machine.root.lacks_dir(&dir)).then_some(dir)
    }
}
