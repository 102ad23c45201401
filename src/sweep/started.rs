//! What a machine starts by itself, and which paths each names: services of systemd (systemd.service(5)), of the system
//! and of users, and the jobs of cron; also through scripts that they run, as far as those name paths plainly.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::job::{Starter, Work};
use super::services::{Service, services};
use super::{Machine, Unread, cron};
use crate::model::plain::plain;

/// Scripts that start each other are followed so far.
const DEPTH_MAX: usize = 3;
/// So many links in a row are followed.
const LINKS_MAX: usize = 8;
/// Tools whose `run` starts the environment of the project that they stand in.
const RUNNERS: [&str; 5] = ["uv", "poetry", "pdm", "pipenv", "hatch"];

/// Variables that lead into an environment without being named.
const BY_ITSELF: [&str; 6] = [
    "PATH",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "CONDA_PREFIX",
    "UV_PROJECT_ENVIRONMENT",
];

/// By what something is started.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StartedBy {
    /// A service of systemd, by its name.
    Unit {
        /// `web.service`.
        name: String,
        /// Whether it is one of a user, and not of the system.
        of_user: bool,
        /// Whether anything wants it to be started.
        enabled: bool,
    },
    /// A job of cron, anacron or at, with its schedule.
    Cron(String),
}

/// Something that is started, and the paths that it names.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) by: StartedBy,
    /// The file that says so.
    pub(crate) path: PathBuf,
    /// The line there, from 1.
    pub(crate) line: usize,
    /// Whose rights it has.
    pub(crate) user: Option<String>,
    /// Absolute paths that its command names, or a script that it runs.
    pub(crate) names: BTreeSet<PathBuf>,
}

impl Machine<'_> {
    /// All that is started by itself. What cannot be read is added to `unread`.
    pub(crate) fn started(&self, unread: &mut Vec<Unread>) -> Vec<Started> {
        let mut all: Vec<Started> = services(self)
            .into_iter()
            .map(|one| self.service(one))
            .collect();
        for job in cron::jobs(self, unread) {
            let Work::Script(text, start) = &job.work else {
                continue;
            };
            let home = start
                .variables
                .iter()
                .rev()
                .find(|(name, _)| name == "HOME");
            let home = home.map(|(_, home)| PathBuf::from(home));
            let mut names = Names::new(self, home, start.cwd.clone());
            names.variables = last_of_each(&start.variables);
            // These decide what is started also where no command names them.
            let by_itself = |(name, _): &&(String, String)| BY_ITSELF.contains(&name.as_str());
            let values = names.variables.iter().filter(by_itself);
            let values: Vec<String> = values.map(|(_, value)| value.clone()).collect();
            for value in &values {
                names.text(value);
            }
            names.text(text);
            let schedule = match job.starter {
                Starter::At => "once".to_owned(),
                _ => job.run.schedule,
            };
            all.push(Started {
                by: StartedBy::Cron(schedule),
                path: job.path,
                line: job.line,
                user: job.user,
                names: names.found,
            });
        }
        all
    }

    fn service(&self, one: Service) -> Started {
        let home = one.user.as_deref().map(|user| self.home(user)).or(one.home);
        let cwd = match (one.cwd.as_deref(), &home) {
            (Some("~"), Some(home)) => home.clone(),
            (Some(cwd), Some(home)) => PathBuf::from(cwd.replace("%h", &home.to_string_lossy())),
            (Some(cwd), None) => PathBuf::from(cwd),
            (None, _) => PathBuf::from("/"),
        };
        let mut names = Names::new(self, home, cwd);
        one.texts.iter().for_each(|text| names.text(text));
        Started {
            by: StartedBy::Unit {
                name: one.name,
                of_user: one.of_user,
                enabled: one.enabled,
            },
            path: one.path,
            line: one.line,
            user: one.user,
            names: names.found,
        }
    }

    /// The programs and the links that stand in a directory.
    pub(crate) fn scripts_in(&self, dir: &Path, unread: &mut Vec<Unread>) -> Vec<PathBuf> {
        match self.root.list(dir) {
            Ok(mut paths) => {
                paths.retain(|path| self.root.is_program(path) || self.root.is_link(path));
                paths
            }
            Err(why) => {
                unread.push(Unread::new(dir, &why));
                Vec::new()
            }
        }
    }

    /// The paths by which a script is started: those in its first line, and those to which links of its name lead.
    pub(crate) fn named_by_script(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut names = Names::new(
            self,
            None,
            path.parent().unwrap_or(Path::new("/")).to_owned(),
        );
        names.hops(path);
        let text = self.root.text(path).unwrap_or_default();
        let first = text.lines().next().filter(|line| line.starts_with("#!"));
        // A path that is too long for a first line stands in the second (pip, "simple launchers").
        let second = text
            .lines()
            .nth(1)
            .filter(|line| line.starts_with("'''exec'"));
        first
            .into_iter()
            .chain(second)
            .for_each(|line| names.words(line));
        names.found
    }
}

/// The paths of commands while they are gathered.
struct Names<'a> {
    machine: &'a Machine<'a>,
    home: Option<PathBuf>,
    /// What variables stand for, the longest names first.
    variables: Vec<(String, String)>,
    /// Directories in which a command may run.
    cwds: Vec<PathBuf>,
    found: BTreeSet<PathBuf>,
    scripts: BTreeSet<PathBuf>,
    depth: usize,
}

