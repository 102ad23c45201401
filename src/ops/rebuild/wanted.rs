//! Which packages belong into the venv: told by a snapshot, or by what METADATA, RECORD and names in the broken venv
//! still tell, or by a requirements file (`requirements.rs`) or a lock (`lock/`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::bad_list::BadList;
use super::failed::Unbuilt;
use super::live::Live;
use super::lock::{Lock, Locked, Origin};
use super::maker::Base;
use super::options::{Index, RebuildOptions, Source};
use super::outcome::ToldBy;
use super::requirements::{Lines, is_remote};
use super::wanted_package::Wanted;
use super::{list, remains, requirements};
use crate::audit::required;
use crate::model::{Package, RelPath, SnapshotRef};
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::list::document;
use crate::ops::lookup::choose;
use crate::python::dist::{Dist, name_of, normalized};
use crate::python::made::Made;
use crate::store::{self, Store};
use crate::tree::{self, Site, Standing};

/// Packages that come with a venv, pip first.
const BROUGHT: [&str; 3] = ["pip", "setuptools", "wheel"];

/// All that belongs there, and who says so.
pub(super) struct List {
    pub(super) told_by: ToldBy,
    /// By normalized name.
    pub(super) packages: BTreeMap<String, Wanted>,
    /// What the requirements file says, where there is one; the installer reads it as well.
    pub(super) requirements: Option<Lines>,
}

impl List {
    /// What of a requirements file and of `with` comes from a URL of another host.
    pub(super) fn far(&self, with: &BTreeMap<String, String>) -> Vec<String> {
        let lines = self.requirements.iter().flat_map(|lines| &lines.others);
        let shown = lines.map(|one| (one.name.as_ref().unwrap_or(&one.text), &one.text));
        let all = shown.chain(with);
        let far = all.filter(|(_, text)| is_remote(text));
        far.map(|(name, _)| name.clone()).collect()
    }

    /// The packages of a venv that are not in the list; of a requirements file, those that nothing of it requires
    /// either, as far as they say it themselves.
    pub(super) fn lacks(&self, live: Option<&Live>, base: &Base) -> Vec<String> {
        let Some(live) = live else { return Vec::new() };
        let mut known: BTreeSet<String> = self.packages.keys().cloned().collect();
        if let Some(lines) = &self.requirements {
            let others = lines.others.iter().filter_map(|one| one.name.as_ref());
            known.extend(others.map(|name| normalized(name)));
            let here = base.environment();
            let needs = here.map(|here| required(&live.dists, &here, &lines.extras()));
            let needs = needs.unwrap_or_default();
            let mut before = 0;
            while known.len() > before {
                before = known.len();
                let held = needs.iter().filter(|(dist, _)| known.contains(&dist.name));
                let more: Vec<String> = held
                    .map(|(_, need)| normalized(need.name.as_ref()))
                    .collect();
                known.extend(more);
            }
        }
        let dists = live.dists.all.iter();
        let missing = dists.filter(|dist| !known.contains(&dist.name));
        missing.map(|dist| dist.shown.clone()).collect()
    }
}

/// Finds out what belongs there.
pub(super) fn wanted(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    live: Option<&Live>,
    (base, made): (&Base, &Made),
    options: &RebuildOptions,
) -> Result<List, Error> {
    match (&options.source, store) {
        (Source::Requirements(path), _) => Ok(of_file(path, (base, made), live, options)?),
        (Source::Snapshot(name), Some(store)) => of_snapshot(context, store, site, Some(name)),
        (Source::Snapshot(_), None) => {
            Err(store::Error::NoStore(context.store.name().to_owned()).into())
        }
        (Source::Found, Some(store)) => match of_snapshot(context, store, site, None) {
            Err(Error::NoBaseline { .. } | Error::NoSnapshot { .. }) => {
                let listed = listed(context, store, site);
                Ok(of_venv(site, live, base, &listed)?)
            }
            told => told,
        },
        (Source::Found, None) => Ok(of_venv(site, live, base, &[])?),
    }
}

