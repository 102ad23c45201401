//! Lists of what a project needs, in the forms of installers: `requirements.txt`, `setup.cfg`, and the part for pip of
//! conda's `environment.yml`.

use super::declared::{File, Project, object};
use super::origin::Origin;
use crate::model::plain::{file_url, plain};
use crate::python::dist::{name_of, normalized};
use crate::python::requirements::{Line, Means, logical};

impl File<'_> {
    pub(super) fn requirements(&self, project: &mut Project) {
        for line in logical(self.text) {
            self.listed(project, &line);
        }
        self.at.set(None);
    }

    /// A line of a list for pip.
    fn listed(&self, project: &mut Project, line: &Line) {
        self.at.set(Some(line.number));
        self.index_option(project, line);
        if let Some(editable) = line.value(Means::Editable) {
            self.unnamed(project, &editable);
        }
        let what = line.requirement();
        if !what.is_empty() && !self.declare(project, what, false) {
            self.unnamed(project, what);
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

    /// The part for pip of an environment of conda. conda's own packages have names of their own.
    pub(super) fn conda(&self, project: &mut Project) {
        let mut pip: Option<usize> = None;
        let mut has_others = false;
        let mut is_list = false;
        for (number, line) in (1..).zip(self.text.lines()) {
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
                for line in logical(item) {
                    self.listed(project, &Line { number, ..line });
                }
            } else if item == "pip:" {
                pip = Some(depth);
            } else {
                pip = None;
                let name = item.split(['=', '<', '>', ' ']).next().unwrap_or_default();
                has_others |= !["python", "pip"].contains(&name);
            }
        }
        self.at.set(None);
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
