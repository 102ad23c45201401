//! Errors as people see them: what, why, and what to do. The only place that knows hints and exit codes.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use venv_snap::model::{Audit, Shown};
use venv_snap::ops::{Chosen, Error, Refusal, Unbuilt, Unsettled};
use venv_snap::{StoreError, VenvError};

use super::exit::Exit;

/// An error with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
    pub(crate) exit: Exit,
    /// What was found, where findings are the reason.
    pub(crate) audit: Option<Box<Audit>>,
    /// In which venv.
    pub(crate) venv: Option<PathBuf>,
}

impl Failure {
    /// A mistake in the command line.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: Some(hint.into()),
            exit: Exit::Usage,
            audit: None,
            venv: None,
        }
    }

    /// Something that could not be done.
    pub(crate) fn not_done(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            exit: Exit::NotDone,
            audit: None,
            venv: None,
        }
    }

    /// The refusal of a venv whose findings have just been shown: they are not told once more.
    pub(crate) fn refused(audit: Box<Audit>) -> Self {
        let message = "the venv is damaged, and so it was not saved".to_owned();
        Self {
            message,
            ..Error::Damaged(audit).into()
        }
    }

    /// What is left to do after a restore that happened.
    pub(crate) fn unsettled(place: &Path, unsettled: &Unsettled) -> Self {
        let place = Shown::path(place);
        let next = "the next command that works on the venv tries again";
        let hint = match &unsettled.left {
            Some(left) => format!(
                "what it replaced is left as '{}': {next}, and the next restore or undo goes on whatever comes of it",
                Shown::path(left)
            ),
            None => next.to_owned(),
        };
        let why = &unsettled.why;
        Self {
            causes: [why.to_string()].into_iter().chain(causes(why)).collect(),
            hint: Some(hint),
            ..Self::not_done(format!(
                "'{place}' is restored, but not all is done that comes after it"
            ))
        }
    }

    /// Says in which venv that was found.
    pub(crate) fn in_venv(self, venv: &Path) -> Self {
        Self {
            venv: Some(venv.to_owned()),
            ..self
        }
    }

    /// Replaces the hint.
    pub(crate) fn with_hint(self, hint: String) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            message: error.to_string(),
            causes: match &error {
                Error::Unbuilt(unbuilt) => super::rebuild::said(unbuilt),
                _ => causes(&error),
            },
            hint: hint(&error),
            exit: exit(&error),
            audit: match error {
                Error::Damaged(audit) | Error::Unbuilt(Unbuilt::Unsound(audit)) => Some(audit),
                _ => None,
            },
            venv: None,
        }
    }
}

impl From<VenvError> for Failure {
    fn from(error: VenvError) -> Self {
        Error::from(error).into()
    }
}

/// What caused an error, in words, the nearest first.
fn causes(error: &Error) -> Vec<String> {
    let mut all = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        all.push(cause.to_string());
        source = cause.source();
    }
    all
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::Store(StoreError::NoStore(_))
        | Error::NoSnapshot { .. }
        | Error::NoBaseline { .. }
        | Error::NothingToUndo(_)
        | Error::NoRestore(_) => Exit::NoStore,
        Error::Store(StoreError::Locked(_)) | Error::Busy(_) | Error::Unbuilt(Unbuilt::Busy(_)) => {
            Exit::Locked
        }
        Error::Unsettled { source, .. } if matches!(**source, StoreError::Locked(_)) => {
            Exit::Locked
        }
        Error::Ambiguous { .. }
        | Error::KeepsNothing
        | Error::NoMatch(_)
        | Error::NotCached(_)
        | Error::NotQuarantined(_)
        | Error::NoSuchPath { .. }
        | Error::NoVenv(_)
        | Error::SameStore(_) => Exit::Usage,
        Error::Unbuilt(Unbuilt::Requirements { .. } | Unbuilt::BadInterpreter { .. }) => {
            Exit::Usage
        }
        Error::Interrupted => Exit::Interrupted,
        // What could not be looked at may be worse.
        Error::Damaged(audit) if !audit.unread.is_empty() => Exit::NotDone,
        Error::Damaged(_) => Exit::Findings,
        _ => Exit::NotDone,
    }
}

/// Which snapshots of other venvs are meant, the same path on another host or another path, and how one is taken.
pub(crate) fn of_others(venv: &Path, snapshots: &[Chosen]) -> String {
    let name = super::program_name();
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
        Shown::path(venv),
        snapshots[0].id
    )
}

