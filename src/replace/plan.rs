//! All that a replacement will do, before it does anything.

use super::contents::Contents;
use super::disk::journal::Workplace;
use super::error::{Bound, Error, Unreplaced};
use super::goal::{Goal, How, Live};
use super::keep::Keep;
use super::keeper::Keeper;
use super::route::Route;
use crate::disk::rooted::Rooted;
use crate::tree::Site;

/// A replacement that is settled.
pub(crate) struct Plan<'a> {
    pub(super) contents: &'a dyn Contents,
    pub(super) keeper: &'a dyn Keeper,
    pub(super) place: Site,
    pub(super) goal: Goal,
    pub(super) live: Option<Live>,
    pub(super) how: How,
    pub(super) route: Route,
    pub(super) keep: Option<Keep>,
}

impl<'a> Plan<'a> {
    /// Settles by which way it is done. `keep` tells why the replaced tree stays, where it does.
    pub(crate) fn new(
        contents: &'a dyn Contents,
        keeper: &'a dyn Keeper,
        place: &Site,
        goal: Goal,
        live: Option<Live>,
        how: How,
        keep: Option<Keep>,
    ) -> Self {
        let route = Route::choose(place, &goal, live.as_ref(), how);
        Self {
            contents,
            keeper,
            place: place.clone(),
            goal,
            live,
            how,
            route,
            keep,
        }
    }

    /// Where staging and journal will lie.
    pub(super) fn workplace(&self) -> Result<Workplace, Error> {
        Ok(match self.route {
            Route::Place { .. } | Route::Exchange => {
                Workplace::beside(self.place.open_parent()?, self.place.name())
            }
            Route::InPlace(_) => Workplace::inside(self.in_place()?),
        })
    }

    /// The tree that is changed in place: the one that was read, whatever its path means by now.
    pub(super) fn in_place(&self) -> Result<Rooted, Error> {
        match &self.live {
            Some(live) => Ok(live.root.known_as(self.place.path())?),
            None => Ok(self.place.open()?),
        }
    }

    /// Why nothing is done where the old tree would have to stay and cannot.
    pub(super) fn cannot_keep(&self, why: &Bound) -> Error {
        let why = why.clone();
        Error::Refused(match self.keep {
            Some(Keep::Unread(_)) => Unreplaced::LosesUnread(why),
            _ => Unreplaced::CannotKeep(why),
        })
    }
}
