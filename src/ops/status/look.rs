//! A look at one venv: by its states first, and by what changed where they differ from those of the last look.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;

use super::seen::{Compared, Row, Seen, Verdict, had_python};
use super::{Cause, Health, StatusOptions, VenvStatus, Why, is_absent, newest_baseline};
use crate::disk::mapped::Mappings;
use crate::disk::rooted::Rooted;
use crate::model::{Change, Class, Kind, Node, Purpose, VenvId};
use crate::ops::chosen::Chosen;
use crate::ops::context::Context;
use crate::ops::diff::{DiffOptions, DiffOutcome, diff_venv};
use crate::ops::error::{Error, reason};
use crate::ops::list::readable;
use crate::ops::restore::{Wish, recover_beside};
use crate::python::interpreter::identity;
use crate::store::{Catalog, Store};
use crate::tree::Site;
use crate::tree::fingerprint::Glance;

/// A venv is looked at so often at most, where another tree takes its place each time.
const LOOKS: usize = 5;

/// Who looks.
pub(super) struct Looker<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) store: &'a Store,
    pub(super) catalog: &'a Catalog,
    pub(super) mappings: Mappings,
    pub(super) options: &'a StatusOptions,
}

/// What a look told.
#[derive(Default)]
struct Told {
    compared: Option<Compared>,
    verdict: Option<Verdict>,
    why: Option<Why>,
    incomplete: bool,
    size: Option<(u64, u64)>,
}

impl Looker<'_> {
    /// Looks at what stands at a path, and gives the row that the index shall keep of it, where that is a new one.
    pub(super) fn look(&self, path: &Path) -> Result<(VenvStatus, Option<Row>), Error> {
        let venv = VenvId::new(&self.context.host, path);
        let baseline = newest_baseline(self.catalog, &venv);
        let before = Seen::load(self.context, self.store, &venv);
        let known = before.as_ref().and_then(|seen| seen.compared.as_ref());
        let look = || self.told(path, &venv, baseline.as_ref(), known);
        let told = match settled(path, look) {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => Told {
                why: Some(Why::Failed(reason(&error))),
                ..Told::default()
            },
            Ok(told) => told,
        };
        let health = told.health();
        let since = self.since(&venv, health, before.as_ref(), baseline.as_ref());
        let seen = Seen {
            health,
            since,
            compared: told.compared.or_else(|| known.cloned()),
        };
        let is_none = matches!(told.why, Some(Why::NoVenv | Why::NeverThere));
        let is_new = before.as_ref() != Some(&seen) && !is_none;
        let row = is_new.then(|| seen.row(&venv));
        let verdict = told.verdict.unwrap_or_else(Verdict::sound);
        let status = VenvStatus {
            drill: None,
            venv: path.to_owned(),
            health,
            since: seen.since,
            damaged: verdict.damaged,
            drifted: verdict.drifted,
            packages: verdict.packages,
            cause: verdict.cause,
            incomplete: told.incomplete || health == Health::Unknown,
            why: told.why,
            baseline,
            files: told.size.map(|(files, _)| files),
            bytes: told.size.map(|(_, bytes)| bytes),
        };
        Ok((status, row))
    }

    /// Since when a venv stands so, as far as that is known.
    fn since(
        &self,
        venv: &VenvId,
        health: Health,
        before: Option<&Seen>,
        baseline: Option<&Chosen>,
    ) -> Timestamp {
        let same = before.filter(|seen| seen.health == health);
        if health != Health::Sound {
            return same.map_or(self.context.now, |seen| seen.since);
        }
        // A restore ended what was before it, whether that was looked at or not.
        let incidents = self.catalog.snapshots_of(venv);
        let incidents = incidents.filter(|(_, one)| one.purpose == Purpose::Incident);
        let restored = incidents.map(|(_, one)| one.created).max();
        // A venv that is sound now is as its baseline was saved. Where nobody ever saw it otherwise, it has been sound
        // since then.
        let from = match (same, before) {
            (Some(seen), _) => Some(seen.since),
            (None, Some(seen)) => {
                return restored
                    .filter(|at| *at >= seen.since)
                    .unwrap_or(self.context.now);
            }
            (None, None) => baseline.map(|saved| saved.snapshot.created),
        };
        from.max(restored).unwrap_or(self.context.now)
    }

    fn told(
        &self,
        path: &Path,
        venv: &VenvId,
        baseline: Option<&Chosen>,
        known: Option<&Compared>,
    ) -> Result<Told, Error> {
        let saves = self.catalog.saves(venv).count();
        let only = |why| Told {
            why: Some(why),
            ..Told::default()
        };
        match is_absent(path) {
            Ok(true) if saves == 0 => return Ok(only(Why::NeverThere)),
            Ok(true) => return Ok(only(Why::NothingThere)),
            Ok(false) => {}
            Err(error) => return Ok(only(Why::Failed(error.to_string()))),
        }
        let site = Site::resolve(path)?;
        if site.path() != path {
            return Ok(only(Why::Link(site.path().to_owned())));
        }
        let site = recover_beside(self.context, Wish::Look, &site)?;
        let root = match site.standing() {
            crate::tree::Standing::Directory => site.open()?,
            crate::tree::Standing::Other if saves == 0 => return Ok(only(Why::NoVenv)),
            crate::tree::Standing::Other => return Ok(only(Why::NoDirectory)),
            crate::tree::Standing::Nothing => return Ok(only(Why::NothingThere)),
        };
        let racy = self.context.racy(&root)?;
        let glance = Glance::at(&root, racy)?;
        let mut told = match baseline {
            None if saves == 0 && site.open_environment().is_err() => return Ok(only(Why::NoVenv)),
            None if saves == 0 => only(Why::NeverSaved),
            None => only(Why::NoBaseline(saves)),
            Some(baseline) => match self.unchanged(&root, baseline, &glance, known) {
                Some(known) => Told {
                    verdict: Some(known.verdict.clone()),
                    compared: Some(known.clone()),
                    ..Told::default()
                },
                None => self.compare(&site, &root, baseline, &glance)?,
            },
        };
        told.size = Some((glance.files, glance.bytes));
        let had_python = told.compared.as_ref().is_some_and(|it| it.had_python);
        if had_python && identity(&root).is_none() {
            told.why = Some(Why::NoInterpreter);
        }
        Ok(told)
    }

    /// The last comparison, where it holds: both sides are what they were, and nobody can write without a trace.
    fn unchanged<'k>(
        &self,
        root: &Rooted,
        baseline: &Chosen,
        glance: &Glance,
        known: Option<&'k Compared>,
    ) -> Option<&'k Compared> {
        let known = known.filter(|_| !self.options.full)?;
        let same =
            known.root == baseline.snapshot.root && Some(known.fingerprint) == glance.fingerprint;
        let mapped = self.mappings.within(root);
        (same && !glance.any(|dev, ino| mapped.has(dev, ino))).then_some(known)
    }

    fn compare(
        &self,
        site: &Site,
        root: &Rooted,
        baseline: &Chosen,
        before: &Glance,
    ) -> Result<Told, Error> {
        let options = DiffOptions {
            snapshot: None,
            quick: !self.options.full,
            caches: self.options.caches.clone(),
        };
        let outcome = diff_venv(self.context, site, &options)?;
        let unread = unread(&outcome);
        let verdict = verdict(&outcome);
        let told = Told {
            incomplete: outcome.incomplete(),
            why: unread.filter(|_| outcome.incomplete()),
            verdict: Some(verdict.clone())
                .filter(|verdict| !outcome.incomplete() || verdict.health == Health::Damaged),
            ..Told::default()
        };
        if told.incomplete {
            return Ok(told);
        }
        self.store.load_objects(self.context.monitor)?;
        let document = baseline.snapshot.document;
        let audit = document.and_then(|id| readable(self.store, id)?.audit);
        let after = Glance::at(root, self.context.racy(root)?)?;
        let same = before
            .fingerprint
            .filter(|_| after.fingerprint == before.fingerprint);
        let compared = same.map(|fingerprint| Compared {
            root: baseline.snapshot.root,
            fingerprint,
            had_python: audit.is_some_and(|audit| had_python(&audit)),
            verdict,
        });
        Ok(Told { compared, ..told })
    }
}

