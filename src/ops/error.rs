//! Why an operation was not done. Hints and exit codes are the command line's.

use std::path::PathBuf;

use super::lookup::Chosen;
use super::restore::Refusal;
use crate::disk::PathError;
pub(super) use crate::disk::error::reason;
use crate::disk::space::TooLittle;
use crate::model::{Audit, Lack, LeftOut, Shown, SnapshotId, VenvId};
use crate::{replace, store, tree};

/// An operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(store::Error),
    /// The venv.
    #[error(transparent)]
    Venv(tree::Error),
    /// A system call.
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
    /// Several snapshots begin with the same digits.
    #[error("'{prefix}' could be any of {}", .candidates.join(", "))]
    Ambiguous {
        /// What was typed.
        prefix: String,
        /// What it could mean: full enough ids with their times and venvs.
        candidates: Vec<String>,
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
        path: String,
        /// How.
        what: String,
    },
    /// A venv was not rebuilt.
    #[error(transparent)]
    Unbuilt(#[from] super::rebuild::Unbuilt),
    /// A restore that is refused as it was asked for.
    #[error(transparent)]
    Restore(#[from] Refusal),
    /// The request cannot be carried out here.
    #[error("{0}")]
    Refused(String),
    /// No path in the snapshot matches.
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
    /// Something stands there that no snapshot keeps, and would be lost.
    #[error("what no snapshot keeps would be lost: {}; nothing was changed", lost(.0))]
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
        source: store::Error,
    },
    /// It is pinned, and so is not forgotten.
    #[error("snapshot {0} is pinned")]
    Pinned(SnapshotId),
    /// A forgotten snapshot of which something is gone for good.
    #[error("snapshot {0} cannot come back: a prune has removed what it held")]
    Pruned(SnapshotId),
    /// Nobody knows what is still needed, so nothing may be removed.
    #[error("nothing can be pruned: {0}")]
    CannotPrune(String),
    /// A tar that is damaged, hostile, or holds what no snapshot can.
    #[error("'{}' is refused: {what}", Shown::path(file))]
    BadTar {
        /// The file, or what it is called.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A tar that is no export of ours does not know of which venv it is.
    #[error("'{}' does not say of which venv it is", Shown::path(.0))]
    NoVenv(PathBuf),
    /// The other store is this one, or lies inside it.
    #[error("'{}' is the same store, or one lies inside the other", Shown::path(.0))]
    SameStore(PathBuf),
    /// A snapshot that the store cannot give whole any more.
    #[error("snapshot {id} cannot be copied: '{path}' is lost or damaged{more}")]
    Lost {
        /// The snapshot.
        id: SnapshotId,
        /// The first place that is lost.
        path: String,
        /// How many more there are, in words.
        more: String,
        /// Where it was met.
        #[source]
        cause: Option<Box<store::Error>>,
    },
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Interrupted => Self::Interrupted,
            other => Self::Store(other),
        }
    }
}

impl From<tree::Error> for Error {
    fn from(error: tree::Error) -> Self {
        match error {
            tree::Error::Stopped => Self::Interrupted,
            other => Self::Venv(other),
        }
    }
}

impl From<replace::Error> for Error {
    fn from(error: replace::Error) -> Self {
        use replace::Error as Failed;
        match error {
            Failed::Path(error) => Self::Path(error),
            Failed::Tree(error) => Self::Venv(error),
            Failed::NoRoom(error) => Self::NoRoom(error),
            Failed::InTheWay(path) => Self::InTheWay(path),
            Failed::NotVerified { path, what } => Self::NotVerified { path, what },
            Failed::NeverSteady => Refusal::NeverSteady.into(),
            Failed::ReplacedMeanwhile => Refusal::ReplacedMeanwhile.into(),
            Failed::FilledMeanwhile(path) => Refusal::FilledMeanwhile(path).into(),
            Failed::Refused(why) => Self::Refused(why),
            Failed::NotKept(error) => Self::NoIncident(Box::new((*error).into())),
            Failed::Busy(path) => Self::Busy(path),
            Failed::Uncompleted(error) => (*error).into(),
            // What is behind the windows of that room is ours.
            Failed::Waits(error) | Failed::Outside(error) => match error.downcast() {
                Ok(error) => *error,
                Err(error) => Self::Refused(error.to_string()),
            },
            Failed::Stopped => Self::Interrupted,
        }
    }
}

impl From<Error> for replace::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Interrupted => Self::Stopped,
            Error::NotVerified { path, what } => Self::NotVerified { path, what },
            // Somebody else is at work in the store.
            Error::Store(store::Error::Locked(_)) | Error::Unsettled { .. } => {
                Self::Waits(Box::new(error))
            }
            other => Self::Outside(Box::new(other)),
        }
    }
}

/// What would be lost of what, in few words.
pub fn lost(losses: &[LeftOut]) -> String {
    const NAMED: usize = 3;
    let one = |one: &LeftOut| {
        let paths = one.examples.iter().take(NAMED);
        let paths: Vec<String> = paths.map(|path| format!("'{path}'")).collect();
        let more = if one.count > paths.len() as u64 {
            ", …"
        } else {
            ""
        };
        let what = match one.lack {
            Lack::Immutable => "immutable (chattr +i)",
            Lack::AppendOnly => "append-only (chattr +a)",
            _ => "a volume of its own",
        };
        format!(
            "{}{more} {} {what}",
            paths.join(", "),
            if one.count == 1 { "is" } else { "are" }
        )
    };
    losses.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A venv that is not the one that is meant, by what tells them apart.
fn other(of: &VenvId, venv: &VenvId) -> String {
    let (path, host) = (of.path(), Shown(of.host.as_bytes()));
    if of.host == venv.host {
        format!("another venv, '{}'", Shown::path(&path))
    } else {
        format!("the venv '{}' of another host, {host}", Shown::path(&path))
    }
}

fn of_venv(venv: Option<&PathBuf>) -> String {
    venv.map_or_else(String::new, |venv| format!(" of '{}'", Shown::path(venv)))
}

/// The number of findings of damage and the first of them.
fn first(audit: &Audit) -> String {
    let count = audit.damage().count();
    let Some(first) = audit.damage().next() else {
        return String::new();
    };
    let place = first.path.as_ref().map(ToString::to_string);
    let package = || first.package.as_ref();
    let place = place.or_else(|| Some(Shown(package()?.as_bytes()).to_string()));
    // What is of neither, such as the interpreter, says itself what it is about.
    let place = place.map_or_else(String::new, |place| format!("'{place}': "));
    let more = if count > 1 {
        format!(", and {} more", count - 1)
    } else {
        String::new()
    };
    format!("{place}{}{more}", Shown(first.text.as_bytes()))
}
