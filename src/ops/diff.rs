//! `diff`: what differs between a snapshot and a venv, or between two snapshots, byte by byte.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::adapted::{adapted, unadapted};
use super::behind::{self, Unchanged};
use super::chosen::Chosen;
use super::clues::from_changes;
use super::context::Context;
use super::error::Error;
use super::followed::{as_linked, tell, was_followed};
use super::lacks::{known, of_every_place};
use super::lookup::choose;
use super::mounts::leave_mounts;
use super::owners::called_as_here;
use super::packages::{Installed, classify as classify_packages};
use super::restore::{Wish, recover_beside};
use super::sharers::{Places, of_changes};
use super::sides::{AS_SAVED, Depth, Sides};
use super::sightings::sightings;
use super::steady::steady;
use crate::model::shortfall::{Shortfall, meet};
use crate::model::{
    Change, Class, Diagnosis, Kind, Lack, LeftOut, Manifest, Node, PackageChange, RelPath,
    Sighting, SnapshotRef, Totals, VenvId,
};
use crate::python::holds_site;
use crate::python::interpreter::{Facts, inspect};
use crate::replace::Specials;
use crate::store::Store;
use crate::tree::Site;
use crate::tree::scan::{Scan, scan};
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// What a diff is told.
#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// Which snapshot; the newest baseline of the venv otherwise.
    pub snapshot: Option<SnapshotRef>,
    /// Trust size and times of files that the last save or restore saw, instead of reading every byte.
    pub quick: bool,
    /// Caches of installers, in which other names of damaged files are looked for.
    pub caches: Vec<PathBuf>,
}

/// What stands on the right side of a diff.
#[derive(Debug)]
pub enum Side {
    /// A live venv.
    Venv(PathBuf),
    /// Another snapshot.
    Snapshot(Box<Chosen>),
}

/// What a diff found.
#[derive(Debug)]
pub struct DiffOutcome {
    /// What is expected.
    pub expected: Chosen,
    /// What it was compared with.
    pub actual: Side,
    /// A newer save of the venv that is no baseline, and so was not taken by default.
    pub passed_over: Option<Chosen>,
    /// Every difference, in the order of paths.
    pub changes: Vec<Change>,
    /// What became of packages.
    pub packages: Vec<PackageChange>,
    /// What probably did the damage.
    pub diagnosis: Vec<Diagnosis>,
    /// How much was compared: the totals of the venv, or of the right snapshot.
    pub totals: Totals,
    /// What changed while it was read, in every round.
    pub unstable: Vec<RelPath>,
    /// What else could not be read, where no change tells of it.
    pub unread: Vec<RelPath>,
    /// What the place is known not to hold of the snapshot.
    pub left_out: Vec<LeftOut>,
    /// Files and links that name the place where they were saved instead of their own: a restore adapts them.
    pub unadapted: Vec<RelPath>,
    /// How long it took.
    pub took: Duration,
}

impl DiffOutcome {
    /// Whether there is neither damage nor drift.
    pub fn identical(&self) -> bool {
        !self
            .changes
            .iter()
            .any(|change| change.class != Class::Noise)
    }

    /// Whether something could not be looked at.
    pub fn incomplete(&self) -> bool {
        let is_unread = |change: &Change| {
            let there = change.actual.as_ref().map(|entry| &entry.node);
            change.kind == Kind::Unreadable || matches!(there, Some(Node::Unreadable(_)))
        };
        !self.unstable.is_empty() || !self.unread.is_empty() || self.changes.iter().any(is_unread)
    }
}

