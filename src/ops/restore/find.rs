//! What differs between the snapshot and the live tree, in the words of packages, and which part of it is to be
//! restored.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::asked::Asked;
use super::contents;
use super::select::Selection;
use super::target::Target;
use super::{Part, Run};
use crate::diagnose::Packages;
use crate::model::shortfall::meet;
use crate::model::{
    Change, Class, Diagnosis, Digest, IncidentReport, Kind, Manifest, PackageChange, PackageState,
    RelPath, Seen, Sighting,
};
use crate::monitor::RestoreWarning;
use crate::ops::behind::{self, Unchanged};
use crate::ops::clues::from_changes;
use crate::ops::error::Error;
use crate::ops::followed::{as_linked, tell, was_followed};
use crate::ops::lacks::{known, of_every_place};
use crate::ops::packages::{Installed, classify, is_saved};
use crate::ops::sharers::{Places, of_changes};
use crate::ops::sides::{Depth, Sides};
use crate::ops::sightings::sightings;
use crate::python::dist::normalized;
use crate::replace::{Live, Specials};
use crate::tree::Site;

/// What a comparison of the snapshot with the live tree came to.
pub(super) struct Found {
    pub(super) target: Target,
    pub(super) changes: Vec<Change>,
    /// How many files and links stand as they were saved and are to be adapted to the place.
    pub(super) adapting: u64,
    pub(super) report: IncidentReport,
    /// Packages that stay damaged.
    pub(super) left: Vec<PackageChange>,
    /// The paths that were asked for, but that the snapshot does not have and for which nothing stands in the live
    /// tree.
    pub(super) lacking: Vec<RelPath>,
}

impl Found {
    /// Where all of the snapshot is restored.
    fn whole(
        target: Target,
        live: &Live,
        (changes, adapting): (Vec<Change>, u64),
        report: IncidentReport,
    ) -> Self {
        Self {
            lacking: target.lacking(live.scan.manifest()).cloned().collect(),
            target,
            changes,
            adapting,
            report,
            left: Vec::new(),
        }
    }
}

/// What is kept of an incident, beside the state that was replaced.
fn report(
    changes: &[Change],
    packages: Vec<PackageChange>,
    diagnosis: Vec<Diagnosis>,
) -> IncidentReport {
    let changes = changes
        .iter()
        .filter(|change| change.class != Class::Noise)
        .map(|change| Seen {
            path: change.path.clone(),
            kind: change.kind,
            class: change.class,
            left: false,
            package: change.package.clone(),
            shared_with: change
                .detail
                .sharing
                .as_ref()
                .and_then(|one| one.shared_with.clone()),
        })
        .collect();
    IncidentReport {
        changes,
        packages,
        diagnosis,
        part: None,
    }
}

