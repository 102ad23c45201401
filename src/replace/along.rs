//! Where only a part is replaced by an exchange, what came or changed outside of it since the tree was read goes along
//! into the new tree: nobody asked for that to be replaced.

use std::collections::{BTreeMap, HashSet};

use super::disk::staging::Staging;
use super::error::Error;
use super::goal::Goal;
use super::merge::regrouped;
use super::observed::Observed;
use super::reused::Reused;
use super::route::Route;
use super::verified::Verified;
use super::workspace::go_on;
use crate::disk::remove::{Names, remove_held};
use crate::model::{Entry, Manifest, Node, RelPath};
use crate::monitor::{Monitor, Status};

/// How often a tree is staged anew whose other parts go on to change. What changes later is named after the exchange.
const ATTEMPTS: usize = 2;

impl Verified<'_> {
    /// Stages the tree anew while something outside of the part is not as it was read.
    pub(super) fn take_along(&mut self, monitor: &dyn Monitor) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let staged = &self.staged;
            let is_kept = staged.plan.keeper.receipt().incident.is_some();
            let part = staged.plan.live.as_ref();
            let Some(live) = part.filter(|_| staged.plan.how.part && is_kept) else {
                return Ok(());
            };
            let by_name = staged.plan.route.is_by_name();
            if !by_name || !Observed::read(staged, live).moved(&live.root)? {
                return Ok(());
            }
            go_on(monitor)?;
            monitor.status(Status::StagedAnew);
            self.stage_anew(monitor)?;
        }
        Ok(())
    }

    /// Throws away what is staged, reads the tree once more, keeps what changed in it, and stages all of it.
    fn stage_anew(&mut self, monitor: &dyn Monitor) -> Result<(), Error> {
        let staged = &mut self.staged;
        // The links of ours go first: to whoever reads the tree now they would be names elsewhere.
        staged.reused = Reused::default();
        let space = &mut staged.space;
        let name = space.work.staging();
        remove_held(
            &space.work.dir,
            name.as_bytes(),
            space.staging.root(),
            &Names::default(),
        )?;
        space.staging = Staging::create(&space.work)?;
        staged.fit.forget();
        let Some(live) = &staged.plan.live else {
            return Ok(());
        };
        let scan = Observed::read(staged, live)
            .add_to(staged.plan.keeper, &live.root, monitor)
            .map_err(|error| Error::NotKept(Box::new(error)))?;
        let plan = &mut staged.plan;
        if let (Some(live), Some(scan)) = (&mut plan.live, scan) {
            plan.goal = along(&plan.goal, live.scan.manifest(), scan.manifest());
            live.scan = scan;
        }
        // What came may be nothing that can be built a second time.
        plan.route = Route::choose(&plan.place, &plan.goal, plan.live.as_ref(), plan.how);
        staged.build_all(monitor)?;
        self.check(monitor)?;
        Ok(self.staged.space.staging.sync()?)
    }
}

