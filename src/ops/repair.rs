//! Repair: what is left of damaged packs goes into new ones, lost objects come back from live venvs, and what is beyond
//! repair is moved to quarantine.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::snapshot::{Hurt, hurt, store_missing};
use super::sources::{Sources, bring_files, heal_from, needs};
use crate::model::SnapshotId;
use crate::store::{Alone, Area, Catalog, Reach, Scrubbed, Store};
use crate::tree::Site;

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// Whether the header of the store was made anew.
    pub header: bool,
    /// Whether that is all that was tried: other hosts may use a store in a bucket at any time.
    pub header_alone: bool,
    /// Objects that were saved from damaged packs.
    pub salvaged: u64,
    /// Objects that came back from live venvs, and from other stores.
    pub healed: u64,
    /// The venvs from which they came back.
    pub healed_from: Vec<PathBuf>,
    /// Snapshot files that were put right.
    pub mended: Vec<String>,
    /// Snapshots of which the files came back from other stores.
    pub brought: Vec<SnapshotId>,
    /// What was moved to quarantine, by its name in the store.
    pub quarantined: Vec<String>,
    /// Snapshots that had holes and are whole again.
    pub whole_again: Vec<Chosen>,
    /// Snapshots that still have holes.
    pub hurt: Vec<Hurt>,
}

impl Repaired {
    /// The header was made anew, and nothing else was tried.
    pub(super) fn header_alone() -> Self {
        Self {
            header: true,
            header_alone: true,
            ..Self::default()
        }
    }
}

/// What is known of a store after it was read back.
pub(super) struct Look {
    pub(super) catalog: Arc<Catalog>,
    pub(super) forgotten: Arc<Catalog>,
    pub(super) scrubbed: Scrubbed,
    pub(super) reach: Reach,
    /// The files in quarantine of snapshots that were lost.
    pub(super) lost: Vec<String>,
    /// Packs about which the index says something else than they do.
    pub(super) lying_rows: Vec<String>,
}

impl Look {
    pub(super) fn catalogs(&self) -> impl Iterator<Item = &Catalog> {
        [&*self.catalog, &*self.forgotten].into_iter()
    }
}

/// Mends a store. Each step leaves it at least as good as it was, so that a crash between them harms nothing.
pub(super) fn repair(
    context: &Context<'_>,
    store: &Store,
    alone: &Alone<'_>,
    look: &Look,
    hurt_before: &[Hurt],
    from: &Sources,
) -> Result<Repaired, Error> {
    let mut done = Repaired::default();
    alone.drop_rows(&look.lying_rows, context.monitor)?;
    let bad = &look.scrubbed.bad;
    context.monitor.phase("repairing", 0, 0);
    let (added, reborn) = alone.repack(bad, None, context.monitor)?;
    done.salvaged = added.objects;
    let lost: Vec<String> = bad
        .keys()
        .filter(|name| !reborn.contains(*name) && !look.scrubbed.untold.contains(*name))
        .cloned()
        .collect();
    alone.quarantine(Area::Packs, &lost)?;
    done.quarantined
        .extend(lost.iter().map(|name| format!("packs/{name}")));
    mend(alone, Area::Snapshots, &look.catalog, &mut done)?;
    mend(alone, Area::Forgotten, &look.forgotten, &mut done)?;
    for source in &from.stores {
        done.brought
            .extend(bring_files(store, source, &lost_files(store)?)?);
    }
    let catalog = store.snapshots.catalog()?;
    let mut reach = needs(store, &catalog)?;
    for site in candidates(context, store, &catalog, &from.sites) {
        if reach.missing.is_empty() {
            break;
        }
        let healed = heal(context, store, &site, &mut reach, &catalog)?;
        if healed > 0 {
            done.healed += healed;
            done.healed_from.push(site.path().to_owned());
        }
    }
    for source in &from.stores {
        let healed = heal_from(context, store, source, &mut reach, &catalog)?;
        if healed > 0 {
            done.healed += healed;
            done.healed_from.push(source.path().to_owned());
        }
    }
    done.hurt = hurt(store, &catalog, &reach)?;
    let still: BTreeSet<_> = done.hurt.iter().map(|one| one.chosen.id).collect();
    let again = hurt_before
        .iter()
        .filter(|one| !still.contains(&one.chosen.id));
    done.whole_again = again.map(|one| one.chosen.clone()).collect();
    Ok(done)
}

/// Puts damaged snapshot files right, or moves them away. One that could not be read, or is of a newer format, is not
/// damaged.
fn mend(
    alone: &Alone<'_>,
    area: Area,
    catalog: &Catalog,
    done: &mut Repaired,
) -> Result<(), Error> {
    let mut lost = Vec::new();
    for (name, error) in &catalog.damaged {
        if !matches!(**error, crate::store::Error::Corrupt { .. }) {
            continue;
        }
        if alone.mend_snapshot(area, name)? {
            done.mended.push(name.clone());
        } else {
            lost.push(name.clone());
        }
    }
    alone.quarantine(area, &lost)?;
    let dir = if area == Area::Snapshots {
        "snapshots"
    } else {
        "forgotten"
    };
    done.quarantined
        .extend(lost.iter().map(|name| format!("{dir}/{name}")));
    Ok(())
}

/// The snapshots of which the files lie in quarantine, or are gone.
fn lost_files(store: &Store) -> Result<Vec<SnapshotId>, Error> {
    let (catalog, forgotten) = (store.snapshots.catalog()?, store.snapshots.forgotten()?);
    let lost = store.snapshots.lost([&catalog, &forgotten])?;
    let ids = lost
        .iter()
        .filter_map(|file| file.strip_prefix("snapshot-"));
    let ids = ids.filter_map(|name| SnapshotId::from_hex(name).ok());
    Ok(ids.chain(store.snapshots.missing()?).collect())
}

/// The places that may still have what was lost: first those that were named, then every venv of this host that is
/// known. Of the latter only those count that are venvs now, whatever a snapshot claims, and whose contents the store's
/// owner may have.
fn candidates(context: &Context<'_>, store: &Store, catalog: &Catalog, from: &[Site]) -> Vec<Site> {
    let fit = |site: &Site| {
        site.open_environment()
            .is_ok_and(|root| store.may_take_from(&root))
    };
    let known: BTreeSet<PathBuf> = catalog
        .snapshots
        .iter()
        .filter(|(_, snapshot)| snapshot.venv.host == context.host)
        .map(|(_, snapshot)| snapshot.venv.path())
        .collect();
    let known = known
        .iter()
        .filter_map(|path| Site::resolve(path).ok())
        .filter(fit);
    from.iter().cloned().chain(known).collect()
}

/// Takes what is missing from a live tree. A tree that came back may tell of more that is missing, so the search goes
/// on as long as something comes back.
fn heal(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    reach: &mut Reach,
    catalog: &Catalog,
) -> Result<u64, Error> {
    let mut healed = 0;
    loop {
        let added = store_missing(context, store, site, reach.missing.clone())?;
        healed += added;
        if added == 0 {
            return Ok(healed);
        }
        *reach = needs(store, catalog)?;
        if reach.missing.is_empty() {
            return Ok(healed);
        }
    }
}
