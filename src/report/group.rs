//! Differences that belong together: those of one distribution, or, where nobody owns them, of one directory right
//! below site-packages.

use std::collections::BTreeMap;

use crate::model::{Change, Class, Node, RelPath};
use crate::python::layout::{is_site_name, site_above};

/// Differences that belong together.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// A short name for people.
    pub(super) name: Vec<u8>,
    /// The directory, or the file itself where it stands alone.
    pub(super) place: RelPath,
    /// In the order of paths.
    pub(super) changes: Vec<&'a Change>,
}

impl Group<'_> {
    /// How bad it is: the worst class and kind first, then the number.
    fn badness(&self) -> (Class, crate::model::Kind, std::cmp::Reverse<usize>) {
        let worst = self
            .changes
            .iter()
            .map(|change| (change.class, change.kind))
            .min();
        let (class, kind) = worst.unwrap_or((Class::Noise, crate::model::Kind::Mtime));
        let same = self
            .changes
            .iter()
            .filter(|change| change.class == class)
            .count();
        (class, kind, std::cmp::Reverse(same))
    }
}

/// Sorts differences into groups, the worst first: by the distribution that owns them, else by where they lie.
pub(super) fn groups<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<Group<'a>> {
    let mut found: BTreeMap<(Option<&str>, RelPath), Group<'a>> = BTreeMap::new();
    let changes: Vec<&Change> = changes.into_iter().collect();
    let all = changes
        .iter()
        .map(|one| (&one.path, one.package.as_deref()));
    let owners = Owners::of(all);
    for (at, &change) in changes.iter().enumerate() {
        let (name, place) = place_of(&change.path);
        let package = change.package.as_deref();
        let beside = || owners.beside(at).filter(|_| is_dir(change));
        let package = package.or_else(beside);
        let key = match package {
            Some(_) => (package, RelPath::root()),
            None => (None, place.clone()),
        };
        let group = found.entry(key).or_insert(Group {
            name: package.map_or(name, |package| package.as_bytes().to_vec()),
            place: place.clone(),
            changes: Vec::new(),
        });
        if group.place != place {
            // A distribution lies in several places: its module, its info directory, its scripts.
            group.place = common(&group.place, &place);
        }
        group.changes.push(change);
    }
    let mut groups: Vec<_> = found.into_values().collect();
    groups.sort_by_key(Group::badness);
    groups
}

/// What differs, in the order of paths, each with the distribution that owns it: by these goes what none owns.
pub(super) struct Owners<'a> {
    all: Vec<(&'a RelPath, Option<&'a str>)>,
    /// By place: the distribution that owns what differs there, where it is one alone.
    places: BTreeMap<RelPath, Option<&'a str>>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(all: impl Iterator<Item = (&'a RelPath, Option<&'a str>)>) -> Self {
        let all: Vec<_> = all.collect();
        let mut places: BTreeMap<RelPath, Option<&str>> = BTreeMap::new();
        for (path, package) in all
            .iter()
            .filter_map(|(path, package)| Some((path, (*package)?)))
        {
            let owner = places.entry(place_of(path).1).or_insert(Some(package));
            *owner = owner.filter(|other| *other == package);
        }
        Self { all, places }
    }

    /// The distribution that an entry of a site-packages goes with which none owns, as directories are. It is that of
    /// what differs in it, which comes next in the order of paths; else that of what differs at the same place. None
    /// for what lies elsewhere.
    pub(super) fn beside(&self, at: usize) -> Option<&'a str> {
        let (path, _) = self.all[at];
        site_of(path)?;
        let below = self.all[at + 1..].iter();
        let mut below = below.take_while(|(other, _)| other.is_within(path));
        let inside = below.find_map(|(_, package)| *package);
        inside.or_else(|| self.places.get(&place_of(path).1).copied().flatten())
    }
}

/// Whether what differs is a directory, or was one.
fn is_dir(change: &Change) -> bool {
    let entry = change.expected.as_ref().or(change.actual.as_ref());
    entry.is_some_and(|entry| entry.node == Node::Dir)
}

/// The directory of packages that a path lies below; none where it lies elsewhere.
pub(super) fn site_of(path: &RelPath) -> Option<RelPath> {
    site_above(path)
}

/// The deepest directory that holds both.
fn common(a: &RelPath, b: &RelPath) -> RelPath {
    let mut at = a.clone();
    while !b.is_within(&at) {
        at = at.parent().unwrap_or_default();
    }
    at
}

/// The name and the place of the group that a path belongs to.
pub(super) fn place_of(path: &RelPath) -> (Vec<u8>, RelPath) {
    let parts: Vec<&[u8]> = path.parts().collect();
    let is_site = |part: &&[u8]| is_site_name(part);
    let depth = match parts.iter().position(is_site) {
        Some(at) if at + 1 < parts.len() => at + 2,
        _ => 1,
    };
    let place = RelPath::new(&parts[..depth.min(parts.len())].join(&b'/')).unwrap_or_default();
    let name = if place.is_root() {
        b"the venv itself".to_vec()
    } else {
        place.name().to_vec()
    };
    (name, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_what_stands_right_below_site_packages() {
        let name = |path: &str| {
            String::from_utf8(place_of(&RelPath::new(path.as_bytes()).unwrap()).0).unwrap()
        };
        assert_eq!(
            name("lib/python3.11/site-packages/pip/_vendor/idna/core.py"),
            "pip"
        );
        assert_eq!(name("lib/python3.11/site-packages/six.py"), "six.py");
        assert_eq!(name("lib/python3.11/site-packages"), "lib");
        assert_eq!(name("bin/uvicorn"), "bin");
        assert_eq!(name("pyvenv.cfg"), "pyvenv.cfg");
    }
}
