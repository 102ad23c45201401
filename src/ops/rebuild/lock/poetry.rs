//! `poetry.lock`, versions 1.x and 2.x. From 2.1 on each package has its groups and its marker. Before 2.1, only the
//! requirements of other packages tell that a package is not wanted here.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::entry::{Locked, Part};
use super::host::Host;
use super::{Origin, known_version, tables, text, texts};
use crate::ops::rebuild::bad_list::{BadEntry, BadList};
use crate::python::dist::normalized;

/// The packages that an interpreter takes.
pub(super) fn packages(
    table: &Table,
    dir: &Path,
    host: &Host,
) -> Result<Vec<(Locked, Part)>, BadList> {
    let metadata = table.get("metadata").and_then(Value::as_table);
    let metadata = metadata.ok_or(BadList::NoMetadata)?;
    known_version(text(metadata, "lock-version").or(Some("1.0")), &["1", "2"])?;
    host.refuse_python(text(metadata, "python-versions"))?;
    // Versions 1.x keep the files of all packages together.
    let kept = metadata.get("files").and_then(Value::as_table);
    let edges = required(table, host);
    let mut found = Vec::new();
    for one in tables(table, "package") {
        let name = text(one, "name").ok_or(BadEntry::Unnamed)?;
        let Some(part) = part(one, host)? else {
            continue;
        };
        let is_told = one.contains_key("groups") || one.contains_key("markers");
        if !is_told && edges.get(&normalized(name)) == Some(&false) {
            continue;
        }
        let own = tables(one, "files");
        let kept = kept.into_iter().flat_map(|kept| tables(kept, name));
        let hashes = own.chain(kept).filter_map(|file| text(file, "hash"));
        found.push((
            Locked::new(name, text(one, "version"), origin(one, dir)?, hashes)?,
            part,
        ));
    }
    Ok(found)
}

/// Whether a plain install takes a package.
fn part(one: &Table, host: &Host) -> Result<Option<Part>, BadEntry> {
    let optional = one.get("optional").and_then(Value::as_bool) == Some(true);
    let category = text(one, "category").is_none_or(|category| category == "main");
    let mut groups = texts(one, "groups").peekable();
    let is_main = groups.peek().is_none() || groups.any(|group| group == "main");
    let by_group = if is_main && category && !optional {
        Part::Main
    } else {
        Part::Optional
    };
    // One marker for all, or one for each group.
    let by_marker = match one.get("markers") {
        Some(Value::Table(each)) => {
            let mut best = None;
            for (group, marker) in each {
                let holds = host.part(marker.as_str(), &[])?;
                let holds = holds.map(|part| {
                    if group == "main" {
                        part
                    } else {
                        Part::Optional
                    }
                });
                best = best.into_iter().chain(holds).min();
            }
            best
        }
        marker => host.part(marker.and_then(Value::as_str), &[])?,
    };
    Ok(by_marker.map(|part| part.max(by_group)))
}

/// Of each package that others require, whether any of these does so here. What a project itself requires stands in no
/// lock of this kind.
fn required(table: &Table, host: &Host) -> BTreeMap<String, bool> {
    let mut required = BTreeMap::new();
    for one in tables(table, "package") {
        let needs = one.get("dependencies").and_then(Value::as_table);
        for (name, need) in needs.into_iter().flatten() {
            let each = match need {
                Value::Array(each) => each.as_slice(),
                one => std::slice::from_ref(one),
            };
            let holds = each.iter().any(|need| {
                let marker = need.as_table().and_then(|need| text(need, "markers"));
                !matches!(host.part(marker, &[]), Ok(None))
            });
            *required.entry(normalized(name)).or_insert(false) |= holds;
        }
    }
    required
}

fn origin(one: &Table, dir: &Path) -> Result<Origin, BadEntry> {
    let Some(source) = one.get("source").and_then(Value::as_table) else {
        return Ok(Origin::Index);
    };
    let url = text(source, "url").unwrap_or_default();
    match text(source, "type") {
        Some("git") => {
            let commit = text(source, "resolved_reference").unwrap_or_default();
            Origin::git(url, commit, text(source, "subdirectory"))
        }
        Some("url") => Origin::file(url),
        Some("file") => Ok(Origin::file_at(dir, url)),
        Some("directory") => {
            let editable = one.get("develop").and_then(Value::as_bool) == Some(true);
            Ok(Origin::directory(dir, url, editable))
        }
        // An index of its own: the person's settings say which one is asked.
        _ => Ok(Origin::Index),
    }
}