/// Compares a live venv with a snapshot.
pub fn diff_venv(
    context: &Context<'_>,
    site: &Site,
    options: &DiffOptions,
) -> Result<DiffOutcome, Error> {
    let start = Instant::now();
    let site = &recover_beside(context, Wish::Look, site)?;
    let root = site.open()?;
    let store = context.open()?;
    let venv = &context.venv_id(site);
    let (expected, passed_over) = choose(context, &store, venv, options.snapshot.as_ref())?;
    let cache = remembered(context, &store, venv, options.quick)?;
    let places = Places {
        context,
        store: Some(&store),
        own: site.path(),
        caches: &options.caches,
    };
    let before = expected.snapshot.venv.path();
    let lacks = known(context, &store, venv, &root, &expected.id)?;
    drop(root);
    let followed = || was_followed(&store, &expected.snapshot);
    let (changes, told, scan, left_out) = steady(context, site, Site::open, |root| {
        let read = || whole(context, &store, &expected);
        let cache = cache.clone().map(|it| it.without(&context.mapped(root)));
        let cache = cache.unwrap_or_default();
        let scan = || scan(root, &cache, &DigestsOnly, context.monitor);
        let (manifest, scan) = rayon::join(read, scan);
        let (saved, scan) = (called_as_here(manifest?), scan?);
        // What a restore adapts to another place is no damage there.
        let mut here = adapted(&store, saved, (&before, site.path()), Some(scan.manifest()))?;
        let (met, left) = met(here.manifest, scan.manifest(), &lacks);
        here.manifest = as_linked(met, scan.manifest(), site.path(), followed);
        let sides = Sides {
            store: &store,
            expected: &here.manifest,
            actual: scan.manifest(),
            live: Some(root),
            adapted: &here.rewritten,
        };
        let mut changes = sides.changes(Depth::Full)?;
        let stop = || context.monitor.cancelled();
        let known = sides.condemn_stale(&mut changes, &scan.tree, &stop);
        context.go_on()?;
        behind::changes(root, &scan, Unchanged::Counts, &mut changes);
        tell(&mut changes, scan.manifest(), site.path(), followed);
        let paths = (here.names(&before, site.path()), site.path());
        let seen = sightings(context, Some(&store), site, Some(&expected.snapshot));
        let mut told = in_packages(&sides, paths, &mut changes, known, (&options.caches, &seen));
        told.unadapted = unadapted(&here.before, scan.manifest()).cloned().collect();
        of_changes(&mut changes, &scan, &places);
        Ok((changes, told, scan, left.into_left_out()))
    })?;
    Ok(DiffOutcome {
        expected,
        actual: Side::Venv(site.path().to_owned()),
        passed_over,
        unread: unread(&scan, &changes, told.unread),
        left_out,
        changes,
        packages: told.packages,
        diagnosis: told.diagnosis,
        totals: Totals::count(scan.manifest()),
        unstable: scan.unstable,
        unadapted: told.unadapted,
        took: start.elapsed(),
    })
}

/// The expected tree without what the place is known not to hold and what something is mounted over; and what was left
/// out.
fn met(expected: Manifest, live: &Manifest, lacks: &[Lack]) -> (Manifest, Shortfall) {
    let lacks = [lacks, &of_every_place(&expected)].concat();
    let (met, left) = meet(expected, live, &lacks);
    let (met, mounts) = leave_mounts(met, live);
    // What no restore brings back that is not asked to is no damage that one puts right.
    let specials = Specials {
        live,
        may_link: true,
        preserve: false,
    };
    let (met, unasked) = specials.admitted(met);
    (met, left.with(mounts).with(unasked))
}

/// The stat cache of the last save or restore; none unless `quick`, since every byte is read then.
fn remembered(
    context: &Context<'_>,
    store: &Store,
    venv: &VenvId,
    quick: bool,
) -> Result<Option<StatCache>, Error> {
    if !quick {
        return Ok(None);
    }
    let key = Context::cache_key(venv);
    let bytes = store.index.stat_cache(&key, context.monitor)?;
    Ok(Some(StatCache::decode(&bytes.unwrap_or_default())))
}

