//! What follows when the new tree stands at its place: late changes are kept, the old tree goes or stays, the journal
//! goes last.
//!
//! Two come here: the process that put the new tree there, and the next command after a crash. Both go the same way.

use std::path::PathBuf;

use super::contents::Contents;
use super::disk::apply::set_root_attributes;
use super::disk::journal::Workplace;
use super::disk::step::Step;
use super::disk::swap;
use super::error::{Error, Unreplaced};
use super::fresh::{copy_shared, write_afresh};
use super::keep::Lost;
use super::keeper::Keeper;
use super::names::{name_of_rest, name_to_keep};
use super::observed::{Observed, Sight};
use crate::disk::PathError;
use crate::disk::remove::{Names, remove_held, remove_tree};
use crate::disk::rooted::Rooted;
use crate::monitor::{Cause, Monitor, RecoveryWarning, RestoreWarning};

/// Who finishes a replacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// Who began it. What fails is left to the next command.
    Itself,
    /// A later command that only looks at the tree.
    Look,
    /// A later command that is about to keep and replace all that stands there: what can be put aside must not stop it.
    Replace,
}

/// Who keeps the old tree, and has the contents of the new one.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) keeper: &'a dyn Keeper,
    pub(crate) contents: &'a dyn Contents,
}

/// What is left to do, and with what.
pub(super) struct Finish<'a> {
    pub(super) who: Who,
    pub(super) work: &'a Workplace,
    /// The name of the place.
    pub(super) name: &'a [u8],
    /// The name under which the old tree stays whatever comes.
    pub(super) keep: Option<&'a str>,
    /// Whether another user began it, whose word for what is whose is not taken.
    pub(super) foreign: bool,
    /// None where nobody keeps anything of the old tree.
    pub(super) sources: Option<Sources<'a>>,
    pub(super) preserve: bool,
    pub(super) monitor: &'a dyn Monitor,
}

/// Opens the new tree. What cannot be opened is told by whoever needs it.
pub(super) type OpenNew<'a> = dyn Fn() -> Result<Rooted, Error> + 'a;

/// The old tree, under the name that it has after the exchange.
pub(super) struct Old<'a> {
    pub(super) name: &'a str,
    /// Held open; none where it is no directory.
    pub(super) tree: Option<Rooted>,
    /// What is known of it, or why nothing is.
    pub(super) observed: Result<Observed<'a>, Lost>,
}

