//! What stands there and no snapshot keeps, so that a restore would lose it: told before anything is exchanged.

use super::target::Target;
use super::{Refusal, Run};
use rustix::io::Errno;

use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::disk::symlinks::{self, Links};
use crate::model::shortfall::Shortfall;
use crate::model::{Entry, Lack, Manifest, Node, RelPath};
use crate::ops::error::Error;
use crate::replace::{Live, Owners, stands};
use crate::tree::Site;
use crate::tree::scan::Scan;

impl Run<'_> {
    /// Notes what of the tree that stands there would be lost where something is replaced, and fails where nobody said
    /// that it may.
    pub(super) fn admit_losses(
        &mut self,
        live: &Live,
        place: &Site,
        (in_place, differs): (bool, bool),
        goal: &Manifest,
    ) -> Result<(), Error> {
        if !differs && !self.options.force {
            return Ok(());
        }
        admit_links(place, goal, live.scan.manifest())?;
        let losses = losses(&live.scan, &place.open_parent()?, in_place)?;
        if let Some(path) = shut(goal, live.scan.manifest()) {
            let path = live.root.shown(path);
            return Err(PathError::new("replace", &path, Errno::ACCESS).into());
        }
        self.admit(losses, goal, live.scan.manifest())
    }

    /// The target with the attributes that come of directories which this user cannot change, or not as is wanted.
    /// What of that matters is noted; the time of such a directory changes with what is replaced in it.
    pub(super) fn leave_foreign(&mut self, target: Target, live: &Manifest) -> Target {
        let me = Owners::of_process();
        let known = &mut self.known;
        target.map(|manifest| {
            let mut entries = manifest.into_entries();
            let dirs = entries.iter_mut().filter(|entry| entry.node == Node::Dir);
            for entry in dirs.filter(|entry| stands(entry, live)) {
                let there = live.get(&entry.path);
                let Some(held) = there.and_then(|there| me.held(&entry.meta, &there.meta)) else {
                    continue;
                };
                entry.meta.mtime = held.mtime;
                if !entry.meta.agrees_with(&held) {
                    known.add(Lack::Foreign, &entry.path);
                }
                entry.meta = held;
            }
            Manifest::new(entries)
        })
    }

    /// Notes losses that are known, and owners of the new tree, which only root could give.
    pub(super) fn admit(
        &mut self,
        losses: Shortfall,
        goal: &Manifest,
        live: &Manifest,
    ) -> Result<(), Error> {
        self.known = std::mem::take(&mut self.known).with(losses.clone());
        let owners = foreign(goal, live);
        if self.options.dry_run {
            self.known = std::mem::take(&mut self.known).with(owners);
            return Ok(());
        }
        let losses = losses.with(owners).into_left_out();
        if losses.is_empty() || self.options.yes {
            return Ok(());
        }
        Err(Error::Losses(losses))
    }
}

/// Fails where symbolic links would have to be made, and the file system at the place knows none or hides them: no venv
/// works without those that it had. A dry run asks the same.
pub(super) fn admit_links(place: &Site, goal: &Manifest, live: &Manifest) -> Result<(), Error> {
    let is_link = |entry: &&Entry| matches!(entry.node, Node::Symlink(_));
    let is_made = |entry: &&Entry| {
        let there = live.get(&entry.path);
        there.is_none_or(|there| there.node != entry.node)
    };
    let made = || goal.entries().iter().filter(is_link).filter(is_made);
    let links = made().count();
    let is_absolute =
        |entry: &&Entry| matches!(&entry.node, Node::Symlink(to) if to.starts_with(b"/"));
    let absolute = made().filter(is_absolute).count();
    // Where one link stands, others can, unless those with an absolute path are hidden.
    let stand = || live.entries().iter().any(|entry| is_link(&entry));
    if links == 0 || absolute == 0 && stand() {
        return Ok(());
    }
    let at = place.path().to_owned();
    match symlinks::tried(&place.open_parent()?) {
        Links::Unknown => Err(Refusal::NoLinks { place: at, links }.into()),
        Links::Hidden if absolute > 0 => Err(Refusal::HiddenLinks(at).into()),
        Links::Hidden | Links::Known => Ok(()),
    }
}

/// The owners of what would be made anew, where this user cannot give it to them.
fn foreign(goal: &Manifest, live: &Manifest) -> Shortfall {
    let mut owners = Shortfall::default();
    let me = Owners::of_process();
    for entry in goal
        .entries()
        .iter()
        .filter(|entry| !me.may_give(&entry.meta))
    {
        let is_made = !matches!(entry.node, Node::Special(_) | Node::Unreadable(_));
        if is_made && !stands(entry, live) {
            let of = (entry.meta.uid, entry.meta.gid);
            owners.add(Lack::Owner { of, held: me.own() }, &entry.path);
        }
    }
    owners
}

/// What would have to be replaced in a directory of somebody else, in which this user may not write.
fn shut<'a>(goal: &'a Manifest, live: &Manifest) -> Option<&'a RelPath> {
    let me = Owners::of_process();
    let is_shut = |entry: &&Entry| {
        let holder = entry.path.parent();
        let holder = holder.and_then(|dir| live.get(&dir));
        let holder = holder.filter(|holder| holder.node == Node::Dir);
        holder.is_some_and(|holder| !me.may_write(&holder.meta)) && !stands(entry, live)
    };
    let mut made = goal.entries().iter().filter(is_shut);
    made.next().map(|entry| &entry.path)
}

/// Finds flags of files and directories that would keep them from being replaced. If the tree is exchanged, also finds
/// directories that are volumes of their own: they have another device than the directory around them, and are no
/// mounts.
pub(in crate::ops) fn losses(
    scan: &Scan,
    parent: &Rooted,
    in_place: bool,
) -> Result<Shortfall, Error> {
    let mut losses = Shortfall::default();
    let above = parent.stat()?.dev;
    let tree = &scan.tree;
    for (entry, stat) in tree.iter() {
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
        let holder = holder.and_then(|dir| tree.state(&dir));
        let is_volume = stat.dev != holder.map_or(above, |holder| holder.dev);
        if !in_place && entry.node == Node::Dir && is_volume {
            losses.add(Lack::Subvolume, &entry.path);
        }
    }
    Ok(losses)
}
