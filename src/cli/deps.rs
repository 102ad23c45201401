//! `snap deps`

use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::model::{Shown, is_module_name};
use venv_snap::ops::{DepsOptions, Rules, deps};
use venv_snap::report::{json, text};

use super::args::Deps;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings};

/// What marks the directory of a project.
const MARKS: [&str; 6] = [
    "Pipfile",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "manage.py",
];

pub(crate) fn run(session: &Session<'_>, args: &Deps) -> Result<Exit, Failure> {
    let (venv, apps) = match args.named.split_first() {
        Some((first, rest)) if place::looks_like_venv(first) => (Some(first.as_path()), rest),
        _ => (None, &args.named[..]),
    };
    let mut options = DepsOptions {
        rules: rules(&args.rules)?,
        base: std::env::current_dir().unwrap_or_default(),
        ..DepsOptions::default()
    };
    for app in apps {
        take(app, &mut options)?;
    }
    let site = place::venv(venv, session.ui)?;
    if apps.is_empty() {
        match around(&site) {
            Some(project) => {
                session
                    .ui
                    .note(&format!("application: {}", Shown::path(&project)));
                options.paths.push(project);
            }
            None => session
                .ui
                .note("no project is around the venv or here: only what is installed is looked at"),
        }
    }
    let outcome = deps(&session.context, &site, &options)?;
    session.answer(|out, style| {
        if session.json {
            json::deps(out, &outcome)
        } else {
            text::deps(out, &outcome, style)
        }
    })?;
    Ok(if outcome.needs.unread.is_empty() {
        findings(!outcome.clean())
    } else {
        Exit::NotDone
    })
}

/// Adds what one argument names: a file, a directory, or a module with which the application starts.
fn take(app: &Path, options: &mut DepsOptions) -> Result<(), Failure> {
    if let Ok(path) = std::fs::canonicalize(app) {
        options.paths.push(path);
        return Ok(());
    }
    let text = app.to_str().unwrap_or_default();
    let module = text.split(':').next().unwrap_or_default();
    let file = options.base.join(module.replace('.', "/"));
    let is_there = file.with_extension("py").is_file() || file.join("__init__.py").is_file();
    if is_module_name(module) && is_there {
        options.modules.push(module.to_owned());
        return Ok(());
    }
    Err(Failure::usage(
        format!("there is no venv and no application '{}'", Shown::path(app)),
        "name a file, a directory, or a module as 'module:attribute' where it can be imported from here",
    ))
}

/// The project around a venv, else the one here.
fn around(site: &Site) -> Option<PathBuf> {
    let is_project = |dir: &&Path| MARKS.iter().any(|mark| dir.join(mark).exists());
    let has_source = |dir: &&Path| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        // Of a directory with countless entries only the first are looked at.
        entries.take(10_000).any(|entry| {
            let path = entry.path();
            path.extension().is_some_and(|end| end == "py") || path.join("__init__.py").exists()
        })
    };
    let beside = site.path().parent();
    let here = std::env::current_dir().ok();
    let near = [beside, here.as_deref()].into_iter().flatten();
    let found = near
        .clone()
        .find(is_project)
        .or_else(|| near.clone().find(has_source));
    found.map(Path::to_owned)
}

fn rules(files: &[PathBuf]) -> Result<Rules, Failure> {
    let wrong = |file: &Path, why: &dyn std::fmt::Display| {
        let message = format!("the rules '{}' are wrong: {why}", Shown::path(file));
        Failure::usage(message, "their form is told in the manual under 'Rules'")
    };
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| wrong(file, &error))?;
        texts.push(text);
    }
    Rules::with(&texts).map_err(|(number, why)| match files.get(number) {
        Some(file) => wrong(file, &why.trim_end()),
        None => Failure::not_done(format!("the rules that come along are wrong: {why}")),
    })
}