/// Refuses a place at which nothing stands, of which nothing was saved, and for which no list is given.
pub(super) fn refuse_unknown(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    options: &RebuildOptions,
) -> Result<(), Error> {
    let is_untold = matches!(options.source, Source::Found);
    match (site.standing(), store) {
        (Standing::Nothing, Some(store)) if is_untold => {
            choose(context, store, &context.venv_id(site), None).map(drop)
        }
        (Standing::Nothing, None) if is_untold => {
            Err(tree::Error::NotFound(site.path().to_owned()).into())
        }
        _ => Ok(()),
    }
}

fn of_snapshot(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    name: Option<&SnapshotRef>,
) -> Result<List, Error> {
    let (chosen, _) = choose(context, store, &context.venv_id(site), name)?;
    let Chosen { id, .. } = chosen;
    let audit = document(context, store, &chosen)?.audit;
    let Some(audit) = audit else {
        return Err(Error::NoPackages(id));
    };
    let packages = audit.packages.into_iter().map(|package| {
        let wanted = Wanted::of(package);
        (normalized(&wanted.package.name), wanted)
    });
    let packages: BTreeMap<String, Wanted> = packages.collect();
    refuse_unversioned(&packages)?;
    Ok(List {
        told_by: ToldBy::Snapshot(id),
        packages,
        requirements: None,
    })
}

/// The packages of the newest save of a venv of which there is no baseline: what it lists was installed there.
fn listed(context: &Context<'_>, store: &Store, site: &Site) -> Vec<Package> {
    let newest = SnapshotRef::Latest(0);
    let chosen = choose(context, store, &context.venv_id(site), Some(&newest));
    let document = chosen.and_then(|(chosen, _)| document(context, store, &chosen));
    let audit = document.ok().and_then(|document| document.audit);
    audit.map_or_else(Vec::new, |audit| audit.packages)
}

fn of_venv(
    site: &Site,
    live: Option<&Live>,
    base: &Base,
    listed: &[Package],
) -> Result<List, Unbuilt> {
    let Some(live) = live else {
        return Err(Unbuilt::NothingTold(site.path().to_owned()));
    };
    let mut packages = BTreeMap::new();
    // What pip put aside and never brought back is still named with its version.
    for left in &live.dists.leftovers {
        let name = left.path.name();
        let stem = name
            .strip_suffix(b".dist-info")
            .map(String::from_utf8_lossy);
        if let (Some(stem), [was]) = (stem, left.was.as_slice()) {
            let package = Package {
                name: was.name.clone(),
                version: name_of(&stem).1,
                installer: None,
                editable: false,
                conda: None,
                direct_url: None,
            };
            let evidence = Some(left.path.clone());
            let wanted = Wanted {
                evidence,
                ..Wanted::of(package)
            };
            packages.insert(was.name.clone(), wanted);
        }
    }
    for (dist, package) in live.installed() {
        packages.insert(dist.name.clone(), of_dist(dist, package));
    }
    for (name, wanted) in remains::known(live, base, listed) {
        packages.entry(name).or_insert(wanted);
    }
    if packages.is_empty() {
        return Err(Unbuilt::NothingTold(site.path().to_owned()));
    }
    refuse_unversioned(&packages)?;
    Ok(List {
        told_by: ToldBy::Venv,
        packages,
        requirements: None,
    })
}

fn of_dist(dist: &Dist, package: &Package) -> Wanted {
    Wanted {
        evidence: dist.metadata.is_none().then(|| dist.info.clone()),
        ..Wanted::of(package.clone())
    }
}

/// Refuses packages of which nothing tells the version: with a guess, no sound venv comes of them.
fn refuse_unversioned(packages: &BTreeMap<String, Wanted>) -> Result<(), Unbuilt> {
    let unknown = packages.values().filter(|wanted| wanted.asked.is_none());
    let unknown = unknown.map(|wanted| &wanted.package);
    let unknown =
        unknown.filter(|package| package.version.is_empty() && package.direct_url.is_none());
    let names: Vec<String> = unknown.map(|package| package.name.clone()).collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(Unbuilt::NoVersion(names))
    }
}

