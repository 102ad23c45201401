//! All members of a tar as one tree: the same that a scan of the unpacked tar would find, or none.

use super::error::{Error, RefusedEntry, RefusedTar};
use super::kind::Kind;
use super::read::Member;
use crate::model::extent::Extent;
use crate::model::{Digest, Entry, Manifest, Meta, Node, RelPath, Special};

/// How the root of a tree is found in a tar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RootMark {
    /// The path below the root of a file that only such trees have. Of several roots the one nearest to the top counts.
    pub(crate) path: &'static str,
    /// What such a tree is called.
    pub(crate) tree: &'static str,
}

impl RootMark {
    /// The root of a tree in which a path is the mark; none where it is not.
    fn root_of(self, path: &RelPath) -> Option<RelPath> {
        let above = path.as_bytes().strip_suffix(self.path.as_bytes())?;
        match above.strip_suffix(b"/") {
            Some(root) => RelPath::new(root).ok(),
            None => above.is_empty().then(RelPath::root),
        }
    }
}

/// What came so far, in the order of the tar.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    entries: Vec<Entry>,
    extent: Extent,
}

impl Gathered {
    /// Adds a member and returns its number, by which a file gets its content.
    pub(crate) fn add(&mut self, member: Member) -> Result<usize, Error> {
        let Member { path, meta, kind } = member;
        let file = |size, link_to| Node::File {
            size,
            digest: Digest::from_bytes([0; Digest::LEN]),
            link_to,
        };
        let node = match kind {
            Kind::Dir => Node::Dir,
            Kind::File(size) => file(size, None),
            Kind::Link(target) => file(0, Some(target)),
            Kind::Fifo => Node::Special(Special::Fifo),
            Kind::Symlink(target) => Node::Symlink(target),
        };
        let entry = Entry { path, meta, node };
        self.extent.add_whole(&entry).map_err(RefusedTar::from)?;
        self.entries.push(entry);
        Ok(self.entries.len() - 1)
    }

    /// Says what content a file has.
    pub(crate) fn set_digest(&mut self, number: usize, found: Digest) {
        if let Some(Entry {
            node: Node::File { digest, .. },
            ..
        }) = self.entries.get_mut(number)
        {
            *digest = found;
        }
    }

    /// How many members came.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the mark of a tree stands in the tar.
    pub(crate) fn has(&self, mark: RootMark) -> bool {
        let files = self.entries.iter().filter(|entry| entry.size().is_some());
        { files }.any(|entry| mark.root_of(&entry.path).is_some())
    }

    /// The tree in the tar, of which the root is where the mark stands.
    pub(crate) fn finish(self, mark: RootMark) -> Result<Manifest, Error> {
        self.finish_at(|entries| below_root(entries, mark))
    }

    /// The tree in the tar, whatever it is: all of it, or what lies in the one directory at its top.
    pub(crate) fn finish_any(self) -> Result<Manifest, Error> {
        self.finish_at(|entries| {
            let tops = entries.iter().map(|entry| entry.path.parts().next());
            let first = entries.iter().find(|entry| entry.path.parts().count() == 1);
            let first = first
                .filter(|top| top.node == Node::Dir)
                .map(|top| top.path.clone());
            let is_top = |top: &RelPath| {
                let mut tops = tops;
                tops.all(|one| one == top.parts().next())
            };
            match first.filter(is_top) {
                Some(top) => below(entries, &top),
                None => Ok(entries),
            }
        })
    }

    fn finish_at(
        self,
        rooted: impl FnOnce(Vec<Entry>) -> Result<Vec<Entry>, Error>,
    ) -> Result<Manifest, Error> {
        let mut extent = self.extent;
        let mut sorted: Vec<(usize, Entry)> = self.entries.into_iter().enumerate().collect();
        sorted.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
        if let Some(two) = sorted.windows(2).find(|two| two[0].1.path == two[1].1.path) {
            return Err(RefusedEntry::Twice.at_entry(two[0].1.path.as_bytes()));
        }
        join_links(&mut sorted)?;
        let entries = sorted.into_iter().map(|(_, entry)| entry).collect();
        let entries = rooted(entries)?;
        Ok(Manifest::new(with_parents(entries, &mut extent)?))
    }
}