/// What to do about it.
fn hint(error: &Error) -> Option<String> {
    let name = super::program_name();
    Some(match error {
        Error::Store(store) => return store_hint(store),
        Error::Unsettled { source, .. } if matches!(**source, StoreError::NoStore(_)) => "mount what holds it; if it is gone for good, remove what is called '.snap-restore-' beside or in the venv, and restore from another store".to_owned(),
        Error::Unsettled { source, .. } => return store_hint(source),
        Error::Uncompleted { source, .. } => return hint(source),
        Error::Unbuilt(unbuilt) => return super::rebuild::hint(unbuilt),
        Error::Venv(venv) => return venv_hint(venv),
        Error::Restore(refusal) => return restore_hint(refusal),
        Error::Damaged(_) => format!("'{name} check' tells more, and the command that installs anew what is damaged; '{name} restore' brings a saved state back; '{name} save --force' saves it as it is, as no baseline"),
        Error::NoSnapshot {
            venv: Some(venv),
            elsewhere,
            ..
        } if !elsewhere.is_empty() => of_others(venv, elsewhere),
        Error::NoSnapshot { .. } => format!("'{name} list' shows what there is; an id reaches the snapshots of any venv, also of one that was moved"),
        Error::NoBaseline {
            venv, elsewhere, ..
        } if !elsewhere.is_empty() => of_others(venv, elsewhere),
        Error::NoBaseline { venv, .. } => format!("'{name} save {0}' makes one while the venv is good; where it is not, '{name} check {0}' tells the command that installs anew what is damaged; '{name} list' shows what there is: the id of a snapshot reaches it also from another place, as after the venv was moved", Shown::path(venv)),
        Error::Ambiguous { .. } => "use more digits".to_owned(),
        Error::KeepsNothing => "what stays is only protected; look at the labels and times with 'snap list', or name what to forget".to_owned(),
        Error::Nested { .. } => "put the store elsewhere with --store or VENV_SNAP_STORE".to_owned(),
        Error::NoIncident(cause) if is_full(cause) => "free space in the store, or keep the old tree beside the venv instead: --keep-old".to_owned(),
        Error::NoIncident(_) => "make the store writable, or keep the old tree beside the venv instead: --keep-old".to_owned(),
        Error::Busy(_) => "wait for it, or wait longer with --lock-wait".to_owned(),
        Error::InTheWay(_) => "no restore is known to have left it: look at it, then move it away and run the command again".to_owned(),
        Error::NoRoom(_) => "free some space there and run the command again; nothing was changed".to_owned(),
        // The content is right: another snapshot would end in the same way.
        Error::NotVerified { what, .. } if is_attribute(what) => format!("this place changes what is written there, or cannot hold it (mount options, ACLs of the directory, another file system): look at those, or try '{name} restore --to DIR' elsewhere"),
        Error::NotVerified { .. } => format!("'{name} restore' with another snapshot may work: '{name} list'"),
        Error::Path(path) => return path_hint(path),
        Error::DamagedSnapshot { .. } => format!("'{name} verify --repair' mends a single flipped bit; else restore the file from a copy of the store, or choose another snapshot"),
        Error::KeptBeside(_) => format!("move it back in place of the venv, or remove it; an older state comes back by its id: '{name} log', '{name} restore VENV ID'"),
        Error::ForgottenIncident { id, .. } => format!("'{name} undelete {id}' brings it back while its content is there; an older state comes back by its id: '{name} log', '{name} restore VENV ID'"),
        Error::GoneIncident { venv, .. } => format!("an older state comes back by its id: '{name} log' tells them, '{name} restore {} ID'", Shown::path(venv)),
        Error::Pinned(id) => format!("'{name} unpin {id}' takes the mark away"),
        Error::CannotPrune(_) => format!("'{name} verify --repair' mends what can be mended; '{name} forget' takes snapshots with holes from the list; who removes a file from quarantine/ gives its snapshot up and, if it was pinned, '{name} unpin ID' as well, which also gives up one whose file is gone"),
        Error::NoVenv(_) => "name it with --venv DIR".to_owned(),
        Error::SameStore(_) => "name another one with --to".to_owned(),
        Error::Lost { .. } => format!("'{name} verify --repair' may heal it from a live venv"),
        Error::OtherVenv { id, of, venv } => format!("'{name} restore {} {id} --from-other' puts the one in place of the other; with '-n' it tells what would change; the venv of the snapshot is '{}' on host {}", Shown::path(&venv.path()), Shown::path(&of.path()), Shown(of.host.as_bytes())),
        Error::Losses(_) => format!("'{name} restore --yes' (or '{name} undo --yes') goes on without it; with '-n' it tells all that would change"),
        Error::NotCached(_) => format!("'{name} cache check' without a name reads all that there is"),
        Error::NotQuarantined(_) => format!("'{name} cache release' without a name lists what is there"),
        Error::NoCache(_) => "name the directory that holds 'http-v2' (pip), 'archive-v…' (uv), 'artifacts' (poetry), 'packages' (pdm) or 'wheel' (virtualenv)".to_owned(),
        Error::NoMatch(_) => "a pattern is matched against paths inside the venv, such as 'lib/python3.*/site-packages/click'".to_owned(),
        _ => return None,
    })
}