/// Compares two snapshots of a store.
pub fn diff_snapshots(
    context: &Context<'_>,
    a: &SnapshotRef,
    b: &SnapshotRef,
    site: Option<&Site>,
) -> Result<DiffOutcome, Error> {
    let start = Instant::now();
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let (a, b) = (
        catalog.find_to_read(a, venv.as_ref())?,
        catalog.find_to_read(b, venv.as_ref())?,
    );
    store.load_objects(context.monitor)?;
    let (before, after) = (a.snapshot.venv.path(), b.snapshot.venv.path());
    // What names the place of its venv is told by other files of it, so then the whole trees are needed.
    let is_one_place = before == after;
    let (left, right) = if is_one_place {
        store
            .trees()
            .differing(&a.snapshot.root, &b.snapshot.root)?
    } else {
        (whole(context, &store, &a)?, whole(context, &store, &b)?)
    };
    // What a restore adapts to another place is no damage there.
    let here = adapted(&store, left, (&before, &after), Some(&right))?;
    let sides = Sides {
        store: &store,
        expected: &here.manifest,
        actual: &right,
        live: None,
        adapted: &here.rewritten,
    };
    let mut changes = sides.changes(Depth::Full)?;
    let told = if is_one_place {
        packages_of(context, &store, &a, &b, &mut changes)?
    } else {
        let places = (here.names(&before, &after), &*after);
        in_packages(&sides, places, &mut changes, None, (&[], &[]))
    };
    let totals = b.snapshot.totals;
    let actual = Side::Snapshot(Box::new(b));
    Ok(DiffOutcome {
        expected: a,
        actual,
        passed_over: None,
        changes,
        packages: told.packages,
        diagnosis: told.diagnosis,
        totals,
        unstable: Vec::new(),
        unread: Vec::new(),
        left_out: Vec::new(),
        unadapted: unadapted(&here.before, &right).cloned().collect(),
        took: start.elapsed(),
    })
}

/// What changes mean.
#[derive(Default)]
struct Told {
    packages: Vec<PackageChange>,
    diagnosis: Vec<Diagnosis>,
    /// Files of installers that tell of packages and could not be read.
    unread: Vec<RelPath>,
    unadapted: Vec<RelPath>,
}

/// Tells changes in the words of packages. Nothing is read if there is only noise. The interpreter is asked, unless
/// what it says is `known`.
fn in_packages(
    sides: &Sides<'_>,
    (before, after): (&Path, &Path),
    changes: &mut Vec<Change>,
    known: Option<Facts>,
    (caches, seen): (&[PathBuf], &[Sighting]),
) -> Told {
    if changes.iter().all(|change| change.class == Class::Noise) {
        return Told::default();
    }
    let installed = Installed::read(sides, before, after);
    let packages = classify_packages(sides, &installed.compare(sides), changes);
    let interpreter = known.or_else(|| Some(inspect(sides.live?, sides.actual)));
    let diagnosis = from_changes(
        sides,
        &installed,
        changes,
        interpreter.as_ref(),
        caches,
        seen,
    );
    Told {
        packages,
        diagnosis,
        unread: installed.unread().cloned().collect(),
        unadapted: Vec::new(),
    }
}

/// The paths that could not be read and of which no change tells.
fn unread(scan: &Scan, changes: &[Change], more: Vec<RelPath>) -> Vec<RelPath> {
    let is_told = |path: &RelPath| {
        let at = changes.binary_search_by(|change| change.path.cmp(path));
        at.is_ok() || scan.unstable.contains(path)
    };
    let mounts = scan.manifest().mounts().map(|entry| &entry.path);
    let mounts = mounts.filter(|path| holds_site(path));
    let seen = scan.unreadable.iter().chain(mounts);
    let seen = seen.filter(|path| !is_told(path));
    let mut all: Vec<RelPath> = seen.cloned().chain(more).collect();
    all.sort();
    all
}

/// The same for two snapshots of one place. Only whole manifests tell which package owns a file, so they are read if
/// there is more than noise.
fn packages_of(
    context: &Context<'_>,
    store: &Store,
    a: &Chosen,
    b: &Chosen,
    changes: &mut Vec<Change>,
) -> Result<Told, Error> {
    if changes.iter().all(|change| change.class == Class::Noise) {
        return Ok(Told::default());
    }
    let (expected, actual) = (whole(context, store, a)?, whole(context, store, b)?);
    let sides = Sides {
        store,
        expected: &expected,
        actual: &actual,
        live: None,
        adapted: &AS_SAVED,
    };
    let (before, after) = (a.snapshot.venv.path(), b.snapshot.venv.path());
    Ok(in_packages(
        &sides,
        (&before, &after),
        changes,
        None,
        (&[], &[]),
    ))
}

/// The tree of a snapshot.
fn whole(context: &Context<'_>, store: &Store, chosen: &Chosen) -> Result<Manifest, Error> {
    store.load_objects(context.monitor)?;
    let Chosen { snapshot, .. } = chosen;
    Ok(store.trees().manifest(&snapshot.root, snapshot.entries())?)
}
