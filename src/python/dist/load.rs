//! Loads one distribution from what its installer wrote.

use std::sync::{Arc, Mutex, PoisonError};

use super::metadata::requires_txt;
use super::{Dist, Form, Lists, Metadata, Read, Record, normalized, wheel_tags};
use crate::model::{Entry, Manifest, Node, RelPath};

/// Loads a distribution, and remembers what of it could not be read.
pub(super) fn load(
    manifest: &Manifest,
    root: &[u8],
    read: Read<'_>,
    known: Lists<'_>,
    form: Form,
    info: &RelPath,
) -> Dist {
    let unread = Mutex::new(Vec::new());
    let dist = understand(manifest, root, known, form, info, &|path: &RelPath| {
        let bytes = read(path);
        let is_file = |entry: &Entry| entry.size().is_some();
        if bytes.is_none() && manifest.get(path).is_some_and(is_file) {
            let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
            unread.push(path.clone());
        }
        bytes
    });
    Dist {
        unread: unread.into_inner().unwrap_or_else(PoisonError::into_inner),
        ..dist
    }
}

fn understand(
    manifest: &Manifest,
    root: &[u8],
    known: Lists<'_>,
    form: Form,
    info: &RelPath,
    read: Read<'_>,
) -> Dist {
    let is_dir = manifest
        .get(info)
        .is_some_and(|entry| entry.node == Node::Dir);
    let file = |name: &str| {
        let mut parts = name.split('/');
        parts.try_fold(info.clone(), |dir, part| dir.join(part.as_bytes()).ok())
    };
    let content = |name: &str| {
        file(name)
            .filter(|path| may_be_there(manifest, path))
            .and_then(|path| read(&path))
    };
    let name = String::from_utf8_lossy(info.name()).into_owned();
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let (stem, stem_version) = match form {
        Form::EggLink => (stem.to_owned(), String::new()),
        _ => name_of(stem),
    };
    let text =
        |name: &str| content(name).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let metadata = match (form, is_dir) {
        (Form::DistInfo, _) => content("METADATA"),
        (Form::EggInfo, true) => content("PKG-INFO"),
        (Form::EggInfo, false) => read(info),
        (Form::Egg, true) => content("EGG-INFO/PKG-INFO"),
        (Form::Egg, false) | (Form::EggLink | Form::Conda, _) => None,
    };
    let metadata = metadata.and_then(|bytes| stated(&bytes, form, is_dir, &content));
    let record = record(manifest, root, known, form, info, read);
    let shown = metadata
        .as_ref()
        .map_or_else(|| stem.clone(), |metadata| metadata.name.clone());
    Dist {
        name: normalized(&shown),
        version: metadata
            .as_ref()
            .map_or(stem_version, |metadata| metadata.version.clone()),
        shown,
        form,
        info: info.clone(),
        installer: text("INSTALLER").filter(|name| !name.is_empty() && name.len() < 100),
        conda: None,
        tags: content("WHEEL").map_or_else(Vec::new, |bytes| wheel_tags(&bytes)),
        direct_url: match form {
            Form::EggLink => read(info).and_then(|bytes| linked(&bytes)),
            _ => content("direct_url.json").and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        },
        metadata,
        record,
        unread: Vec::new(),
        unfinished: None,
    }
}

/// Whether a file is there, or lies behind a link, of which the tree says nothing.
fn may_be_there(manifest: &Manifest, path: &RelPath) -> bool {
    let above = path.parent().and_then(|dir| manifest.get(&dir));
    manifest.get(path).is_some() || above.is_some_and(|dir| matches!(dir.node, Node::Symlink(_)))
}

/// The list of files of a distribution, and its path; none where there is none.
fn record(
    manifest: &Manifest,
    root: &[u8],
    known: Lists<'_>,
    form: Form,
    info: &RelPath,
    read: Read<'_>,
) -> Option<(RelPath, Arc<Record>)> {
    let is_dir = manifest
        .get(info)
        .is_some_and(|entry| entry.node == Node::Dir);
    let path = match form {
        Form::DistInfo => info.join(b"RECORD").ok()?,
        Form::EggInfo if is_dir => info.join(b"installed-files.txt").ok()?,
        _ => return None,
    };
    let entry = manifest.get(&path);
    let is_linked = entry.is_none_or(|entry| matches!(entry.node, Node::Symlink(_)));
    // Behind a link only reading tells.
    if !may_be_there(manifest, &path) || is_linked && read(&path).is_none() {
        return None;
    }
    let list = || listed(form, root, &path, &read(&path).unwrap_or_default());
    let record = known(&path).unwrap_or_else(|| Arc::new(list().sharing_paths(manifest)));
    Some((path, record))
}

/// What METADATA says, with the requirements that old setuptools wrote apart from it.
fn stated(
    metadata: &[u8],
    form: Form,
    is_dir: bool,
    content: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Option<Metadata> {
    let mut stated = Metadata::parse(metadata)?;
    let apart = match form {
        Form::EggInfo if is_dir => "requires.txt",
        Form::Egg if is_dir => "EGG-INFO/requires.txt",
        _ => return Some(stated),
    };
    if stated.requires.is_empty() {
        stated.requires = content(apart).map_or_else(Vec::new, |bytes| requires_txt(&bytes));
    }
    Some(stated)
}

/// What a list of files holds, in the format of its form.
fn listed(form: Form, root: &[u8], path: &RelPath, bytes: &[u8]) -> Record {
    match form {
        Form::DistInfo => Record::parse(path, bytes, root),
        _ => Record::parse_installed_files(path, bytes),
    }
}

/// Where an `.egg-link` leads, in the words of `direct_url.json`.
fn linked(link: &[u8]) -> Option<serde_json::Value> {
    let text = std::str::from_utf8(link).ok()?;
    let place = text.lines().next()?.trim().replace('%', "%25");
    place.starts_with('/').then(
        || serde_json::json!({"url": format!("file://{place}"), "dir_info": {"editable": true}}),
    )
}

/// The name and version in the stem of an info directory's name: `click-8.1.7`, `six-1.16.0-py3.11`.
pub(crate) fn name_of(stem: &str) -> (String, String) {
    let mut parts = stem.splitn(3, '-');
    let first = parts.next().unwrap_or_default().to_owned();
    (first, parts.next().unwrap_or_default().to_owned())
}
