//! Every file against its row of RECORD.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::adapted::is_adapted;
use super::conda;
use super::config::is_rewritten;
use super::linked::{Judged, Standing, judge};
use super::owners::overwritten;
use super::stripped::{Stripped, is_stripped};
use super::{LOOK_MAX, Subject};
use crate::model::{Audited, Check, Finding, Manifest, Node, RelPath, Sharing};
use crate::python::dist::{Dist, Dists, Hash, Row};

/// Why nothing is known of a file, where the reason was not kept.
pub(super) const UNREADABLE: &str = "it cannot be read";

/// What a row came to.
enum Verdict {
    /// The content is what RECORD says.
    Good {
        empty: bool,
    },
    /// RECORD says nothing that can be checked.
    Unchecked {
        empty: bool,
    },
    /// It is a link, and is not followed.
    Linked,
    /// It lies in a cache, behind a link, and may have been proved good there.
    Behind {
        cache: PathBuf,
        is_good: bool,
    },
    /// It lies below a directory that cannot be looked into.
    Hidden(RelPath),
    /// It is a source in the place of which its bytecode stands.
    Stripped,
    // In a box: of a million rows most are good.
    Bad(Box<Finding>),
}

impl Verdict {
    fn bad(finding: Finding) -> Self {
        Self::Bad(Box::new(finding))
    }
}

/// All rows that can be held against files, with the distribution of each.
fn rows<'a>(subject: &Subject<'a>) -> Vec<(&'a Dist, &'a Row)> {
    subject
        .dists
        .all
        .iter()
        .flat_map(|dist| {
            dist.record
                .iter()
                .map(move |(path, record)| (dist, path, record))
        })
        .flat_map(|(dist, own, record)| {
            let others = record.rows.iter().filter(move |row| row.path != *own);
            others.map(move |row| (dist, row))
        })
        // Python writes bytecode as it likes; `bytecode.rs` looks at what is broken. virtualenv lists directories of
        // it.
        .filter(|(_, row)| !row.path.parts().any(|part| part == b"__pycache__"))
        .filter(|(_, row)| !row.path.name().ends_with(b".pyc"))
        .filter(|(_, row)| !row.movable || subject.manifest.get(&row.path).is_some())
        .collect()
}

/// Checks all rows, and counts.
pub(super) fn check(subject: &Subject<'_>) -> (Vec<Finding>, Audited) {
    let verdicts: Vec<(&Dist, &Row, Verdict)> = rows(subject)
        .into_par_iter()
        .map(|(dist, row)| (dist, row, verdict(subject, dist, row)))
        .collect();
    let good = verdicts
        .iter()
        .filter(|(.., verdict)| matches!(verdict, Verdict::Good { .. }));
    let good: HashMap<&RelPath, &Dist> = good.map(|(dist, row, _)| (&row.path, *dist)).collect();
    let mut counts = Audited::default();
    let mut findings = Vec::new();
    let mut hidden: BTreeMap<RelPath, BTreeSet<&str>> = BTreeMap::new();
    let mut linked: BTreeMap<&str, (u64, &RelPath)> = BTreeMap::new();
    let mut standing = Standing::default();
    let mut stripped = Stripped::default();
    for (dist, row, verdict) in verdicts {
        match verdict {
            Verdict::Good { empty } => {
                counts.hashed += 1;
                counts.empty += u64::from(empty);
            }
            Verdict::Unchecked { empty } => {
                counts.unhashed += 1;
                counts.empty += u64::from(empty);
            }
            Verdict::Linked => {
                counts.unhashed += 1;
                let (count, _) = linked.entry(&dist.name).or_insert((0, &row.path));
                *count += 1;
            }
            Verdict::Behind { cache, is_good } => {
                counts.hashed += u64::from(is_good);
                counts.unhashed += u64::from(!is_good);
                standing.add(cache, dist, &row.path);
            }
            Verdict::Stripped => stripped.add(dist, &row.path),
            Verdict::Hidden(dir) => {
                hidden.entry(dir).or_default().insert(&dist.name);
            }
            // What two distributions list is right if it is what one of them says: the last one wrote it.
            Verdict::Bad(finding) => match good.get(&row.path) {
                Some(winner) => {
                    counts.unhashed += 1;
                    findings.extend(overwritten(&row.path, dist, winner));
                }
                None => findings.push(*finding),
            },
        }
    }
    let linked = linked.into_iter();
    findings.extend(standing.notices());
    findings.extend(stripped.notice());
    findings.extend(linked.map(|(dist, (count, first))| links(dist, count, first)));
    findings.extend(
        hidden
            .into_iter()
            .map(|(dir, owners)| closed(subject, &dir, &owners)),
    );
    (findings, counts)
}

