//! Where a script goes: `cd` and `pushd`, which fail where there is no such directory.

use std::path::{Path, PathBuf};

use super::Reader;
use crate::model::plain::plain;
use crate::sweep::glob::ANYTHING;
use crate::sweep::links::is_pattern;
use crate::sweep::options::Options;
use crate::sweep::programs::{interpreter, prefix, remover};
use crate::sweep::quotes::{escaped, unescaped};

/// Programs that make directories which they are not given by name.
const UNPACKING: [&str; 24] = [
    "tar", "gtar", "bsdtar", "unzip", "7z", "7za", "7zz", "cpio", "git", "svn", "hg", "make",
    "cmake", "ninja", "npm", "yarn", "pnpm", "cargo", "go", "docker", "podman", "rsync", "scp",
    "wget",
];
/// Commands that make no directory, whatever they are given.
const NOT_MAKING: [&str; 10] = [
    "cd", "pushd", "popd", "echo", "printf", "test", "[", "[[", "find", "ls",
];

/// What a script may have made by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    places: Vec<PathBuf>,
    /// Whether it may be anything.
    is_open: bool,
}

impl Reader<'_> {
    /// Notes which directories a command may make.
    pub(super) fn may_make(&mut self, name: &str, words: &[String]) {
        if UNPACKING.contains(&name) || interpreter(name).is_some() {
            self.made.is_open = true;
        }
        if NOT_MAKING.contains(&name) || prefix(name).is_some() {
            return;
        }
        if remover(name).is_some() && name != "mv" && name != "cp" {
            return;
        }
        for word in words.iter().skip(1).filter(|word| !word.starts_with('-')) {
            let place = self.place(word);
            // Whoever is told a place that nobody knows may make any.
            self.made.is_open |= name == "mkdir" && place.contains(ANYTHING);
            self.made.places.push(PathBuf::from(place));
        }
    }

    /// Whether nothing can be a directory of this name when the script runs.
    pub(super) fn is_missing(&self, place: &str) -> bool {
        let is_made = || {
            let mut all = self.made.places.iter();
            self.made.is_open || all.any(|made| made.starts_with(place))
        };
        !place.split('/').any(is_pattern)
            && place.starts_with('/')
            && self.machine.root.lacks_dir(Path::new(&unescaped(place)))
            && !is_made()
    }

    /// `cd DIR`, `pushd DIR`. Where that fails, the script stays where it is.
    pub(super) fn goes(&mut self, name: &str, rest: &[String]) {
        let options = Options::all(rest, "");
        let before = self.state.place();
        let first = |name: &str| {
            let values = self.state.get(name)?;
            values.into_iter().flatten().next()
        };
        let to = match options.operands.first().map(String::as_str) {
            Some("-") => first("OLDPWD"),
            Some("") => Some(ANYTHING.to_string()),
            Some(to) => Some(to.to_owned()),
            None if name == "cd" => first("HOME"),
            None => None,
        };
        let found = to.as_deref().and_then(|to| self.search(to));
        let to = to.filter(|_| found.is_none());
        match to.map(|to| self.gone_to(&to, options.has(&["-P"]))) {
            Some(to) if self.is_missing(&to) => {
                self.status = Some(false);
                return;
            }
            Some(to) => {
                let is_plain = !to.split('/').any(is_pattern);
                let is_there = is_plain && !self.machine.root.lacks_dir(Path::new(&unescaped(&to)));
                self.status = is_there.then_some(true);
                self.state.go((PathBuf::from(to), None));
            }
            None => {
                let beside = found.map(|find| self.word_of(find));
                self.state.lose_cwd();
                self.state.beside = beside;
            }
        }
        let shown = before.0.to_string_lossy().into_owned();
        self.state.set("OLDPWD", vec![vec![shown]]);
        if name == "pushd" {
            self.dirs.push(before);
        }
    }

    /// A shell goes back by the words of a path, unless it is told to go by where links lead (cd(1p)).
    fn gone_to(&self, to: &str, physically: bool) -> String {
        let place = self.place(to);
        if place.starts_with(ANYTHING) || to.contains(super::FOUND) {
            return place;
        }
        if physically && !place.split('/').any(is_pattern) {
            let real = self.machine.root.resolve(Path::new(&unescaped(&place)));
            return escaped(&real.to_string_lossy());
        }
        let whole = plain(&self.state.cwd.join(to));
        whole.to_string_lossy().into_owned()
    }
}