/// Makes of hard links what a scan makes of them: the first path of a group has the content, and all have the same
/// attributes.
fn join_links(sorted: &mut [(usize, Entry)]) -> Result<(), Error> {
    let mut by_number = vec![0; sorted.len()];
    for (at, (number, _)) in sorted.iter().enumerate() {
        by_number[*number] = at;
    }
    // The file that each link means in the end. What it leads to came before it, so that one is settled already.
    let mut means: Vec<usize> = (0..sorted.len()).collect();
    let mut first: Vec<usize> = (0..sorted.len()).collect();
    for &at in &by_number {
        let (number, entry) = &sorted[at];
        let Node::File {
            link_to: Some(target),
            ..
        } = &entry.node
        else {
            continue;
        };
        let bad = || RefusedEntry::Link.at_entry(entry.path.as_bytes());
        let found = sorted
            .binary_search_by(|(_, other)| other.path.cmp(target))
            .map_err(|_| bad())?;
        if sorted[found].0 >= *number || sorted[found].1.size().is_none() {
            return Err(bad());
        }
        means[at] = means[found];
    }
    for at in (0..sorted.len()).rev() {
        first[means[at]] = at;
    }
    for at in 0..sorted.len() {
        let (file, head) = (means[at], first[means[at]]);
        if file == at && head == at {
            continue;
        }
        let meta = sorted[file].1.meta.clone();
        let head_path = sorted[head].1.path.clone();
        if let Node::File { size, digest, .. } = sorted[file].1.node {
            let link_to = (head != at).then_some(head_path);
            sorted[at].1.node = Node::File {
                size,
                digest,
                link_to,
            };
            sorted[at].1.meta = meta;
        }
    }
    Ok(())
}

/// Finds the tree, which may lie below other directories, and makes its directory the root.
fn below_root(entries: Vec<Entry>, mark: RootMark) -> Result<Vec<Entry>, Error> {
    let marks = entries.iter().filter(|entry| entry.size().is_some());
    let roots = marks.filter_map(|entry| mark.root_of(&entry.path));
    let root = roots.min_by_key(|root| root.parts().count());
    let root = root.ok_or(RefusedTar::NoRoot {
        tree: mark.tree,
        mark: mark.path,
    })?;
    if root.is_root() {
        return Ok(entries);
    }
    let beside = |entry: &&Entry| {
        let above = entry.node == Node::Dir && root.is_within(&entry.path);
        !entry.path.is_within(&root) && !above
    };
    if let Some(entry) = entries.iter().find(beside) {
        let beside = RefusedEntry::Beside {
            tree: mark.tree,
            root: root.clone(),
        };
        return Err(beside.at_entry(entry.path.as_bytes()));
    }
    below(entries, &root)
}

/// What lies in a directory, which becomes the root.
fn below(mut entries: Vec<Entry>, root: &RelPath) -> Result<Vec<Entry>, Error> {
    entries.retain(|entry| entry.path.is_within(root));
    let inner = |path: &RelPath| {
        let rest = path
            .as_bytes()
            .get(root.as_bytes().len()..)
            .unwrap_or_default();
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        RelPath::new(rest).map_err(|_| RefusedTar::Path)
    };
    for entry in &mut entries {
        entry.path = inner(&entry.path)?;
        if let Node::File {
            link_to: Some(first),
            ..
        } = &mut entry.node
        {
            *first = inner(first)?;
        }
    }
    Ok(entries)
}

