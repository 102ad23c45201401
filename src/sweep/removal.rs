//! Removals other than by `find`, and what each would take of a venv.

use std::path::Path;

use super::find::Find;
use super::glob::{FIND, SHELL, matches};
use super::target::{Clock, Kind, Target, Venv};

/// Something that removes files.
#[derive(Clone, Debug)]
pub(super) enum Removal {
    Find(Find),
    /// `rm` and its like: patterns of a shell, absolute.
    Named {
        patterns: Vec<String>,
        with_all: bool,
    },
    /// By age: `tmpwatch`, `tmpreaper`, tmpfiles.d.
    Aged(Aged),
    /// `rsync --delete`: what the source has not goes from the destination.
    Mirror(Mirror),
    /// `git clean` in a work tree.
    Clean {
        dir: String,
        /// Also what is ignored.
        ignored: bool,
        /// Only what is ignored.
        only_ignored: bool,
        excludes: Vec<String>,
    },
    /// Everything below directories.
    Below(Vec<String>),
}

/// Files below directories, older than an age.
#[derive(Clone, Debug)]
pub(super) struct Aged {
    /// Patterns of a shell, absolute.
    pub(super) dirs: Vec<String>,
    pub(super) seconds: i64,
    /// Which times have to be old.
    pub(super) clocks: Vec<Clock>,
    /// Whether what stands in a directory itself stays, and only what is deeper goes.
    pub(super) first_stays: bool,
    /// Patterns of what stays, with all that is in it.
    pub(super) excludes: Vec<String>,
}

/// A copy that removes.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) destination: String,
    /// What the source has, below it; none where that cannot be looked at.
    pub(super) source: Option<std::collections::HashSet<Vec<u8>>>,
    pub(super) excludes: Vec<String>,
}

impl Removal {
    /// What it would take of a venv at a time, in seconds since 1970: entries, each with all that is in it.
    pub(super) fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        match self {
            Self::Find(find) => find.takes(venv, now),
            Self::Named { patterns, with_all } => {
                let is_named = |one: &&Target| {
                    let mut all = patterns.iter();
                    (*with_all || !one.is_dir())
                        && all.any(|pattern| matches(pattern.as_bytes(), one.bytes(), SHELL))
                };
                venv.targets.iter().filter(is_named).collect()
            }
            Self::Below(dirs) => {
                let is_below =
                    |one: &&Target| dirs.iter().any(|dir| is_under(one, dir)) && !one.is_dir();
                venv.targets.iter().filter(is_below).collect()
            }
            Self::Aged(aged) => aged.takes(venv, now),
            Self::Mirror(mirror) => mirror.takes(venv),
            Self::Clean {
                dir,
                ignored,
                only_ignored,
                excludes,
            } => {
                if !venv.path.starts_with(dir)
                    || venv.ignores_itself && !ignored
                    || *only_ignored && !venv.ignores_itself
                {
                    return Vec::new();
                }
                let stays = |path: &Path| {
                    let names = path.strip_prefix(dir).into_iter().flat_map(Path::iter);
                    let mut names = names.map(std::os::unix::ffi::OsStrExt::as_bytes);
                    names.any(|name| {
                        excludes
                            .iter()
                            .any(|one| matches(one.trim_end_matches('/').as_bytes(), name, FIND))
                    })
                };
                let own = venv
                    .targets
                    .iter()
                    .filter(|one| one.path.starts_with(&venv.path) && !one.is_dir());
                own.filter(|one| !stays(&one.path)).collect()
            }
        }
    }
}

fn is_under(one: &Target, pattern: &str) -> bool {
    one.path
        .ancestors()
        .skip(1)
        .any(|dir| is_named(dir, pattern))
}

fn is_named(path: &Path, pattern: &str) -> bool {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    matches(pattern.as_bytes(), bytes, SHELL)
}

impl Aged {
    fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        let is_old = |one: &Target| {
            let mut clocks = self.clocks.iter();
            clocks.all(|clock| now - one.time(*clock) > self.seconds)
        };
        let is_taken = |one: &&Target| {
            matches!(one.kind, Kind::File | Kind::Link)
                && self.dirs.iter().any(|dir| self.reaches(one, dir))
                && is_old(one)
        };
        venv.targets.iter().filter(is_taken).collect()
    }

    /// Whether it comes from a directory to what is in it: nothing on the way stays.
    fn reaches(&self, one: &Target, dir: &str) -> bool {
        let on_the_way = one.path.ancestors().position(|above| is_named(above, dir));
        on_the_way.is_some_and(|steps| {
            steps > usize::from(self.first_stays)
                && !one
                    .path
                    .ancestors()
                    .take(steps)
                    .any(|path| self.excludes.iter().any(|pattern| is_named(path, pattern)))
        })
    }
}

impl Mirror {
    fn takes<'t>(&self, venv: &'t Venv) -> Vec<&'t Target> {
        let is_taken = |one: &&Target| {
            let Ok(below) = one.path.strip_prefix(&self.destination) else {
                return false;
            };
            let bytes = std::os::unix::ffi::OsStrExt::as_bytes(below.as_os_str());
            let is_there = self.source.as_ref().is_some_and(|all| all.contains(bytes));
            !one.is_dir() && !bytes.is_empty() && !is_there && !self.is_excluded(below)
        };
        venv.targets.iter().filter(is_taken).collect()
    }

    /// Whether a rule keeps a path: one without a slash counts for every name on the way (rsync, "FILTER RULES").
    fn is_excluded(&self, below: &Path) -> bool {
        self.excludes.iter().any(|pattern| {
            let bare = pattern.trim_end_matches('/').trim_end_matches("/***");
            let mut above = below.ancestors().filter(|dir| !dir.as_os_str().is_empty());
            above.any(|dir| {
                let whole = std::os::unix::ffi::OsStrExt::as_bytes(dir.as_os_str());
                let name = dir
                    .file_name()
                    .map_or(&b""[..], std::os::unix::ffi::OsStrExt::as_bytes);
                match bare.strip_prefix('/') {
                    Some(anchored) => matches(anchored.as_bytes(), whole, SHELL),
                    None if bare.contains('/') => {
                        matches(bare.as_bytes(), whole, SHELL)
                            || matches(format!("*/{bare}").as_bytes(), whole, FIND)
                    }
                    None => matches(bare.as_bytes(), name, FIND),
                }
            })
        })
    }
}
