//! Two manifests side by side: every entry in which they differ, by the worst thing that is wrong with it.
//!
//! From digests alone a changed content is only "altered" (or "emptied"); who can read both sides refines that.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::change::Kind;
use super::entry::{Entry, Manifest, Node};
use super::path::RelPath;

/// One entry that differs.
#[derive(Clone, Debug)]
pub(crate) struct Difference<'a> {
    pub(crate) kind: Kind,
    pub(crate) expected: Option<&'a Entry>,
    pub(crate) actual: Option<&'a Entry>,
    /// Why, where the kind does not say it all.
    pub(crate) reason: Option<String>,
}

/// All differences in the order of paths.
pub(crate) fn compare<'a>(expected: &'a Manifest, actual: &'a Manifest) -> Vec<Difference<'a>> {
    let links = Links::pair(expected, actual);
    let mut found = Vec::new();
    let (mut left, mut right) = (
        expected.entries().iter().peekable(),
        actual.entries().iter().peekable(),
    );
    // A directory that cannot be read hides what it holds: of that nothing is known, not even whether it is there.
    let (mut closed_left, mut closed_right) = (None, None);
    loop {
        closed_left = left.peek().and_then(|a| closed(a)).or(closed_left);
        closed_right = right.peek().and_then(|b| closed(b)).or(closed_right);
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => a.path.cmp(&b.path),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return found,
        };
        match order {
            Ordering::Less => found.extend(
                left.next()
                    .map(|a| alone(Kind::Missing, Some(a), None, closed_right)),
            ),
            Ordering::Greater => found.extend(
                right
                    .next()
                    .map(|b| alone(Kind::Extra, None, Some(b), closed_left)),
            ),
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (left.next(), right.next())
                    && let Some((kind, reason)) = worst(a, b, links.differ(&a.path))
                {
                    found.push(Difference {
                        reason,
                        ..difference(kind, Some(a), Some(b))
                    });
                }
            }
        }
    }
}

fn difference<'a>(
    kind: Kind,
    expected: Option<&'a Entry>,
    actual: Option<&'a Entry>,
) -> Difference<'a> {
    Difference {
        kind,
        expected,
        actual,
        reason: None,
    }
}

/// An entry that is on one side only, unless the directory that holds it cannot be read on the other.
fn alone<'a>(
    kind: Kind,
    expected: Option<&'a Entry>,
    actual: Option<&'a Entry>,
    closed: Option<&RelPath>,
) -> Difference<'a> {
    let path = expected.or(actual).map(|entry| &entry.path);
    match closed.filter(|dir| path.is_some_and(|path| path.is_within(dir))) {
        Some(dir) => Difference {
            reason: Some(match expected {
                Some(_) => format!("'{dir}' cannot be read"),
                None => format!("'{dir}' could not be read when it was saved"),
            }),
            ..difference(Kind::Unreadable, expected, actual)
        },
        None => difference(kind, expected, actual),
    }
}

/// The path of an entry that cannot be read.
fn closed(entry: &Entry) -> Option<&RelPath> {
    matches!(entry.node, Node::Unreadable(_)).then_some(&entry.path)
}

/// The worst difference between two entries of one path, with its reason where the kind does not say it all.
/// `links_differ` says whether the file has other hard links than it should have, which two entries do not show.
pub(crate) fn worst(a: &Entry, b: &Entry, links_differ: bool) -> Option<(Kind, Option<String>)> {
    let plain = |kind| Some((kind, None));
    match (&a.node, &b.node) {
        (Node::Unreadable(_), Node::Unreadable(_)) => return None,
        (_, Node::Unreadable(reason)) => return Some((Kind::Unreadable, Some(reason.clone()))),
        (Node::Unreadable(_), _) => {
            return Some((
                Kind::Unreadable,
                Some("it could not be read when it was saved".to_owned()),
            ));
        }
        (
            Node::File { size, digest, .. },
            Node::File {
                size: now,
                digest: found,
                ..
            },
        ) => {
            if (size, digest) != (now, found) {
                return plain(if *now == 0 {
                    Kind::Emptied
                } else {
                    Kind::Altered
                });
            }
            if links_differ {
                return plain(Kind::Link);
            }
        }
        (Node::Symlink(to), Node::Symlink(now)) if to != now => return plain(Kind::Link),
        (Node::Dir, Node::Dir) | (Node::Symlink(_), Node::Symlink(_)) => {}
        (Node::Special(a), Node::Special(b)) if a == b => {}
        _ => return plain(Kind::Type),
    }
    // The mode of a symbolic link means nothing.
    let has_mode = !matches!(a.node, Node::Symlink(_));
    if has_mode && a.meta.mode != b.meta.mode {
        return plain(Kind::Mode);
    }
    if !a.meta.counting_xattrs().eq(b.meta.counting_xattrs()) {
        return Some((Kind::Mode, Some(xattrs_that_differ(a, b))));
    }
    if (a.meta.uid, a.meta.gid) != (b.meta.uid, b.meta.gid) {
        return plain(Kind::Owner);
    }
    if a.meta.mtime == b.meta.mtime {
        None
    } else {
        plain(Kind::Mtime)
    }
}

