//! `pdm.lock`, versions 4.x: which groups want a package stands beside it from 4.4 on (`inherit_metadata`).

use std::path::Path;

use toml::{Table, Value};

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
    let metadata = table.get("metadata").and_then(Value::as_table);
    known_version(
        metadata.and_then(|metadata| text(metadata, "lock_version")),
        &["4"],
    )?;
    let mut found = Vec::new();
    for one in tables(table, "package") {
        // A package with extras stands there once more, for what these require.
        if one.contains_key("extras") {
            continue;
        }
        let name = text(one, "name").ok_or(BadEntry::Unnamed)?;
        let Some(by_marker) = host.part(text(one, "marker"), &[])? else {
            continue;
        };
        let mut groups = texts(one, "groups").peekable();
        let by_group = if groups.peek().is_none() || groups.any(|group| group == "default") {
            Part::Main
        } else {
            Part::Optional
        };
        let hashes = tables(one, "files").filter_map(|file| text(file, "hash"));
        let locked = Locked::new(name, text(one, "version"), origin(one, dir)?, hashes)?;
        found.push((locked, by_marker.max(by_group)));
    }
    Ok(found)
}

fn origin(one: &Table, dir: &Path) -> Result<Origin, BadEntry> {
    if let Some(url) = text(one, "git") {
        let commit = text(one, "revision").unwrap_or_default();
        return Origin::git(url, commit, text(one, "subdirectory"));
    }
    if let Some(path) = text(one, "path") {
        let whole = dir.join(path);
        let editable = one.get("editable").and_then(Value::as_bool) == Some(true);
        return Ok(if whole.is_file() {
            Origin::file_at(dir, path)
        } else {
            Origin::directory(dir, path, editable)
        });
    }
    match text(one, "url") {
        Some(url) => Origin::file(url),
        None => Ok(Origin::Index),
    }
}