/// The links that stand where a distribution lists files.
fn links(dist: &str, count: u64, first: &RelPath) -> Finding {
    let text = match count {
        1 => "it is a link, and what it leads to was not compared with RECORD".to_owned(),
        more => format!(
            "it and {} more are links, and what they lead to was not compared with RECORD",
            more - 1
        ),
    };
    Finding::new(Check::FileLinked, text)
        .in_package(dist)
        .at(first)
}

/// Files in site-packages that no distribution lists, without bytecode.
pub(crate) fn unowned<'a>(
    manifest: &'a Manifest,
    dists: &'a Dists,
) -> impl Iterator<Item = &'a RelPath> {
    manifest
        .entries()
        .iter()
        .filter(|entry| !matches!(entry.node, Node::Dir | Node::Unreadable(_)))
        .map(|entry| &entry.path)
        .filter(|path| !path.name().ends_with(b".pyc"))
        .filter(|path| dists.layout.sites.iter().any(|site| path.is_within(site)))
        .filter(|path| dists.owner(path).is_none())
}

fn verdict(subject: &Subject<'_>, dist: &Dist, row: &Row) -> Verdict {
    let finding = |check, text: String| {
        let mut one = Finding::new(check, text).at(&row.path);
        one.expected_size = row.size;
        one.sharing = subject.links.get(&row.path).map(|links| Sharing {
            links: *links,
            shared_with: None,
        });
        one.in_package(&dist.name)
    };
    let judged = (row.hash != Hash::Link).then(|| judge(subject, dist, row));
    match judged.flatten() {
        Some(Judged::Good { cache }) => {
            return Verdict::Behind {
                cache,
                is_good: true,
            };
        }
        Some(Judged::Unproved { cache }) => {
            return Verdict::Behind {
                cache,
                is_good: false,
            };
        }
        Some(Judged::Bad(finding)) => return Verdict::Bad(finding),
        None => {}
    }
    let Some(entry) = subject.manifest.get(&row.path) else {
        if of_windows(&row.path).is_some_and(|path| subject.manifest.get(&path).is_some()) {
            return Verdict::Unchecked { empty: false };
        }
        match standing_above(subject, &row.path) {
            // A file of a directory that is a link is reached through the link.
            Some((_, Node::Symlink(_))) if (subject.reaches)(&row.path) => {
                return Verdict::Unchecked { empty: false };
            }
            Some((_, node)) if node.is_mounted() => return Verdict::Unchecked { empty: false },
            Some((dir, Node::Unreadable(_))) => return Verdict::Hidden(dir),
            _ if is_stripped(subject, &row.path) => return Verdict::Stripped,
            _ => {}
        }
        let text = format!("it is gone, though {} lists it", conda::list_of(dist));
        return Verdict::bad(finding(Check::FileMissing, text));
    };
    let size = match &entry.node {
        Node::File { size, .. } => *size,
        // conda lists it as a link, and says no more of it.
        _ if row.hash == Hash::Link => return Verdict::Unchecked { empty: false },
        // Some installers put links into their cache here.
        Node::Symlink(_) if (subject.reaches)(&row.path) => {
            return Verdict::Linked;
        }
        Node::Symlink(_) => {
            let text = "it is a link that leads to nothing".to_owned();
            return Verdict::bad(finding(Check::FileMissing, text));
        }
        node if node.is_mounted() => return Verdict::Unchecked { empty: false },
        Node::Unreadable(reason) => {
            return Verdict::bad(finding(Check::FileUnreadable, reason.clone()));
        }
        // A row of a directory.
        Node::Dir if row.hash == Hash::None && row.size.unwrap_or(0) == 0 => {
            return Verdict::Unchecked { empty: false };
        }
        other => {
            let text = format!("it is a {}, not a file", other.type_name());
            return Verdict::bad(finding(Check::FileAltered, text));
        }
    };
    content(subject, dist, row, size, finding)
}

