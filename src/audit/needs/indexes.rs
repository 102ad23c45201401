//! Which indexes a project sets for all of its packages. Whoever asks another one for the name of a private package
//! gets what a stranger put there.

use toml::{Table, Value};

use super::declared::{File, Project};
use super::origin::{IndexKind, ProjectIndex};
use crate::model::installed::without_secret;
use crate::model::plain::plain;
use crate::python::requirements::{Line, Means};

/// Names of the index that everybody asks.
const EVERYBODYS: [&str; 3] = ["pypi.org", "pypi.python.org", "files.pythonhosted.org"];

/// Whether a URL leads to the index that everybody asks.
fn is_everybodys(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    EVERYBODYS.contains(&host)
}

impl File<'_> {
    /// What an option of a list says of it.
    pub(super) fn index_option(&self, project: &mut Project, line: &Line) {
        for said in line.options() {
            let kind = match said.means {
                Means::Index => IndexKind::Main,
                Means::ExtraIndex => IndexKind::Extra,
                Means::FindLinks => IndexKind::FindLinks,
                Means::NoIndex => IndexKind::Nothing,
                Means::Include | Means::Constrain | Means::Editable => continue,
            };
            self.index(project, kind, &said.value);
        }
    }

    fn index(&self, project: &mut Project, kind: IndexKind, named: &str) {
        let bare = without_secret(named);
        if kind != IndexKind::FindLinks && is_everybodys(&bare) {
            return;
        }
        let is_path = kind == IndexKind::FindLinks && !bare.contains("://");
        let place = if is_path {
            plain(&self.dir().join(&bare))
                .to_string_lossy()
                .into_owned()
        } else {
            bare.clone()
        };
        let index = ProjectIndex {
            kind,
            is_secret: bare != named,
            is_open: bare.contains('$') || bare.contains("{{"),
            place,
            path: self.path.to_owned(),
            line: self.line_of(named),
        };
        let mut known = project.indexes.iter();
        if !known.any(|one| (one.kind, &one.place) == (index.kind, &index.place)) {
            project.indexes.push(index);
        }
    }

    /// What settings of uv say of it: those of `uv.toml`, or of `tool.uv`.
    pub(super) fn uv_indexes(&self, project: &mut Project, uv: &Table) {
        let word = |table: &Table, key: &str| table.get(key)?.as_str().map(str::to_owned);
        let flag = |table: &Table, key: &str| table.get(key).and_then(Value::as_bool) == Some(true);
        for table in tables(uv.get("index")) {
            let Some(url) = word(table, "url") else {
                continue;
            };
            let is_flat = word(table, "format").as_deref() == Some("flat");
            match (flag(table, "explicit"), flag(table, "default"), is_flat) {
                (true, _, _) => {}
                (_, _, true) => self.index(project, IndexKind::FindLinks, &url),
                (_, true, _) => self.index(project, IndexKind::Main, &url),
                _ => self.index(project, IndexKind::Extra, &url),
            }
        }
        let pip = uv.get("pip").and_then(Value::as_table);
        for settings in [Some(uv), pip].into_iter().flatten() {
            if let Some(url) = word(settings, "index-url") {
                self.index(project, IndexKind::Main, &url);
            }
            for (key, kind) in [
                ("extra-index-url", IndexKind::Extra),
                ("find-links", IndexKind::FindLinks),
            ] {
                let urls = settings.get(key).and_then(Value::as_array);
                for url in urls.into_iter().flatten().filter_map(Value::as_str) {
                    self.index(project, kind, url);
                }
            }
            if flag(settings, "no-index") {
                self.index(project, IndexKind::Nothing, "");
            }
        }
    }

    /// What the sources of Poetry say of it: the first that comes first stands in the place of everybody's index.
    pub(super) fn poetry_indexes(&self, project: &mut Project, poetry: &Table) {
        let mut has_main = false;
        for table in tables(poetry.get("source")) {
            let word = |key: &str| table.get(key).and_then(Value::as_str);
            let flag = |key: &str| table.get(key).and_then(Value::as_bool) == Some(true);
            let is_everybodys = word("name").is_some_and(|name| name.eq_ignore_ascii_case("pypi"));
            let priority = word("priority").map(str::to_ascii_lowercase);
            let is_first = match priority.as_deref() {
                Some("explicit") => continue,
                Some("supplemental" | "secondary") => false,
                Some(_) => true,
                None => !flag("secondary"),
            };
            if let Some(url) = word("url").filter(|_| !is_everybodys) {
                let kind = if is_first && !has_main {
                    IndexKind::Main
                } else {
                    IndexKind::Extra
                };
                self.index(project, kind, url);
            }
            has_main |= is_first;
        }
    }

    /// What the sources of PDM say of it: one that is called `pypi` stands in the place of everybody's index.
    pub(super) fn pdm_indexes(&self, project: &mut Project, pdm: &Table) {
        for table in tables(pdm.get("source")) {
            let word = |key: &str| table.get(key).and_then(Value::as_str);
            let Some(url) = word("url") else { continue };
            let kind = match (word("type"), word("name")) {
                (Some("find_links"), _) => IndexKind::FindLinks,
                (_, Some("pypi")) => IndexKind::Main,
                _ => IndexKind::Extra,
            };
            self.index(project, kind, url);
        }
    }

    /// What the sources of Pipenv say of it: of all packages that name none, the first one is asked alone.
    pub(super) fn pipenv_indexes(&self, project: &mut Project, whole: &Table) {
        let first = tables(whole.get("source")).next();
        let url = first.and_then(|table| table.get("url")?.as_str());
        if let Some(url) = url {
            self.index(project, IndexKind::Main, url);
        }
    }
}

fn tables(list: Option<&Value>) -> impl Iterator<Item = &Table> {
    let list = list.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_table)
}
