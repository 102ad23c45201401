//! Packages that no distribution lists and that look like those of an install which was stopped early: pip writes
//! the modules of a wheel first, then its info directory, and compiles in the end. A package that somebody put there
//! by hand may look alike, so it is a notice.

use std::collections::{BTreeMap, HashSet};

use super::Subject;
use crate::model::{Check, Entry, Finding, Node, RelPath};
use crate::python::dist::{Form, normalized};
use crate::python::path_files::is_read_by_some;

/// An install writes a package within so many seconds.
const WRITTEN_MAX: i64 = 600;
/// So many are named.
const NAMED_MAX: usize = 3;
/// Files by which a package shows that it is one of a distribution.
const SIGNS: [&str; 5] = [
    "py.typed",
    "__about__.py",
    "__version__.py",
    "_version.py",
    "version.py",
];

/// What is known of a directory of packages that nobody lists.
struct Stray<'a> {
    path: &'a RelPath,
    init: Option<&'a RelPath>,
    has_sign: bool,
    /// Whether something is in it that an install that was stopped early does not leave.
    is_other: bool,
    first: i64,
    last: i64,
}

/// Names them all in one finding.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let dists = &subject.dists.all;
    let is_pips = dists
        .iter()
        .any(|dist| dist.name == "pip" || dist.installer.as_deref() == Some("pip"));
    // What conda and old forms brought is listed elsewhere, if at all.
    let is_listed = dists
        .iter()
        .all(|dist| dist.form == Form::DistInfo && !dist.editable() && dist.record.is_some());
    if !is_pips || !is_listed || !subject.dists.leftovers.is_empty() {
        return Vec::new();
    }
    let mut found = strays(subject);
    found.retain(|stray| looks_installed(subject, stray));
    if found.is_empty() {
        return Vec::new();
    }
    let promised = promised(subject);
    found.retain(|stray| {
        let name = String::from_utf8_lossy(stray.path.name()).into_owned();
        !promised.contains(&name) && !promised.contains(&normalized(&name))
    });
    let Some(first) = found.first() else {
        return Vec::new();
    };
    let named = found.iter().take(NAMED_MAX);
    let named: Vec<String> = named.map(|stray| format!("'{}'", stray.path)).collect();
    let more = found.len() - named.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let text = format!(
        "no distribution lists {}{more}, and none of it was compiled: so pip leaves a package where it is stopped \
         before it writes the info directory. Install it again, or remove it, unless it was put there by hand",
        named.join(", ")
    );
    vec![Finding::new(Check::Leftover, text).at(first.path)]
}

/// Each package right in a site of which nobody lists anything, and of which nothing was compiled.
fn strays<'a>(subject: &Subject<'a>) -> Vec<Stray<'a>> {
    let is_site = |dir: RelPath| subject.dists.layout.sites.contains(&dir);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut found: BTreeMap<&[u8], Stray<'_>> = BTreeMap::new();
    for entry in subject.manifest.entries() {
        let path = &entry.path;
        let is_top = entry.node == Node::Dir && path.name().iter().all(is_plain);
        if is_top && path.parent().is_some_and(is_site) {
            let secs = entry.meta.mtime.secs;
            let stray = Stray {
                path,
                init: None,
                has_sign: false,
                is_other: false,
                first: secs,
                last: secs,
            };
            found.insert(path.as_bytes(), stray);
        }
    }
    let sites = &subject.dists.layout.sites;
    for entry in subject.manifest.entries() {
        let path = entry.path.as_bytes();
        let tops = sites.iter().filter_map(|site| {
            let below = entry.path.below(site)?;
            let end = memchr::memchr(b'/', below)?;
            Some(&path[..path.len() - below.len() + end])
        });
        for top in tops {
            if let Some(stray) = found.get_mut(top) {
                let is_owned = subject.dists.owner(&entry.path).is_some();
                stray.see(entry, is_owned);
            }
        }
    }
    let found = found.into_values();
    found.filter(|stray| !stray.is_other).collect()
}

impl<'a> Stray<'a> {
    fn see(&mut self, entry: &'a Entry, is_owned: bool) {
        let (path, secs) = (&entry.path, entry.meta.mtime.secs);
        let name = path.name();
        if path.parent().as_ref() == Some(self.path) {
            if name == b"__init__.py" {
                self.init = Some(path);
            }
            self.has_sign |= SIGNS.iter().any(|sign| sign.as_bytes() == name);
        }
        (self.first, self.last) = (self.first.min(secs), self.last.max(secs));
        let is_compiled = name == b"__pycache__" || name.ends_with(b".pyc");
        let is_plain = matches!(entry.node, Node::Dir | Node::File { .. });
        self.is_other |= is_owned || is_compiled || !is_plain;
    }
}

/// Whether a package shows that it is one of a distribution, and was written in one go.
fn looks_installed(subject: &Subject<'_>, stray: &Stray<'_>) -> bool {
    let is_quick = stray.last - stray.first <= WRITTEN_MAX;
    let Some(init) = stray.init.filter(|_| is_quick) else {
        return false;
    };
    let tells = || {
        let text = (subject.read)(init).unwrap_or_default();
        memchr::memmem::find(&text, b"__version__").is_some()
    };
    stray.has_sign || tells()
}

/// The names that distributions say that they bring, and those that `.pth` files name.
fn promised(subject: &Subject<'_>) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut read = |path: &RelPath| {
        let text = (subject.read)(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.extend(words.map(str::to_owned));
    };
    for dist in &subject.dists.all {
        if let Ok(list) = dist.info.join(b"top_level.txt")
            && subject.manifest.get(&list).is_some()
        {
            read(&list);
        }
    }
    for entry in subject.manifest.entries() {
        if is_read_by_some(entry.path.name()) {
            read(&entry.path);
        }
    }
    names.extend(subject.dists.all.iter().map(|dist| dist.name.clone()));
    names
}
