//! `status`: how each venv that the store knows stands, worst first. Nothing is read where no state of a file changed
//! since the last look: then the verdict of that look still holds.

mod look;
mod seen;
mod told;

use crate::monitor::SnapshotWarning;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use self::look::Looker;
pub(super) use self::seen::note_saved;
pub use self::told::{HostStatus, Word};
use super::chosen::{Chosen, chosen};
use super::context::Context;
use super::drill::{LastDrill, newest};
use super::error::Error;
use crate::disk::mapped::Mappings;
use crate::disk::rooted::Rooted;
use crate::disk::space::free_bytes;
use crate::model::{Kind, PackageChange, Surety, VenvId};
use crate::store::{Catalog, Store};

/// What a look at all venvs is told.
#[derive(Clone, Debug, Default)]
pub struct StatusOptions {
    /// Only these venvs, by resolved paths; all that are known where it is empty.
    pub only: Vec<PathBuf>,
    /// Environments of this host that were found, saved or not, by resolved paths.
    pub found: Vec<PathBuf>,
    /// Read every byte.
    pub full: bool,
    /// Caches of installers, in which other names of damaged files are looked for.
    pub caches: Vec<PathBuf>,
}

/// How a venv stands, the worst last.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It is what its newest baseline is, but for noise.
    Sound,
    /// It stands there, and the store has no baseline of it.
    Unsaved,
    /// Something was upgraded, added or removed since its newest baseline, and nothing is damaged.
    Drifted,
    /// It could not be looked at.
    Unknown,
    /// Nothing stands there any more.
    Gone,
    /// Something is gone or not what it should be.
    Damaged,
}

impl Health {
    /// All, as they are ordered.
    pub const ALL: [Self; 6] = [
        Self::Sound,
        Self::Unsaved,
        Self::Drifted,
        Self::Unknown,
        Self::Gone,
        Self::Damaged,
    ];

    /// The word in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Unsaved => "unsaved",
            Self::Drifted => "drifted",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
            Self::Damaged => "damaged",
        }
    }
}

/// What did it, in short, and how sure that is.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    /// The name of the rule.
    pub rule: String,
    /// What a person should know and do.
    pub text: String,
    /// How sure it is.
    #[serde(default)]
    pub surety: Surety,
    /// How many damaged entries it explains.
    #[serde(default)]
    pub explains: usize,
    /// How many there are in all; 0 in what older versions wrote.
    #[serde(default)]
    pub of: usize,
    /// By kind, how many no cause explains.
    #[serde(default)]
    pub unexplained: BTreeMap<Kind, usize>,
}

/// Why more cannot be told of a venv.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing stands at its place.
    NothingThere,
    /// Something that is no directory stands at its place.
    NoDirectory,
    /// A link stands at its place, which leads there.
    Link(PathBuf),
    /// Neither is a venv there nor has the store a snapshot of one.
    NeverThere,
    /// What stands there is no venv, and the store has no snapshot of one.
    NoVenv,
    /// It was never saved.
    NeverSaved,
    /// So many saves of it are there, and none is a baseline.
    NoBaseline(usize),
    /// So many entries could not be read, the first of them at this path within the venv.
    Unreadable(usize, String),
    /// `bin/python` leads nowhere.
    NoInterpreter,
    /// Something failed.
    Failed(String),
}

/// How one venv stands.
#[derive(Debug)]
pub struct VenvStatus {
    /// Where it is.
    pub venv: PathBuf,
    /// How it stands.
    pub health: Health,
    /// Since when it is known to stand so.
    pub since: Timestamp,
    /// How many entries are damaged.
    pub damaged: u64,
    /// How many entries drifted.
    pub drifted: u64,
    /// The packages that are not as they were.
    pub packages: Vec<PackageChange>,
    /// What did the damage, as far as a rule tells.
    pub cause: Option<Cause>,
    /// Why more cannot be told.
    pub why: Option<Why>,
    /// Whether something of it could not be looked at.
    pub incomplete: bool,
    /// Its newest baseline.
    pub baseline: Option<Chosen>,
    /// Its last drill, as far as the log knows.
    pub drill: Option<LastDrill>,
    /// How many files it has, where it could be looked at.
    pub files: Option<u64>,
    /// What they take together, in bytes.
    pub bytes: Option<u64>,
}

impl VenvStatus {
    /// Whether there neither is nor was a venv.
    pub(super) fn is_none(&self) -> bool {
        matches!(self.why, Some(Why::NoVenv | Why::NeverThere))
    }
}

