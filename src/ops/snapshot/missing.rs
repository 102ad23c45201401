//! What the store lacks is taken from a live tree that still has it.

use super::draft::encode;
use super::intake::Intake;
use crate::model::Document;
use crate::monitor::SnapshotWarning;
use crate::ops::audit::Audited;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::{Digests, Store};
use crate::tree::Site;
use crate::tree::stat_cache::StatCache;

/// Stores of a live tree what is wanted and nothing else. Returns how many objects were stored; a tree that cannot be
/// read gives none.
pub(in crate::ops) fn store_missing(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    wanted: Digests,
) -> Result<u64, Error> {
    let Ok(root) = site.open() else {
        return Ok(0);
    };
    let intake = Intake::with_hashes(store.packer(context.monitor)?.only(wanted));
    let scan = match intake.scan(&root, &StatCache::default(), context.monitor) {
        Ok(scan) => scan,
        Err(error @ (Error::Interrupted | Error::Store(_))) => return Err(error),
        Err(error) => {
            context.monitor.warn(SnapshotWarning::NoHelp(&error).into());
            return Ok(0);
        }
    };
    intake.packer.add_forest(scan.manifest())?;
    // A document may be missing too, and the audit of an unchanged venv is the same to the byte.
    let audited = Audited {
        root: &root,
        scan: &scan,
        hashes: intake.hashes.as_ref(),
    };
    let audit = audited.audit(&audited.dists(), &audited.interpreter());
    let document = Document {
        audit: Some(audit),
        ..Document::default()
    };
    intake.packer.add_document(encode(context, &document)?)?;
    Ok(intake.packer.finish()?.objects)
}
