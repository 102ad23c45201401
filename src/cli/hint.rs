//! What to do about an error. The only place that knows which option or command helps.

use std::path::Path;

use venv_snap::model::{Lack, Shown};
use venv_snap::ops::{Chosen, Error, Refusal};
use venv_snap::{IndexFailure, RefusedEntry, RefusedTar, StoreError, VenvError};

use super::called::{command, operand};

/// Names snapshots of other venvs, and how one is taken. They are of the same path on another host, or of other paths.
pub(crate) fn of_others(venv: &Path, snapshots: &[Chosen]) -> String {
    let name = super::called();
    const NAMED: usize = 5;
    let is_same_path = snapshots.iter().all(|one| one.snapshot.venv.path() == venv);
    let named = snapshots.iter().take(NAMED).map(|Chosen { id, snapshot }| {
        let host = Shown(snapshot.venv.host.as_bytes());
        let path = snapshot.venv.path();
        let path = if is_same_path {
            String::new()
        } else {
            format!(" '{}'", Shown::path(&path))
        };
        format!("{id} ({:.0},{path} on host {host})", snapshot.created)
    });
    let named: Vec<String> = named.collect();
    let more = if snapshots.len() > NAMED { ", …" } else { "" };
    let known = if is_same_path {
        "this path is known from another host (a machine or container that was made anew has another machine-id)"
    } else {
        "other venvs have one"
    };
    format!(
        "{known}: {}{more}; '{name} restore {} {} --from-other' takes one",
        named.join(", "),
        operand(venv),
        snapshots[0].id
    )
}

/// What to do about an error; none where nothing is known to help.
pub(super) fn hint(error: &Error) -> Option<String> {
    let name = super::called();
    Some(match error {
        Error::Store(store) => return store_hint(store),
        Error::Unsettled { source, .. } if matches!(**source, StoreError::NoStore(_)) => "mount what holds it; if it \
            is gone for good, remove what is called '.snap-restore-' beside or in the venv, and restore from another \
            store".to_owned(),
        Error::Unsettled { source, .. } => return store_hint(source),
        Error::Uncompleted { source, .. } => return hint(source),
        Error::Unbuilt(unbuilt) => return super::rebuild::hint(unbuilt),
        Error::Venv(venv) => return venv_hint(venv),
        Error::Restore(refusal) => return restore_hint(refusal),
        Error::Damaged(_) => format!("'{name} check' tells more, and the command that installs anew what is damaged; \
            '{name} restore' brings a saved state back; '{name} save --force' saves it as it is, as no baseline"),
        Error::NoSnapshot {
            venv: Some(venv),
            elsewhere,
            ..
        } if !elsewhere.is_empty() => of_others(venv, elsewhere),
        Error::NoSnapshot { .. } => format!("'{name} list' shows what there is; an id reaches the snapshots of any \
            venv, also of one that was moved"),
        Error::NoHost { .. } | Error::NoRole { .. } => format!("'{name} list' shows what there is"),
        Error::NoBaseline {
            venv, elsewhere, ..
        } if !elsewhere.is_empty() => of_others(venv, elsewhere),
        Error::NoBaseline { venv, .. } => format!("'{name} save {0}' makes one while the venv is good; '{name} check \
            {0}' tells what is damaged; '{name} list' shows what there is: the id of a snapshot reaches it also from \
            another place, as after the venv was moved", operand(venv)),
        Error::Ambiguous { .. } => "use more digits".to_owned(),
        Error::ShortGrace => "name a grace of 1d or more, or none".to_owned(),
        Error::KeepsNothing => format!("what stays is only protected; look at the labels and times with '{name} list', \
            or name what to forget"),
        Error::Nested { .. } => "put the store elsewhere with --store or VENV_SNAP_STORE".to_owned(),
        Error::Busy(_) => "wait for it, or wait longer with --lock-wait".to_owned(),
        Error::InTheWay(_) => "no restore is known to have left it: look at it, then move it away and run the command \
            again".to_owned(),
        Error::NotOurs(_) => "look at it, then move it away and run the command again".to_owned(),
        Error::NoRoom(_) => "free some space there and run the command again; nothing was changed".to_owned(),
        Error::Path(path) => return path_hint(path),
        Error::DamagedSnapshot { .. } => format!("'{name} verify --repair' mends a single flipped bit; else restore \
            the file from a copy of the store, or choose another snapshot"),
        Error::Pinned(id) => format!("'{name} unpin {id}' takes the mark away"),
        Error::CannotPrune(_) => format!("'{name} verify --repair' mends what can be mended; '{name} forget' takes \
            snapshots with holes from the list; who removes a file from quarantine/ gives its snapshot up and, if it \
            was pinned, '{name} unpin ID' as well, which also gives up one whose file is gone"),
        Error::NoVenv(_) => "name it with --venv DIR".to_owned(),
        Error::BadTar { what, .. } => return tar_hint(what),
        Error::SameStore(_) => "name another one".to_owned(),
        Error::Lost { .. } => format!("'{name} verify --repair' may heal it from a live venv"),
        Error::NotCached(_) => format!("'{name} cache check' without a name reads all that there is"),
        Error::NotQuarantined(_) => format!("'{name} cache release' without a name lists what is there"),
        Error::NoCache(_) => "name the directory that holds 'http-v2' (pip), 'archive-v…' (uv), 'artifacts' (poetry), \
            'packages' (pdm) or 'wheel' (virtualenv)".to_owned(),
        Error::NoMatch(_) => "a pattern is matched against paths inside the venv, such as \
            'lib/python3.*/site-packages/click'".to_owned(),
        _ => return replacement_hint(error),
    })
}