impl Run<'_> {
    /// Where others may share the damage.
    fn places<'a>(&'a self, place: &'a Site) -> Places<'a> {
        Places {
            context: self.context,
            store: Some(self.store),
            own: place.path(),
            caches: &self.options.caches,
        }
    }

    /// Adds damage behind links to the changes. No restore of a link mends that: a heal leaves it and names it.
    fn look_behind(&self, live: &Live, changes: &mut Vec<Change>) {
        let unchanged = match self.options.part {
            Part::Heal => Unchanged::Counts,
            Part::Whole | Part::Only(_) => Unchanged::Passes,
        };
        behind::changes(&live.root, &live.scan, unchanged, changes);
    }

    fn tell_followed(&self, changes: &mut [Change], live: &Live, place: &Site) {
        let followed = || was_followed(self.store, &self.chosen.snapshot);
        tell(changes, live.scan.manifest(), place.path(), followed);
    }

    /// What a guard saw done to the place.
    fn seen(&self, place: &Site) -> Vec<Sighting> {
        let expected = &self.chosen.snapshot;
        sightings(self.context, Some(self.store), place, Some(expected))
    }

    /// Compares the snapshot with the live tree, decides what is to be restored, and what is to be told of it.
    pub(super) fn diff(&self, target: Target, live: &Live, place: &Site) -> Result<Found, Error> {
        let adapted = target.rewritten.clone();
        let sides = |expected| Sides {
            store: self.store,
            expected,
            actual: live.scan.manifest(),
            live: Some(&live.root),
            adapted: &adapted,
        };
        let whole = sides(&target.manifest);
        let (mut changes, adapting) = target.adapting(whole.changes(Depth::Kind)?, live);
        let stop = || self.context.monitor.cancelled();
        whole.condemn_stale(&mut changes, &live.scan.tree, &stop);
        self.context.go_on()?;
        self.look_behind(live, &mut changes);
        self.tell_followed(&mut changes, live, place);
        if self.options.part.is_whole() && changes.iter().all(|change| change.class == Class::Noise)
        {
            let nothing = IncidentReport::default();
            return Ok(Found::whole(target, live, (changes, adapting), nothing));
        }
        let before = self.names(place);
        let installed = Installed::read(&whole, &before, place.path());
        let packages = installed.compare(&whole);
        let states = classify(&whole, &packages, &mut changes);
        of_changes(&mut changes, &live.scan, &self.places(place));
        let seen = self.seen(place);
        let caches = &self.options.caches;
        let diagnosis = from_changes(&whole, &installed, &changes, None, caches, &seen);
        let mut report = report(&changes, states, diagnosis);
        let selection = Selection::select(
            &self.options.part,
            &target.manifest,
            live.scan.manifest(),
            &packages,
            &changes,
            &|row| target.has(row).unwrap_or_else(|| is_saved(&whole, row)),
            self.chosen.snapshot.baseline,
        )?;
        let Some(selection) = selection else {
            return Ok(Found::whole(target, live, (changes, adapting), report));
        };
        self.narrow(&mut report, &selection);
        if self.options.part == Part::Heal {
            self.tell_missing(&report.packages);
        }
        let lacking = self.lacking(&target, live, &selection, &packages);
        let target = self.narrowed(&target, live, &packages, &changes, &selection, &before)?;
        let classes = changes.into_iter().map(|one| (one.path.clone(), one));
        let classes: HashMap<RelPath, Change> = classes.collect();
        let narrowed = sides(&target.manifest).changes(Depth::Kind)?;
        let (mut changes, adapting) = target.adapting(narrowed, live);
        self.tell_followed(&mut changes, live, place);
        // A file that stays may lose a hard link to a file that is restored; nothing else changes in it.
        changes.retain(|change| change.kind != Kind::Link || !target.stays.contains(&change.path));
        for change in &mut changes {
            if let Some(known) = classes.get(&change.path) {
                (change.class, change.package) = (known.class, known.package.clone());
                change.detail = known.detail.clone();
            }
        }
        Ok(Found {
            target,
            changes,
            adapting,
            report,
            left: selection.left,
            lacking,
        })
    }
}

