//! `deps`: what an application lacks in a venv, in one pass. Nothing of either is executed but the interpreter, which
//! says its version.

mod project;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::contents::{TEXT_MAX, bytes};
use super::context::Context;
use super::error::Error;
use super::steady::steady;
use crate::audit::needs::{self, Needs, Rules};
use crate::audit::{Subject, Whose};
use crate::model::RelPath;
use crate::python::dist::Dists;
use crate::python::interpreter::inspect;
use crate::tree::Site;
use crate::tree::hash::read_file;
use crate::tree::listing::listing;
use project::Projects;

/// What `deps` is told.
#[derive(Clone, Debug, Default)]
pub struct DepsOptions {
    /// Files and directories of the application, which are there.
    pub paths: Vec<PathBuf>,
    /// Modules with which it starts, as a person names them: `app.main`.
    pub modules: Vec<String>,
    /// The directory from which such modules are imported.
    pub base: PathBuf,
    /// What frameworks want.
    pub rules: Rules,
}

/// What `deps` found.
#[derive(Debug)]
pub struct DepsOutcome {
    /// Which venv.
    pub venv: PathBuf,
    /// The directories of the application that were looked at.
    pub apps: Vec<PathBuf>,
    /// How many sources it has.
    pub files: usize,
    /// Directories and files of it that are beyond the limits, so that nothing is known of what they import.
    pub beyond: Vec<PathBuf>,
    /// What it lacks.
    pub needs: Needs,
    /// Whether the venv has a pip of its own.
    pub has_pip: bool,
    /// How long it took.
    pub took: Duration,
}

impl DepsOutcome {
    /// Whether nothing is missing that the application needs.
    pub fn clean(&self) -> bool {
        let needs = &self.needs;
        let is_needed = |one: &needs::Nameless| one.when > needs::When::Optional;
        needs.needed.is_empty() && needs.lost.is_empty() && !needs.nameless.iter().any(is_needed)
    }

    /// What an installer has to be asked for. Guesses are not among it, and nothing that comes from elsewhere than a
    /// requirement can say.
    pub fn requirements(&self) -> Vec<&str> {
        self.needs
            .needed
            .iter()
            .filter(|need| need.elsewhere.is_none())
            .map(|need| need.requirement.as_str())
            .collect()
    }
}

/// Says what an application lacks in a live venv.
pub fn deps(
    context: &Context<'_>,
    site: &Site,
    options: &DepsOptions,
) -> Result<DepsOutcome, Error> {
    let start = Instant::now();
    steady(context, site, Site::open_environment, |root| {
        let manifest = listing(root)?;
        context.go_on()?;
        let read = |path: &RelPath| read_file(root, path, TEXT_MAX);
        let (dists, facts) = rayon::join(
            || Dists::read(&manifest, bytes(root.path()), &read),
            || inspect(root, &manifest),
        );
        context.go_on()?;
        let Projects { app, dirs, beyond } = project::read(options, site.path(), &facts)?;
        let gone = |path: &std::path::Path| std::fs::symlink_metadata(path).is_err();
        let subject = Subject {
            manifest: &manifest,
            dists: &dists,
            interpreter: Some(&facts),
            place: Some(root.path()),
            read: &read,
            pieces: None,
            hash: &|_, _| None,
            behind: None,
            reaches: &|_| true,
            gone: &gone,
            whose: &|_| Whose::Nobodys,
            glimpse: &|_| None,
            imports: &|_| None,
            links: &HashMap::new(),
        };
        Ok(DepsOutcome {
            venv: site.path().to_owned(),
            apps: dirs,
            files: app.sources.len(),
            beyond,
            needs: needs::needs(&subject, &app, &options.rules),
            has_pip: dists.named("pip").is_some(),
            took: start.elapsed(),
        })
    })
}
