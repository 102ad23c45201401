//! Files of RECORD that are links into the cache of an installer, or lie behind one: uv's `--link-mode symlink`, pdm's
//! `install.cache`, virtualenv's `--symlink-app-data`. What they lead to is held against RECORD as if it lay in the
//! venv.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Subject;
use crate::model::{Check, Finding, Node, RelPath, Shown};
use crate::python::bytecode::is_bytecode;
use crate::python::dist::{Algorithm, Dist, Hash, Row};
use crate::tree::lead::Led;

/// Gives the hash of a file of so many bytes outside of the tree.
type HashLed = dyn Fn(&Path, u64, Algorithm) -> Option<Vec<u8>> + Sync;

/// How what lies behind a link is reached.
#[derive(Clone, Copy)]
pub(crate) struct Behind<'a> {
    /// Where the link at a path, or that which stands above it, leads.
    pub(crate) target: &'a (dyn Fn(&RelPath) -> Option<PathBuf> + Sync),
    /// What stands there.
    pub(crate) led: &'a (dyn Fn(&Path) -> Led + Sync),
    /// The hash of a file of so many bytes that stands there.
    pub(crate) hash: &'a HashLed,
}

/// What was found behind a link.
pub(super) enum Judged {
    /// What RECORD says.
    Good { cache: PathBuf },
    /// Nobody knows, or RECORD says nothing.
    Unproved { cache: PathBuf },
    /// Something else, or nothing.
    Bad(Box<Finding>),
}

/// Judges the file of a row that is a link or lies behind one; none where it is neither.
pub(super) fn judge(subject: &Subject<'_>, dist: &Dist, row: &Row) -> Option<Judged> {
    let behind = subject.behind.as_ref()?;
    let to = (behind.target)(&row.path)?;
    let cache = cache_of(subject, &to, &row.path);
    let bad = |check, size: Option<u64>, text: String| {
        let mut one = Finding::new(check, text)
            .in_package(&dist.name)
            .at(&row.path);
        (one.expected_size, one.size) = (row.size, size);
        one.behind = Some(cache.to_string_lossy().into_owned());
        Some(Judged::Bad(Box::new(one)))
    };
    let shown = Shown::path(&to);
    let is_dir = row.hash == Hash::None && row.size.is_none();
    let size = match (behind.led)(&to) {
        Led::File(size) => size,
        Led::Nothing => {
            let text = format!("it is a link that leads to nothing: '{shown}' is gone");
            return bad(Check::FileMissing, None, text);
        }
        // virtualenv lists the directories that it links.
        Led::Dir if is_dir => return Some(Judged::Unproved { cache }),
        Led::Hollow if is_dir => {
            let text = format!("it is a link to '{shown}', in which nothing is left");
            return bad(Check::FileMissing, None, text);
        }
        Led::Dir | Led::Hollow | Led::Other => {
            let text = format!("it is a link to '{shown}', which is no file");
            return bad(Check::FileAltered, None, text);
        }
        Led::Unknown(reason) => {
            let text = format!("it is a link to '{shown}': {reason}");
            return bad(Check::FileUnreadable, None, text);
        }
    };
    let sum = match &row.hash {
        Hash::Known(sum) => Some(sum),
        _ => None,
    };
    let meant = sum.map_or(row.size == Some(0) || row.size.is_none(), |sum| {
        sum.is_of(b"")
    });
    if size == 0 && !meant {
        let text = format!("it is a link to '{shown}', which is empty");
        return bad(Check::FileEmptied, Some(0), text);
    }
    if let Some(expected) = row.size.filter(|expected| *expected != size) {
        let text =
            format!("it is a link to '{shown}', which has {size} bytes and should have {expected}");
        return bad(Check::FileAltered, Some(size), text);
    }
    let Some(sum) = sum else {
        return Some(Judged::Unproved { cache });
    };
    match (behind.hash)(&to, size, sum.algorithm()) {
        Some(found) if found == sum.as_bytes() => Some(Judged::Good { cache }),
        Some(_) => {
            let text =
                format!("it is a link to '{shown}', of which the content is not what RECORD says");
            bad(Check::FileAltered, Some(size), text)
        }
        None => bad(
            Check::FileUnreadable,
            Some(size),
            format!("it is a link to '{shown}', which cannot be read"),
        ),
    }
}

