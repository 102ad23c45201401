//! Where a search begins, and what it comes to from there: also through links, where it follows them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::sweep::glob::{SHELL, leads_to, matches};
use crate::sweep::links::{Place, absolute, is_pattern, places};
use crate::sweep::quotes::unescaped;
use crate::sweep::root::Root;
use crate::sweep::target::{Target, Venv};

/// So many entries are looked at for links that a search follows.
const ENTRIES_MAX: usize = 200_000;
/// Where the kernel shows itself: no venv stands behind a link there.
const OF_KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Which links a search follows: `-P`, `-H`, `-L`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Links {
    Never,
    /// Those that it is given.
    Given,
    Always,
}

impl Links {
    pub(super) fn named(word: &str) -> Self {
        match word {
            "-L" => Self::Always,
            "-H" => Self::Given,
            _ => Self::Never,
        }
    }
}

/// Where a search begins.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// As it is written; a pattern of a shell.
    written: String,
    place: Place,
    /// Links below it that it follows to a venv.
    hops: Vec<Hop>,
    /// Whether there may be more of them.
    is_cut: bool,
}

/// A link that a search follows.
#[derive(Clone, Debug)]
struct Hop {
    /// How the search calls it.
    named: PathBuf,
    real: PathBuf,
    /// The directories from where the search begins down to this one.
    above: Vec<Target>,
}

/// What a search comes to in one way, in its order.
pub(super) struct Way<'t> {
    /// How it calls where it begins, and which path that is.
    base: Vec<u8>,
    begin: PathBuf,
    entries: Vec<Seen<'t>>,
}

/// An entry that a search comes to.
pub(super) struct Seen<'t> {
    /// As the search sees it.
    pub(super) entry: Cow<'t, Target>,
    /// What goes where it is removed; none for what only leads there.
    pub(super) takes: Option<&'t Target>,
    pub(super) depth: usize,
}

impl Start {
    pub(super) fn new(root: &Root, written: &str, cwd: &Path) -> Self {
        Self {
            written: written.to_owned(),
            place: Place::as_named(&absolute(root, written, cwd)),
            hops: Vec::new(),
            is_cut: false,
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether it may lead to a venv, or above it, or into it.
    pub(super) fn comes_to(&self, venv: &Path) -> bool {
        !self.hops.is_empty() || leads_to(&self.place.real, venv)
    }

    pub(super) fn named(&self) -> &str {
        &self.place.named
    }

    /// The same with where links lead; a pattern may stand for several.
    pub(super) fn resolved(&self, root: &Root, links: Links, venvs: &[Venv]) -> Vec<Self> {
        // A slash or a dot at the end asks for what a link leads to.
        let last = self.written.rsplit('/').next().unwrap_or_default();
        let is_asked = matches!(last, "" | "." | "..");
        let follows = is_asked || links != Links::Never;
        let all = places(root, &self.place.named, follows, SHELL).into_iter();
        let all = all.map(|place| {
            let (hops, is_cut) = if links == Links::Always && !is_pattern(&place.real) {
                hops(root, &place, venvs, ENTRIES_MAX)
            } else {
                (Vec::new(), false)
            };
            Self {
                written: self.written.clone(),
                place,
                hops,
                is_cut,
            }
        });
        all.collect()
    }

    /// What it comes to of a venv, and of what stands above that, where asked for also beside it.
    pub(super) fn ways<'t>(&self, venv: &'t Venv, cwd: &Path, with_near: bool) -> Vec<Way<'t>> {
        let is_start = |one: &&Target| matches(self.place.real.as_bytes(), one.bytes(), SHELL);
        let leads = leads_to(&self.place.real, &venv.path);
        let starts = venv.targets.iter().filter(|_| leads).filter(is_start);
        let own = starts.map(|start| {
            let begin = self.place.called(&start.path);
            let entries = behind(venv, &start.path, &begin, 0, with_near);
            self.way(begin, entries, cwd)
        });
        let mut all: Vec<Way<'t>> = own.collect();
        for hop in &self.hops {
            let begin = PathBuf::from(unescaped(&self.place.named));
            let above = hop.above.iter().enumerate().map(|(depth, one)| Seen {
                entry: Cow::Owned(one.clone()),
                takes: None,
                depth,
            });
            let depth = hop.above.len();
            let mut entries: Vec<Seen<'t>> = above.collect();
            entries.extend(behind(venv, &hop.real, &hop.named, depth, with_near));
            // Where it is removed, only the link goes.
            if let Some(link) = entries.get_mut(depth) {
                link.takes = None;
            }
            all.push(self.way(begin, entries, cwd));
        }
        all
    }

    fn way<'t>(&self, begin: PathBuf, entries: Vec<Seen<'t>>, cwd: &Path) -> Way<'t> {
        let is_written = !is_pattern(&self.written) && !self.written.contains('\\');
        let base = match (is_written, self.written.starts_with('/')) {
            (true, _) => Path::new(&self.written),
            (false, true) => &begin,
            (false, false) => begin.strip_prefix(cwd).unwrap_or(&begin),
        };
        Way {
            base: base.as_os_str().as_bytes().to_vec(),
            begin,
            entries,
        }
    }
}

