//! The directories that are watched, by what the kernel calls them. Pure.
//!
//! They hang in one tree from the root of the file system on: those below a watched root, and those on the way to it,
//! of which only the next name on that way counts.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::disk::rooted::os;
use crate::model::RelPath;

/// What the kernel calls a watched directory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Key {
    /// A mark of fanotify.
    Handle {
        /// In which group.
        group: usize,
        /// On which file system; all those without an identity have the same here.
        file_system: (i32, i32),
        /// The directory itself.
        handle: Box<[u8]>,
    },
    /// A watch of inotify.
    Watch(i32),
}

/// A directory in the tree.
#[derive(Debug)]
struct Place {
    parent: usize,
    name: Box<[u8]>,
    children: BTreeMap<Box<[u8]>, usize>,
    key: Option<Key>,
}

/// The directories.
#[derive(Debug)]
pub(super) struct Places {
    all: Vec<Place>,
    free: Vec<usize>,
    by_key: HashMap<Key, Vec<usize>>,
    roots: Vec<PathBuf>,
}

/// Where a notice comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Told {
    /// The whole path.
    pub(super) path: PathBuf,
    /// Roots that it concerns, by their numbers, and where below them it is.
    pub(super) within: Vec<(usize, RelPath)>,
}

impl Places {
    /// Without any directory but the root of the file system.
    pub(super) fn new(roots: &[PathBuf]) -> Self {
        let top = Place {
            parent: 0,
            name: Box::default(),
            children: BTreeMap::new(),
            key: None,
        };
        Self {
            all: vec![top],
            free: Vec::new(),
            by_key: HashMap::new(),
            roots: roots.to_vec(),
        }
    }

    /// The roots.
    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The number of the root that a directory is, or that holds it.
    pub(super) fn root_of(&self, path: &Path) -> Option<usize> {
        self.roots.iter().position(|root| path.starts_with(root))
    }