impl Finish<'_> {
    /// After an exchange: sees to it that nothing is lost with the old tree, and that nothing of it gets into the new
    /// one; then it goes, or stays under a name, which is returned. `end` comes after it.
    pub(super) fn exchange(
        &self,
        old: Old<'_>,
        new: &OpenNew<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let Old {
            name,
            tree,
            observed,
        } = old;
        let (observed, unknown) = match observed {
            Ok(observed) => (Some(observed), None),
            Err(lost) => (None, Some(lost)),
        };
        let lost = match (&tree, self.sources, &observed) {
            // Nobody keeps what is no directory.
            (None, _, _) => Some(Lost::All),
            (Some(tree), None, _) => (!self.is_vacated(tree)).then_some(Lost::All),
            (Some(_), Some(_), None) => unknown,
            (Some(tree), Some(sources), Some(observed)) => {
                self.secure(sources, observed, (tree, new))?
            }
        };
        let kept = match (self.keep, lost) {
            (Some(keep), _) => Some(keep.to_owned()),
            (None, Some(lost)) => {
                let keep = name_to_keep(self.name, None)?;
                let shares = tree.as_ref().map(|tree| self.part(tree, new));
                let shares = shares.and_then(Result::err);
                let warning = RestoreWarning::NotSavedWhole {
                    cause: &lost,
                    kept_as: &keep,
                    shares: shares.as_ref().map(|error| error as Cause<'_>),
                };
                self.monitor.warn(warning.into());
                Some(keep)
            }
            (None, None) => None,
        };
        match &kept {
            Some(keep) => swap::keep(self.work, name, keep.as_bytes())?,
            None => self.remove(name, tree.as_ref(), observed.as_ref(), new)?,
        }
        Ok(kept.map(|keep| self.work.shown(&keep)))
    }

    /// The last of all: the journal goes.
    pub(super) fn end(&self) -> Result<(), Error> {
        Ok(self.work.clear()?)
    }

    /// After all steps in place: what carried the files goes.
    pub(super) fn steps(
        &self,
        steps: &[Step],
        venv: &Rooted,
        staging: Option<&Rooted>,
    ) -> Result<(), Error> {
        remove_old(self.work, &self.work.staging(), staging, &Names::default())?;
        self.work.clear()?;
        Ok(set_root_attributes(venv, steps)?)
    }

    /// Whether it is the empty directory that gave its place to a new tree.
    fn is_vacated(&self, tree: &Rooted) -> bool {
        !self.foreign && tree.names().is_ok_and(|names| names.is_empty())
    }

    /// Keeps what changed in the old tree, and gives the new one files of its own in place of those that changed
    /// through it. Returns what would be lost.
    fn secure(
        &self,
        sources: Sources<'_>,
        observed: &Observed<'_>,
        (tree, new): (&Rooted, &OpenNew<'_>),
    ) -> Result<Option<Lost>, Error> {
        let sight = match observed.look(tree, self.monitor) {
            Ok(sight) => sight,
            Err(error) => return Ok(Some(Lost::Late(error))),
        };
        let lost = if sight.changed {
            self.keep_late(sources, observed, tree)?
        } else {
            None
        };
        match self.unshare(sources, observed, &sight, (tree, new)) {
            Err(error) if self.who == Who::Itself => Err(error),
            Err(error) => Ok(lost.or(Some(Lost::Late(error)))),
            Ok(()) => Ok(lost),
        }
    }

    fn keep_late(
        &self,
        sources: Sources<'_>,
        observed: &Observed<'_>,
        tree: &Rooted,
    ) -> Result<Option<Lost>, Error> {
        match observed.add_to(sources.keeper, tree, self.monitor) {
            Ok(added) => {
                if let Some(scan) = &added {
                    observed.tell_left(scan, self.monitor);
                }
                let lost = added.and_then(|scan| {
                    let mut lost = scan.unreadable.iter().chain(&scan.unstable);
                    lost.next().cloned()
                });
                Ok(lost.map(Lost::Restless))
            }
            Err(error @ Error::Waits(_)) => Err(error),
            Err(error) => Ok(Some(Lost::Late(error))),
        }
    }

    fn unshare(
        &self,
        sources: Sources<'_>,
        observed: &Observed<'_>,
        sight: &Sight,
        (old, new): (&Rooted, &OpenNew<'_>),
    ) -> Result<(), Error> {
        let new = new()?;
        let files = observed.written_through(sight, &new)?;
        write_afresh(
            sources.contents,
            (old, new),
            files,
            self.preserve,
            self.monitor,
        )
    }

    /// Removes the old tree, all of which is kept. One that cannot be removed (an immutable file) must not block the
    /// next replacement: what is left of it stays beside the new tree.
    fn remove(
        &self,
        name: &str,
        tree: Option<&Rooted>,
        observed: Option<&Observed<'_>>,
        new: &OpenNew<'_>,
    ) -> Result<(), Error> {
        let entries = observed.and_then(Observed::entries);
        let known = entries.map(Names::of).unwrap_or_default();
        let Err(error) = remove_old(self.work, name, tree, &known) else {
            return Ok(());
        };
        if self.who != Who::Replace {
            return Err(error.into());
        }
        let rest = self.work.dir.enter(name.as_bytes()).map_err(Error::from);
        let shares = rest.and_then(|rest| self.part(&rest, new)).err();
        let keep = name_of_rest(self.name)?;
        swap::keep(self.work, name, keep.as_bytes())?;
        let warning = RecoveryWarning::RestKept {
            cause: &error,
            kept_as: &keep,
            shares: shares.as_ref().map(|error| error as Cause<'_>),
        };
        self.monitor.warn(warning.into());
        Ok(())
    }

    /// Sees to it that a tree which stays has no file in common with the new one.
    fn part(&self, old: &Rooted, new: &OpenNew<'_>) -> Result<(), Error> {
        if self.foreign {
            return Err(Unreplaced::OfOtherUser.into());
        }
        copy_shared(old, new()?, self.preserve, self.monitor)
    }
}

/// Removes a tree of ours: the one that is held, not what may bear its name by now. What is no directory has only its
/// name.
pub(super) fn remove_old(
    work: &Workplace,
    name: &str,
    held: Option<&Rooted>,
    known: &Names<'_>,
) -> Result<(), PathError> {
    match held {
        Some(held) => remove_held(&work.dir, name.as_bytes(), held, known),
        None => remove_tree(&work.dir, name.as_bytes()),
    }
}