impl Way<'_> {
    /// How `find` calls what it found.
    pub(super) fn printed(&self, path: &Path) -> Vec<u8> {
        let mut text = self.base.clone();
        if let Ok(below) = path.strip_prefix(&self.begin)
            && !below.as_os_str().is_empty()
        {
            // Joined by hand: a path would lose `./`.
            if !text.ends_with(b"/") {
                text.push(b'/');
            }
            text.extend(below.as_os_str().as_bytes());
        }
        text
    }
}

impl<'w, 't> IntoIterator for &'w Way<'t> {
    type Item = &'w Seen<'t>;
    type IntoIter = std::slice::Iter<'w, Seen<'t>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

/// All of a venv, and above it, that stands at or below `real`, which the search calls `named`.
fn behind<'t>(
    venv: &'t Venv,
    real: &Path,
    named: &Path,
    depth: usize,
    with_near: bool,
) -> Vec<Seen<'t>> {
    let seen = |one: &'t Target| {
        let below = one.path.strip_prefix(real).ok()?;
        let entry = if real == named {
            Cow::Borrowed(one)
        } else {
            let path = if below.as_os_str().is_empty() {
                named.to_owned()
            } else {
                named.join(below)
            };
            Cow::Owned(Target {
                path,
                ..one.clone()
            })
        };
        Some(Seen {
            entry,
            takes: Some(one),
            depth: depth + below.components().count(),
        })
    };
    let mut all: Vec<Seen<'t>> = venv.targets.iter().filter_map(seen).collect();
    if with_near {
        all.extend(venv.near().iter().filter_map(seen));
        all.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    }
    all
}

/// The links below a place that lead above a venv, to it, or into it; and whether there are more entries than are
/// looked at for them.
fn hops(root: &Root, place: &Place, venvs: &[Venv], max: usize) -> (Vec<Hop>, bool) {
    let begin = PathBuf::from(unescaped(&place.named));
    let first = PathBuf::from(unescaped(&place.real));
    let mut known = HashSet::from([first.clone()]);
    let mut todo = vec![(begin.clone(), first)];
    let mut found = Vec::new();
    let mut entries = 0;
    while let Some((named, real)) = todo.pop() {
        let is_passed = venvs.iter().any(|venv| real.starts_with(&venv.path))
            || OF_KERNEL.iter().any(|dir| real.starts_with(dir));
        for (name, kind) in root.kinds(&real).into_iter().filter(|_| !is_passed) {
            entries += 1;
            if entries > max {
                return (found, true);
            }
            let (named, next) = (named.join(&name), real.join(&name));
            if kind.is_dir() {
                todo.push((named, next));
            } else if kind.is_symlink() {
                let real = root.resolve(&next);
                if !root.meta(&real).is_some_and(|meta| meta.is_dir()) {
                    continue;
                }
                let is_near =
                    |venv: &Venv| venv.path.starts_with(&real) || real.starts_with(&venv.path);
                if venvs.iter().any(is_near) {
                    found.push(Hop {
                        above: above(root, &begin, &named),
                        named: named.clone(),
                        real: real.clone(),
                    });
                }
                if known.insert(real.clone()) {
                    todo.push((named, real));
                }
            }
        }
    }
    (found, false)
}

/// The directories from where a search begins down to a link, without that.
fn above(root: &Root, begin: &Path, link: &Path) -> Vec<Target> {
    let mut dirs: Vec<&Path> = link
        .ancestors()
        .skip(1)
        .take_while(|dir| dir.starts_with(begin))
        .collect();
    dirs.reverse();
    let target = |dir: &Path| {
        let own = Target::at(root, &root.resolve(dir))?;
        Some(Target {
            path: dir.to_owned(),
            ..own
        })
    };
    dirs.into_iter().filter_map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_follows_links_tells_where_it_gave_up() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root(dir.path().to_owned());
        std::fs::create_dir_all(dir.path().join("srv/app/.venv")).unwrap();
        std::fs::create_dir_all(dir.path().join("opt")).unwrap();
        for number in 0..20 {
            std::fs::write(dir.path().join(format!("opt/{number}")), "").unwrap();
        }
        std::os::unix::fs::symlink("/srv/app", dir.path().join("opt/z")).unwrap();
        let shown = Path::new("/srv/app/.venv");
        let venv = Venv::look(&root, &root.0.join("srv/app/.venv"), shown);
        let place = Place::as_named("/opt");
        for (max, links, is_cut) in [(100, 1, false), (22, 1, false), (20, 0, true)] {
            let (found, cut) = hops(&root, &place, std::slice::from_ref(&venv), max);
            assert_eq!((found.len(), cut), (links, is_cut), "{max}");
        }
    }
}