/// What is damaged behind the links of a tree, by the paths that lead there.
pub(crate) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dist in &subject.dists.all {
        let rows = dist.record.iter().flat_map(|(_, record)| &record.rows);
        let rows = rows.filter(|row| row.hash != Hash::Link && !is_bytecode(&row.path));
        let rows = rows.filter(|row| is_linked(subject, &row.path));
        for row in rows.filter(|row| !row.path.parts().any(|part| part == b"__pycache__")) {
            if let Some(Judged::Bad(finding)) = judge(subject, dist, row) {
                findings.push(*finding);
            }
        }
        let metadata = dist.info.join(b"METADATA").ok();
        let cache = metadata.and_then(|path| behind(subject, &path));
        if let Some(cache) = cache.filter(|_| {
            dist.metadata.is_none()
                && findings
                    .iter()
                    .all(|one| one.package.as_ref() != Some(&dist.name))
        }) {
            let mut one = Finding::new(Check::MetadataUnreadable, "its METADATA is gone")
                .in_package(&dist.name)
                .at(&dist.info);
            one.behind = Some(cache);
            findings.push(one);
        }
    }
    findings
}

/// What is behind links, by cache: how many files, the first of them, and of which distributions.
#[derive(Default)]
pub(super) struct Standing<'a>(BTreeMap<PathBuf, (u64, Option<&'a RelPath>, BTreeSet<&'a str>)>);

impl<'a> Standing<'a> {
    pub(super) fn add(&mut self, cache: PathBuf, dist: &'a Dist, path: &'a RelPath) {
        let (count, first, dists) = self.0.entry(cache).or_default();
        *count += 1;
        first.get_or_insert(path);
        dists.insert(&dist.name);
    }

    /// One notice for each cache.
    pub(super) fn notices(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|(cache, (count, first, dists))| {
            let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
            let text = format!(
                "this venv stands on the cache '{}': {files} of {} are links into it or lie behind one",
                Shown::path(&cache),
                if dists.len() == 1 { "1 distribution".to_owned() } else { format!("{} distributions", dists.len()) },
            );
            let mut one = Finding::new(Check::FileLinked, text);
            one.path = first.cloned();
            one.behind = Some(cache.to_string_lossy().into_owned());
            one
        })
    }
}

/// The cache that a target lies in, by the layout of its installer; else the directory that takes the place of
/// site-packages there.
pub(super) fn cache_of(subject: &Subject<'_>, to: &Path, path: &RelPath) -> PathBuf {
    let parts: Vec<String> = to
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let is_uv = |at: &usize| {
        parts[*at]
            .strip_prefix("archive-v")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_pdm = |at: &usize| {
        parts[*at] == "packages"
            && parts
                .get(at + 1)
                .is_some_and(|next| next.ends_with(".whl.cache"))
    };
    let is_virtualenv = |at: &usize| {
        parts[*at] == "wheel"
            && parts
                .get(at + 2)
                .is_some_and(|next| next == "image" || next == "house")
    };
    let known = (1..parts.len()).find(|at| is_uv(at) || is_pdm(at) || is_virtualenv(at));
    if let Some(at) = known {
        return to.iter().take(at).collect();
    }
    let site = subject
        .dists
        .layout
        .sites
        .iter()
        .find(|site| path.is_within(site));
    let below = site.and_then(|site| {
        path.as_path()
            .strip_prefix(site.as_path())
            .ok()
            .map(Path::to_path_buf)
    });
    let depth = below.map_or(1, |below| below.iter().count());
    to.ancestors().nth(depth).unwrap_or(to).to_path_buf()
}

/// The cache that a path leads into, where it is a link or lies behind one.
pub(super) fn behind(subject: &Subject<'_>, path: &RelPath) -> Option<String> {
    let to = (subject.behind.as_ref()?.target)(path)?;
    Some(cache_of(subject, &to, path).to_string_lossy().into_owned())
}

/// Whether an entry, or what stands above it, is a link.
pub(super) fn is_linked(subject: &Subject<'_>, path: &RelPath) -> bool {
    let mut above = std::iter::successors(Some(path.clone()), RelPath::parent);
    let nearest = above.find_map(|dir| subject.manifest.get(&dir));
    nearest.is_some_and(|entry| matches!(entry.node, Node::Symlink(_)))
}
