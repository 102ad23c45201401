//! Lists of what a project needs, in the forms of installers: `requirements.txt`, `setup.cfg`, the constant texts of
//! `setup.py`, and the part for pip of conda's `environment.yml`.

use ruff_python_ast::{Expr, Stmt};

use super::declared::{File, Project, object};
use super::origin::{Origin, file_url};
use crate::audit::python::parse;
use crate::model::plain::plain;
use crate::python::dist::{name_of, normalized};

impl File<'_> {
    pub(super) fn requirements(&self, project: &mut Project) {
        for line in self.text.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            // Hashes and other options of the line follow the requirement.
            let line = line.split(" --").next().unwrap_or_default();
            let line = line.trim_end_matches('\\').trim();
            let options = ["-e", "--editable"];
            let editable = options.iter().find_map(|option| line.strip_prefix(option));
            let editable = editable.map(|rest| rest.trim_start_matches([' ', '=']));
            if line.is_empty()
                || line.starts_with('#')
                || line.starts_with('-') && editable.is_none()
            {
                continue;
            }
            let what = editable.unwrap_or(line).trim();
            if editable.is_some() || !self.declare(project, what, false) {
                self.unnamed(project, what);
            }
        }
    }

    /// A line that says from where something comes, and its name by the way at best.
    fn unnamed(&self, project: &mut Project, line: &str) {
        let what = line.split(" ;").next().unwrap_or_default().trim();
        let egg = what
            .split_once("#egg=")
            .or_else(|| what.split_once("&egg="));
        let egg = egg.and_then(|(_, name)| name.split(['&', '[']).next());
        let (place, extras) = match what.find('[').filter(|_| what.ends_with(']')) {
            Some(at) => what.split_at(at),
            None => (what, ""),
        };
        let is_url = place.contains("://");
        let path = self
            .dir()
            .join(place.strip_prefix("file://").unwrap_or(place));
        let of_file = || {
            let file = place.rsplit('/').next()?.strip_suffix(".whl")?;
            Some(name_of(file).0)
        };
        let of_dir = || {
            self.name_of(&plain(&path))
                .filter(|_| !is_url || place.starts_with("file:"))
        };
        let name = egg.map(str::to_owned).or_else(of_file).or_else(of_dir);
        let Some(name) = name else { return };
        let url = if is_url {
            without_egg(place)
        } else {
            file_url(&plain(&path))
        };
        let text = format!("{name}{extras}");
        self.declare_from(project, (&text, line), false, Origin::Direct(url));
    }

    pub(super) fn setup_cfg(&self, project: &mut Project) {
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
                ("options", "install_requires") => {
                    self.declare(project, value, false);
                }
                ("options.extras_require", _) => {
                    self.declare(project, value, true);
                }
                ("options.entry_points", "console_scripts" | "gui_scripts") => {
                    project.starts.extend(object(
                        value.split_once('=').map_or("", |(_, object)| object),
                    ));
                }
                _ => {}
            }
        }
    }

    /// What `setup.py` gives as constant texts; it is never executed.
    pub(super) fn setup_py(&self, project: &mut Project) {
        let found = parse(self.text.as_bytes(), |parsed, _| {
            let body = &parsed.syntax().body;
            let calls = body.iter().filter_map(setup_call);
            let words = calls.flat_map(|call| call.arguments.keywords.iter());
            let mut lists = Vec::new();
            let mut is_whole = true;
            for word in words {
                let name = word.arg.as_ref().map(ruff_python_ast::Identifier::as_str);
                match name {
                    Some("install_requires") => match constants(&word.value, body) {
                        Some(texts) => lists.extend(texts),
                        None => is_whole = false,
                    },
                    // `setup(**settings)`.
                    None => is_whole = false,
                    Some(_) => {}
                }
            }
            (lists, is_whole)
        });
        let (texts, is_whole) = found.unwrap_or_default();
        for text in texts {
            // Several requirements may stand in one text, each in a line.
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                self.declare(project, line, false);
            }
        }
        if !is_whole {
            let why = "it makes its list of requirements by code, which is not executed";
            project.unread.push((self.path.to_owned(), why));
        }
    }

    /// The part for pip of an environment of conda. conda's own packages have names of their own.
    pub(super) fn conda(&self, project: &mut Project) {
        let mut pip: Option<usize> = None;
        let mut has_others = false;
        let mut is_list = false;
        for line in self.text.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            let bare = line.trim();
            if bare.is_empty() || bare.starts_with('#') {
                continue;
            }
            let depth = line.len() - line.trim_start().len();
            if depth == 0 && !bare.starts_with('-') {
                (is_list, pip) = (bare == "dependencies:", None);
                continue;
            }
            let Some(item) = bare.strip_prefix("- ").filter(|_| is_list) else {
                continue;
            };
            let item = item.trim().trim_matches(['\'', '"']);
            if pip.is_some_and(|outer| depth > outer) {
                if !self.declare(project, item, false) {
                    self.unnamed(project, item.strip_prefix("-e ").unwrap_or(item));
                }
            } else if item == "pip:" {
                pip = Some(depth);
            } else {
                pip = None;
                let name = item.split(['=', '<', '>', ' ']).next().unwrap_or_default();
                has_others |= !["python", "pip"].contains(&name);
            }
        }
        if has_others {
            let why = "the packages that it has of conda are not looked at, only those of pip";
            project.unread.push((self.path.to_owned(), why));
        }
    }
}

/// A URL that names no distribution: the requirement does.
fn without_egg(url: &str) -> String {
    let Some((whole, fragment)) = url.split_once('#') else {
        return url.to_owned();
    };
    let parts = fragment.split('&').filter(|part| !part.starts_with("egg="));
    let parts: Vec<&str> = parts.collect();
    let mark = if parts.is_empty() { "" } else { "#" };
    format!("{whole}{mark}{}", parts.join("&"))
}

/// The call of `setup` that a statement is, also under a question for `__main__`.
fn setup_call(statement: &Stmt) -> Option<&ruff_python_ast::ExprCall> {
    match statement {
        Stmt::Expr(one) => match &*one.value {
            Expr::Call(call) => {
                let name = match &*call.func {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    _ => return None,
                };
                (name == "setup").then_some(call)
            }
            _ => None,
        },
        Stmt::If(one) => one.body.iter().find_map(setup_call),
        _ => None,
    }
}

/// The texts of a list that is written out, there or where its name gets it; none of any other.
fn constants(value: &Expr, body: &[Stmt]) -> Option<Vec<String>> {
    let parts = match value {
        Expr::List(list) => &list.elts[..],
        Expr::Tuple(tuple) => &tuple.elts[..],
        Expr::StringLiteral(text) => return Some(vec![text.value.to_str().to_owned()]),
        Expr::Name(name) => {
            let mut given = body.iter().filter_map(|statement| match statement {
                Stmt::Assign(one) => {
                    let mut targets = one.targets.iter();
                    let is_it =
                        |target: &Expr| matches!(target, Expr::Name(own) if own.id == name.id);
                    targets.any(is_it).then_some(&*one.value)
                }
                _ => None,
            });
            let first = given.next().filter(|_| given.next().is_none())?;
            return match first {
                Expr::Name(_) => None,
                list => constants(list, body),
            };
        }
        _ => return None,
    };
    let text = |part: &Expr| match part {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    };
    parts.iter().map(text).collect()
}
