//! How an entry is called whose content does not say so: by its own name, or by what points to it.

use std::str::FromStr;

use pep440_rs::Version;

use super::layout::{Form, Place};
use super::pages::Expected;
use crate::model::Installer;
use crate::python::dist::name_of;

/// Name and version; none where only the content of an entry tells them. `expected` is what a page of an index says of
/// a response.
pub(super) fn called(
    installer: Installer,
    place: &Place,
    expected: Option<&Expected>,
) -> Option<(String, String)> {
    if let Some(expected) = expected {
        return of_file(&expected.file);
    }
    let own = String::from_utf8_lossy(place.path.name()).into_owned();
    match place.form {
        Form::Archive => return of_file(&own),
        // The name of a response of pip is a hash, in directories called after its digits.
        Form::Response => return None,
        // `NAME-VERSION-TAGS.whl.cache` of pdm; uv calls its own by chance.
        Form::Unpacked { .. } if installer != Installer::Uv => {
            return is_of_wheel(&own).then(|| name_of(&own));
        }
        Form::Unpacked { .. } => {}
    }
    // `wheels-v8/pypi/NAME/VERSION-TAGS` and its like, or `NAME-VERSION-TAGS` of what uv built.
    let link = place.parts.iter().rev().nth(1).map(|part| &part.0)?;
    let file = String::from_utf8_lossy(link.name()).into_owned();
    let first = file.split('-').next()?;
    if Version::from_str(first).is_err() {
        return is_of_wheel(&file).then(|| name_of(&file));
    }
    let dir = link.parent()?;
    let name = String::from_utf8_lossy(dir.name()).into_owned();
    Some((name, first.to_owned()))
}

/// The name and version in the name of a wheel or a source archive, or of the metadata beside it.
pub(super) fn of_file(file: &str) -> Option<(String, String)> {
    let file = file.strip_suffix(".metadata").unwrap_or(file);
    if let Some(stem) = file.strip_suffix(".whl") {
        return Some(name_of(stem));
    }
    let ends = [".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz"];
    let stem = ends.iter().find_map(|end| file.strip_suffix(end))?;
    let (name, version) = stem.rsplit_once('-')?;
    Some((name.to_owned(), version.to_owned()))
}

/// Whether a name has the parts of that of a wheel: name, version, and three tags.
fn is_of_wheel(name: &str) -> bool {
    name.split('-').count() >= 5
}
