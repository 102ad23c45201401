//! Sources outside of the venv that it uses: those of editable installs, and directories that `.pth` files add. What is
//! gone there cannot be imported, though no byte of the venv is damaged.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::python::texts;
use super::{Subject, owned};
use crate::model::{Check, Finding, RelPath, Shown};
use crate::python::dist::Dist;
use crate::python::path_files::Rules;

/// Looks for each of them.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut gone: Vec<PathBuf> = Vec::new();
    let mut findings = Vec::new();
    for dist in subject.dists.all.iter().filter(|dist| dist.editable()) {
        if let Some(source) = source(dist).filter(|source| (subject.gone)(source)) {
            let text = format!("its source '{}' is gone", Shown::path(&source));
            findings.push(
                Finding::new(Check::SourceGone, text)
                    .in_package(&dist.name)
                    .at(&dist.info),
            );
            gone.push(source);
        }
    }
    for (path, place) in added(subject).into_iter().chain(mapped(subject)) {
        // What belongs to a source that is gone is told with that.
        if gone.iter().any(|source| place.starts_with(source)) || !(subject.gone)(&place) {
            continue;
        }
        let verb = if path.name().ends_with(b".py") {
            "leads to"
        } else {
            "adds"
        };
        let text = format!("it {verb} '{}', which is gone", Shown::path(&place));
        let finding = Finding::new(Check::SourceGone, text).at(path);
        findings.push(owned(finding, subject.dists, path));
    }
    findings
}

/// Where the source of an editable install lies, if its `direct_url.json` or `.egg-link` tells.
fn source(dist: &Dist) -> Option<PathBuf> {
    let url = dist.direct_url.as_ref()?.get("url")?.as_str()?;
    let rest = url.strip_prefix("file://")?;
    let path = rest.get(rest.find('/')?..)?;
    Some(OsString::from_vec(decoded(path)).into())
}

/// The absolute directories that `.pth` files add to what Python searches, each with its file.
fn added<'a>(subject: &'a Subject<'_>) -> Vec<(&'a RelPath, PathBuf)> {
    let rules = Rules::of(subject.interpreter.map(|facts| &facts.known));
    let lists = among_packages(subject).filter(|path| rules.reads(path.name()));
    let places = lists.flat_map(|path| {
        let content = (subject.read)(path).unwrap_or_default();
        let places = rules.added(&content).into_iter();
        let places = places.map(|place| (path, PathBuf::from(place)));
        places.collect::<Vec<_>>()
    });
    places.collect()
}

/// The absolute paths to which finders of editable installs map modules, each with the finder: texts in what
/// setuptools, meson-python and scikit-build-core write. Of what lies together the first is enough.
fn mapped<'a>(subject: &'a Subject<'_>) -> Vec<(&'a RelPath, PathBuf)> {
    let finders = among_packages(subject).filter(|path| is_finder(path.name()));
    let mut places = Vec::new();
    for path in finders {
        let content = (subject.read)(path).unwrap_or_default();
        let texts = texts(&content).into_iter();
        let texts = texts.filter(|text| text.len() > 1 && text.starts_with('/'));
        let gone = texts.map(PathBuf::from).find(|place| (subject.gone)(place));
        places.extend(gone.map(|place| (path, place)));
    }
    places
}

/// Whether a module among the packages is the finder of an editable install.
fn is_finder(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    let Some(stem) = name.strip_suffix(".py") else {
        return false;
    };
    stem.starts_with("__editable__") && stem.ends_with("_finder")
        || stem.starts_with('_') && stem.ends_with("_editable_loader")
        || stem.starts_with("_editable_")
}

/// What lies directly in the directories of packages.
fn among_packages<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = &'a RelPath> {
    let paths = subject.manifest.entries().iter().map(|entry| &entry.path);
    paths.filter(|path| {
        let dir = path.parent();
        dir.is_some_and(|dir| subject.dists.layout.sites.contains(&dir))
    })
}

/// The absolute directories that the content of a `.pth` file may name, whatever the release makes of it.
pub(crate) fn named(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| line.starts_with(b"/"))
}

/// A path of a URL, of which `%41` is an `A`.
fn decoded(path: &str) -> Vec<u8> {
    let mut rest = path.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| byte == b'%');
        let code = code.and_then(|code| data_encoding::HEXLOWER_PERMISSIVE.decode(code).ok());
        if let Some([decoded]) = code.as_deref() {
            out.push(*decoded);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_urls_are_decoded() {
        for (url, path) in [
            ("/a%20b/%C3%a4", "/a b/\u{e4}"),
            ("/100%", "/100%"),
            ("/%zz%4", "/%zz%4"),
        ] {
            assert_eq!(decoded(url), path.as_bytes());
        }
    }
}
