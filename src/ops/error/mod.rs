//! Why an operation was not done. Hints and exit codes are the command line's.

mod convert;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::RefusedTar;
use crate::disk::PathError;
pub(in crate::ops) use crate::disk::error::reason;
use crate::disk::space::TooLittle;
use crate::model::{Audit, Label, LeftOut, RelPath, Shown, Snapshot, SnapshotId, VenvId};
use crate::ops::chosen::Chosen;
use crate::ops::restore::Refusal;
use crate::replace::{Mismatch, Unreplaced};
use crate::{store, tree};
pub use words::lost;

use words::{and_more, first, instead, listed, of_venv, other};

/// An operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(store::Error),
    /// The venv cannot be read.
    #[error(transparent)]
    Venv(tree::Error),
    /// A system call failed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The venv is damaged, and so it is no state that anybody wants to come back to.
    #[error("the venv is damaged: {}", first(.0))]
    Damaged(Box<Audit>),
    /// The store has no snapshot of that name.
    #[error("there is no snapshot '{name}'{}", of_venv(venv.as_ref()))]
    NoSnapshot {
        /// The name.
        name: String,
        /// The venv that was asked for, where one was.
        venv: Option<PathBuf>,
        /// What the name would mean for the same path on other hosts, and a label for any venv; the newest first.
        elsewhere: Vec<Chosen>,
    },
    /// No host of that name has a snapshot.
    #[error("there is no snapshot of a host '{}'{}", Shown(name.as_bytes()), instead(.known))]
    NoHost {
        /// As it was named.
        name: String,
        /// The names of the hosts that have snapshots.
        known: Vec<String>,
    },
    /// No save has that role.
    #[error("there is no save of the role '{}'{}", name.as_str(), instead(.known))]
    NoRole {
        /// The role.
        name: Label,
        /// The roles that there are.
        known: Vec<String>,
    },
    /// The store has snapshots of this venv, but none that may be taken by default; or none at all.
    #[error(
        "the store '{}' has no baseline of '{}'",
        Shown::path(store),
        Shown::path(venv)
    )]
    NoBaseline {
        /// The store.
        store: PathBuf,
        /// The venv.
        venv: PathBuf,
        /// Baselines of the same path on other hosts, the newest first.
        elsewhere: Vec<Chosen>,
    },
    /// A grace of less than a day was asked for; in a store that many hosts write, nothing is removed so soon.
    #[error("in a store in a bucket nothing is removed before a day is over")]
    ShortGrace,
    /// Several snapshots begin with the same digits.
    #[error("'{prefix}' could be any of {}", listed(.candidates))]
    Ambiguous {
        /// What was typed.
        prefix: String,
        /// The snapshots that it could mean. If the file of one is gone, only its id is known.
        candidates: Vec<(SnapshotId, Option<Snapshot>)>,
    },
    /// Store and venv lie inside one another.
    #[error(
        "the store '{}' and the venv '{}' lie inside one another",
        Shown::path(store),
        Shown::path(venv)
    )]
    Nested {
        /// The store.
        store: PathBuf,
        /// The venv.
        venv: PathBuf,
    },
    /// A policy matches no snapshot at all, which nobody means.
    #[error("the policy keeps no snapshot")]
    KeepsNothing,
    /// The state that a restore would replace cannot be saved.
    #[error("the state that would be replaced cannot be saved; nothing was changed")]
    NoIncident(#[source] Box<Error>),
    /// Another process works on the venv.
    #[error("another process is working on '{}'", Shown::path(.0))]
    Busy(PathBuf),
    /// What an interrupted restore left needs a store that cannot be had now.
    #[error(
        "what an interrupted restore left cannot be settled without its store '{}'",
        Shown::path(store)
    )]
    Unsettled {
        /// The store that has what the restore replaced.
        store: PathBuf,
        /// Why it cannot be had.
        #[source]
        source: Box<store::Error>,
    },
    /// A restore that was interrupted while it replaced files one by one cannot be completed now.
    #[error(
        "what an interrupted restore began in '{}' cannot be completed",
        Shown::path(venv)
    )]
    Uncompleted {
        /// Where.
        venv: PathBuf,
        /// Why not.
        #[source]
        source: Box<Error>,
    },
    /// Something stands where the new tree would be built, and no journal says that a restore left it.
    #[error("'{}' is in the way; nothing was changed", Shown::path(.0))]
    InTheWay(PathBuf),
    /// There is not enough room to build the new tree.
    #[error(transparent)]
    NoRoom(#[from] TooLittle),
    /// What was staged is not what was asked for; it was thrown away.
    #[error("the staged tree is wrong at '{path}' ({what}); nothing was changed")]
    NotVerified {
        /// Where.
        path: RelPath,
        /// How.
        what: Mismatch,
    },
    /// A venv was not rebuilt.
    #[error(transparent)]
    Unbuilt(#[from] crate::ops::rebuild::Unbuilt),
    /// A restore that is refused as it was asked for.
    #[error(transparent)]
    Restore(#[from] Refusal),
    /// The tree is left as it is, since it cannot be replaced here or now.
    #[error(transparent)]
    Unreplaced(#[from] Unreplaced),
    /// The store cannot be written, so it keeps no replaced state.
    #[error("the store cannot be written")]
    ReadOnlyStore,
    /// There is no incident snapshot that late changes could complete.
    #[error("there is no incident snapshot to complete")]
    NoIncidentToComplete,
    /// The snapshot that is named was not taken by a restore.
    #[error("{0} is no incident snapshot: nothing was restored in its place")]
    NotAnIncident(SnapshotId),
    /// A snapshot knows nothing of packages.
    #[error("snapshot {0} has no list of packages")]
    NoPackages(SnapshotId),
    /// A file of a snapshot has another length than the snapshot says.
    #[error("the snapshot is damaged: '{path}' should have {wanted} bytes and has {found}")]
    WrongLength {
        /// The file.
        path: RelPath,
        /// As the snapshot says, in bytes.
        wanted: u64,
        /// As it was read, in bytes.
        found: u64,
    },
    /// What is to be shown is a link.
    #[error("'{path}' is a symbolic link to '{}', not a file", Shown(target))]
    IsALink {
        /// Which.
        path: RelPath,
        /// Where it leads.
        target: Vec<u8>,
    },
    /// What is to be shown has no content.
    #[error("'{path}' is no file but a {type_name}")]
    NotAFile {
        /// Which.
        path: RelPath,
        /// What it is.
        type_name: &'static str,
    },
    /// The store is damaged where a copy read it, and no snapshot that is copied needs that.
    #[error("the store is damaged where it was read")]
    DamagedStore,
    /// Contents or keeper of a replacement failed.
    #[error(transparent)]
    Outside(Box<dyn std::error::Error + Send + Sync>),
    /// No path matches, neither in the snapshot nor in the venv.
    #[error("'{0}' matches nothing, neither in the snapshot nor in the venv")]
    NoMatch(String),
    /// No cache has an entry of a distribution that is named.
    #[error("no entry of '{}' is in any of these caches", Shown(.0.as_bytes()))]
    NotCached(String),
    /// Nothing of that name lies in quarantine.
    #[error("nothing in quarantine is called '{}'", Shown(.0.as_bytes()))]
    NotQuarantined(String),
    /// Something stands where an entry would go back to.
    #[error("'{}' has been made since", Shown::path(.0))]
    Occupied(PathBuf),
    /// A file that a schedule would replace is somebody else's.
    #[error("'{}' was not written by this program", Shown::path(.0))]
    NotOurs(PathBuf),
    /// A directory that is named as a cache is not laid out as one that is known.
    #[error("'{}' is no cache of an installer that is known here", Shown::path(.0))]
    NoCache(PathBuf),
    /// The snapshot that is named is of another venv, and would replace this one.
    #[error(
        "snapshot {id} is of {}, and not of '{}'; nothing was changed",
        other(of, venv),
        Shown::path(&venv.path())
    )]
    OtherVenv {
        /// The snapshot.
        id: SnapshotId,
        /// The venv of which it is: at another path, of another host, or both.
        of: Box<VenvId>,
        /// The venv that it would replace.
        venv: Box<VenvId>,
    },
    /// Something stands there that no snapshot keeps, or owners are wanted that this user cannot give: that would be
    /// lost.
    #[error("this would be lost: {}; nothing was changed", lost(.0))]
    Losses(Vec<LeftOut>),
    /// There is nothing to undo.
    #[error("nothing to undo: the store knows of no restore of '{}'", Shown::path(.0))]
    NothingToUndo(PathBuf),
    /// Nothing was restored, so there is no incident.
    #[error("the store knows of no restore{}", of_venv(.0.as_ref()))]
    NoRestore(Option<PathBuf>),
    /// The last restore kept what it replaced beside the venv, since no snapshot could hold it.
    #[error("what the last restore replaced is kept as '{}', and is in no snapshot as a whole", Shown::path(.0))]
    KeptBeside(PathBuf),
    /// The last restore replaced nothing.
    #[error("the last restore of '{}' replaced nothing, so there is nothing to bring back", Shown::path(.0))]
    ReplacedNothing(PathBuf),
    /// The snapshot is the incident of a restore that replaced nothing.
    #[error("snapshot {0} holds nothing: no directory stood there when it was made")]
    HoldsNothing(SnapshotId),
    /// What the last restore replaced was forgotten; nothing older is taken for it.
    #[error(
        "what the last restore of '{}' replaced was forgotten (incident snapshot {id})",
        Shown::path(venv)
    )]
    ForgottenIncident {
        /// The incident snapshot.
        id: SnapshotId,
        /// The venv.
        venv: PathBuf,
    },
    /// The log knows of a restore whose incident snapshot is in the store no more.
    #[error(
        "what the last restore of '{}' replaced is in the store no more (incident snapshot {id})",
        Shown::path(venv)
    )]
    GoneIncident {
        /// The incident snapshot.
        id: SnapshotId,
        /// The venv.
        venv: PathBuf,
    },
    /// No such path in a snapshot.
    #[error("snapshot {id} has no '{path}'")]
    NoSuchPath {
        /// The snapshot.
        id: SnapshotId,
        /// The path.
        path: String,
    },
    /// A snapshot file that is there but damaged.
    #[error("snapshot {name} is damaged")]
    DamagedSnapshot {
        /// Its first digits.
        name: String,
        /// What is wrong.
        #[source]
        source: Arc<store::Error>,
    },
    /// The snapshot is pinned, and so is not forgotten.
    #[error("snapshot {0} is pinned")]
    Pinned(SnapshotId),
    /// A forgotten snapshot of which something is gone for good.
    #[error("snapshot {0} cannot come back: a prune has removed what it held")]
    Pruned(SnapshotId),
    /// Nobody knows what is still needed, so nothing may be removed.
    #[error("nothing can be pruned: {0}")]
    CannotPrune(NotKnown),
    /// A tar that is damaged, hostile, or holds what no snapshot can.
    #[error("'{}' is refused: {what}", Shown::path(file))]
    BadTar {
        /// The file, or what it is called.
        file: PathBuf,
        /// What is wrong with it.
        what: RefusedTar,
    },
    /// A tar that is no export of ours does not know of which venv it is.
    #[error("'{}' does not say of which venv it is", Shown::path(.0))]
    NoVenv(PathBuf),
    /// The other store is this one, or lies inside it.
    #[error("'{}' is the same store, or one lies inside the other", Shown::path(.0))]
    SameStore(PathBuf),
    /// A snapshot that the store cannot give whole any more.
    #[error("snapshot {id} cannot be copied: '{path}' is lost or damaged{}", and_more(*.more))]
    Lost {
        /// The snapshot.
        id: SnapshotId,
        /// The first place that is lost.
        path: RelPath,
        /// How many more there are.
        more: usize,
        /// Where it was met.
        #[source]
        cause: Option<Box<store::Error>>,
    },
    /// The person asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Why nobody knows what is still needed.
#[derive(Debug, thiserror::Error)]
pub enum NotKnown {
    /// A snapshot was lost, and its file lies in quarantine under this name.
    #[error(
        "a snapshot was lost, and nobody knows what it needs, should its file come back ('quarantine/{}')",
        Shown(.0.as_bytes())
    )]
    Lost(String),
    /// The file of a snapshot is gone.
    #[error(
        "the file of snapshot {0} is gone, though nobody gave it up, and nobody knows what it needs, \
         should it come back"
    )]
    Gone(SnapshotId),
    /// A directory of a snapshot is lost.
    #[error("a directory of a snapshot is lost, so nobody knows what it still needs")]
    Blind,
    /// The file of a snapshot cannot be read.
    #[error("snapshot file {} cannot be read ({why})", Shown(name.as_bytes()))]
    Unread {
        /// Its name.
        name: String,
        /// Why, with all that caused it.
        why: String,
    },
    /// The file of a forgotten snapshot, which may still come back, cannot be read.
    #[error("forgotten snapshot file {} cannot be read ({why})", Shown(name.as_bytes()))]
    UnreadForgotten {
        /// Its name.
        name: String,
        /// Why, with all that caused it.
        why: String,
    },
}