fn restore_hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::NotEmpty(_) | Refusal::FilledMeanwhile(_) | Refusal::NotADirectory(_) => {
            "--to builds only where nothing is: name another place"
        }
        Refusal::LineBreak => "--exact builds the tree without adapting it",
        Refusal::PartNotKept => "--only and --heal need a store that can be written",
        Refusal::PartOfNothing => "without --only and --heal the whole venv is restored",
        Refusal::NeverSteady => "--copy takes none of them over",
        Refusal::InsideVenv { .. } | Refusal::ReplacedMeanwhile | Refusal::BadPattern { .. } => {
            return None;
        }
    };
    Some(hint.to_owned())
}

/// Whether what differs is no content.
fn is_attribute(what: &str) -> bool {
    let kind = what.split(',').next().unwrap_or_default();
    matches!(kind, "mode" | "owner" | "mtime" | "link")
}

fn is_full(error: &Error) -> bool {
    match error {
        Error::Store(StoreError::Path(path)) | Error::Path(path) => path.is_full(),
        Error::NoRoom(_) => true,
        _ => false,
    }
}

/// A hint that sends to root is of no use to root.
fn for_user(hint: &str, for_root: &str) -> String {
    let is_root = rustix::process::geteuid().is_root();
    if is_root { for_root } else { hint }.to_owned()
}

fn path_hint(error: &venv_snap::PathError) -> Option<String> {
    if error.is_full() {
        return Some("free some space there and run the command again".to_owned());
    }
    error.is_denied().then(|| {
        let look =
            "look whether the file system is mounted read-only, or the file is immutable (lsattr)";
        for_user(&format!("run it as the owner or as root, or {look}"), look)
    })
}

fn store_hint(error: &StoreError) -> Option<String> {
    let name = super::program_name();
    Some(match error {
        StoreError::NoStore(_) => format!("the first '{name} save' makes it; another one is named with --store or VENV_SNAP_STORE"),
        StoreError::Header { .. } => format!("'{name} verify --repair' makes it anew, where all that the store holds is of a known version"),
        StoreError::NotAStore(_) => "name an empty or a new directory".to_owned(),
        StoreError::Untrusted { .. } => "a store belongs to its user and nobody else may write in it: chown and chmod 700, if you know what it holds".to_owned(),
        StoreError::TooNew { .. } => "install the version that wrote it, or a newer one".to_owned(),
        StoreError::Locked(_) => "wait for it, or wait longer with --lock-wait".to_owned(),
        StoreError::Corrupt { .. } | StoreError::LostObject(_) => format!("'{name} verify --repair' may heal it from a live venv; '{name} restore --partial' brings back all else"),
        StoreError::Path(path) => return path_hint(path),
        _ => return None,
    })
}

/// Whether somebody was not let in; an interpreter that may not be run there, or a path that is too long, is something
/// else.
fn is_denied(reason: &str) -> bool {
    let denied = std::io::Error::from(rustix::io::Errno::ACCESS).to_string();
    reason.contains(&denied) && !reason.contains("may not run")
        || reason.contains("Operation not permitted")
}

fn venv_hint(error: &VenvError) -> Option<String> {
    let name = super::program_name();
    Some(match error {
        VenvError::NotFound(_) => format!(
            "look at the path; 'python3 -m venv' makes a venv, '{name} restore PATH' brings a saved one back"
        ),
        VenvError::NoParent(_) => "make the directory first, or look at the path".to_owned(),
        VenvError::NotADirectory(_) => {
            "name the directory that holds pyvenv.cfg, often '.venv'".to_owned()
        }
        VenvError::NotAVenv(_) => format!(
            "name the directory that holds pyvenv.cfg, often '.venv'; where that file was lost, '{name} diff PATH' and '{name} restore PATH' know the venv by its snapshots"
        ),
        VenvError::Unreadable { reason, .. } if !is_denied(reason) => {
            format!(
                "'{name} check' names all that could not be looked at, with the reasons; '{name} save --force' leaves it out"
            )
        }
        VenvError::Unreadable { .. } => for_user(
            "run it as the owner or as root",
            "root is shut out by network and user-space file systems alone: run it as the owner there; else look at the disk (dmesg)",
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
