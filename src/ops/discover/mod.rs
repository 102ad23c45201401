//! `discover`: all Python environments of a host, what is in them, and what uses them. Read-only: names and small files
//! are read, nothing is run, no link is followed, no mount crossed unless that is asked for.

mod find;
mod inventory;
mod processes;
mod uses;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

pub use self::find::Kind;
use self::find::find_environments;
use self::inventory::inventory;
pub use self::processes::How;
pub use self::uses::Use;
use self::uses::uses;
use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use crate::disk::PathError;
use crate::store;
use crate::sweep::{Machine, Root, Unread};

/// What `discover` is told.
#[derive(Clone, Debug, Default)]
pub struct DiscoverOptions {
    /// Where to look; resolved.
    pub roots: Vec<PathBuf>,
    /// Also look into what is mounted below them.
    pub cross_mounts: bool,
    /// Directories of scripts, of which the first line may name an environment.
    pub scripts: Vec<PathBuf>,
    /// Below which directory the files of the machine lie: `/`, or another one to look at; resolved.
    pub root: PathBuf,
}

/// One environment.
#[derive(Debug)]
pub struct Environment {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// The distributions in it with their versions, by name.
    pub packages: Vec<(String, String)>,
    /// The version of its interpreter, as it is stated; none where nothing states it.
    pub python: Option<String>,
    /// Where `bin/python` leads in the end; none where it leads nowhere.
    pub interpreter: Option<PathBuf>,
    /// How many files it has.
    pub files: u64,
    /// What they take together, in bytes.
    pub bytes: u64,
    /// Who owns it, by number.
    pub owner: u32,
    /// Who uses it.
    pub uses: Vec<Use>,
    /// Its newest baseline in the store.
    pub baseline: Option<Chosen>,
    /// Whether `save` can save it: it has a `pyvenv.cfg`.
    pub savable: bool,
}

/// All that was found.
#[derive(Debug)]
pub struct DiscoverOutcome {
    /// The roots that were looked into.
    pub roots: Vec<PathBuf>,
    /// The environments: unsaved ones first, then by path.
    pub environments: Vec<Environment>,
    /// How many directories were looked at.
    pub directories: u64,
    /// What is mounted there and was not looked into.
    pub mounts: Vec<PathBuf>,
    /// What could not be listed.
    pub unread: Vec<PathError>,
    /// What starts something and cannot be read.
    pub unread_starters: Vec<Unread>,
    /// How long it took.
    pub took: Duration,
}

/// Looks for environments, and who uses them.
pub fn discover(
    context: &Context<'_>,
    options: &DiscoverOptions,
    zone: &TimeZone,
) -> Result<DiscoverOutcome, Error> {
    let start = Instant::now();
    context.monitor.phase("looking for environments", 0, 0);
    let found = find_environments(context, options)?;
    context.go_on()?;
    context.monitor.phase("looking into them", 0, 0);
    let root = Root(options.root.clone());
    let mut environments: Vec<Environment> = inventory(context, &root, &found)?;
    context.go_on()?;
    context.monitor.phase("looking who uses them", 0, 0);
    let machine = Machine::new(&root, context.now, zone);
    let mut unread_starters = Vec::new();
    uses(&machine, options, &mut environments, &mut unread_starters);
    unread_starters.sort();
    unread_starters.dedup();
    baselines(context, &mut environments)?;
    environments.sort_by(|a, b| {
        let is_saved = |one: &Environment| one.baseline.is_some();
        is_saved(a)
            .cmp(&is_saved(b))
            .then_with(|| a.path.cmp(&b.path))
    });
    Ok(DiscoverOutcome {
        roots: options.roots.clone(),
        environments,
        directories: found.directories,
        mounts: found.mounts,
        unread: found.unread,
        unread_starters,
        took: start.elapsed(),
    })
}

/// Puts the newest baseline to each environment, and keeps for `status` which there are. No store is no error.
fn baselines(context: &Context<'_>, environments: &mut [Environment]) -> Result<(), Error> {
    let store = match context.open() {
        Err(Error::Store(store::Error::NoStore(_))) => return Ok(()),
        opened => opened?,
    };
    let catalog = store.snapshots.catalog()?;
    for one in environments.iter_mut() {
        let venv = crate::model::VenvId::new(&context.host, &one.path);
        one.baseline = super::status::newest_baseline(&catalog, &venv);
    }
    let savable = environments.iter().filter(|one| one.savable);
    let venvs: Vec<_> = savable
        .map(|one| crate::model::VenvId::new(&context.host, &one.path))
        .collect();
    let body = serde_json::to_vec(&venvs).unwrap_or_default();
    let key = key(&context.host);
    store
        .index
        .set_stat_caches(&[(&key, &body)], context.monitor);
    Ok(())
}

/// The venvs that the last `discover` found here, as far as they still stand.
pub fn discovered(context: &Context<'_>) -> Result<Vec<PathBuf>, Error> {
    let store = context.open()?;
    let body = store
        .index
        .stat_cache(&key(&context.host), context.monitor)?;
    let venvs: Vec<crate::model::VenvId> =
        serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
    let paths = venvs.iter().map(crate::model::VenvId::path);
    let root = Root(PathBuf::from("/"));
    Ok(paths.filter(|path| is_venv(&root, path)).collect())
}

fn is_venv(root: &Root, path: &Path) -> bool {
    let config = root.led(&path.join("pyvenv.cfg"));
    config.is_ok_and(|config| config.is_file())
}

fn key(host: &str) -> String {
    format!("discovered\0{host}")
}
