//! Whether the tree that is replaced still is what was scanned.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::stage::Staged;
use crate::disk::journal::INSIDE;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk_dirs};
use crate::ops::error::Error;
use crate::ops::snapshot::Live;

/// Whether anything in the replaced tree is not as it was scanned, or taken over. Its root was renamed, which moves only its
/// change time; or our own staging lies in it, which moves more.
pub(super) fn moved(staged: &Staged<'_>, old: &Rooted, live: &Live) -> Result<bool, Error> {
    let (own, here) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let moved = AtomicBool::new(false);
    let root = OnceLock::new();
    walk_dirs(old, &|_, found| {
        for now in found {
            if now.path.as_bytes().starts_with(INSIDE.as_bytes()) {
                own.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            here.fetch_add(1, Ordering::Relaxed);
            if now.path.is_root() {
                let _ = root.set(now.stat);
            } else if !held_still(staged, live, &now) {
                moved.store(true, Ordering::Relaxed);
            }
        }
    })?;
    let is_root = |now: &Stat| {
        let mut then = live.scan.stats.first().copied().unwrap_or(*now);
        then.ctime = now.ctime;
        if own.load(Ordering::Relaxed) > 0 {
            (then.mtime, then.size) = (now.mtime, now.size);
        }
        now.same_state(&then)
    };
    let all = here.into_inner() == live.scan.stats.len() && root.get().is_some_and(is_root);
    Ok(!all || moved.into_inner())
}

/// Whether an entry of the replaced tree is in the state in which it was scanned, or taken over.
fn held_still(staged: &Staged<'_>, live: &Live, now: &Found) -> bool {
    let scanned = live.scan.manifest.position(&now.path);
    let Some(then) = scanned.and_then(|at| live.scan.stats.get(at)) else {
        return false;
    };
    let taken = staged.taken.of(&staged.plan.target.manifest, &now.path);
    // The change time of a file that was linked moved with the link.
    let linked = taken.filter(|taken| taken.same_inode(then));
    now.stat.same_state(linked.unwrap_or(then))
}