impl Run<'_> {
    /// The paths of the part that is asked for which the snapshot does not have and for which nothing stands in the
    /// live tree. Only RECORD may know whose they are.
    fn lacking(
        &self,
        target: &Target,
        live: &Live,
        selection: &Selection,
        packages: &Packages<'_>,
    ) -> Vec<RelPath> {
        let is_asked = |path: &&RelPath| match &self.options.part {
            Part::Whole | Part::Heal => true,
            Part::Only(names) => {
                let mut names = names.iter().map(|name| normalized(name));
                let owner = packages.owner(path);
                selection.has(path) || owner.is_some_and(|owner| names.any(|name| name == owner))
            }
        };
        let lacking = target.lacking(live.scan.manifest());
        lacking.filter(is_asked).cloned().collect()
    }

    /// The target without what a restore makes only when asked for, which is noted.
    pub(super) fn admitted(&mut self, target: Target, specials: &Specials<'_>) -> Target {
        let known = &mut self.known;
        target.map(|manifest| {
            let (admitted, left) = specials.admitted(manifest);
            *known = std::mem::take(known).with(left);
            admitted
        })
    }

    /// The target without what the place is known not to hold, as far as the live tree lacks it too. A forced restore
    /// tries all of it once more.
    pub(super) fn meet(
        &mut self,
        target: Target,
        live: &Live,
        place: &Site,
    ) -> Result<Target, Error> {
        let (target, mounts) = target.leaving_mounts(live.scan.manifest());
        let here = of_every_place(&target.manifest);
        self.known = mounts;
        if self.options.force {
            let known = &mut self.known;
            return Ok(target.map(|manifest| {
                let (met, left) = meet(manifest, live.scan.manifest(), &here);
                *known = std::mem::take(known).with(left);
                met
            }));
        }
        let venv = self.context.venv_id(place);
        let mut lacks = known(self.context, self.store, &venv, &live.root, &self.chosen.id)?;
        lacks.extend(here);
        let followed = || was_followed(self.store, &self.chosen.snapshot);
        let known = &mut self.known;
        Ok(target.map(|manifest| {
            let (met, left) = meet(manifest, live.scan.manifest(), &lacks);
            *known = std::mem::take(known).with(left);
            // A link that leads to what was saved in its place is as good as the content.
            as_linked(met, live.scan.manifest(), place.path(), followed)
        }))
    }

    /// Narrows the target to what is chosen, and proves that it is what was asked for.
    fn narrowed(
        &self,
        whole: &Target,
        live: &Live,
        packages: &Packages<'_>,
        changes: &[Change],
        selection: &Selection,
        place: &Path,
    ) -> Result<Target, Error> {
        let goal = whole.narrow(live.scan.manifest(), selection);
        let asked = Asked {
            store: self.store,
            whole,
            packages,
            changes,
            told: [&selection.whole, &selection.left],
            place,
        };
        asked.prove(&self.options.part, &goal.manifest)?;
        Ok(goal)
    }

    /// What the tree shall be, as far as a snapshot has it.
    pub(super) fn load(&self, place: &Site, live: Option<&Manifest>) -> Result<Target, Error> {
        Target::load(
            self.store,
            &self.chosen,
            place,
            self.options,
            live,
            &self.lost.objects,
            self.context.monitor,
        )
    }

    /// For a dry run: fails if the store has lost something that is needed, which would come out only in writing.
    pub(super) fn foretell(&self, target: &Target, changes: &[Change]) -> Result<(), Error> {
        let written = changes.iter().map(|change| &change.path);
        let written = written.filter(|path| !target.rewritten.contains_key(*path));
        let needed = written.filter_map(|path| Some((target.manifest.get(path)?.digest()?, path)));
        let needed: Vec<(Digest, &RelPath)> = needed.collect();
        let lost = self
            .store
            .objects
            .unreadable(needed.iter().map(|(id, _)| *id));
        match needed.iter().find(|(id, _)| lost.contains(id)) {
            Some((id, path)) => Err(contents::lost(id, path).into()),
            None => Ok(()),
        }
    }

    /// The place that the files of the new tree name: the new one, unless every byte is kept.
    fn names(&self, place: &Site) -> PathBuf {
        if self.options.exact {
            self.chosen.snapshot.venv.path()
        } else {
            place.path().to_owned()
        }
    }

    /// Notes which part is restored, and tells what a person may not expect of it.
    fn narrow(&self, report: &mut IncidentReport, selection: &Selection) {
        report.part = Some(self.options.part.flags());
        for seen in &mut report.changes {
            // A package that comes back as a whole gets all its files, also those that were never written.
            let of_whole = |package: &PackageChange| Some(&package.name) == seen.package.as_ref();
            let is_whole = selection.whole.iter().any(of_whole);
            seen.left = !selection.has(&seen.path) && !is_whole;
        }
        for package in &selection.whole {
            let warning = RestoreWarning::TakenBack(package);
            self.context.monitor.warn(warning.into());
        }
    }

    /// Names the packages that are gone as a whole: healing takes that for what somebody wanted, and it may not have
    /// been.
    fn tell_missing(&self, packages: &[PackageChange]) {
        let gone = packages
            .iter()
            .filter(|package| package.state == PackageState::Removed)
            .map(|package| package.name.as_str());
        let gone: Vec<&str> = gone.collect();
        if !gone.is_empty() {
            let warning = RestoreWarning::LeftGone(&gone);
            self.context.monitor.warn(warning.into());
        }
    }
}
