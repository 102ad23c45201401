//! What a project declares that it needs, from where, and with what it starts: `pyproject.toml` (PEP 621, Poetry, with
//! the sources of uv), `Pipfile`, and the other lists (`lists.rs`).

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerTree, Requirement, VerbatimUrl};
use toml::{Table, Value};

use super::origin::{Origin, ProjectIndex, bare, origin};
use crate::audit::requirements::{Asked, environment};
use crate::model::plain::file_url;
use crate::python::dist::normalized;
use crate::python::interpreter::Facts;

/// A requirement that a project declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Declared {
    /// The name as indexes compare it.
    pub(crate) name: String,
    /// The requirement without its marker, and without secrets. If it comes from elsewhere than an index, it says so.
    pub(crate) requirement: String,
    /// From where it comes.
    pub(crate) origin: Origin,
    /// The extras that it asks for.
    pub(crate) extras: Vec<ExtraName>,
    /// Whether only those who want more than the project itself need it.
    pub(crate) is_extra: bool,
    /// Whether its marker holds here.
    pub(crate) holds: bool,
    pub(crate) path: PathBuf,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// What a project says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    /// Its own name as indexes compare it.
    pub(crate) name: Option<String>,
    pub(crate) declared: Vec<Declared>,
    /// The modules of its commands.
    pub(crate) starts: Vec<String>,
    /// Files that declare something which cannot be read, and why not.
    pub(crate) unread: Vec<(PathBuf, &'static str)>,
    /// From where the project takes its packages.
    pub(crate) indexes: Vec<ProjectIndex>,
    /// From where distributions come, by their names, wherever they are declared.
    origins: Vec<(String, Origin)>,
}

impl Project {
    /// Whether it declares a distribution, be it for an extra.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.declared.iter().any(|one| one.name == name)
    }

    /// Whether it declares a distribution for this system: one that it declares for others alone is not wanted here.
    pub(super) fn holds(&self, name: &str) -> bool {
        let mut all = self.declared.iter().filter(|one| one.name == name);
        all.any(|one| one.holds)
    }

    /// Whether an index that everybody asks may be asked for a distribution.
    pub(super) fn is_from_index(&self, name: &str) -> bool {
        let mut all = self.declared.iter().filter(|one| one.name == name);
        all.all(|one| one.origin == Origin::Index)
    }

    /// What asks for extras of distributions, for the project itself.
    pub(super) fn asks_extras(&self) -> impl Iterator<Item = &Declared> {
        let all = self.declared.iter();
        all.filter(|one| one.holds && !one.is_extra && !one.extras.is_empty())
    }

    /// The extras that are asked for so.
    pub(super) fn extras(&self) -> Asked {
        let mut asked = Asked::new();
        for one in self.asks_extras() {
            let extras = asked.entry(one.name.clone()).or_default();
            extras.extend(one.extras.iter().cloned());
        }
        asked
    }

    /// Whether it declares a distribution for an extra alone.
    pub(super) fn has_as_extra(&self, name: &str) -> bool {
        let mut all = self
            .declared
            .iter()
            .filter(|one| one.name == name)
            .peekable();
        all.peek().is_some() && all.all(|one| one.is_extra)
    }
}

/// Gives the content of a file near a project, such as that of a library beside it.
pub(crate) type Near<'n> = &'n dyn Fn(&Path) -> Option<Vec<u8>>;

/// A file of a project while it is read.
pub(super) struct File<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    environment: Option<&'a MarkerEnvironment>,
    near: Near<'a>,
    /// The line that is read, where that is known.
    pub(super) at: Cell<Option<usize>>,
}

/// Reads the files of a project, each with its content.
pub(crate) fn read(files: &[(PathBuf, Vec<u8>)], facts: &Facts, near: Near<'_>) -> Project {
    let mut project = Project::default();
    let environment = environment(facts);
    for (path, content) in files {
        let text = String::from_utf8_lossy(content);
        let file = File {
            path,
            text: &text,
            environment: environment.as_ref(),
            near,
            at: Cell::new(None),
        };
        match path.file_name().and_then(|name| name.to_str()) {
            Some("pyproject.toml") => file.pyproject(&mut project),
            Some("setup.cfg") => file.setup_cfg(&mut project),
            Some("setup.py") => file.setup_py(&mut project),
            Some("uv.toml") => {
                let whole = toml::from_str::<Table>(&text).unwrap_or_default();
                file.uv_indexes(&mut project, &whole);
            }
            Some("Pipfile") => file.pipfile(&mut project),
            Some("environment.yml" | "environment.yaml") => file.conda(&mut project),
            Some(_) => file.requirements(&mut project),
            None => {}
        }
    }
    let own = project.name.clone();
    project
        .declared
        .retain(|one| Some(&one.name) != own.as_ref());
    for (name, origin) in std::mem::take(&mut project.origins) {
        let mut declared = project.declared.iter_mut();
        for one in declared.by_ref().filter(|one| one.name == name) {
            one.come_from(origin.clone());
        }
    }
    project
}

