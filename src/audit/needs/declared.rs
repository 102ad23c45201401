//! What a project declares that it needs, and with what it starts: `pyproject.toml` (PEP 621, Poetry),
//! `requirements*.txt`, `setup.cfg`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep508_rs::{ExtraName, MarkerEnvironment, Requirement, VerbatimUrl};
use toml::{Table, Value};

use crate::audit::requirements::environment;
use crate::model::installed::without_secret;
use crate::python::dist::normalized;
use crate::python::interpreter::Facts;

/// A requirement that a project declares.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Declared {
    /// The name as indexes compare it.
    pub(crate) name: String,
    /// The requirement without its marker, and without secrets.
    pub(crate) requirement: String,
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
}

impl Project {
    /// Whether it declares a distribution, be it for an extra.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.declared.iter().any(|one| one.name == name)
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

/// A file of a project while it is read.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
    environment: Option<&'a MarkerEnvironment>,
}

/// Reads the files of a project, each with its content.
pub(crate) fn read(files: &[(PathBuf, Vec<u8>)], facts: &Facts) -> Project {
    let mut project = Project::default();
    let environment = environment(facts);
    for (path, content) in files {
        let text = String::from_utf8_lossy(content);
        let file = File {
            path,
            text: &text,
            environment: environment.as_ref(),
        };
        match path.file_name().and_then(|name| name.to_str()) {
            Some("pyproject.toml") => file.pyproject(&mut project),
            Some("setup.cfg") => file.setup_cfg(&mut project),
            Some(_) => file.requirements(&mut project),
            None => {}
        }
    }
    project
}

impl File<'_> {
    fn declare(&self, project: &mut Project, text: &str, is_extra: bool) {
        let Ok(mut need) = Requirement::<VerbatimUrl>::from_str(text) else {
            return;
        };
        let extras: &[ExtraName] = &[];
        let holds = self
            .environment
            .is_none_or(|environment| need.evaluate_markers(environment, extras));
        need.marker = pep508_rs::MarkerTree::TRUE;
        let whole = need.to_string();
        let requirement = match whole.split_once(" @ ") {
            Some((name, url)) => format!("{name} @ {}", without_secret(url)),
            None => whole,
        };
        let mut lines = self.text.lines();
        let line = lines
            .position(|line| line.contains(text))
            .map_or(1, |at| at + 1);
        project.declared.push(Declared {
            name: normalized(need.name.as_ref()),
            requirement,
            is_extra,
            holds,
            path: self.path.to_owned(),
            line,
        });
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
        let poetry = whole.get("tool").and_then(|tool| tool.get("poetry"));
        let Some(poetry) = poetry.and_then(Value::as_table) else {
            return;
        };
        let name = poetry.get("name").and_then(Value::as_str).map(normalized);
        project.name = project.name.take().or(name);
        start(project, poetry.get("scripts"));
        let all = poetry.get("dependencies").and_then(Value::as_table);
        for (name, value) in all
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "python")
        {
            let is_extra = value.get("optional").and_then(Value::as_bool) == Some(true);
            self.declare(project, name, is_extra);
        }
    }

    fn all(&self, project: &mut Project, list: Option<&Value>, is_extra: bool) {
        let texts = list.and_then(Value::as_array).into_iter().flatten();
        for text in texts.filter_map(Value::as_str) {
            self.declare(project, text, is_extra);
        }
    }

    fn requirements(&self, project: &mut Project) {
        for line in self.text.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            // Hashes and other options of the line follow the requirement.
            let line = line.split(" --").next().unwrap_or_default();
            let line = line.trim_end_matches('\\').trim();
            if !line.is_empty() && !line.starts_with(['#', '-']) {
                self.declare(project, line, false);
            }
        }
    }

    fn setup_cfg(&self, project: &mut Project) {
        let (mut section, mut key) = (String::new(), String::new());
        for line in self.text.lines() {
            let bare = line.trim();
            if let Some(name) = bare
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                (section, key) = (name.trim().to_owned(), String::new());
                continue;
            }
            let mut value = bare;
            if !line.starts_with([' ', '\t'])
                && let Some((name, rest)) = bare.split_once('=')
            {
                (key, value) = (name.trim().to_owned(), rest.trim());
            }
            if value.is_empty() || value.starts_with(['#', ';']) {
                continue;
            }
            match (section.as_str(), key.as_str()) {
                ("metadata", "name") => project.name = Some(normalized(value)),
                ("options", "install_requires") => self.declare(project, value, false),
                ("options.extras_require", _) => self.declare(project, value, true),
                ("options.entry_points", "console_scripts" | "gui_scripts") => {
                    project.starts.extend(object(
                        value.split_once('=').map_or("", |(_, object)| object),
                    ));
                }
                _ => {}
            }
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
fn object(text: &str) -> Option<String> {
    let module = text.split([':', '[']).next()?.trim();
    (!module.is_empty()).then(|| module.to_owned())
}
