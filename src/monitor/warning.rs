//! What people should know though the work goes on: a fact with its data. `report::text::warning` makes the sentences.

use std::error::Error;
use std::path::Path;

use crate::model::{Kind, LeftOut, PackageChange, RelPath, SnapshotId, Unmoved};

/// The error that a warning tells of.
pub type Cause<'a> = &'a (dyn Error + 'static);

/// A fact that stops nothing, by what it is about.
#[derive(Clone, Copy, Debug)]
pub enum Warning<'a> {
    /// The store.
    Store(StoreWarning<'a>),
    /// A saved snapshot.
    Snapshot(SnapshotWarning<'a>),
    /// An entry that is not taken along as it is.
    Entry(EntryWarning<'a>),
    /// What a restore or a rebuild does otherwise than people may expect.
    Restore(RestoreWarning<'a>),
    /// What became of a restore that was interrupted.
    Recovery(RecoveryWarning<'a>),
}

/// Of the store.
#[derive(Clone, Copy, Debug)]
pub enum StoreWarning<'a> {
    /// It lies on a network file system.
    OnNetwork {
        /// The store.
        store: &'a Path,
        /// What the file system is called.
        file_system: &'a str,
    },
    /// The marks of damaged packs cannot be read.
    MarksUnread(Cause<'a>),
    /// Damaged packs cannot be marked.
    MarksUnwritten(Cause<'a>),
    /// The table of a pack is of no use, so its frames are looked for.
    Salvaged(Cause<'a>),
    /// A pack without a table cannot be read at all.
    PackUnread(Cause<'a>),
    /// A frame of a pack is damaged.
    FrameDamaged {
        /// The pack.
        pack: &'a str,
        /// Where the frame begins, in bytes.
        offset: u64,
        /// What is wrong there.
        flaw: &'a str,
    },
    /// The pack of this name is not there any more.
    PackGone(&'a str),
    /// There is no index, so it is rebuilt.
    IndexMissing,
    /// The index is damaged, so it is rebuilt.
    IndexDamaged {
        /// What is wrong with it.
        cause: Cause<'a>,
        /// Whether all of the log could be read out of it.
        log_is_whole: bool,
    },
    /// The work goes on without an index.
    IndexUnusable(Cause<'a>),
    /// The states of files cannot be noted.
    StatesNotNoted(Cause<'a>),
    /// What was seen of this host's venvs cannot be left in the store, for other hosts.
    NotTold(Cause<'a>),
    /// An event cannot be added to the log.
    LogUnwritten(Cause<'a>),
    /// It does not tell what the newest baseline of a venv has.
    NotAsked(Cause<'a>),
}

/// Of a saved snapshot.
#[derive(Clone, Copy, Debug)]
pub enum SnapshotWarning<'a> {
    /// Its file is damaged.
    Damaged {
        /// Its name.
        name: &'a str,
        /// What is wrong with it.
        cause: Cause<'a>,
    },
    /// Its file is gone, though nobody gave it up.
    Gone(SnapshotId),
    /// What it knows of packages cannot be read.
    PackagesUnread {
        /// Which.
        id: SnapshotId,
        /// Why.
        cause: Cause<'a>,
    },
    /// Another venv has a newer baseline of the role than the one that is meant.
    NewerOfRole {
        /// The newer one.
        id: SnapshotId,
        /// The role.
        role: &'a str,
        /// What the host is called that saved it.
        host: &'a str,
    },
    /// The live venv, which may have what the store lacks of it, cannot be read.
    NoHelp(Cause<'a>),
}

/// Of an entry, or of what belongs to it.
#[derive(Clone, Copy, Debug)]
pub enum EntryWarning<'a> {
    /// Something is mounted over it, so a save leaves it out.
    Mounted(&'a RelPath),
    /// Its owner is not known in the namespace of users in which the program runs.
    OwnerUnknown {
        /// The first of them.
        first: &'a RelPath,
        /// How many there are.
        count: usize,
    },
    /// Access lists name users or groups that the namespace of this process does not know, which the snapshot so loses.
    NamedUnknown {
        /// The first entry.
        first: &'a RelPath,
        /// How many there are.
        count: usize,
    },
    /// It has no place in a tar.
    NotExported {
        /// Which.
        path: &'a RelPath,
        /// Why.
        cause: Cause<'a>,
    },
    /// Something of a tar has no place in a snapshot, or not in a venv.
    NotImported(&'a LeftOut),
    /// A type that is not made anew.
    NotMade {
        /// Which.
        path: &'a RelPath,
        /// Of which type.
        type_name: &'static str,
    },
    /// Set-id bits or file capabilities, which give whoever runs the file the rights of another, are left out.
    PrivilegesLeftOut(&'a RelPath),
    /// It could not be read when it was saved.
    NotSaved {
        /// Which.
        path: &'a RelPath,
        /// Why; none where something was mounted over it.
        reason: Option<&'a str>,
    },
    /// It leads to the old place, or out of the venv, and stays so.
    Unmoved(&'a Unmoved),
}

/// Of a restore or a rebuild.
#[derive(Clone, Copy, Debug)]
pub enum RestoreWarning<'a> {
    /// Packages that are gone as a whole are not brought back, since somebody may have wanted that.
    LeftGone(&'a [&'a str]),
    /// A package comes back whole, since its last install was not.
    TakenBack(&'a PackageChange),
    /// The replaced tree stays, since no snapshot can hold all of it.
    OldTreeStays {
        /// The first that cannot be read.
        unread: &'a RelPath,
        /// How many more there are.
        more: usize,
    },
    /// No snapshot has the replaced state, which is only kept beside the venv.
    NoIncident(Cause<'a>),
    /// Nobody can tell what still names the old place.
    OldNamesUnknown {
        /// The old place.
        place: &'a Path,
        /// Why.
        cause: Cause<'a>,
    },
    /// So many files could not be searched for names of the old place.
    OldNamesUnread(u64),
    /// The states of the new tree's files cannot be noted.
    StatesNotNoted(Cause<'a>),
    /// The pip that the interpreter brings stands in place of the one that was wanted.
    OtherPip {
        /// The version that was wanted.
        wanted: &'a str,
        /// The version that is there.
        brought: &'a str,
    },
    /// A requirement that somebody asked for is not for this system, by its marker.
    NotForHere(&'a str),
    /// The exchange takes two renames.
    TwoRenames,
    /// Files are replaced one by one.
    FileByFile(Cause<'a>),
    /// The replaced tree is kept, since something of it is in no snapshot.
    NotSavedWhole {
        /// What, or why.
        cause: Cause<'a>,
        /// The name under which it is kept.
        kept_as: &'a str,
        /// Why it may share files with the venv, where it may.
        shares: Option<Cause<'a>>,
    },
    /// What came or changed at the last moment is not in the new tree, though it is no part of what was restored.
    LeftBehind {
        /// The first of it.
        first: &'a RelPath,
        /// How many more there are.
        more: usize,
    },
    /// A file was changed again by somebody else.
    ChangedAgain {
        /// Which.
        path: &'a RelPath,
        /// How.
        kind: Kind,
    },
}

/// Of a restore that was interrupted.
#[derive(Clone, Copy, Debug)]
pub enum RecoveryWarning<'a> {
    /// It is left for a later command.
    Left {
        /// Why.
        cause: Cause<'a>,
        /// Whether files were being replaced one by one, so that the next restore gives it up.
        is_begun: bool,
    },
    /// The store that may have a snapshot of it is not there.
    StoreAway {
        /// The store.
        store: &'a Path,
        /// The snapshot.
        incident: SnapshotId,
    },
    /// It had not happened, and is taken back.
    TakenBack,
    /// Another user's had not happened; what it left is kept under this name.
    OfOtherUser(&'a str),
    /// What it took off files to replace them cannot be given back.
    FlagsOff(Cause<'a>),
    /// Another venv was made since; what the restore replaced is kept under this name.
    OtherVenvSince(&'a str),
    /// Which of the trees that it left is which cannot be told; one of them is kept under this name.
    Unknown(&'a str),
    /// Somebody removed what it left and made another venv.
    RemovedSince,
    /// Files were being replaced one by one, and their venv is gone.
    VenvGone,
    /// Files were being replaced one by one, and that is given up.
    GivenUp(Cause<'a>),
    /// The files that were left to do are replaced.
    FilesCompleted {
        /// Whether what was staged was still there.
        had_staging: bool,
    },
    /// What follows the exchange is done.
    Completed,
    /// What an earlier restore replaced cannot be removed.
    RestKept {
        /// Why.
        cause: Cause<'a>,
        /// The name under which it is kept.
        kept_as: &'a str,
        /// Why it may share files with the venv, where it may.
        shares: Option<Cause<'a>>,
    },
}

/// Makes a `Warning` of each kind of warning, so that callers name the kind alone.
macro_rules! is_warning {
    ($($kind:ident: $warning:ident),*) => {
        $(impl<'a> From<$warning<'a>> for Warning<'a> {
            fn from(warning: $warning<'a>) -> Self {
                Self::$kind(warning)
            }
        })*
    };
}

is_warning!(
    Store: StoreWarning,
    Snapshot: SnapshotWarning,
    Entry: EntryWarning,
    Restore: RestoreWarning,
    Recovery: RecoveryWarning
);
