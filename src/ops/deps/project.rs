//! Reads an application: its sources, and the files in which its project declares what it needs.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::DepsOptions;
use crate::audit::needs::{App, read_project};
use crate::disk::PathError;
use crate::disk::error::At;
use crate::ops::Error;
use crate::python::interpreter::Facts;
use crate::python::requirements::{self, Means};

/// Once so many sources were found, no further directory is looked into: that is told.
const FILES_MAX: usize = 50_000;
/// A file of more bytes is not read: that is told.
const LEN_MAX: u64 = 8 << 20;
/// Directories that are nested deeper are not looked into: that is told.
const DEPTH_MAX: usize = 40;
/// What marks the directory of a project.
const MARKS: [&str; 7] = [
    "Pipfile",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "requirements.txt",
    "manage.py",
    ".git",
];
/// Directories that are no part of what runs.
const OTHERS: [&str; 13] = [
    "__pycache__",
    "benchmarks",
    "build",
    "dist",
    "doc",
    "docs",
    "examples",
    "node_modules",
    "requirements",
    "site-packages",
    "test",
    "testing",
    "tests",
];
/// Words in the names of lists of requirements that are not for what runs.
const NOT_RUN: [&str; 8] = ["dev", "test", "doc", "lint", "ci", "build", "type", "mypy"];

/// Texts by their paths, and what was passed over.
#[derive(Default)]
struct Files {
    all: BTreeMap<PathBuf, Vec<u8>>,
    beyond: Vec<PathBuf>,
    /// Lists that could not be read, and why not.
    lost: Vec<(PathBuf, &'static str)>,
}

impl Files {
    /// Reads a file, unless it is too long.
    fn add(&mut self, path: &Path) -> Result<(), PathError> {
        match content(path)? {
            Some(text) => {
                self.all.insert(path.to_owned(), text);
            }
            None => self.beyond.push(path.to_owned()),
        }
        Ok(())
    }
}

/// The projects of an application, as they were read.
pub(super) struct Projects {
    /// The application.
    pub(super) app: App,
    /// Their directories.
    pub(super) dirs: Vec<PathBuf>,
    /// Directories and files that are beyond the limits, so that nothing is known of what they import.
    pub(super) beyond: Vec<PathBuf>,
}

/// Reads the application and its projects.
pub(super) fn read(options: &DepsOptions, venv: &Path, facts: &Facts) -> Result<Projects, Error> {
    let mut app = App::default();
    let (mut sources, mut declared) = (Files::default(), Files::default());
    let mut projects: Vec<PathBuf> = Vec::new();
    let mut named: Vec<&Path> = Vec::new();
    for path in &options.paths {
        let project = project_of(path);
        if *path != project {
            named.push(path);
        }
        projects.push(project);
    }
    if !options.modules.is_empty() {
        projects.push(options.base.clone());
    }
    projects.sort();
    projects.dedup();
    for project in &projects {
        sources_in(project, venv, 0, &mut sources)?;
        declared_in(project, &mut declared);
        app.roots.extend([project.clone(), project.join("src")]);
    }
    for path in &options.paths {
        // What is named is read, whatever it is called.
        if path.is_dir() {
            sources_in(path, venv, 0, &mut sources)?;
        } else {
            sources.add(path)?;
        }
    }
    let mut beyond = [sources.beyond, declared.beyond].concat();
    beyond.sort();
    beyond.dedup();
    let sources = sources.all;
    let mut lost = declared.lost;
    let declared: Vec<(PathBuf, Vec<u8>)> = declared.all.into_iter().collect();
    let near = |path: &Path| content(path).ok().flatten();
    app.project = read_project(&declared, facts, &near);
    lost.sort();
    lost.dedup();
    app.project.unread.append(&mut lost);
    let is_named = |file: &Path| named.iter().any(|path| file.starts_with(path));
    app.starts.extend(options.modules.iter().cloned());
    app.named = sources
        .keys()
        .filter(|file| is_named(file))
        .cloned()
        .collect();
    // A whole project starts with the commands that it declares, and with whatever else looks like a program.
    if app.starts.is_empty() && named.is_empty() && !app.project.starts.is_empty() {
        app.starts.clone_from(&app.project.starts);
        let programs = sources.iter().filter(|(path, text)| is_program(path, text));
        app.named = programs.map(|(path, _)| path.clone()).collect();
    }
    app.sources = sources.into_iter().collect();
    Ok(Projects {
        app,
        dirs: projects,
        beyond,
    })
}

/// The directory of the project around a file or directory; the directory itself where nothing marks one.
fn project_of(path: &Path) -> PathBuf {
    let own = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let is_project = |dir: &&Path| MARKS.iter().any(|mark| dir.join(mark).exists());
    // A package is part of what is around it.
    let mut above = own.ancestors();
    let outside = above
        .find(|dir| !dir.join("__init__.py").exists())
        .unwrap_or(own);
    let found = own.ancestors().take(DEPTH_MAX).find(is_project);
    found.unwrap_or(outside).to_owned()
}

fn is_program(path: &Path, text: &[u8]) -> bool {
    const NAMES: [&str; 6] = [
        "__main__.py",
        "app.py",
        "asgi.py",
        "main.py",
        "manage.py",
        "wsgi.py",
    ];
    let name = path.file_name().and_then(|name| name.to_str());
    let asks = memchr::memmem::find(text, b"__main__").is_some();
    asks || name.is_some_and(|name| NAMES.contains(&name))
}

fn sources_in(dir: &Path, venv: &Path, depth: usize, found: &mut Files) -> Result<(), PathError> {
    if dir == venv {
        return Ok(());
    }
    if depth > DEPTH_MAX || found.all.len() >= FILES_MAX {
        found.beyond.push(dir.to_owned());
        return Ok(());
    }
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(dir)
        .and_then(Iterator::collect)
        .at("list", dir)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            let is_part =
                !name.starts_with('.') && !OTHERS.contains(&&*name) && !name.ends_with(".egg-info");
            if is_part && !path.join("pyvenv.cfg").exists() {
                sources_in(&path, venv, depth + 1, found)?;
            }
        } else if kind.is_file() && name.ends_with(".py") && is_run(&name) {
            found.add(&path)?;
        }
    }
    Ok(())
}

