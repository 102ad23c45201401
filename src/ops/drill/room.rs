//! Where a drill restores to: a directory that only whoever drills may enter, and the owner of the venv once the tree
//! stands there. It goes with us; one that a kill left goes with the next drill in the same directory.

use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::disk::workroom::Workroom;
use crate::model::Digest;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::tree::Site;

/// A directory with the place in which a venv is restored.
pub(super) struct Room {
    room: Workroom,
    /// Where the venv will stand.
    pub(super) place: Site,
}

impl Room {
    /// Makes one for a venv. No two drills have the same, also of one venv.
    pub(super) fn create(context: &Context<'_>, into: &Rooted, site: &Site) -> Result<Self, Error> {
        let me = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        let pid = rustix::process::getpid().as_raw_nonzero();
        let unique = format!("{}\0{pid}\0{}", site.path().display(), context.now);
        let name = format!(
            "{}{}",
            prefix(),
            &Digest::of(unique.as_bytes()).to_hex()[..16]
        );
        let parent = into.known_as(into.path())?;
        let room = Workroom::create(parent, name.as_bytes(), me, context.monitor)?;
        let room = room.ok_or_else(|| Error::Busy(into.path().join(&name)))?;
        let place = room
            .path()
            .join(site.path().file_name().unwrap_or("venv".as_ref()));
        let place = Site::resolve(&place)?;
        context.refuse_nesting(&place)?;
        Ok(Self { room, place })
    }

    /// The directory around the place.
    pub(super) fn dir(&self) -> &Rooted {
        self.room.root()
    }

    /// Lets the owner of what was restored in, as whom its interpreter runs.
    pub(super) fn admit(&self, owner: (u32, u32)) -> Result<(), PathError> {
        self.room.give_to(owner)
    }

    /// Removes it with all that it holds.
    pub(super) fn remove(self) -> Result<(), PathError> {
        self.room.remove()
    }
}

/// How the names of a user's directories begin.
fn prefix() -> String {
    format!("drill-{}-", rustix::process::geteuid().as_raw())
}

/// Removes what drills of this user left that were killed.
pub(super) fn clear_left(into: &Rooted) -> Result<(), PathError> {
    Workroom::clear_all_left(into, &prefix())
}

/// Refuses a directory inside the venv, which is no place for a copy of itself.
pub(super) fn refuse_inside(into: &Rooted, site: &Site) -> Result<(), Error> {
    if !into.path().starts_with(site.path()) {
        return Ok(());
    }
    let (place, venv) = (into.path().to_owned(), site.path().to_owned());
    Err(crate::ops::restore::Refusal::InsideVenv { place, venv }.into())
}