impl Declared {
    /// Says from where it comes: no index is asked for its name then.
    fn come_from(&mut self, origin: Origin) {
        if let Origin::Direct(url) = &origin {
            let extras: Vec<String> = self.extras.iter().map(ToString::to_string).collect();
            let extras = match &extras[..] {
                [] => String::new(),
                some => format!("[{}]", some.join(",")),
            };
            self.requirement = format!("{}{extras} @ {}", self.name, bare(url));
        }
        self.origin = origin;
    }
}

impl File<'_> {
    /// The directory that it stands in.
    pub(super) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Declares what a requirement names. Returns whether it is one.
    pub(super) fn declare(&self, project: &mut Project, text: &str, is_extra: bool) -> bool {
        self.declare_from(project, (text, text), is_extra, Origin::Index)
    }

    /// The same of what comes from somewhere; `mark` stands in the line.
    pub(super) fn declare_from(
        &self,
        project: &mut Project,
        (text, mark): (&str, &str),
        is_extra: bool,
        origin: Origin,
    ) -> bool {
        let dir = file_url(self.dir());
        let whole = text.replace("${PROJECT_ROOT}", dir.trim_start_matches("file://"));
        let Ok(mut need) = Requirement::<VerbatimUrl>::from_str(&whole) else {
            return false;
        };
        let extras: &[ExtraName] = &[];
        let holds = self
            .environment
            .is_none_or(|environment| need.evaluate_markers(environment, extras));
        need.marker = MarkerTree::TRUE;
        let whole = need.to_string();
        let (requirement, url) = match whole.split_once(" @ ") {
            Some((name, url)) => (format!("{name} @ {}", bare(url)), Some(url)),
            None => (whole.clone(), None),
        };
        let line = self.line_of(mark);
        let mut declared = Declared {
            name: normalized(need.name.as_ref()),
            requirement,
            origin: url.map_or(Origin::Index, |url| Origin::Direct(url.to_owned())),
            extras: need.extras,
            is_extra,
            holds,
            path: self.path.to_owned(),
            line,
        };
        if origin != Origin::Index {
            declared.come_from(origin);
        }
        project.declared.push(declared);
        true
    }

    /// The line that is read, or the first one that has a text.
    pub(super) fn line_of(&self, mark: &str) -> usize {
        let first = || self.text.lines().position(|line| line.contains(mark));
        self.at.get().or_else(|| Some(first()? + 1)).unwrap_or(1)
    }

    /// The name of a project in a directory, as it says itself.
    pub(super) fn name_of(&self, dir: &Path) -> Option<String> {
        let text = |name: &str| {
            let content = (self.near)(&dir.join(name))?;
            String::from_utf8(content).ok()
        };
        let of_toml = || {
            let whole = toml::from_str::<Table>(&text("pyproject.toml")?).ok()?;
            let poetry = whole.get("tool").and_then(|tool| tool.get("poetry"));
            let own = whole.get("project").into_iter().chain(poetry);
            let mut names = own.filter_map(|table| table.get("name")?.as_str());
            names.next().map(str::to_owned)
        };
        let of_cfg = || {
            let text = text("setup.cfg")?;
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let found = lines.find(|(key, _)| key.trim() == "name");
            found.map(|(_, name)| name.trim().to_owned())
        };
        of_toml().or_else(of_cfg)
    }

    fn pyproject(&self, project: &mut Project) {
        let Ok(whole) = toml::from_str::<Table>(self.text) else {
            return;
        };
        if let Some(own) = whole.get("project").and_then(Value::as_table) {
            project.name = own.get("name").and_then(Value::as_str).map(normalized);
            self.all(project, own.get("dependencies"), false);
            let extras = own.get("optional-dependencies").and_then(Value::as_table);
            for list in extras.into_iter().flat_map(Table::values) {
                self.all(project, Some(list), true);
            }
            for group in ["scripts", "gui-scripts"] {
                start(project, own.get(group));
            }
        }
        self.sources(project, &whole);
        let tool = |name: &str| whole.get("tool")?.get(name)?.as_table();
        if let Some(uv) = tool("uv") {
            self.uv_indexes(project, uv);
        }
        if let Some(pdm) = tool("pdm") {
            self.pdm_indexes(project, pdm);
        }
        let Some(poetry) = tool("poetry") else {
            return;
        };
        self.poetry_indexes(project, poetry);
        let name = poetry.get("name").and_then(Value::as_str).map(normalized);
        project.name = project.name.take().or(name);
        start(project, poetry.get("scripts"));
        let all = poetry.get("dependencies").and_then(Value::as_table);
        for (name, value) in all
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "python")
        {
            self.entry(project, name, value);
        }
    }

    /// Where the sources of uv say that distributions come from.
    fn sources(&self, project: &mut Project, whole: &Table) {
        let uv = whole.get("tool").and_then(|tool| tool.get("uv"));
        let sources = uv
            .and_then(|uv| uv.get("sources"))
            .and_then(Value::as_table);
        for (name, value) in sources.into_iter().flatten() {
            let all = match value {
                Value::Array(all) => &all[..],
                one => std::slice::from_ref(one),
            };
            let tables = all.iter().filter_map(Value::as_table);
            let mut here = tables.filter(|table| self.holds(table));
            if let Some(origin) = here.find_map(|table| origin(self.dir(), table)) {
                project.origins.push((normalized(name), origin));
            }
        }
    }

    /// Whether the marker of a table holds here; one that nobody understands does.
    fn holds(&self, table: &Table) -> bool {
        let text = ["marker", "markers"].iter().find_map(|key| table.get(*key));
        let marker = text.and_then(Value::as_str).map(MarkerTree::from_str);
        match (marker, self.environment) {
            (Some(Ok(marker)), Some(environment)) => marker.evaluate(environment, &[]),
            _ => true,
        }
    }

    /// One entry of a table by names, as Poetry and Pipenv have them.
    pub(super) fn entry(&self, project: &mut Project, name: &str, value: &Value) {
        let all = match value {
            Value::Array(all) => &all[..],
            one => std::slice::from_ref(one),
        };
        for value in all {
            let empty = Table::new();
            let table = value.as_table().unwrap_or(&empty);
            let flag = |key: &str| table.get(key).and_then(Value::as_bool) == Some(true);
            let word = |key: &str| table.get(key).and_then(Value::as_str);
            let extras = table.get("extras").and_then(Value::as_array);
            let extras = extras.into_iter().flatten().filter_map(Value::as_str);
            let extras: Vec<&str> = extras.collect();
            let mut text = match &extras[..] {
                [] => name.to_owned(),
                some => format!("{name}[{}]", some.join(",")),
            };
            let platform = word("platform").or_else(|| word("sys_platform"));
            let platform = platform.map(|one| {
                let one = one.trim_start_matches("== ").trim_matches(['\'', '"']);
                format!("sys_platform == '{one}'")
            });
            let marker = word("markers").map(str::to_owned).or(platform);
            if let Some(marker) = marker.filter(|marker| MarkerTree::from_str(marker).is_ok()) {
                text = format!("{text} ; {marker}");
            }
            let from = origin(self.dir(), table).unwrap_or(Origin::Index);
            self.declare_from(project, (&text, name), flag("optional"), from);
        }
    }

    fn pipfile(&self, project: &mut Project) {
        let whole = toml::from_str::<Table>(self.text).unwrap_or_default();
        self.pipenv_indexes(project, &whole);
        let packages = whole.get("packages").and_then(Value::as_table);
        for (name, value) in packages.into_iter().flatten() {
            self.entry(project, name, value);
        }
    }

    fn all(&self, project: &mut Project, list: Option<&Value>, is_extra: bool) {
        let texts = list.and_then(Value::as_array).into_iter().flatten();
        for text in texts.filter_map(Value::as_str) {
            self.declare(project, text, is_extra);
        }
    }
}

/// The modules of a table of commands.
fn start(project: &mut Project, table: Option<&Value>) {
    let table = table.and_then(Value::as_table);
    let objects = table.into_iter().flat_map(Table::values);
    project
        .starts
        .extend(objects.filter_map(Value::as_str).filter_map(object));
}

/// The module of `module:object`.
pub(super) fn object(text: &str) -> Option<String> {
    let module = text.split([':', '[']).next()?.trim();
    (!module.is_empty()).then(|| module.to_owned())
}