/// A goal of which a part is replaced, where the rest of the tree was `before` when the goal was made, and is otherwise
/// `now`. Something that came into a directory of which nothing is to stay has no place there.
fn along(goal: &Goal, before: &Manifest, now: &Manifest) -> Goal {
    let is_part = |entry: &&Entry| !goal.stays.contains(&entry.path);
    let goes = |path: &RelPath| before.get(path).is_some() && goal.manifest.get(path).is_none();
    let mut late = goal.late.clone();
    let mut merged: BTreeMap<RelPath, (Entry, bool)> = BTreeMap::new();
    for entry in now.entries() {
        let path = &entry.path;
        let is_other = goal.stays.contains(path) || goal.manifest.get(path).is_none();
        if is_other && !goes(path) {
            if before.get(path) != Some(entry) {
                late.insert(path.clone());
            }
            merged.insert(path.clone(), (entry.clone(), false));
        }
    }
    for entry in goal.manifest.entries().iter().filter(is_part) {
        for dir in std::iter::successors(entry.path.parent(), RelPath::parent) {
            let is_there = merged
                .get(&dir)
                .is_some_and(|(above, _)| above.node == Node::Dir);
            if let Some(above) = goal.manifest.get(&dir).filter(|_| !is_there) {
                merged.insert(dir, (above.clone(), true));
            }
        }
        merged.insert(entry.path.clone(), (entry.clone(), true));
    }
    let mut dirs: HashSet<RelPath> = HashSet::new();
    merged.retain(|path, (entry, _)| {
        let has_place = path.parent().is_none_or(|above| dirs.contains(&above));
        if has_place && entry.node == Node::Dir {
            dirs.insert(path.clone());
        }
        has_place
    });
    let stays = merged.values().filter(|(_, is_part)| !is_part);
    let stays = stays.map(|(entry, _)| entry.path.clone()).collect();
    Goal {
        manifest: regrouped(merged),
        stays,
        late,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Meta};

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    /// Directories end with a slash; of files the content stands after an equals sign, of links the first name after
    /// an at sign.
    fn tree(texts: &[&str]) -> Manifest {
        let entries = texts.iter().map(|text| {
            let (name, content) = text.split_once('=').unwrap_or((text, ""));
            let (content, link_to) = match content.split_once('@') {
                Some((content, first)) => (content, Some(path(first))),
                None => (content, None),
            };
            let node = if name.ends_with('/') || name.is_empty() {
                Node::Dir
            } else {
                Node::File {
                    size: content.len() as u64,
                    digest: Digest::of(content.as_bytes()),
                    link_to,
                }
            };
            Entry {
                path: path(name.trim_end_matches('/')),
                meta: Meta::default(),
                node,
            }
        });
        Manifest::new(entries.collect())
    }

    fn goal(stays: &[&str], part: &[&str]) -> Goal {
        let rest = tree(stays);
        let entries = tree(&[stays, part].concat());
        Goal {
            stays: rest.entries().iter().map(|one| one.path.clone()).collect(),
            manifest: entries,
            late: HashSet::new(),
        }
    }

    #[test]
    fn what_is_no_part_is_as_it_is_now_and_the_part_as_it_was_wanted() {
        let before = tree(&["", "bin/", "bin/extra=x", "lib/", "lib/a=1", "lib/b=1"]);
        let goal = goal(&["", "bin/", "lib/", "lib/a=1", "lib/b=1"], &["bin/tool=t"]);
        let now = tree(&[
            "",
            "bin/",
            "bin/extra=x",
            "bin/tool=broken",
            "lib/",
            "lib/a=2",
            "lib/c=3",
            "lib/d=3@lib/c",
        ]);
        let new = along(&goal, &before, &now);
        let wanted = [
            "",
            "bin/",
            "bin/tool=t",
            "lib/",
            "lib/a=2",
            "lib/c=3",
            "lib/d=3@lib/c",
        ];
        assert_eq!(new.manifest, tree(&wanted));
        assert!(!new.stays.contains(&path("bin/tool")) && new.stays.contains(&path("lib/c")));
        let late: HashSet<RelPath> = ["lib/a", "lib/c", "lib/d"].map(path).into();
        assert_eq!(new.late, late);
        // A second time nothing is late any more that was not before.
        let again = along(&new, &now, &now);
        assert_eq!((again.manifest, again.late), (new.manifest, late));
    }

    #[test]
    fn the_part_keeps_the_directories_that_it_needs_and_what_goes_keeps_nothing() {
        let before = tree(&["", "lib/", "lib/old/", "lib/old/x=x"]);
        let goal = goal(&["", "lib/"], &["lib/a/", "lib/a/b=b"]);
        let now = tree(&["", "lib=a file", "lib/old/new=n"]);
        let wanted = ["", "lib/", "lib/a/", "lib/a/b=b"];
        assert_eq!(along(&goal, &before, &now).manifest, tree(&wanted));
        let now = tree(&["", "lib/", "lib/old/", "lib/old/new=n"]);
        assert_eq!(along(&goal, &before, &now).manifest, tree(&wanted));
    }
}
