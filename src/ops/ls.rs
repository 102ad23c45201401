//! `ls`: what a snapshot holds.

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::lookup::{choose_to_read, read_tree};
use crate::model::{Entry, RelPath, SnapshotRef};
use crate::tree::Site;

/// The entries of a snapshot.
#[derive(Debug)]
pub struct LsOutcome {
    /// The snapshot.
    pub chosen: Chosen,
    /// In the order of paths.
    pub entries: Vec<Entry>,
}

/// Lists what lies at or below a path of a snapshot.
pub fn ls(
    context: &Context<'_>,
    name: &SnapshotRef,
    below: &RelPath,
    site: Option<&Site>,
) -> Result<LsOutcome, Error> {
    let (store, chosen) = choose_to_read(context, name, site)?;
    let manifest = read_tree(context, &store, &chosen)?;
    let is_all_of_nothing = below.is_root() && !chosen.holds_a_tree();
    if manifest.get(below).is_none() && !is_all_of_nothing {
        return Err(Error::NoSuchPath {
            id: chosen.id,
            path: below.to_string(),
        });
    }
    let entries = manifest
        .into_entries()
        .into_iter()
        .filter(|entry| entry.path.is_within(below))
        .collect();
    Ok(LsOutcome { chosen, entries })
}