fn of_file(
    path: &Path,
    (base, made): (&Base, &Made),
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<List, Unbuilt> {
    let wrong = |what: BadList| Unbuilt::Requirements {
        path: path.to_owned(),
        what,
    };
    let listed = list::read(path).map_err(wrong)?;
    let Some((lock, table)) = lock_in(path, &listed.text).map_err(wrong)? else {
        let lists = listed.whole(path, &options.here).map_err(wrong)?;
        let here = base.environment();
        let asks = options.index == Index::AsSet;
        let lines = requirements::lines(&lists, here.as_ref(), asks).map_err(wrong)?;
        let mut packages = lines.pins.clone();
        for (name, wanted) in brought(live, made) {
            if !lines.names(&name) {
                packages.insert(name, wanted);
            }
        }
        return Ok(List {
            told_by: ToldBy::Requirements(path.to_owned()),
            packages,
            requirements: Some(lines),
        });
    };
    let locked = lock.packages(&table, path, base, live).map_err(wrong)?;
    if locked.is_empty() {
        return Err(wrong(BadList::NothingHere));
    }
    let mut packages: BTreeMap<String, Wanted> = locked.into_iter().map(of_lock).collect();
    // No lock names the packages that came with the venv itself, and that of poetry does not name the project either.
    for (name, wanted) in brought(live, made) {
        packages.entry(name).or_insert(wanted);
    }
    for (dist, package) in live.into_iter().flat_map(Live::installed) {
        if package.editable {
            let wanted = packages.entry(dist.name.clone());
            wanted.or_insert_with(|| of_dist(dist, package));
        }
    }
    Ok(List {
        told_by: ToldBy::Lock(path.to_owned()),
        packages,
        requirements: None,
    })
}

/// The packages that came with the venv itself, as it has them. If all are gone, what is left tells whether it had pip:
/// its command, or else who made the venv and how.
fn brought(live: Option<&Live>, made: &Made) -> Vec<(String, Wanted)> {
    let installed = live.into_iter().flat_map(Live::installed);
    let own = installed.filter(|(dist, package)| {
        BROUGHT.contains(&dist.name.as_str()) && !package.version.is_empty() && !package.editable
    });
    let mut found: Vec<(String, Wanted)> = own
        .map(|(dist, package)| (dist.name.clone(), of_dist(dist, package)))
        .collect();
    let stands = |path: Option<RelPath>| {
        live.zip(path)
            .is_some_and(|(live, path)| live.manifest().get(&path).is_some())
    };
    let layout = live.map(|live| &live.dists.layout);
    let command = |name: &[u8]| stands(layout.and_then(|layout| layout.script(name)));
    let is_bare = layout
        .is_some_and(|layout| layout.sites.is_empty() && !stands(Some(layout.scripts.clone())));
    let had_pip = command(b"pip") || command(b"pip3") || is_bare && made.brings_pip;
    if had_pip && !found.iter().any(|(name, _)| name == BROUGHT[0]) {
        let pip = Package {
            name: BROUGHT[0].to_owned(),
            version: String::new(),
            installer: None,
            editable: false,
            conda: None,
            direct_url: None,
        };
        let wanted = Wanted {
            asked: Some(BROUGHT[0].to_owned()),
            why: Some("the venv had it"),
            ..Wanted::of(pip)
        };
        found.push((BROUGHT[0].to_owned(), wanted));
    }
    for (_, wanted) in &mut found {
        wanted.is_brought = true;
    }
    found
}

/// The lock that a file is, if it is one. A file that is called as locks are has to be one.
fn lock_in(path: &Path, text: &str) -> Result<Option<(Lock, toml::Table)>, BadList> {
    let is_named = path
        .extension()
        .is_some_and(|end| end == "lock" || end == "toml");
    match text.parse::<toml::Table>() {
        Ok(table) => match Lock::recognize(&table) {
            Some(lock) => Ok(Some((lock, table))),
            None if is_named => Err(BadList::NoLock),
            None => Ok(None),
        },
        Err(error) if is_named => Err(BadList::NotToml(error.message().to_owned())),
        Err(_) => Ok(None),
    }
}

fn of_lock(locked: Locked) -> (String, Wanted) {
    let package = Package {
        name: locked.name.clone(),
        version: locked.version.clone(),
        installer: None,
        editable: matches!(locked.origin, Origin::Directory { editable: true, .. }),
        conda: None,
        direct_url: None,
    };
    let wanted = Wanted {
        locked: Some(locked),
        ..Wanted::of(package)
    };
    (normalized(&wanted.package.name), wanted)
}