impl Told {
    fn health(&self) -> Health {
        match (&self.why, &self.verdict) {
            (Some(Why::NoInterpreter), _) => Health::Damaged,
            (Some(Why::NothingThere | Why::NoDirectory | Why::Link(_)), _) => Health::Gone,
            (Some(Why::NeverSaved | Why::NoBaseline(_)), _) => Health::Unsaved,
            (_, Some(verdict)) if !self.incomplete || verdict.health == Health::Damaged => {
                verdict.health
            }
            _ => Health::Unknown,
        }
    }
}

/// What a look tells of the tree that stands there in the end: while it looks, a restore may put another one in the
/// place, and the one that was looked at goes.
fn settled(path: &Path, look: impl Fn() -> Result<Told, Error>) -> Result<Told, Error> {
    let standing = || {
        let meta = std::fs::symlink_metadata(path).ok();
        meta.map(|meta| (meta.dev(), meta.ino()))
    };
    for _ in 1..LOOKS {
        let before = standing();
        let told = look();
        if matches!(told, Err(Error::Interrupted)) || standing() == before {
            return told;
        }
    }
    look()
}

fn verdict(outcome: &DiffOutcome) -> Verdict {
    let seen = || outcome.changes.iter().filter(|one| !is_unread(one));
    let count = |class| seen().filter(|one| one.class == class).count() as u64;
    let (damaged, drifted) = (count(Class::Damage), count(Class::Drift));
    let first = outcome.diagnosis.first();
    Verdict {
        health: match (damaged, drifted) {
            (0, 0) => Health::Sound,
            (0, _) => Health::Drifted,
            _ => Health::Damaged,
        },
        damaged,
        drifted,
        packages: outcome.packages.clone(),
        cause: first.map(|one| Cause {
            rule: one.rule.clone(),
            text: one.text.clone(),
            surety: one.surety(),
            explains: one.explains,
            of: one.of,
            unexplained: one.unexplained.clone(),
        }),
    }
}

/// What could not be read: how many entries, and the first of them.
fn unread(outcome: &DiffOutcome) -> Option<Why> {
    let unreadable = outcome.changes.iter().filter(|one| is_unread(one));
    let mut paths: Vec<_> = unreadable.map(|one| &one.path).collect();
    paths.extend(outcome.unread.iter().chain(&outcome.unstable));
    let first = paths.first()?.to_string();
    Some(Why::Unreadable(paths.len(), first))
}

/// Whether nobody could see what stands there, so that it proves nothing.
fn is_unread(change: &Change) -> bool {
    let there = change.actual.as_ref().map(|entry| &entry.node);
    change.kind == Kind::Unreadable || matches!(there, Some(Node::Unreadable(_)))
}
