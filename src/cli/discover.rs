//! `snap discover`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use venv_snap::model::Shown;
use venv_snap::ops::{DiscoverOptions, DiscoverOutcome, discover, resolve_below};
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
    let root = named(&args.root, fs::canonicalize(&args.root))?;
    let below = |paths: &[PathBuf]| -> Result<Vec<PathBuf>, Failure> {
        let paths = paths.iter();
        paths
            .map(|path| named(path, resolve_below(&root, path)))
            .collect()
    };
    let mut roots = below(&args.roots)?;
    if roots.is_empty() {
        roots = default_roots(&root);
    }
    let options = DiscoverOptions {
        roots,
        cross_mounts: args.cross_mounts,
        scripts: below(&args.look_in)?,
        root,
    };
    Ok(discover(&session.context, &options, &style(false).zone)?)
}

/// Looks where people keep environments, and gives the venvs among what is found.
pub(crate) fn venvs(session: &Session<'_>) -> Result<Vec<PathBuf>, Failure> {
    let options = DiscoverOptions {
        roots: default_roots(Path::new("/")),
        root: PathBuf::from("/"),
        ..DiscoverOptions::default()
    };
    let outcome = discover(&session.context, &options, &style(false).zone)?;
    let venvs = outcome.environments.into_iter().filter(|one| one.savable);
    Ok(venvs.map(|one| one.path).collect())
}

/// A directory that a person named, by where it leads.
fn named(path: &Path, leads: io::Result<PathBuf>) -> Result<PathBuf, Failure> {
    let listed = leads.and_then(|path| {
        let is_dir = fs::metadata(&path)?.is_dir();
        is_dir
            .then_some(path)
            .ok_or_else(|| io::ErrorKind::NotADirectory.into())
    });
    listed.map_err(|error| {
        let message = format!("cannot look in '{}': {error}", Shown::path(path));
        Failure::usage(message, "name a directory that is there")
    })
}

/// The places where people keep environments on a machine, as far as they exist. None lies within another one of the
/// same file system.
fn default_roots(root: &Path) -> Vec<PathBuf> {
    let is_here = root == Path::new("/");
    let led = |path: &Path| {
        let below = path.strip_prefix("/").unwrap_or(path);
        resolve_below(root, &root.join(below))
    };
    let places = PLACES.iter().map(PathBuf::from);
    // What this process was told is of the machine on which it runs.
    let variables = VARIABLES.iter().filter(|_| is_here);
    let variables = variables.filter_map(std::env::var_os);
    let variables = variables.flat_map(|value| std::env::split_paths(&value).collect::<Vec<_>>());
    let homes = led(Path::new("/etc/passwd")).and_then(fs::read_to_string);
    let homes = homes.unwrap_or_default();
    let homes: Vec<PathBuf> = homes
        .lines()
        .filter_map(|line| Some(PathBuf::from(line.split(':').nth(5)?)))
        .filter(|home| HOMES.iter().any(|place| home.starts_with(place)))
        .collect();
    let listed = led(Path::new("/home")).and_then(fs::read_dir);
    let listed = listed.into_iter().flatten().flatten();
    let listed = listed.map(|entry| Path::new("/home").join(entry.file_name()));
    let own = super::place::home().filter(|_| is_here);
    let all: BTreeSet<PathBuf> = places
        .chain(variables.filter(|path| path.is_absolute()))
        .chain(homes)
        .chain(listed)
        .chain(own)
        .filter_map(|path| led(&path).ok())
        .filter(|path| path.is_dir() && path != root)
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
