//! The second trait through which this room is told what to do: who keeps what is replaced (promise 4).

use std::path::PathBuf;

use super::error::Error;
use crate::disk::rooted::Rooted;
use crate::model::{Entry, Manifest, SnapshotId};
use crate::monitor::Monitor;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::Record;
use crate::tree::stated::Stated;

/// Keeps the state that is replaced. That state was handed over before; it counts once the journal names it.
pub(crate) trait Keeper: Sync {
    /// What the journal remembers, so that the next command finds the keeper and the state again.
    fn receipt(&self) -> Receipt;

    /// Makes the state count. The journal names it by now. Where that fails, only a tree that `stays` may be replaced.
    fn commit(&self, stays: bool) -> Result<(), Error>;

    /// Takes the state back, with all that was added to it: nothing was replaced.
    fn withdraw(&self, monitor: &dyn Monitor) -> Result<(), Error>;

    /// Adds what changed in the replaced tree since. Returns that tree as it was read now. `Error::Waits` where the
    /// keeper can do it later, all else where it cannot.
    fn add(&self, late: Late<'_>) -> Result<Scan, Error>;

    /// What it has of the replaced tree. None where that is gone.
    fn kept(&self, monitor: &dyn Monitor) -> Result<Option<Kept>, Error>;
}

/// What a journal remembers of a keeper. This room does not look into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Receipt {
    /// Where the keeper keeps things.
    pub(crate) store: PathBuf,
    /// What is put at the place.
    pub(crate) snapshot: SnapshotId,
    /// The state that is replaced; none where nothing keeps it.
    pub(crate) incident: Option<SnapshotId>,
    /// Whether what is put at the place came to be for this replacement alone, and so goes where that is taken back.
    pub(crate) brings: bool,
}

/// The replaced tree, which has changed.
pub(crate) struct Late<'a> {
    /// The tree.
    pub(crate) old: &'a Rooted,
    /// The states in which files of it are known.
    pub(crate) known: &'a mut dyn Iterator<Item = Record>,
    pub(crate) whole: Whole<'a>,
    pub(crate) monitor: &'a dyn Monitor,
}

/// What is kept of what is found now.
pub(crate) enum Whole<'a> {
    /// All of it. `root` is how the root is described, where our own staging in it moved its time.
    Found { root: Option<&'a Entry> },
    /// What this makes of it: it may be only a part, which is laid over what is known of the whole.
    Over(&'a dyn Fn(Manifest) -> Manifest),
}

impl Whole<'_> {
    /// Makes of what was found what is to be kept.
    pub(crate) fn describe(&self, found: &mut Scan) {
        match self {
            Self::Found { root: None } => {}
            Self::Found { root: Some(root) } => found.tree.describe_root(root),
            Self::Over(over) => {
                let part = std::mem::take(&mut found.tree).into_manifest();
                found.tree = Stated::without_states(over(part));
            }
        }
    }
}

/// The replaced tree as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// As it was read before anything was done.
    pub(crate) first: Manifest,
    /// With all that was added since.
    pub(crate) newest: Manifest,
}
