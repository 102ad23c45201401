//! Sources outside of the venv that it uses: those of editable installs, and directories that `.pth` files add. What is gone
//! there cannot be imported, though no byte of the venv is damaged.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::{Subject, owned};
use crate::model::{Check, Finding, RelPath, Shown};
use crate::python::dist::Dist;

/// Looks for each of them.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut gone: Vec<PathBuf> = Vec::new();
    let mut findings = Vec::new();
    for dist in subject.dists.all.iter().filter(|dist| dist.editable()) {
        if let Some(source) = source(dist).filter(|source| (subject.gone)(source)) {
            let text = format!("its source '{}' is gone", Shown::path(&source));
            findings.push(
                Finding::new(Check::SourceGone, text)
                    .of(&dist.name)
                    .at(&dist.info),
            );
            gone.push(source);
        }
    }
    for (path, place) in added(subject) {
        // What belongs to a source that is gone is told with that.
        if gone.iter().any(|source| place.starts_with(source)) || !(subject.gone)(&place) {
            continue;
        }
        let text = format!("it adds '{}', which is gone", Shown::path(&place));
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
fn added<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a RelPath, PathBuf)> {
    let paths = subject.manifest.entries().iter().map(|entry| &entry.path);
    let lists = paths.filter(|path| {
        let dir = path.parent();
        path.name().ends_with(b".pth") && dir.is_some_and(|dir| subject.dists.sites.contains(&dir))
    });
    lists.flat_map(|path| {
        let content = (subject.read)(path).unwrap_or_default();
        let places = named(&content).map(|place| OsString::from_vec(place.to_vec()));
        let places = places.map(|place| (path, place.into()));
        places.collect::<Vec<_>>()
    })
}

/// The absolute directories that the content of a `.pth` file names.
pub(crate) fn named(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
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