impl<'a> Names<'a> {
    fn new(machine: &'a Machine<'a>, home: Option<PathBuf>, cwd: PathBuf) -> Self {
        Self {
            machine,
            home,
            variables: Vec::new(),
            cwds: vec![cwd],
            found: BTreeSet::new(),
            scripts: BTreeSet::new(),
            depth: 0,
        }
    }

    /// Takes the paths in commands of a shell, or in a value.
    fn text(&mut self, text: &str) {
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.starts_with('#') || line.starts_with("#!")) {
            self.words(line);
        }
    }

    fn words(&mut self, line: &str) {
        let home = self
            .home
            .as_ref()
            .map(|home| home.to_string_lossy().into_owned());
        let mut line = line.to_owned();
        if let Some(home) = &home {
            line = line
                .replace("${HOME}", home)
                .replace("$HOME", home)
                .replace("%h", home);
        }
        for (name, value) in &self.variables {
            line = line.replace(&format!("${{{name}}}"), value);
            line = line.replace(&format!("${name}"), value);
        }
        let apart = |c: char| c.is_whitespace() || "'\"=:;&|()<>,#!{}`".contains(c);
        let words: Vec<&str> = line.split(apart).filter(|word| !word.is_empty()).collect();
        let mut paths = Vec::new();
        for (whole, is_cd) in with_blanks(&line) {
            let path = match (whole.strip_prefix("~/"), &home) {
                (Some(rest), Some(home)) => Path::new(home).join(rest),
                _ => PathBuf::from(whole),
            };
            let here = self.cwds.iter().map(|cwd| plain(&cwd.join(&path)));
            let here: Vec<PathBuf> = here.collect();
            if is_cd {
                self.cwds.extend(here.iter().cloned());
            }
            paths.extend(here);
        }
        for (at, word) in words.iter().enumerate() {
            let word = word.trim_start_matches(['-', '@', '+']);
            let path = match (word.strip_prefix("~/"), &home) {
                (Some(rest), Some(home)) => Path::new(home).join(rest),
                _ => PathBuf::from(word),
            };
            let is_cd = at > 0 && words[at - 1] == "cd";
            let own = path.file_name().unwrap_or_default();
            if words.get(at + 1) == Some(&"run") && RUNNERS.iter().any(|name| own == *name) {
                let projects = self.cwds.iter().map(|cwd| cwd.join(".venv"));
                self.found.extend(projects.collect::<Vec<_>>());
            }
            if path.is_absolute() {
                paths.push(plain(&path));
            } else if word.contains('/') || is_cd {
                paths.extend(self.cwds.iter().map(|cwd| plain(&cwd.join(&path))));
            }
            if is_cd {
                self.cwds.extend(paths.last().cloned());
            }
        }
        for path in paths {
            self.follow(&path);
        }
    }

    /// Takes a path, and what stands in it where it is a script.
    fn follow(&mut self, path: &Path) {
        self.hops(path);
        let is_new = self.machine.root.is_program(path) && self.scripts.insert(path.to_owned());
        if !is_new || self.depth == DEPTH_MAX {
            return;
        }
        let text = self.machine.root.text(path).unwrap_or_default();
        let Some(first) = text.lines().next().filter(|line| line.starts_with("#!")) else {
            return;
        };
        self.depth += 1;
        if first.contains("sh") && !first.contains("python") {
            // Many scripts go to the directory in which they stand.
            self.cwds.extend(path.parent().map(Path::to_owned));
            self.text(&text);
        } else {
            self.words(first);
        }
        self.depth -= 1;
    }

    /// Takes a path and where links in its last part lead, one after the other.
    fn hops(&mut self, path: &Path) {
        let mut at = path.to_owned();
        for _ in 0..LINKS_MAX {
            self.found.insert(at.clone());
            match self.machine.root.link(&at) {
                Some(to) => at = plain(&at.parent().unwrap_or(Path::new("/")).join(to)),
                None => break,
            }
        }
    }
}

/// The words of a line that hold a blank, quoted or with a backslash before it, each with whether it follows `cd`. Of
/// an assignment it is the value. What is quoted may itself be a line.
fn with_blanks(line: &str) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut word = String::new();
    let (mut quote, mut is_whole, mut follows_cd) = (None, false, false);
    let mut letters = line.chars().chain([' ']);
    while let Some(c) = letters.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => {
                let next = letters.next().unwrap_or_default();
                is_whole |= next == ' ' && quote.is_none();
                word.push(next);
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(end)) if c == end => quote = None,
            (c, None) if c.is_whitespace() || ";&|()<>`".contains(c) => {
                if is_whole {
                    let value = word.rsplit('=').next().unwrap_or_default();
                    all.push((value.to_owned(), follows_cd));
                    let is_line = word.contains(['"', '\'', '\\']) && word.len() < line.len();
                    all.extend(is_line.then(|| with_blanks(&word)).into_iter().flatten());
                }
                follows_cd = word == "cd" || word.is_empty() && follows_cd && c != ';';
                (word, is_whole) = (String::new(), false);
            }
            (c, _) => {
                is_whole |= c.is_whitespace();
                word.push(c);
            }
        }
    }
    all
}

/// The last value of each variable, the longest names first.
fn last_of_each(variables: &[(String, String)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for one in variables.iter().rev() {
        if all.iter().all(|(name, _)| *name != one.0) {
            all.push(one.clone());
        }
    }
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    all
}