/// How a tar that is refused for its form can be had in another one.
fn tar_hint(what: &RefusedTar) -> Option<String> {
    let name = super::called();
    let sparse = RefusedEntry::Sparse;
    Some(match what {
        RefusedTar::Compressed(program) => {
            format!("unpack it on the way: '{program} -dc FILE | {name} import -'")
        }
        RefusedTar::Bomb(_) => format!(
            "if it is honest, '{name} import --force' takes it, however much longer it becomes"
        ),
        RefusedTar::SparseRecords => "write the tar with all bytes of its files (bsdtar: \
            --no-read-sparse, GNU tar: without --sparse)"
            .to_owned(),
        RefusedTar::Entry { what, .. } if *what == sparse => {
            "write the tar without --sparse".to_owned()
        }
        RefusedTar::NoRoot { .. } => format!(
            "a tar of another tree (conda, a plain directory): '{name} import --any --venv DIR' takes it"
        ),
        _ => return None,
    })
}

/// What to do about an error that concerns what would be replaced, or was.
fn replacement_hint(error: &Error) -> Option<String> {
    let name = super::called();
    Some(match error {
        Error::NoIncident(cause) if is_too_long(cause) => {
            format!(
                "{}; or keep the old tree beside the venv instead: --keep-old",
                longer_files()
            )
        }
        Error::NoIncident(cause) if is_full(cause) => {
            "free space in the store, or keep the old tree beside the venv \
            instead: --keep-old"
                .to_owned()
        }
        Error::NoIncident(_) => {
            "make the store writable, or keep the old tree beside the venv instead: \
            --keep-old"
                .to_owned()
        }
        // The content is right: another snapshot would end in the same way.
        Error::NotVerified { what, .. } if what.is_of_attributes() => format!(
            "this place changes what is written \
            there, or cannot hold it (mount options, ACLs of the directory, another file system): look at those, or \
            try '{name} restore --to DIR' elsewhere"
        ),
        Error::NotVerified { .. } => {
            format!("'{name} restore' with another snapshot may work: '{name} list'")
        }
        Error::KeptBeside(_) => format!(
            "move it back in place of the venv, or remove it; an older state comes back \
            by its id: '{name} log', '{name} restore VENV ID'"
        ),
        Error::ForgottenIncident { id, .. } => format!(
            "'{name} undelete {id}' brings it back while its content is \
            there; an older state comes back by its id: '{name} log', '{name} restore VENV ID'"
        ),
        Error::HoldsNothing(_) => format!("'{name} list' shows what there is"),
        Error::GoneIncident { venv, .. } => format!(
            "an older state comes back by its id: '{name} log' tells them, \
            '{name} restore {} ID'",
            operand(venv)
        ),
        Error::OtherVenv { id, of, venv } => format!(
            "'{name} restore {} {id} --from-other' puts the one in place of \
            the other; with '-n' it tells what would change; the venv of the snapshot is '{}' on host {}",
            operand(&venv.path()),
            Shown::path(&of.path()),
            Shown(of.host.as_bytes())
        ),
        Error::Losses(losses) => {
            let owners = losses
                .iter()
                .any(|one| matches!(one.lack, Lack::Owner { .. }));
            let by_root = if owners {
                "run as root it keeps the owners; "
            } else {
                ""
            };
            format!(
                "{by_root}--yes goes on without it; with -n the same command tells all that would change"
            )
        }
        _ => return None,
    })
}

