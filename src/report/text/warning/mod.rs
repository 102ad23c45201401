//! The sentences of warnings and of what is being done: each is made here and nowhere else. What to do about one is
//! the command line's.

mod recovery;
mod restore;

use crate::disk::error::reason;
use crate::model::{Lack, LeftOut, Shown, Unmoved};

use crate::monitor::{Cause, EntryWarning, SnapshotWarning, Status, StoreWarning, Warning};

use super::words::size;
use recovery::of_recovery;
use restore::of_restore;

/// A warning as one sentence, without a full stop.
pub fn warning(warning: Warning<'_>) -> String {
    match warning {
        Warning::Store(warning) => of_store(warning),
        Warning::Snapshot(warning) => of_snapshot(warning),
        Warning::Entry(warning) => of_entry(warning),
        Warning::Restore(warning) => of_restore(warning),
        Warning::Recovery(warning) => of_recovery(warning),
    }
}

/// What is being done, as one sentence without a full stop.
pub fn doing(status: Status<'_>) -> String {
    match status {
        Status::Waiting(path) => {
            format!(
                "waiting for another process that holds '{}'",
                Shown::path(path)
            )
        }
        Status::ChangedWhileRead(entries) => {
            let entries = counted(entries, "entry", "entries");
            format!("{entries} changed while being read; reading again")
        }
        Status::ExchangedWhileRead => {
            "the venv was exchanged for another tree while it was read; reading again".to_owned()
        }
        Status::Mapped { first, more } => {
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "'{first}'{more}: mapped for writing by a running process, and read whatever the times say"
            )
        }
        Status::ChangedSinceChecked(files) => {
            format!("{files} files changed after they were checked; they are written afresh")
        }
        Status::StagedAnew => {
            "the venv changed outside of what is restored; that is taken along".to_owned()
        }
        Status::Fetches { packs, bytes } => {
            let packs = counted(packs as usize, "pack", "packs");
            format!("{} of {packs} are fetched from the bucket", size(bytes))
        }
        Status::Shared(files) => {
            let files = counted(files, "file", "files");
            format!("{files} shared with the replaced tree must not be; written afresh")
        }
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn of_store(warning: StoreWarning<'_>) -> String {
    match warning {
        StoreWarning::OnNetwork { store, file_system } => format!(
            "the store '{}' lies on {file_system}: its locks and syncs are only as good as the server's",
            Shown::path(store)
        ),
        StoreWarning::MarksUnread(cause) => {
            format!("{}: saves may rely on damaged packs", reason(cause))
        }
        StoreWarning::MarksUnwritten(cause) => {
            format!(
                "the damaged packs cannot be marked, and later saves may rely on them ({})",
                reason(cause)
            )
        }
        StoreWarning::Salvaged(cause) => {
            format!("{}; its frames are searched one by one", reason(cause))
        }
        StoreWarning::PackUnread(cause) => {
            format!(
                "{}: what only it holds cannot be had until it can be read",
                reason(cause)
            )
        }
        StoreWarning::FrameDamaged { pack, offset, flaw } => {
            format!(
                "pack {} is damaged at byte {offset}: {flaw}",
                first(pack, 12)
            )
        }
        StoreWarning::PackGone(pack) => {
            format!(
                "pack {} is gone, with all that only it held",
                first(pack, 12)
            )
        }
        StoreWarning::IndexMissing => {
            format!(
                "the index of the store is missing; it is rebuilt from the packs, and {LOG_LOST}"
            )
        }
        StoreWarning::IndexDamaged {
            cause,
            log_is_whole,
        } => index_damaged(cause, log_is_whole),
        StoreWarning::IndexUnusable(cause) => {
            format!("the index of the store cannot be used ({cause}); the work goes on without it")
        }
        StoreWarning::StatesNotNoted(cause) => {
            format!(
                "the state of the venv's files cannot be noted, and the next save reads them ({})",
                reason(cause)
            )
        }
        StoreWarning::NotTold(cause) => {
            format!(
                "other hosts are not told how the venvs of this one stand ({})",
                reason(cause)
            )
        }
        StoreWarning::LogUnwritten(cause) => {
            format!("the log cannot be written ({})", reason(cause))
        }
        StoreWarning::NotAsked(cause) => {
            format!(
                "the store does not tell what the newest baseline has, so it is not known whether packages went ({})",
                reason(cause)
            )
        }
    }
}

/// What is lost with an index, since no pack has it.
const LOG_LOST: &str = "what restores did and how long they took is lost";

fn index_damaged(cause: Cause<'_>, log_is_whole: bool) -> String {
    let lost = if log_is_whole {
        String::new()
    } else {
        format!(", and {LOG_LOST}")
    };
    format!("the index of the store is damaged ({cause}); it is rebuilt from the packs{lost}")
}

/// The part of a name that people see.
fn first(name: &str, digits: usize) -> String {
    name.chars().take(digits).collect()
}

fn of_snapshot(warning: SnapshotWarning<'_>) -> String {
    match warning {
        SnapshotWarning::Damaged { name, cause } => {
            format!(
                "snapshot {} is damaged and left out: {}",
                first(name, 8),
                reason(cause)
            )
        }
        SnapshotWarning::Gone(id) => {
            format!(
                "the file of snapshot {id} is gone, though nobody gave it up, so it is left out"
            )
        }
        SnapshotWarning::PackagesUnread { id, cause } => {
            format!(
                "what snapshot {id} knows of packages cannot be read: {}",
                reason(cause)
            )
        }
        SnapshotWarning::NewerOfRole { id, role, host } => format!(
            "host {} has a newer baseline of the role '{role}', {id}: the venv's own comes first",
            Shown(host.as_bytes())
        ),
        SnapshotWarning::NoHelp(cause) => reason(cause),
    }
}

fn of_entry(warning: EntryWarning<'_>) -> String {
    match warning {
        EntryWarning::Mounted(path) => format!(
            "something is mounted at '{path}', which is left out: the snapshot does not have what lies below it"
        ),
        EntryWarning::OwnerUnknown { first, count } => format!(
            "the owner of {} is not known in this namespace of users, so it is saved as the one that is shown \
             ('{first}'): save it outside of the namespace",
            counted(count, "entry", "entries")
        ),
        EntryWarning::NamedUnknown { first, count } => format!(
            "the access list of {} names somebody who is not known in this namespace of users, and the snapshot does \
             not know who that is ('{first}'): save it outside of the namespace",
            counted(count, "entry", "entries")
        ),
        EntryWarning::NotExported { path, cause } => {
            format!("'{path}' is left out: {}", reason(cause))
        }
        EntryWarning::NotImported(left) => not_imported(left),
        EntryWarning::NotMade { path, type_name } => {
            format!("'{path}' is a {type_name}; it is not restored")
        }
        EntryWarning::PrivilegesLeftOut(path) => {
            format!("'{path}' had set-id bits or file capabilities; they are not restored")
        }
        EntryWarning::NotSaved { path, reason: None } => format!(
            "'{path}' had something mounted over it when it was saved; what stands there by now stays"
        ),
        EntryWarning::NotSaved {
            path,
            reason: Some(reason),
        } => format!(
            "'{path}' could not be read when it was saved ({reason}); what stands there by now stays"
        ),
        EntryWarning::Unmoved(Unmoved::Editable { metadata }) => format!(
            "'{}' is installed as editable: its source lies outside of the venv and is not part of it",
            Shown(metadata)
        ),
        EntryWarning::Unmoved(Unmoved::Outside { path, adds }) => format!(
            "'{path}' adds '{}', which lies outside of the venv and is not part of it",
            Shown(adds)
        ),
        EntryWarning::Unmoved(Unmoved::Stuck(path)) => {
            format!("'{path}' still names the old place; it cannot be rewritten for the new one")
        }
    }
}

fn not_imported(LeftOut { lack, count, .. }: &LeftOut) -> String {
    let entries = counted(*count as usize, "entry", "entries");
    match lack {
        Lack::ForeignXattr { name } => format!(
            "the attribute '{}' of {entries} can be set by no Linux; it is kept, and a restore leaves it out",
            Shown(name.as_bytes())
        ),
        _ => format!("access control lists of {entries} are not taken over; their modes are"),
    }
}
