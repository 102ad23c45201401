//! `list` and `show`: which snapshots there are.

use crate::monitor::SnapshotWarning;
use jiff::Timestamp;

use super::chosen::{Chosen, chosen};
use super::context::Context;
use super::error::Error;
use super::hosts::{Hosts, role_is_known};
use crate::model::{Digest, Document, Label, Snapshot, SnapshotId, SnapshotRef};
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
    /// The host that asks.
    pub host: String,
    /// The snapshots, oldest first.
    pub snapshots: Vec<Listed>,
    /// Files that should be snapshots and are damaged, with what is wrong.
    pub damaged: Vec<(String, String)>,
    /// Where the store has nothing of the venv: what it has of the same path on other hosts, the newest first.
    pub elsewhere: Vec<Chosen>,
    /// How many older snapshots are left out.
    pub omitted: u64,
}

impl Listing {
    /// Whether the store has, or may have, anything of what was asked for.
    pub fn is_known(&self) -> bool {
        !self.snapshots.is_empty() || !self.damaged.is_empty()
    }

    /// Leaves out what was made before a time, and then all but the newest `limit`.
    pub fn narrow(&mut self, since: Option<Timestamp>, limit: Option<usize>) {
        let all = self.snapshots.len();
        if let Some(since) = since {
            self.snapshots
                .retain(|one| one.chosen.snapshot.created >= since);
        }
        let more = limit.map_or(0, |limit| self.snapshots.len().saturating_sub(limit));
        self.snapshots.drain(..more);
        self.omitted = (all - self.snapshots.len()) as u64;
    }
}

/// Which snapshots are listed: all, but for what is told here.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Only those of this venv: of this host, unless another one is named.
    pub venv: Option<Site>,
    /// Only those of a host, by its id, the first digits of that, or its name.
    pub host: Option<String>,
    /// Only those of a role.
    pub role: Option<Label>,
}

/// Lists the snapshots of one venv, or of all.
pub fn list(context: &Context<'_>, site: Option<&Site>) -> Result<Listing, Error> {
    let options = ListOptions {
        venv: site.cloned(),
        ..ListOptions::default()
    };
    list_by(context, &options)
}

/// Lists the snapshots that are wanted.
pub fn list_by(context: &Context<'_>, options: &ListOptions) -> Result<Listing, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let hosts = options.host.as_ref();
    let hosts = hosts
        .map(|host| Hosts::of(&catalog).meant(host))
        .transpose()?;
    if let Some(role) = &options.role {
        role_is_known(&catalog, role)?;
    }
    let path = options.venv.as_ref().map(Site::path);
    let is_wanted = |snapshot: &Snapshot| {
        let host = snapshot.venv.host.as_str();
        let of_host = match &hosts {
            Some(hosts) => hosts.contains(host),
            None => path.is_none() || host == context.host,
        };
        of_host
            && path.is_none_or(|path| snapshot.venv.path() == path)
            && (options.role.is_none() || options.role == snapshot.role)
    };
    let pins: std::collections::HashSet<SnapshotId> = store.snapshots.pins()?.into_iter().collect();
    let listed = |chosen: Chosen| Listed {
        pinned: pins.contains(&chosen.id),
        chosen,
    };
    let wanted = catalog.snapshots.iter();
    let wanted = wanted.filter(|(_, snapshot)| is_wanted(snapshot));
    let snapshots: Vec<Listed> = wanted.map(chosen).map(listed).collect();
    let venv = options.venv.as_ref().map(|site| context.venv_id(site));
    let elsewhere = venv
        .as_ref()
        .filter(|_| snapshots.is_empty() && hosts.is_none());
    let damaged = catalog
        .damaged
        .iter()
        .map(|(name, error)| (name.clone(), error.to_string()))
        .collect();
    Ok(Listing {
        host: context.host.clone(),
        snapshots,
        damaged,
        omitted: 0,
        elsewhere: elsewhere.map_or_else(Vec::new, |venv| catalog.on_other_hosts(venv)),
    })
}

/// One snapshot with what is known of it.
#[derive(Debug)]
pub struct ShowOutcome {
    /// The snapshot.
    pub listed: Listed,
    /// What the snapshot knows beyond bytes: its audit, or what the restore found that saved it. Empty if it knows
    /// nothing.
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
    let chosen = catalog.find_to_read(name, venv.as_ref())?;
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

/// No document is longer, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;

/// Reads a document; none where it cannot be read, for callers who can do without and need not say so.
pub(super) fn readable(store: &Store, id: Digest) -> Option<Document> {
    let bytes = store.objects.read_at_most(&id, DOCUMENT_BYTES_MAX);
    serde_json::from_slice(&bytes.ok()?).ok()
}

/// What a snapshot knows beyond bytes. A document that makes no sense is warned of and left out: the tree does not need
/// it.
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
        let warning = SnapshotWarning::PackagesUnread {
            id: chosen.id,
            cause: &error,
        };
        context.monitor.warn(warning.into());
        Ok(Document::default())
    })
}
