//! `snap discover`

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use venv_snap::model::Shown;
use venv_snap::ops::{DiscoverOptions, DiscoverOutcome, discover};
use venv_snap::report::{json, text};

use super::args::{Discover, Format};
use super::error::Failure;
use super::exit::Exit;
use super::session::{Session, style};

/// Where people keep environments beside their homes.
const PLACES: [&str; 5] = ["/opt", "/srv", "/var/www", "/usr/local", "/root"];
/// Variables that name a directory in which an installer keeps environments.
const VARIABLES: [&str; 8] = [
    "POETRY_VIRTUALENVS_PATH",
    "POETRY_CACHE_DIR",
    "WORKON_HOME",
    "PIPX_HOME",
    "PIPX_GLOBAL_HOME",
    "UV_TOOL_DIR",
    "CONDA_ENVS_PATH",
    "MAMBA_ROOT_PREFIX",
];
/// Directories below which stand the homes of users who keep environments. A home elsewhere belongs to the system or to
/// nobody.
const HOMES: [&str; 6] = ["/home", "/var/lib", "/srv", "/opt", "/data", "/var/www"];

pub(crate) fn run(session: &Session<'_>, args: &Discover) -> Result<Exit, Failure> {
    let outcome = found(session, args)?;
    session.answer(|out, style| {
        if session.json || args.format == Format::Json {
            json::discover(out, &outcome)
        } else if args.format == Format::Md {
            text::discover_page(out, &outcome, style)
        } else {
            text::discover(out, &outcome, style)
        }
    })?;
    // Only what a person named must be read in full. Of the default places everybody sees what they may.
    let named = !args.roots.is_empty() && !outcome.unread.is_empty();
    Ok(if named { Exit::NotDone } else { Exit::Done })
}

fn found(session: &Session<'_>, args: &Discover) -> Result<DiscoverOutcome, Failure> {
    let mut roots = args
        .roots
        .iter()
        .map(|path| resolved(path))
        .collect::<Result<Vec<_>, _>>()?;
    if roots.is_empty() {
        roots = default_roots();
    }
    let options = DiscoverOptions {
        roots,
        cross_mounts: args.cross_mounts,
        root: resolved(&args.root)?,
        scripts: args
            .look_in
            .iter()
            .map(|path| resolved(path))
            .collect::<Result<_, _>>()?,
    };
    Ok(discover(&session.context, &options, &style(false).zone)?)
}

/// Looks where people keep environments, and gives the venvs among what is found.
pub(crate) fn venvs(session: &Session<'_>) -> Result<Vec<PathBuf>, Failure> {
    let options = DiscoverOptions {
        roots: default_roots(),
        root: PathBuf::from("/"),
        ..DiscoverOptions::default()
    };
    let outcome = discover(&session.context, &options, &style(false).zone)?;
    let venvs = outcome.environments.into_iter().filter(|one| one.savable);
    Ok(venvs.map(|one| one.path).collect())
}

fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| {
        let message = format!("cannot look in '{}': {error}", Shown::path(path));
        Failure::usage(message, "name a directory that is there")
    })
}

/// The places where people keep environments, as far as they exist. None lies within another one of the same file
/// system.
fn default_roots() -> Vec<PathBuf> {
    let places = PLACES.iter().map(PathBuf::from);
    let variables = VARIABLES.iter().filter_map(std::env::var_os);
    let variables = variables.flat_map(|value| std::env::split_paths(&value).collect::<Vec<_>>());
    let homes = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let homes: Vec<PathBuf> = homes
        .lines()
        .filter_map(|line| Some(PathBuf::from(line.split(':').nth(5)?)))
        .filter(|home| HOMES.iter().any(|place| home.starts_with(place)))
        .collect();
    let listed = fs::read_dir("/home").into_iter().flatten().flatten();
    let listed = listed.map(|entry| entry.path());
    let own = super::place::home();
    let all: BTreeSet<PathBuf> = places
        .chain(variables.filter(|path| path.is_absolute()))
        .chain(homes)
        .chain(listed)
        .chain(own)
        .filter_map(|path| fs::canonicalize(path).ok())
        .filter(|path| path.is_dir() && path != Path::new("/"))
        .collect();
    let mut outer: Vec<PathBuf> = Vec::new();
    for path in all {
        // A mount within another root is not looked into from there.
        let is_within = outer
            .iter()
            .any(|one| path.starts_with(one) && same_device(one, &path));
        if !is_within {
            outer.push(path);
        }
    }
    outer
}

fn same_device(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).map(|meta| meta.dev()).ok();
    device(one) == device(other)
}