/// Whether a source is part of what runs, and not of how it is built or tested.
fn is_run(name: &str) -> bool {
    const OTHERS: [&str; 4] = ["conftest.py", "noxfile.py", "setup.py", "tasks.py"];
    !OTHERS.contains(&name) && !name.starts_with("test_") && !name.ends_with("_test.py")
}

/// Files in which a project declares what it needs, by their names.
const DECLARING: [&str; 7] = [
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Pipfile",
    "environment.yml",
    "environment.yaml",
    "uv.toml",
];

fn declared_in(project: &Path, found: &mut Files) {
    let lists = [project.to_owned(), project.join("requirements")];
    for (number, dir) in lists.iter().enumerate() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let lower = name.to_lowercase();
            let is_list = (number == 1 || lower.starts_with("requirements"))
                && is_list(&path)
                && !NOT_RUN.iter().any(|word| lower.contains(word));
            if is_list || number == 0 && DECLARING.contains(&&*name) {
                // What cannot be read declares nothing.
                let _ = found.add(&path);
                included(&path, 0, found);
            }
        }
    }
}

/// Whether a file is a list of requirements by its name. What a list was compiled from counts only where that lacks.
fn is_list(path: &Path) -> bool {
    match path.extension().and_then(|end| end.to_str()) {
        Some("txt") => true,
        Some("in") => !path.with_extension("txt").exists(),
        _ => false,
    }
}

/// Reads the lists that a list includes. What cannot be read of these is told.
fn included(path: &Path, depth: usize, found: &mut Files) {
    let Some(text) = found.all.get(path).filter(|_| depth < DEPTH_MAX) else {
        return;
    };
    let mut text = String::from_utf8_lossy(text).into_owned();
    match path.extension().and_then(|end| end.to_str()) {
        Some("toml" | "cfg" | "py") => return,
        // The lines of a list within it.
        Some("yml" | "yaml") => {
            let items = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("- "));
            let items = items.map(|item| item.trim().trim_matches(['\'', '"']));
            text = items.collect::<Vec<_>>().join("\n");
        }
        _ => {}
    }
    for line in requirements::logical(&text) {
        let Some(named) = line.value(Means::Include) else {
            continue;
        };
        let Some(other) = requirements::beside(path, &named) else {
            let why = "it includes a list by a URL, which is not fetched";
            found.lost.push((path.to_owned(), why));
            continue;
        };
        if found.all.contains_key(&other) {
            continue;
        }
        if other.is_file() && found.add(&other).is_ok() {
            included(&other, depth + 1, found);
        } else {
            let why = "a list includes it, and it cannot be read";
            found.lost.push((other, why));
        }
    }
}

/// The text of a file; none where it is too long.
fn content(path: &Path) -> Result<Option<Vec<u8>>, PathError> {
    let read = || {
        let mut bytes = Vec::new();
        // A pipe would be waited for.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty())?);
        if file.metadata()?.is_file() {
            file.take(LEN_MAX + 1).read_to_end(&mut bytes)?;
        }
        let is_whole = bytes.len() as u64 <= LEN_MAX;
        Ok::<_, std::io::Error>(is_whole.then_some(bytes))
    };
    read().at("read", path)
}