fn restore_hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::NotEmpty(_) | Refusal::FilledMeanwhile(_) | Refusal::NotADirectory(_) => {
            "--to builds only where nothing is: name another place"
        }
        Refusal::HiddenLinks(_) => {
            "restore it on the machine that has the files, or mount them otherwise (sshfs: -o no_contain_symlinks)"
        }
        Refusal::NoLinks { .. } => "restore it to a place on another file system: --to DIR",
        Refusal::LineBreak => "--exact builds the tree without adapting it",
        Refusal::PartNotKept => "--only and --heal need a store that can be written",
        Refusal::PartOfNothing => "without --only the whole venv is restored",
        Refusal::NeverSteady => "--copy takes none of them over",
        Refusal::NoInterpreter(_)
        | Refusal::BrokenInterpreter { .. }
        | Refusal::OtherInterpreter { .. } => {
            let name = super::called();
            return Some(format!(
                "install it there, or have the same packages installed by an interpreter of this host: '{name} rebuild \
                 VENV --from SNAPSHOT'; --force restores it all the same"
            ));
        }
        Refusal::InsideVenv { .. }
        | Refusal::ReplacedMeanwhile
        | Refusal::BadPattern { .. }
        | Refusal::BadPatterns(_) => {
            return None;
        }
    };
    Some(hint.to_owned())
}

fn is_too_long(error: &Error) -> bool {
    let too_long = |path: &venv_snap::PathError| path.is_too_long();
    matches!(error, Error::Store(StoreError::Path(path)) | Error::Path(path) if too_long(path))
}

fn is_full(error: &Error) -> bool {
    match error {
        Error::Store(StoreError::Path(path)) | Error::Path(path) => path.is_full(),
        Error::NoRoom(_) => true,
        _ => false,
    }
}

/// Whether this process runs in a namespace that does not know all users (`user_namespaces(7)`).
fn is_in_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    !map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// A hint that sends to root is of no use to root.
fn for_user(hint: &str, for_root: &str) -> String {
    let is_root = rustix::process::geteuid().is_root();
    if is_root { for_root } else { hint }.to_owned()
}

/// What to do where a file system or a quota is full.
const FREE_SPACE: &str = "free some space there and run the command again";

/// What to do where one file may not be as long as it would be.
fn longer_files() -> String {
    match venv_snap::file_size_met() {
        Some(limit) => format!(
            "this process may write no file of more than {limit} bytes: raise that limit (ulimit -f, LimitFSIZE= of a \
             unit)"
        ),
        None => "the file system takes no file of that size".to_owned(),
    }
}

fn path_hint(error: &venv_snap::PathError) -> Option<String> {
    if error.is_too_long() {
        return Some(longer_files());
    }
    if error.is_full() {
        return Some(FREE_SPACE.to_owned());
    }
    if venv_snap::BucketUrl::parse(&error.path.to_string_lossy()).is_some() {
        let look = "look at the keys (AWS_ACCESS_KEY_ID, AWS_PROFILE, …), at what they may do in the bucket, at its \
            region (AWS_REGION) and at the clock";
        return error.is_denied().then(|| look.to_owned());
    }
    error.is_denied().then(|| {
        let look =
            "look whether the file system is mounted read-only, or the file is immutable (lsattr)";
        let within = "root of this namespace of users has no rights over what users have that it does not know: run \
            it outside of the namespace, or as their owner";
        for_user(
            &format!("run it as the owner or as root, or {look}"),
            if is_in_namespace() { within } else { look },
        )
    })
}

