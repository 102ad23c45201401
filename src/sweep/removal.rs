//! What is removed, and what of it are files of a venv.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::find::Find;
use super::glob::{ANYTHING, RSYNC, Rules, SHELL, leads_to, matches};
use super::links::{Place, places};
use super::quotes::unescaped;
use super::root::Root;
use super::target::{Clock, Kind, Target, Venv};
use super::work_tree::{Clean, Spec};

/// Something that removes files.
#[derive(Clone, Debug)]
pub(super) enum Removal {
    Find(Find),
    /// `rm` and its like: patterns of a shell, absolute.
    Named {
        patterns: Vec<String>,
        with_all: bool,
        /// Whether what a link leads to goes, and not the link.
        follows: bool,
        rules: Rules,
    },
    /// By age: `tmpwatch`, `tmpreaper`, tmpfiles.d.
    Aged(Aged),
    /// `rsync --delete`: what the source has not goes from the destination.
    Mirror(Mirror),
    /// `git clean` and its like in a work tree.
    Clean(Clean),
    /// Everything below directories.
    Below(Vec<String>),
    /// What logrotate renames or empties.
    Rotated(Rotated),
}

/// Files that are rotated.
#[derive(Clone, Debug)]
pub(super) struct Rotated {
    /// Patterns of a shell, absolute.
    pub(super) patterns: Vec<String>,
    /// Smaller ones stay.
    pub(super) min_size: u64,
}

/// Files below directories, older than an age.
#[derive(Clone, Debug)]
pub(super) struct Aged {
    pub(super) dirs: Vec<Place>,
    /// Whether links are followed that it is given: then it goes by where they lead.
    pub(super) follows: bool,
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
    pub(super) sources: Vec<Source>,
    /// The first that fits counts.
    pub(super) rules: Vec<Rule>,
}

/// What is copied.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Where it goes below the destination.
    pub(super) below: String,
    /// What it has, by paths below it; none where that cannot be looked at.
    pub(super) holds: Option<HashSet<Vec<u8>>>,
}

/// A rule of a copy.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) pattern: String,
    /// Whether what fits stays.
    pub(super) stays: bool,
    /// Whether it stays even where all that is left out of the copy goes.
    pub(super) protects: bool,
    /// Whether the pattern names a file with more rules.
    pub(super) is_merged: bool,
    /// Whether all that such a file names stays, or all is copied, where it has no signs of its own.
    pub(super) each_stays: Option<bool>,
}

impl Removal {
    /// The same with where the links of a machine lead, as far as these venvs are concerned.
    pub(super) fn resolved(&self, root: &Root, venvs: &[Venv]) -> Self {
        let each = |all: &[String], follows: bool, rules: Rules| {
            let all = all.iter();
            let all = all.flat_map(|one| places(root, one, follows, rules));
            all.map(|place| place.real).collect::<Vec<_>>()
        };
        let mut own = self.clone();
        match &mut own {
            Self::Find(find) => *find = find.resolved(root, venvs),
            Self::Named {
                patterns,
                follows,
                rules,
                ..
            } => *patterns = each(patterns, *follows, *rules),
            Self::Below(all) | Self::Rotated(Rotated { patterns: all, .. }) => {
                *all = each(all, false, SHELL);
            }
            Self::Aged(aged) => {
                let dirs = aged.dirs.iter();
                let dirs = dirs.flat_map(|dir| places(root, &dir.named, aged.follows, SHELL));
                aged.dirs = dirs.collect();
                if aged.follows {
                    aged.excludes = each(&aged.excludes, false, SHELL);
                    for dir in &mut aged.dirs {
                        dir.named.clone_from(&dir.real);
                    }
                }
            }
            Self::Mirror(mirror) => {
                if !mirror.destination.contains(ANYTHING) {
                    let real = root.resolve(Path::new(&unescaped(&mirror.destination)));
                    mirror.destination = real.to_string_lossy().into_owned();
                }
            }
            Self::Clean(clean) => {
                clean.top = root.resolve(&clean.top);
                for all in [&mut clean.dirs, &mut clean.kept] {
                    let led = all.iter().flat_map(|spec| {
                        let led = places(root, &spec.pattern, true, spec.rules).into_iter();
                        led.map(|place| Spec {
                            pattern: place.real,
                            ..spec.clone()
                        })
                    });
                    *all = led.collect();
                }
            }
        }
        own
    }