/// A file that is there, held against its row.
fn content(
    subject: &Subject<'_>,
    dist: &Dist,
    row: &Row,
    size: u64,
    finding: impl Fn(Check, String) -> Finding,
) -> Verdict {
    let with_size = |mut one: Finding| {
        one.size = Some(size);
        Verdict::bad(one)
    };
    let is_emptied = match &row.hash {
        _ if size > 0 => false,
        Hash::Known(sum) => !sum.is_of(b""),
        _ => row.size.is_some_and(|expected| expected > 0),
    };
    if is_emptied {
        let text = if let Some(size) = row.size {
            format!("it is empty and should have {size} bytes")
        } else {
            let list = conda::list_of(dist);
            format!("it is empty, and {list}'s hash is that of something else")
        };
        return with_size(finding(Check::FileEmptied, text));
    }
    let is_ours = || {
        matches!(&row.hash, Hash::Known(sum) if is_adapted(subject, row, sum))
            || conda::is_placed(subject, dist, row)
    };
    if row.size.is_some_and(|expected| expected != size) && is_ours() {
        return Verdict::Good { empty: false };
    }
    let rewritten = || {
        let text = "it is configuration that was changed since it was installed; healing leaves it";
        with_size(finding(Check::ConfigChanged, text.to_owned()))
    };
    if let Some(expected) = row.size.filter(|expected| *expected != size) {
        if is_rewritten(subject, dist, row, size) {
            return rewritten();
        }
        let text = format!("it has {size} bytes and should have {expected}");
        return with_size(finding(Check::FileAltered, text));
    }
    let Hash::Known(sum) = &row.hash else {
        return Verdict::Unchecked { empty: size == 0 };
    };
    match (subject.hash)(&row.path, sum.algorithm()) {
        Some(found) if found == sum.as_bytes() => Verdict::Good { empty: size == 0 },
        Some(_) if is_ours() => Verdict::Good { empty: false },
        Some(_) if is_rewritten(subject, dist, row, size) => rewritten(),
        Some(_) => with_size(differs(subject, dist, &row.path, size, finding)),
        None => Verdict::bad(finding(Check::FileUnreadable, UNREADABLE.to_owned())),
    }
}

/// A file whose hash is wrong.
fn differs(
    subject: &Subject<'_>,
    dist: &Dist,
    path: &RelPath,
    size: u64,
    bad: impl Fn(Check, String) -> Finding,
) -> Finding {
    let content = (size <= LOOK_MAX)
        .then(|| (subject.read)(path))
        .flatten()
        .unwrap_or_default();
    let zeros = content.iter().rev().take_while(|b| **b == 0).count();
    // A few NUL bytes at the end are common in compiled files.
    let is_zeroed = zeros == content.len() || zeros >= 512 || zeros > 0 && is_text(path);
    if !content.is_empty() && is_zeroed {
        let from = content.len() - zeros;
        return bad(
            Check::FileZeroFilled,
            format!("from byte {from} on it holds only NUL"),
        );
    }
    let text = format!("its content is not what {} says", conda::list_of(dist));
    bad(Check::FileAltered, text)
}

fn is_text(path: &RelPath) -> bool {
    let name = path.name();
    [
        &b".py"[..],
        b".pyi",
        b".txt",
        b".pth",
        b".start",
        b".md",
        b"METADATA",
        b"WHEEL",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// A path that was written with backslashes, as it is here. pip keeps such rows of a wheel and adds true ones.
fn of_windows(path: &RelPath) -> Option<RelPath> {
    let bytes = path.as_bytes();
    let slashed: Vec<u8> = bytes
        .iter()
        .map(|&b| if b == b'\\' { b'/' } else { b })
        .collect();
    RelPath::new(&slashed).ok().filter(|_| slashed != bytes)
}

/// The nearest entry above a path that is there, with what it is.
pub(super) fn standing_above<'a>(
    subject: &'a Subject<'_>,
    path: &RelPath,
) -> Option<(RelPath, &'a Node)> {
    let mut above = path.parent();
    while let Some(dir) = above {
        if let Some(entry) = subject.manifest.get(&dir) {
            return Some((dir, &entry.node));
        }
        above = dir.parent();
    }
    None
}

/// A directory that cannot be looked into: nothing is known of the files in it.
fn closed(subject: &Subject<'_>, dir: &RelPath, owners: &BTreeSet<&str>) -> Finding {
    let reason = match subject.manifest.get(dir).map(|entry| &entry.node) {
        Some(Node::Unreadable(reason)) => reason.as_str(),
        _ => UNREADABLE,
    };
    let text = format!("{reason}, so nothing is known of the files in it");
    let finding = Finding::new(Check::FileUnreadable, text).at(dir);
    match owners.first() {
        Some(owner) if owners.len() == 1 => finding.in_package(owner),
        _ => finding,
    }
}