/// Adds directories that the tar takes for granted, with owner and time of the first thing in them. Refuses what lies
/// below something that is no directory.
fn with_parents(entries: Vec<Entry>, extent: &mut Extent) -> Result<Vec<Entry>, Error> {
    let mut whole: Vec<Entry> = Vec::with_capacity(entries.len() + 1);
    // The directories above, from the root down.
    let mut open: Vec<RelPath> = Vec::new();
    let mut leaf: Option<RelPath> = None;
    for entry in entries {
        if let Some(leaf) = leaf.as_ref().filter(|leaf| entry.path.is_within(leaf)) {
            return Err(RefusedEntry::Below(leaf.clone()).at_entry(entry.path.as_bytes()));
        }
        while open.last().is_some_and(|dir| !entry.path.is_within(dir)) {
            open.pop();
        }
        let mut missing = Vec::new();
        let mut above = entry.path.parent();
        while let Some(dir) = above.filter(|dir| open.last() != Some(dir)) {
            extent.add(&dir).map_err(RefusedTar::from)?;
            above = dir.parent();
            missing.push(dir);
        }
        for dir in missing.into_iter().rev() {
            let meta = Meta {
                mode: 0o755,
                xattrs: Vec::new(),
                ..entry.meta.clone()
            };
            open.push(dir.clone());
            whole.push(Entry {
                path: dir,
                meta,
                node: Node::Dir,
            });
        }
        if entry.node == Node::Dir {
            open.push(entry.path.clone());
        } else {
            leaf = Some(entry.path.clone());
        }
        whole.push(entry);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENV: RootMark = RootMark {
        path: "pyvenv.cfg",
        tree: "venv",
    };

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    fn gather(members: &[(&str, Kind)]) -> Result<Manifest, Error> {
        let mut gathered = Gathered::default();
        for (number, (name, kind)) in members.iter().enumerate() {
            let mode = 0o600 + number as u32;
            let meta = Meta {
                mode,
                ..Meta::default()
            };
            let (path, kind) = (path(name), kind.clone());
            gathered.add(Member { path, meta, kind })?;
            gathered.set_digest(number, Digest::of(name.as_bytes()));
        }
        gathered.finish(VENV)
    }

    fn link(to: &str) -> Kind {
        Kind::Link(path(to))
    }

    #[test]
    fn the_root_is_where_the_mark_of_the_wanted_tree_stands() {
        let conda = RootMark {
            path: "conda-meta/history",
            tree: "conda environment",
        };
        let gather = |names: &[&str]| {
            let mut gathered = Gathered::default();
            for name in names {
                let (path, kind, meta) = (path(name), Kind::File(3), Meta::default());
                gathered.add(Member { path, meta, kind }).unwrap();
            }
            gathered.finish(conda)
        };
        let tree = gather(&["srv/env/bin/x", "srv/env/conda-meta/history"]).unwrap();
        assert_eq!(
            names(&tree),
            [".", "bin", "bin/x", "conda-meta", "conda-meta/history"]
        );
        for other in ["pyvenv.cfg", "env/my-conda-meta/history", "env/history"] {
            let refused = gather(&[other]).unwrap_err().to_string();
            let told = "there is no conda environment in it: no 'conda-meta/history'";
            assert!(refused.contains(told), "{refused}");
        }
    }

    const CFG: (&str, Kind) = ("v/pyvenv.cfg", Kind::File(3));

    fn names(manifest: &Manifest) -> Vec<String> {
        manifest
            .entries()
            .iter()
            .map(|entry| entry.path.to_string())
            .collect()
    }

    #[test]
    fn a_venv_below_other_directories_is_found_and_directories_that_lack_are_made() {
        let tree = gather(&[
            ("srv", Kind::Dir),
            ("srv/v/a/b/c", Kind::File(1)),
            ("srv/v/pyvenv.cfg", Kind::File(3)),
        ])
        .unwrap();
        assert_eq!(names(&tree), [".", "a", "a/b", "a/b/c", "pyvenv.cfg"]);
        assert!(gather(&[CFG, ("w/x", Kind::File(1))]).is_err());
        assert!(gather(&[CFG, ("w/pyvenv.cfg", Kind::File(1))]).is_err());
        assert!(gather(&[("v/x", Kind::File(1))]).is_err());
        assert!(gather(&[]).is_err());
    }

    #[test]
    fn the_first_path_of_a_group_of_links_has_the_content_in_whatever_order_they_come() {
        let tree = gather(&[
            CFG,
            ("v/c", Kind::File(7)),
            ("v/b", link("v/c")),
            ("v/d", link("v/b")),
        ])
        .unwrap();
        let entry = |name: &str| tree.get(&path(name)).unwrap().clone();
        let node = |link_to: Option<RelPath>| Node::File {
            size: 7,
            digest: Digest::of(b"v/c"),
            link_to,
        };
        assert_eq!(entry("b").node, node(None));
        assert_eq!(entry("c").node, node(Some(path("b"))));
        assert_eq!(entry("d").node, node(Some(path("b"))));
        assert!(
            ["b", "c", "d"]
                .iter()
                .all(|name| entry(name).meta.mode == 0o601)
        );
    }

    #[test]
    fn what_makes_no_tree_is_refused() {
        let file = || Kind::File(1);
        let sym = || Kind::Symlink(b"/etc".to_vec());
        for bad in [
            vec![CFG, ("v/a", file()), ("v/a", file())],
            vec![CFG, ("v/a", Kind::Dir), ("v/a", Kind::Dir)],
            vec![CFG, ("v/a", file()), ("v/a/b", file())],
            vec![CFG, ("v/a", sym()), ("v/a/b/c", file())],
            vec![CFG, ("v/a", link("v/b")), ("v/b", file())],
            vec![CFG, ("v/a", link("v/a"))],
            vec![CFG, ("v/s", sym()), ("v/a", link("v/s"))],
            vec![CFG, ("v/d", Kind::Dir), ("v/a", link("v/d"))],
            vec![CFG, ("v/a", link("etc/passwd"))],
        ] {
            assert!(gather(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deep_nesting_takes_no_more_than_its_share() {
        let deep = "d/".repeat(30_000) + "x";
        assert!(gather(&[CFG, (&format!("v/{deep}"), Kind::File(0))]).is_err());
    }
}