/// How all stand.
#[derive(Debug)]
pub struct StatusOutcome {
    /// The venvs, the worst first, then by path.
    pub venvs: Vec<VenvStatus>,
    /// How many venvs of other hosts the store knows.
    pub elsewhere: usize,
    /// The last word of other hosts, of each of their venvs; only where all venvs were asked for.
    pub others: Vec<HostStatus>,
    /// What the store takes, in bytes.
    pub store_bytes: u64,
    /// How many bytes are free where it lies; none where the file system does not say.
    pub free_bytes: Option<u64>,
    /// When it was looked.
    pub now: Timestamp,
    /// How long it took.
    pub took: Duration,
}

impl StatusOutcome {
    /// Whether something could not be looked at.
    pub fn incomplete(&self) -> bool {
        self.venvs.iter().any(|one| one.incomplete)
    }

    /// Whether all is sound.
    pub fn is_sound(&self) -> bool {
        self.venvs
            .iter()
            .all(|one| one.health == Health::Sound && !one.incomplete)
    }
}

/// Looks at all venvs of this host that the store knows, or at those that are named.
pub fn status(context: &Context<'_>, options: &StatusOptions) -> Result<StatusOutcome, Error> {
    let start = Instant::now();
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    for (name, error) in &catalog.damaged {
        context
            .monitor
            .warn(SnapshotWarning::Damaged { name, cause: error }.into());
    }
    let known = known(&catalog);
    let (own, others): (Vec<_>, Vec<_>) = known
        .into_iter()
        .partition(|venv| venv.host == context.host);
    let looker = Looker {
        context,
        store: &store,
        catalog: &catalog,
        mappings: Mappings::now(),
        options,
    };
    let drills = newest(context, &store)?;
    let mut venvs = Vec::new();
    let mut rows = Vec::new();
    for path in wanted(&own, options) {
        context.go_on()?;
        let (mut status, row) = looker.look(&path)?;
        let venv = VenvId::new(&context.host, &path);
        status.drill = drills.get(&venv).copied();
        venvs.push(status);
        rows.extend(row);
    }
    let bodies: Vec<(&str, &[u8])> = rows
        .iter()
        .map(|(key, body): &(String, Vec<u8>)| (key.as_str(), body.as_slice()))
        .collect();
    store.index.set_stat_caches(&bodies, context.monitor);
    venvs.sort_by(|a, b| b.health.cmp(&a.health).then_with(|| a.venv.cmp(&b.venv)));
    let is_all = options.only.is_empty();
    if !venvs.is_empty() {
        told::tell(context, &store, &venvs, is_all);
    }
    let others_told = if is_all {
        told::others(context, &store, &catalog)?
    } else {
        Vec::new()
    };
    let (store_bytes, free_bytes) = room(&store)?;
    Ok(StatusOutcome {
        venvs,
        elsewhere: others.len(),
        others: others_told,
        store_bytes,
        free_bytes,
        now: context.now,
        took: start.elapsed(),
    })
}

/// All venvs that a store has saves of, each once.
fn known(catalog: &Catalog) -> Vec<VenvId> {
    let saves = catalog.snapshots.iter().filter(|(_, one)| one.is_save());
    let venvs: BTreeMap<_, _> = saves
        .map(|(_, one)| ((one.venv.host.clone(), one.venv.path()), one.venv.clone()))
        .collect();
    venvs.into_values().collect()
}

/// The paths to look at, each once, in their order.
fn wanted(known: &[VenvId], options: &StatusOptions) -> Vec<PathBuf> {
    let mut paths = options.only.clone();
    if paths.is_empty() {
        paths = known.iter().map(VenvId::path).collect();
        paths.extend(options.found.iter().cloned());
    }
    paths.sort();
    paths.dedup();
    paths
}

/// What the store takes, and how much is free where it lies.
fn room(store: &Store) -> Result<(u64, Option<u64>), Error> {
    let taken = store.sizes()?.iter().map(|(_, bytes)| bytes).sum();
    let free = Rooted::open(store.path())
        .ok()
        .and_then(|dir| free_bytes(&dir));
    Ok((taken, free))
}

/// The newest baseline of a venv.
pub(super) fn newest_baseline(catalog: &Catalog, venv: &VenvId) -> Option<Chosen> {
    let mut saves = catalog.saves(venv).rev();
    saves.find(|(_, one)| one.baseline).map(chosen)
}

/// The paths of venvs of this host that a store knows, each once.
pub fn known_venvs(context: &Context<'_>) -> Result<Vec<PathBuf>, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let own = known(&catalog)
        .into_iter()
        .filter(|venv| venv.host == context.host);
    Ok(own.map(|venv| venv.path()).collect())
}

/// Whether nothing stands at a path. A link there is not followed.
fn is_absent(path: &Path) -> std::io::Result<bool> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(true),
        Err(error) => Err(error),
    }
}