fn xattrs_that_differ(a: &Entry, b: &Entry) -> String {
    let mut names: Vec<_> = a
        .meta
        .counting_xattrs()
        .filter(|x| !b.meta.xattrs.contains(x))
        .chain(
            b.meta
                .counting_xattrs()
                .filter(|x| !a.meta.xattrs.contains(x)),
        )
        .map(|(name, _)| super::text::Shown(name).to_string())
        .collect();
    names.sort_unstable();
    names.dedup();
    format!("extended attributes: {}", names.join(", "))
}

/// For each file that is the same on both sides but for its links: the first of its group of hard links on each side.
/// All others do not count, so that a lost or changed link does not make its siblings look changed.
struct Links<'a> {
    firsts: HashMap<&'a RelPath, (&'a RelPath, &'a RelPath)>,
}

impl<'a> Links<'a> {
    fn pair(expected: &'a Manifest, actual: &'a Manifest) -> Self {
        let mut firsts = HashMap::new();
        let grouped = |manifest: &Manifest| {
            manifest
                .entries()
                .iter()
                .any(|entry| group(entry) != &entry.path)
        };
        if grouped(expected) || grouped(actual) {
            let (mut first_a, mut first_b) = (HashMap::new(), HashMap::new());
            let files = expected.entries().iter();
            for a in files.filter(|entry| entry.size().is_some()) {
                let same = actual.get(&a.path).filter(|b| is_same_file(a, b));
                let Some(b) = same else {
                    continue;
                };
                let left = *first_a.entry(group(a)).or_insert(&a.path);
                let right = *first_b.entry(group(b)).or_insert(&b.path);
                firsts.insert(&a.path, (left, right));
            }
        }
        Self { firsts }
    }

    fn differ(&self, path: &RelPath) -> bool {
        self.firsts.get(path).is_some_and(|(a, b)| a != b)
    }
}

/// Whether a file is the same on both sides, but perhaps for its time and its links.
pub(crate) fn is_same_file(a: &Entry, b: &Entry) -> bool {
    a.size().is_some() && matches!(worst(a, b, false), None | Some((Kind::Mtime, _)))
}

/// The path that names the group of hard links of a file: its own if it is alone or the first.
pub(crate) fn group(entry: &Entry) -> &RelPath {
    match &entry.node {
        Node::File {
            link_to: Some(first),
            ..
        } => first,
        _ => &entry.path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Meta};

    fn file(path: &str, content: &str, link_to: Option<&str>) -> Entry {
        let path = RelPath::new(path.as_bytes()).unwrap();
        let link_to = link_to.map(|p| RelPath::new(p.as_bytes()).unwrap());
        let digest = Digest::of(content.as_bytes());
        let meta = Meta {
            mode: 0o644,
            ..Meta::default()
        };
        Entry {
            path,
            meta,
            node: Node::File {
                size: content.len() as u64,
                digest,
                link_to,
            },
        }
    }

    fn kinds(a: Vec<Entry>, b: Vec<Entry>) -> Vec<Kind> {
        compare(&Manifest::new(a), &Manifest::new(b))
            .iter()
            .map(|d| d.kind)
            .collect()
    }

    #[test]
    fn names_the_worst_of_several_differences() {
        let good = file("a", "xy", None);
        let mut bad = file("a", "zz", None);
        bad.meta.mode = 0o600;
        assert_eq!(kinds(vec![good.clone()], vec![bad]), [Kind::Altered]);
        let mut other = good.clone();
        other.meta.uid = 7;
        other.meta.mtime.nanos = 1;
        assert_eq!(kinds(vec![good.clone()], vec![other]), [Kind::Owner]);
        assert_eq!(
            kinds(vec![good.clone()], vec![file("a", "", None)]),
            [Kind::Emptied]
        );
        assert_eq!(kinds(vec![good.clone()], vec![]), [Kind::Missing]);
        assert_eq!(kinds(vec![], vec![good]), [Kind::Extra]);
    }

    #[test]
    fn nothing_is_claimed_of_what_lies_in_a_directory_that_cannot_be_read() {
        let closed = |path: &str| Entry {
            node: Node::Unreadable("denied".to_owned()),
            ..file(path, "", None)
        };
        let dir = |path: &str| Entry {
            node: Node::Dir,
            ..file(path, "", None)
        };
        let open = || vec![dir("a"), file("a/b", "x", None), file("ab", "y", None)];
        let unread = [Kind::Unreadable, Kind::Unreadable];
        assert_eq!(
            kinds(open(), vec![closed("a")]),
            [&unread[..], &[Kind::Missing]].concat()
        );
        assert_eq!(
            kinds(vec![closed("a")], open()),
            [&unread[..], &[Kind::Extra]].concat()
        );
    }

    #[test]
    fn a_lost_link_does_not_blame_its_siblings() {
        let all = vec![
            file("a", "x", None),
            file("b", "x", Some("a")),
            file("c", "x", Some("a")),
        ];
        let left = vec![file("b", "x", None), file("c", "x", Some("b"))];
        assert_eq!(kinds(all.clone(), left), [Kind::Missing]);
        let parted = vec![
            file("a", "x", None),
            file("b", "x", None),
            file("c", "x", Some("a")),
        ];
        assert_eq!(kinds(all.clone(), parted), [Kind::Link]);
        let changed = vec![
            file("a", "new", None),
            file("b", "x", None),
            file("c", "x", Some("b")),
        ];
        assert_eq!(kinds(all, changed), [Kind::Altered]);
    }
}
