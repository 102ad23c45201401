//! `uv.lock`, version 1: a graph, walked from the project (docs.astral.sh/uv, "Locking and syncing").

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::entry::{Locked, Part};
use super::host::Host;
use super::{Origin, tables, text, texts};
use crate::ops::rebuild::bad_list::{BadEntry, BadList};

/// A package of the graph by its place in the file, and one of its extras.
type Place<'a> = (usize, Option<&'a str>);

/// The packages that an interpreter takes.
pub(super) fn packages(
    table: &Table,
    dir: &Path,
    host: &Host,
) -> Result<Vec<(Locked, Part)>, BadList> {
    let version = table.get("version").and_then(Value::as_integer);
    if version != Some(1) {
        let version = version.unwrap_or_default();
        return Err(BadList::Version(version.to_string()));
    }
    host.refuse_python(text(table, "requires-python"))?;
    let graph = Graph {
        all: tables(table, "package").collect(),
        host,
    };
    let main = graph.walk(&graph.roots(table), Part::Main)?;
    let any = graph.walk(&graph.roots(table), Part::Optional)?;
    let mut found: BTreeMap<usize, Part> = any.into_iter().map(|at| (at, Part::Optional)).collect();
    found.extend(main.into_iter().map(|at| (at, Part::Main)));
    let mut taken = Vec::new();
    for (at, part) in found {
        let one = graph.all[at];
        let Some(origin) = origin(one, dir)? else {
            continue;
        };
        let name = text(one, "name").ok_or(BadEntry::Unnamed)?;
        let sdist = one.get("sdist").and_then(Value::as_table);
        let files = sdist.into_iter().chain(tables(one, "wheels"));
        let hashes = files.filter_map(|file| text(file, "hash"));
        taken.push((
            Locked::new(name, text(one, "version"), origin, hashes)?,
            part,
        ));
    }
    Ok(taken)
}

struct Graph<'a> {
    all: Vec<&'a Table>,
    host: &'a Host,
}

impl<'a> Graph<'a> {
    /// The project, or all of a workspace.
    fn roots(&self, table: &'a Table) -> Vec<usize> {
        let manifest = table.get("manifest").and_then(Value::as_table);
        let members: BTreeSet<&str> = manifest
            .into_iter()
            .flat_map(|manifest| texts(manifest, "members"))
            .collect();
        let is_root = |one: &Table| {
            let source = one.get("source").and_then(Value::as_table);
            let own = ["virtual", "editable", "directory"];
            let is_here =
                source.is_some_and(|source| own.iter().any(|kind| text(source, kind) == Some(".")));
            is_here || text(one, "name").is_some_and(|name| members.contains(name))
        };
        let each = self.all.iter().enumerate();
        each.filter(|(_, one)| is_root(one))
            .map(|(at, _)| at)
            .collect()
    }

    /// All that is reached from the roots; with their extras and groups where optional parts are wanted as well.
    fn walk(&self, roots: &[usize], part: Part) -> Result<BTreeSet<usize>, BadEntry> {
        let mut open: Vec<Place<'a>> = roots.iter().map(|at| (*at, None)).collect();
        let mut seen: BTreeSet<Place<'a>> = BTreeSet::new();
        while let Some((at, extra)) = open.pop() {
            if !seen.insert((at, extra)) {
                continue;
            }
            let one = self.all[at];
            let mut needs: Vec<&Table> = match extra {
                None => tables(one, "dependencies").collect(),
                Some(extra) => of_part(one, "optional-dependencies", Some(extra)),
            };
            if part == Part::Optional && roots.contains(&at) {
                needs.extend(of_part(one, "optional-dependencies", None));
                needs.extend(of_part(one, "dev-dependencies", None));
            }
            for need in needs {
                let held = self.host.part(text(need, "marker"), &[])?;
                if held.is_some_and(|held| held <= part) {
                    open.extend(self.places(need));
                }
            }
        }
        Ok(seen.into_iter().map(|(at, _)| at).collect())
    }

    /// The package that an edge leads to, also by each of the extras that it asks for.
    fn places(&self, need: &'a Table) -> Vec<Place<'a>> {
        let same = |one: &Table, field: &str| {
            need.get(field)
                .is_none_or(|wanted| one.get(field) == Some(wanted))
        };
        let found = self.all.iter().position(|one| {
            text(one, "name") == text(need, "name") && same(one, "version") && same(one, "source")
        });
        let extras: Vec<&str> = texts(need, "extra").collect();
        let places = found.into_iter().flat_map(|at| {
            let extras = extras.iter().map(move |extra| (at, Some(*extra)));
            std::iter::once((at, None)).chain(extras)
        });
        places.collect()
    }
}

/// The requirements of one extra or group, or of all.
fn of_part<'a>(one: &'a Table, kind: &str, name: Option<&str>) -> Vec<&'a Table> {
    let Some(parts) = one.get(kind).and_then(Value::as_table) else {
        return Vec::new();
    };
    let names = parts
        .keys()
        .filter(|own| name.is_none_or(|name| name == *own));
    names.flat_map(|own| tables(parts, own)).collect()
}

/// Where it comes from; none of what is no package but only a list of requirements.
fn origin(one: &Table, dir: &Path) -> Result<Option<Origin>, BadEntry> {
    let empty = Table::new();
    let source = one
        .get("source")
        .and_then(Value::as_table)
        .unwrap_or(&empty);
    let of = |kind: &str| text(source, kind);
    Ok(Some(if of("virtual").is_some() {
        return Ok(None);
    } else if let Some(path) = of("editable") {
        Origin::directory(dir, path, true)
    } else if let Some(path) = of("directory") {
        Origin::directory(dir, path, false)
    } else if let Some(path) = of("path") {
        Origin::file_at(dir, path)
    } else if let Some(url) = of("url") {
        Origin::file(url)?
    } else if let Some(git) = of("git") {
        // `URL?rev=…&subdirectory=…#COMMIT`
        let (rest, commit) = git.rsplit_once('#').unwrap_or((git, ""));
        let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
        let sub = query
            .split('&')
            .find_map(|part| part.strip_prefix("subdirectory="));
        Origin::git(url, commit, sub)?
    } else {
        Origin::Index
    }))
}