fn store_hint(error: &StoreError) -> Option<String> {
    let name = super::called();
    Some(match error {
        StoreError::NoStore(_) => format!(
            "the first '{name} save' makes it; another one is named with --store or \
            VENV_SNAP_STORE"
        ),
        StoreError::Header { .. } => format!(
            "'{name} verify --repair' makes it anew, where all that the store holds \
            is of a known version"
        ),
        StoreError::NotAStore(_) => "name an empty or a new directory".to_owned(),
        StoreError::Untrusted { .. } => {
            "a store belongs to its user and nobody else may write in it: chown and chmod \
            700, if you know what it holds"
                .to_owned()
        }
        StoreError::TooNew { .. } => "install the version that wrote it, or a newer one".to_owned(),
        StoreError::Locked(_) => "wait for it, or wait longer with --lock-wait".to_owned(),
        StoreError::Corrupt { .. } | StoreError::LostObject(_) => format!(
            "'{name} verify --repair' may heal it from \
            a live venv; a restore with --partial brings back all else"
        ),
        StoreError::Path(path) if path.verb == "create directory" => {
            let hint = path_hint(path)?;
            format!("{hint}; another store is named with --store or VENV_SNAP_STORE")
        }
        StoreError::Path(path) => return path_hint(path),
        StoreError::Index {
            source: IndexFailure::FileSize { .. },
            ..
        } => longer_files(),
        StoreError::Index {
            source: IndexFailure::NoSpace,
            ..
        } => FREE_SPACE.to_owned(),
        _ => return super::bucket::hint(error),
    })
}

/// Whether a reason, which is a text, says that access was denied. An interpreter that may not be run there is
/// something else.
fn is_denied(reason: &str) -> bool {
    let denied = std::io::Error::from(rustix::io::Errno::ACCESS).to_string();
    reason.contains(&denied) && !reason.contains("may not run")
        || reason.contains("Operation not permitted")
}

fn venv_hint(error: &VenvError) -> Option<String> {
    let name = super::called();
    Some(match error {
        VenvError::NotFound(_) => format!(
            "look at the path; 'python3 -m venv' makes a venv, '{name} restore PATH' brings a saved one back"
        ),
        VenvError::NoParent(_) => "make the directory first, or look at the path".to_owned(),
        VenvError::NotADirectory(_) => {
            "name the directory that holds pyvenv.cfg, often '.venv'".to_owned()
        }
        VenvError::NotAudited(_) => format!(
            "'{name} save --any PATH' keeps it as it is; '{name} diff PATH' compares it with that then"
        ),
        VenvError::NotAVenv(_) => format!(
            "name the directory that holds pyvenv.cfg, often '.venv'; where that file was lost, '{name} diff PATH' \
             and '{name} restore PATH' know the venv by its snapshots; a directory of any kind: \
             '{name} save --any PATH'"
        ),
        VenvError::Unreadable { reason, .. } if !is_denied(reason) => {
            format!(
                "'{name} check' names all that could not be looked at, with the reasons; '{name} save --force' saves \
                 what can be read, as no baseline"
            )
        }
        VenvError::Unreadable { .. } => for_user(
            "run it as the owner or as root",
            "root is shut out by network and user-space file systems alone: run it as the owner there, and where links \
             alone cannot be read, as on sshfs, on the machine that has the files; else look at the disk (dmesg)",
        ),
        VenvError::Unstable(_) => {
            "wait until the installation ends, or stop the service that writes there, and try again"
                .to_owned()
        }
        VenvError::Exchanged(_) => {
            "wait until whatever restores or moves the venv is done, and try again".to_owned()
        }
        VenvError::Path(path) => return path_hint(path),
        VenvError::Stopped => return None,
    })
}

/// What to do with a damaged venv of which there is no snapshot.
pub(crate) fn anew(venv: &Path) -> String {
    format!(
        "to make it anew without a snapshot, past every cache: {}",
        command("rebuild", venv)
    )
}
