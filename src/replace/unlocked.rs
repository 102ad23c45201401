//! Takes flags off what stands there that would keep it from being replaced or removed (`chattr +i`, `+a`). That they
//! are lost was said before.

use super::plan::Live;
use crate::disk::PathError;
use crate::disk::flags::take_off;
use crate::disk::stat::Stat;

impl Live {
    /// Takes off all of them, right before the tree is replaced. What was read stays true of it. Tells the first that
    /// could not be had: only root may, and not in every container.
    pub(super) fn unlock(&mut self) -> Result<(), PathError> {
        let mut failed = None;
        let entries = self.scan.manifest.entries().iter();
        for (entry, stat) in entries.zip(&mut self.scan.stats) {
            let is_locked = stat.immutable || stat.append_only;
            if !is_locked || stat.mount_root {
                continue;
            }
            match take_off(&self.root, &entry.path) {
                Ok(now) => {
                    let freed = Stat {
                        ctime: now.ctime,
                        immutable: false,
                        append_only: false,
                        ..*stat
                    };
                    if now.same_state(&freed) {
                        *stat = freed;
                    }
                }
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}
