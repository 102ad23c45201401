//! `pylock.toml`: packaging.python.org, "pylock.toml Specification" (PEP 751).

use std::path::Path;

use toml::Table;

use super::entry::{Locked, Part};
use super::host::Host;
use super::{Origin, known_version, tables, text, texts};
use crate::ops::rebuild::bad_list::{BadEntry, BadList};

/// The packages that an interpreter takes.
pub(super) fn packages(
    table: &Table,
    dir: &Path,
    host: &Host,
) -> Result<Vec<(Locked, Part)>, BadList> {
    known_version(text(table, "lock-version"), &["1"])?;
    host.refuse_python(text(table, "requires-python"))?;
    let groups: Vec<&str> = texts(table, "default-groups").collect();
    let mut found = Vec::new();
    for one in tables(table, "packages") {
        let name = text(one, "name").ok_or(BadEntry::Unnamed)?;
        let Some(part) = host.part(text(one, "marker"), &groups)? else {
            continue;
        };
        let files = ["archive", "sdist"].map(|kind| one.get(kind).and_then(toml::Value::as_table));
        let files = files.into_iter().flatten().chain(tables(one, "wheels"));
        let hashes: Vec<String> = files.flat_map(hashes).collect();
        let origin = origin(one, dir)?;
        let hashes = hashes.iter().map(String::as_str);
        found.push((
            Locked::new(name, text(one, "version"), origin, hashes)?,
            part,
        ));
    }
    Ok(found)
}

fn hashes(file: &Table) -> Vec<String> {
    let hashes = file.get("hashes").and_then(toml::Value::as_table);
    let hashes = hashes.into_iter().flatten();
    let told = hashes.filter_map(|(kind, hex)| Some(format!("{kind}:{}", hex.as_str()?)));
    told.collect()
}

fn origin(one: &Table, dir: &Path) -> Result<Origin, BadEntry> {
    let of = |kind: &str| one.get(kind).and_then(toml::Value::as_table);
    if let Some(vcs) = of("vcs") {
        let kind = text(vcs, "type").unwrap_or("git");
        if kind != "git" {
            return Err(BadEntry::Repository(kind.to_owned()));
        }
        let path = text(vcs, "path").map(|path| Origin::directory(dir, path, false));
        let of_path = match path {
            Some(Origin::Directory { url, .. }) => Some(url),
            _ => None,
        };
        let url = text(vcs, "url").or(of_path.as_deref()).unwrap_or_default();
        let commit = text(vcs, "commit-id").unwrap_or_default();
        return Origin::git(url, commit, text(vcs, "subdirectory"));
    }
    if let Some(directory) = of("directory") {
        let editable = directory.get("editable").and_then(toml::Value::as_bool);
        let path = text(directory, "path").unwrap_or(".");
        return Ok(Origin::directory(dir, path, editable == Some(true)));
    }
    match of("archive") {
        Some(archive) => match (text(archive, "url"), text(archive, "path")) {
            (Some(url), _) => Origin::file(url),
            (None, Some(path)) => Ok(Origin::file_at(dir, path)),
            (None, None) => Err(BadEntry::NoArchive),
        },
        None => Ok(Origin::Index),
    }
}