    /// The names on the way to roots that stand in a directory.
    pub(super) fn next_names(&self, path: &Path) -> Vec<Vec<u8>> {
        let below = self
            .roots
            .iter()
            .filter_map(|root| root.strip_prefix(path).ok());
        let next = below.filter_map(|rest| rest.iter().next());
        let mut names: Vec<_> = next.map(|name| name.as_encoded_bytes().to_vec()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Notes that a directory is watched.
    pub(super) fn put(&mut self, path: &Path, key: Key) {
        let mut at = 0;
        for name in path.iter().skip(1) {
            let name = name.as_encoded_bytes();
            at = match self.all[at].children.get(name) {
                Some(&child) => child,
                None => self.add(at, name),
            };
        }
        if self.all[at].key.as_ref() == Some(&key) {
            return;
        }
        self.unkey(at);
        self.by_key.entry(key.clone()).or_default().push(at);
        self.all[at].key = Some(key);
    }

    /// Forgets a directory and all below it. Returns their keys, as far as nothing else has them.
    pub(super) fn forget(&mut self, path: &Path) -> Vec<Key> {
        let Some(at) = self.node_at(path).filter(|at| *at != 0) else {
            return Vec::new();
        };
        let parent = self.all[at].parent;
        let name = std::mem::take(&mut self.all[at].name);
        self.all[parent].children.remove(&name);
        let mut gone = Vec::new();
        let mut todo = vec![at];
        while let Some(at) = todo.pop() {
            todo.extend(std::mem::take(&mut self.all[at].children).into_values());
            gone.extend(self.unkey(at));
            self.free.push(at);
        }
        gone
    }

    /// What a notice from a directory concerns; `name` is a name in it.
    pub(super) fn told(&self, key: &Key, name: &[u8]) -> Vec<Told> {
        let all = self.by_key.get(key).into_iter().flatten();
        let told = all.map(|&at| {
            let path = self.path(at).join(os(name));
            let within = self.roots.iter().enumerate().filter_map(|(number, root)| {
                if root.starts_with(&path) {
                    return Some((number, RelPath::root()));
                }
                let rest = path.strip_prefix(root).ok()?;
                let rest = RelPath::new(rest.as_os_str().as_encoded_bytes()).ok()?;
                Some((number, rest))
            });
            Told {
                within: within.collect(),
                path,
            }
        });
        told.filter(|told| !told.within.is_empty()).collect()
    }

    /// How many directories are watched.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.values().map(Vec::len).sum()
    }

    fn add(&mut self, parent: usize, name: &[u8]) -> usize {
        let place = Place {
            parent,
            name: name.into(),
            children: BTreeMap::new(),
            key: None,
        };
        let at = if let Some(at) = self.free.pop() {
            self.all[at] = place;
            at
        } else {
            self.all.push(place);
            self.all.len() - 1
        };
        self.all[parent].children.insert(name.into(), at);
        at
    }

    fn unkey(&mut self, at: usize) -> Option<Key> {
        let key = self.all[at].key.take()?;
        let all = self.by_key.get_mut(&key)?;
        all.retain(|other| *other != at);
        if all.is_empty() {
            self.by_key.remove(&key);
            return Some(key);
        }
        None
    }

    fn node_at(&self, path: &Path) -> Option<usize> {
        path.iter().skip(1).try_fold(0, |at, name| {
            self.all[at].children.get(name.as_encoded_bytes()).copied()
        })
    }

    fn path(&self, mut at: usize) -> PathBuf {
        let mut names = Vec::new();
        while at != 0 {
            names.push(&self.all[at].name);
            at = self.all[at].parent;
        }
        let mut path = PathBuf::from("/");
        path.extend(names.iter().rev().map(|name| os(name)));
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let roots = ["/srv/app/.venv", "/srv/app", "/srv/other/v"].map(PathBuf::from);
        let mut places = Places::new(&roots);
        for (number, path) in [
            "/",
            "/srv",
            "/srv/app",
            "/srv/app/.venv",
            "/srv/app/.venv/lib",
        ]
        .iter()
        .enumerate()
        {
            places.put(Path::new(path), Key::Watch(number as i32));
        }
        places
    }

    fn concerned(places: &Places, watch: i32, name: &[u8]) -> Vec<(String, String)> {
        let told = places.told(&Key::Watch(watch), name);
        let within = told.iter().flat_map(|told| &told.within);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let pairs = within.map(|(root, rest)| (text(&places.roots[*root]), text(rest.as_path())));
        pairs.collect()
    }

    fn pair(root: &str, rest: &str) -> (String, String) {
        (root.to_owned(), rest.to_owned())
    }

    #[test]
    fn a_notice_concerns_the_roots_that_hold_it_and_those_it_leads_to() {
        let places = places();
        assert_eq!(
            concerned(&places, 4, b"x.py"),
            [
                pair("/srv/app/.venv", "lib/x.py"),
                pair("/srv/app", ".venv/lib/x.py")
            ]
        );
        assert_eq!(
            concerned(&places, 2, b".venv"),
            [pair("/srv/app/.venv", ""), pair("/srv/app", ".venv")]
        );
        assert_eq!(concerned(&places, 1, b"other"), [pair("/srv/other/v", "")]);
        assert_eq!(concerned(&places, 1, b"else"), []);
        assert_eq!(concerned(&places, 0, b"etc"), []);
        assert_eq!(concerned(&places, 9, b"x"), []);
    }

    #[test]
    fn a_directory_that_left_takes_all_below_it_along() {
        let mut places = places();
        let gone = places.forget(Path::new("/srv/app"));
        assert_eq!(gone.len(), 3);
        assert_eq!(concerned(&places, 4, b"x.py"), []);
        assert_eq!(places.len(), 2);
        // What is freed is used again, and the old names do not shine through.
        places.put(Path::new("/srv/other"), Key::Watch(7));
        assert_eq!(concerned(&places, 7, b"v"), [pair("/srv/other/v", "")]);
        assert_eq!(places.all.len(), 5);
    }

    #[test]
    fn one_directory_may_stand_at_two_places() {
        let mut places = places();
        places.put(Path::new("/srv/other/v"), Key::Watch(3));
        assert_eq!(places.told(&Key::Watch(3), b"a").len(), 2);
        assert_eq!(places.forget(Path::new("/srv/other/v")), []);
        assert_eq!(places.told(&Key::Watch(3), b"a").len(), 1);
    }
}
