//! What stands there and no snapshot keeps, so that a restore would lose it: told before anything is exchanged.

use super::Run;
use crate::disk::rooted::Rooted;
use crate::model::shortfall::Shortfall;
use crate::model::{Lack, Node};
use crate::ops::error::Error;
use crate::replace::Live;
use crate::tree::Site;

impl Run<'_> {
    /// Notes what would be lost, where something is replaced. Fails where nobody said that it may.
    pub(super) fn admit_losses(
        &mut self,
        live: &Live,
        place: &Site,
        in_place: bool,
        differs: bool,
    ) -> Result<(), Error> {
        if !differs && !self.options.force {
            return Ok(());
        }
        let losses = losses(live, &place.open_parent()?, in_place)?;
        self.known = std::mem::take(&mut self.known).with(losses.clone());
        let losses = losses.into_left_out();
        if losses.is_empty() || self.options.dry_run || self.options.yes {
            return Ok(());
        }
        Err(Error::Losses(losses))
    }
}

/// Flags of files and directories, which would keep them from being replaced; and, where the tree is exchanged, that
/// directories are volumes of their own: these have another device than what holds them, and are no mounts.
fn losses(live: &Live, parent: &Rooted, in_place: bool) -> Result<Shortfall, Error> {
    let mut losses = Shortfall::default();
    let above = parent.stat()?.dev;
    let (manifest, stats) = (&live.scan.manifest, &live.scan.stats);
    for (entry, stat) in manifest.entries().iter().zip(stats) {
        if stat.mount_root {
            continue;
        }
        if stat.immutable {
            losses.add(Lack::Immutable, &entry.path);
        }
        if stat.append_only {
            losses.add(Lack::AppendOnly, &entry.path);
        }
        let holder = entry.path.parent();
        let holder = holder.and_then(|dir| stats.get(manifest.position(&dir)?));
        let is_volume = stat.dev != holder.map_or(above, |holder| holder.dev);
        if !in_place && entry.node == Node::Dir && is_volume {
            losses.add(Lack::Subvolume, &entry.path);
        }
    }
    Ok(losses)
}
