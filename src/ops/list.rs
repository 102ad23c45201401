//! `list` and `show`: which snapshots there are.

use super::context::Context;
use super::error::Error;
use super::lookup::{Chosen, chosen};
use crate::model::{Digest, Document, SnapshotId, SnapshotRef};
use crate::store::Store;
use crate::tree::Site;

/// One snapshot in a list.
#[derive(Debug)]
pub struct Listed {
    /// The snapshot.
    pub chosen: Chosen,
    /// Whether it is kept for ever.
    pub pinned: bool,
}

/// The snapshots of a store.
#[derive(Debug)]
pub struct Listing {
    /// Oldest first.
    pub snapshots: Vec<Listed>,
    /// Files that should be snapshots and are damaged, with what is wrong.
    pub damaged: Vec<(String, String)>,
    /// Where the store has nothing of the venv: what it has of the same path on other hosts, the newest first.
    pub elsewhere: Vec<Chosen>,
}

/// Lists the snapshots of one venv, or of all.
pub fn list(context: &Context<'_>, site: Option<&Site>) -> Result<Listing, Error> {
    let store = context.open()?;
    let venv = site.map(|site| context.venv_id(site));
    let catalog = store.snapshots.catalog()?;
    let pins: std::collections::HashSet<SnapshotId> = store.snapshots.pins()?.into_iter().collect();
    let listed = |chosen: Chosen| Listed {
        pinned: pins.contains(&chosen.id),
        chosen,
    };
    let wanted = catalog
        .snapshots
        .iter()
        .filter(|(_, snapshot)| venv.as_ref().is_none_or(|venv| snapshot.venv == *venv));
    let snapshots: Vec<Listed> = wanted.map(chosen).map(listed).collect();
    let elsewhere = venv.as_ref().filter(|_| snapshots.is_empty());
    let damaged = catalog
        .damaged
        .iter()
        .map(|(name, error)| (name.clone(), error.to_string()))
        .collect();
    Ok(Listing {
        snapshots,
        damaged,
        elsewhere: elsewhere.map_or_else(Vec::new, |venv| catalog.on_other_hosts(venv)),
    })
}

/// One snapshot with what is known of it.
#[derive(Debug)]
pub struct ShowOutcome {
    /// The snapshot.
    pub listed: Listed,
    /// Its audit, or what the restore found that it was saved by; empty for a snapshot without.
    pub document: Document,
}

/// Finds one snapshot.
pub fn show(
    context: &Context<'_>,
    name: &SnapshotRef,
    site: Option<&Site>,
) -> Result<ShowOutcome, Error> {
    let store = context.open()?;
    let venv = site.map(|site| context.venv_id(site));
    let catalog = store.snapshots.catalog()?;
    let chosen = catalog.find(name, venv.as_ref())?;
    let mut document = document(context, &store, &chosen.first(&catalog))?;
    let files = chosen.snapshot.totals.files;
    document.audit = document.audit.map(|audit| audit.with_entries(files));
    Ok(ShowOutcome {
        listed: Listed {
            pinned: store.snapshots.pins()?.contains(&chosen.id),
            chosen,
        },
        document,
    })
}

/// No document is longer.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// A document for those who do without where it cannot be read, and need not say so.
pub(super) fn readable(store: &Store, id: Digest) -> Option<Document> {
    let bytes = store.objects.read_at_most(&id, DOCUMENT_BYTES_MAX);
    serde_json::from_slice(&bytes.ok()?).ok()
}

/// What a snapshot knows beyond bytes. One that makes no sense is named and left out: the tree does not need it.
pub(super) fn document(
    context: &Context<'_>,
    store: &Store,
    chosen: &Chosen,
) -> Result<Document, Error> {
    let Some(id) = chosen.snapshot.document else {
        return Ok(Document::default());
    };
    store.load_objects(context.monitor)?;
    let bytes = store.objects.read_at_most(&id, DOCUMENT_BYTES_MAX)?;
    serde_json::from_slice(&bytes).or_else(|error| {
        let text = format!(
            "what snapshot {} knows of packages cannot be read: {error}",
            chosen.id
        );
        context.monitor.warn(&text);
        Ok(Document::default())
    })
}
