//! The exchange of staging and venv.
//!
//! 1. Only a verified, durable staging comes here (its type says so), and the journal names both trees.
//! 2. `RENAME_EXCHANGE`: at every moment the name means the whole old or the whole new tree.
//! 3. Where the file system lacks it (EINVAL, ENOSYS, EPERM of a sandbox): two renames. A crash between them leaves no venv
//!    until the next command rolls forward, which the journal makes certain.
//! 4. EXDEV (a directory of a lower overlay layer) and EBUSY (a mount point): renames cannot help; the caller goes file by file.
//! 5. After any of them the parent is synced before success is told.

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::error::{At, PathError};
use super::journal::Workplace;
use super::rooted::os;

/// How the new tree came to its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// In one step; the old tree is at the name of staging.
    Exchanged,
    /// By two renames; the old tree is set aside.
    TwoRenames,
    /// There was nothing to replace.
    Placed,
    /// File by file, since directories cannot be exchanged here.
    FileByFile,
}

/// Why the trees were not exchanged.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Directories cannot be renamed here at all; nothing was changed.
    Immovable,
    /// Anything else.
    Failed(PathError),
}

/// Puts staging in the place of the venv. `live` tells whether there is something to replace.
pub(crate) fn exchange(work: &Workplace, venv: &[u8], live: bool) -> Result<Way, Refusal> {
    let dir = work.dir.fd();
    let staging = work.staging();
    let shown = work.dir.path().join(os(venv));
    let failed = |error: Errno, verb| Refusal::Failed(PathError::new(verb, &shown, error));
    let way = if live {
        match rustix::fs::renameat_with(dir, staging.as_str(), dir, venv, RenameFlags::EXCHANGE) {
            Ok(()) => Way::Exchanged,
            Err(Errno::XDEV | Errno::BUSY) => return Err(Refusal::Immovable),
            Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => two_renames(work, venv)?,
            Err(error) => return Err(failed(error, "exchange the trees at")),
        }
    } else {
        match rustix::fs::renameat_with(dir, staging.as_str(), dir, venv, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::renameat(dir, staging.as_str(), dir, venv)
                    .map_err(|error| failed(error, "rename to"))?;
            }
            Err(error) => return Err(failed(error, "rename to")),
        }
        Way::Placed
    };
    work.dir.sync().map_err(Refusal::Failed)?;
    Ok(way)
}

fn two_renames(work: &Workplace, venv: &[u8]) -> Result<Way, Refusal> {
    let dir = work.dir.fd();
    let shown = work.dir.path().join(os(venv));
    match rustix::fs::renameat(dir, venv, dir, work.aside().as_str()) {
        Ok(()) => {}
        Err(Errno::XDEV | Errno::BUSY) => return Err(Refusal::Immovable),
        Err(error) => return Err(Refusal::Failed(PathError::new("set aside", &shown, error))),
    }
    // From here on there is no way back but forward: if this fails, the next command finishes it from the journal.
    rustix::fs::renameat(dir, work.staging().as_str(), dir, venv)
        .at("rename to", &shown)
        .or_else(|error| {
            rustix::fs::renameat(dir, work.aside().as_str(), dir, venv).at("put back", &shown)?;
            Err(error)
        })
        .map_err(Refusal::Failed)?;
    Ok(Way::TwoRenames)
}

/// Gives a tree beside the venv a name to stay under.
pub(crate) fn keep(work: &Workplace, from: &str, to: &str) -> Result<(), PathError> {
    let dir = work.dir.fd();
    rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE)
        .or_else(|error| {
            if error == Errno::INVAL {
                rustix::fs::renameat(dir, from, dir, to)
            } else {
                Err(error)
            }
        })
        .at("keep the old tree as", &work.shown(to))?;
    work.dir.sync()
}
