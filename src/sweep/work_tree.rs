//! What git removes of a work tree: files that it does not know, as far as it is not told to leave them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::glob::{Rules, matches};
use super::root::Root;
use super::target::{Target, Venv};

/// What git does not know in a work tree.
#[derive(Clone, Debug)]
pub(super) struct Clean {
    pub(super) root: Root,
    /// The top of the work tree.
    pub(super) top: PathBuf,
    /// Below these.
    pub(super) dirs: Vec<Spec>,
    /// What stays with all that is in it.
    pub(super) kept: Vec<Spec>,
    pub(super) spared: Spared,
    /// More that is ignored.
    pub(super) excludes: Vec<String>,
}

/// A path as git is given it: an absolute pattern, and how that matches.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) pattern: String,
    pub(super) rules: Rules,
    /// Whether it names files alone, and no directory with all that is in it.
    pub(super) of_files: bool,
}

impl Spec {
    /// Whether it names a path, or a directory on the way to it.
    fn holds(&self, path: &Path) -> bool {
        let count = if self.of_files { 1 } else { usize::MAX };
        let mut above = path.ancestors().take(count);
        above.any(|path| {
            let bytes = path.as_os_str().as_bytes();
            matches(self.pattern.as_bytes(), bytes, self.rules)
        })
    }
}

/// What such a removal leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spared {
    /// What is ignored.
    Ignored,
    /// Only what is excluded by a word of the command.
    Nothing,
    /// What is not ignored.
    Others,
}

impl Clean {
    /// What of a venv it would take.
    pub(super) fn takes<'t>(&self, venv: &'t Venv) -> Vec<&'t Target> {
        if !venv.path.starts_with(&self.top) {
            return Vec::new();
        }
        let mut ignores = Vec::new();
        if self.spared != Spared::Nothing {
            for file in ignore_files(&self.top, &venv.path) {
                let text = self.root.text(&file).unwrap_or_default();
                let dir = if file.ends_with(".git/info/exclude") {
                    Some(self.top.as_path())
                } else {
                    file.parent()
                };
                ignores.extend(dir.and_then(|dir| rules(dir, text.lines())));
            }
        }
        ignores.extend(rules(&self.top, self.excludes.iter().map(String::as_str)));
        let is_taken = |one: &&Target| {
            one.path.starts_with(&venv.path)
                && !one.is_dir()
                && self.dirs.iter().any(|dir| dir.holds(&one.path))
                && !self.kept.iter().any(|kept| kept.holds(&one.path))
                && (self.is_ignored(&ignores, &one.path) == (self.spared == Spared::Others))
        };
        venv.targets.iter().filter(is_taken).collect()
    }

    fn is_ignored(&self, ignores: &[Gitignore], path: &Path) -> bool {
        let mut above: Vec<&Path> = path
            .ancestors()
            .take_while(|dir| *dir != self.top)
            .collect();
        above.reverse();
        above.into_iter().any(|one| {
            // The file that stands nearest decides, and what is ignored is so with all that is in it.
            let mut near = ignores
                .iter()
                .rev()
                .filter(|rules| one.starts_with(rules.path()));
            let decided = near.find_map(|rules| {
                let found = rules.matched(one, one != path);
                (!found.is_none()).then(|| found.is_ignore())
            });
            decided.unwrap_or_default()
        })
    }
}

/// What a file in a directory says that git ignores.
fn rules<'l>(dir: &Path, lines: impl Iterator<Item = &'l str>) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(dir);
    let mut some = false;
    for line in lines {
        some |= builder.add_line(None, line.trim_end_matches('\r')).is_ok();
    }
    builder.build().ok().filter(|_| some)
}

/// The names of files with what git ignores, from a tree down to a place.
fn ignore_files(top: &Path, place: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<&Path> = place
        .ancestors()
        .take_while(|dir| dir.starts_with(top))
        .collect();
    dirs.reverse();
    let mut files = vec![top.join(".git/info/exclude")];
    files.extend(dirs.into_iter().map(|dir| dir.join(".gitignore")));
    files
}