    /// What it would take of a venv at a time, in seconds since 1970: entries, each with all that is in it.
    pub(super) fn takes<'t>(&self, venv: &'t Venv, now: i64) -> Vec<&'t Target> {
        // Nearly all that a machine removes stands far from a venv, whose files are many.
        if !self.comes_to(&venv.path) {
            return Vec::new();
        }
        match self {
            Self::Find(find) => find.takes(venv, now),
            Self::Named {
                patterns,
                with_all,
                rules,
                ..
            } => {
                let is_named = |one: &&Target| {
                    let mut all = patterns.iter();
                    (*with_all || !one.is_dir())
                        && all.any(|pattern| matches(pattern.as_bytes(), one.bytes(), *rules))
                };
                venv.targets.iter().filter(is_named).collect()
            }
            Self::Below(dirs) => {
                let is_below =
                    |one: &&Target| dirs.iter().any(|dir| is_under(one, dir)) && !one.is_dir();
                venv.targets.iter().filter(is_below).collect()
            }
            Self::Rotated(rotated) => {
                let is_taken = |one: &&Target| {
                    let mut all = rotated.patterns.iter();
                    one.kind == Kind::File
                        && one.size >= rotated.min_size
                        && all.any(|pattern| is_named(&one.path, pattern))
                };
                venv.targets.iter().filter(is_taken).collect()
            }
            Self::Aged(aged) => aged.takes(venv, now),
            Self::Mirror(mirror) => mirror.takes(venv),
            Self::Clean(clean) => clean.takes(venv),
        }
    }

    /// Whether it may take more, or less, at another time.
    pub(super) fn asks_for_age(&self) -> bool {
        matches!(self, Self::Find(_) | Self::Aged(_))
    }

    /// Whether not all that it comes to was looked at.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self, Self::Find(find) if find.is_cut())
    }

    /// Whether nobody knows at all where it removes anything.
    pub(super) fn is_anywhere(&self) -> bool {
        let is_open = |place: &str| place.starts_with(ANYTHING) || place.is_empty();
        match self {
            Self::Find(find) => find.places().any(is_open),
            Self::Aged(aged) => aged.dirs.iter().any(|one| is_open(&one.named)),
            other => other.patterns().any(is_open),
        }
    }

    /// Whether it may come to a path, or above it, or below it, by the letters with which its places begin.
    pub(super) fn comes_to(&self, path: &Path) -> bool {
        let leads = |pattern: &str| leads_to(pattern, path);
        match self {
            Self::Find(find) => find.comes_to(path),
            Self::Named { rules, .. } if rules.any_case => true,
            Self::Clean(clean) if clean.dirs.iter().any(|one| one.rules.any_case) => true,
            Self::Aged(aged) => aged.dirs.iter().any(|one| leads(&one.real)),
            other => other.patterns().any(leads),
        }
    }

    /// The patterns of its places, where these are all that tells of them.
    fn patterns(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Find(_) | Self::Aged(_) => Box::new(std::iter::empty()),
            Self::Named { patterns: all, .. }
            | Self::Below(all)
            | Self::Rotated(Rotated { patterns: all, .. }) => {
                Box::new(all.iter().map(String::as_str))
            }
            Self::Mirror(mirror) => Box::new(std::iter::once(mirror.destination.as_str())),
            Self::Clean(clean) => Box::new(clean.dirs.iter().map(|one| one.pattern.as_str())),
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
    matches(pattern.as_bytes(), path.as_os_str().as_bytes(), SHELL)
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
    fn reaches(&self, one: &Target, dir: &Place) -> bool {
        let mut above = one.path.ancestors().enumerate();
        let Some((steps, begin)) = above.find(|(_, above)| is_named(above, &dir.real)) else {
            return false;
        };
        // What stays is told by the names on the way that is taken.
        let called = dir.called(begin);
        let below = one.path.strip_prefix(begin).unwrap_or(&one.path);
        let called = called.join(below);
        steps > usize::from(self.first_stays)
            && !called.ancestors().take(steps).any(|path| {
                let mut excludes = self.excludes.iter();
                excludes.any(|pattern| is_named(path, pattern))
            })
    }
}

impl Mirror {
    fn takes<'t>(&self, venv: &'t Venv) -> Vec<&'t Target> {
        let is_taken = |one: &&Target| {
            let Ok(below) = one.path.strip_prefix(&self.destination) else {
                return false;
            };
            let mut sources = self
                .sources
                .iter()
                .filter(|source| below.starts_with(&source.below))
                .peekable();
            let is_reached = sources.peek().is_some();
            let is_held = sources.any(|source| {
                let own = below.strip_prefix(&source.below).unwrap_or(below);
                let bytes = own.as_os_str().as_bytes();
                source.holds.as_ref().is_some_and(|all| all.contains(bytes))
            });
            !one.is_dir() && is_reached && !is_held && !self.spares(below)
        };
        venv.targets.iter().filter(is_taken).collect()
    }

    /// Whether a rule keeps a path, or a directory on the way to it.
    fn spares(&self, below: &Path) -> bool {
        let mut above: Vec<&Path> = below
            .ancestors()
            .filter(|dir| !dir.as_os_str().is_empty())
            .collect();
        above.reverse();
        above.into_iter().any(|path| {
            let is_dir = path != below;
            let first = self.rules.iter().find(|rule| rule.fits(path, is_dir));
            first.is_some_and(|rule| rule.stays)
        })
    }
}

impl Rule {
    pub(super) fn new(pattern: &str, stays: bool) -> Self {
        Self {
            pattern: pattern.to_owned(),
            stays,
            protects: false,
            is_merged: false,
            each_stays: None,
        }
    }

    /// A pattern without a slash counts for every name on the way (rsync, "PATTERN MATCHING RULES").
    fn fits(&self, path: &Path, is_dir: bool) -> bool {
        let with_all = self.pattern.strip_suffix("/***");
        let (bare, dirs_only) = match with_all.or_else(|| self.pattern.strip_suffix('/')) {
            Some(bare) => (bare, true),
            None => (self.pattern.as_str(), false),
        };
        if dirs_only && !is_dir {
            return false;
        }
        let whole = path.as_os_str().as_bytes();
        let name = path.file_name().unwrap_or_default().as_bytes();
        match bare.strip_prefix('/') {
            Some(anchored) => matches(anchored.as_bytes(), whole, RSYNC),
            None if bare.contains('/') || bare.contains("**") => {
                matches(bare.as_bytes(), whole, RSYNC)
                    || matches(format!("**/{bare}").as_bytes(), whole, RSYNC)
            }
            None => matches(bare.as_bytes(), name, RSYNC),
        }
    }
}
