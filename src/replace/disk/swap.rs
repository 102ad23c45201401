//! The exchange of staging and venv.
//!
//! 1. Only a verified, durable staging comes here (its type says so), and the journal names both trees.
//! 2. `RENAME_EXCHANGE`: at every moment the name means the whole old or the whole new tree.
//! 3. Where the file system lacks it (EINVAL, ENOSYS, EPERM of a sandbox): two renames, which the caller announces
//!    first. A crash between them leaves no venv until the next command rolls forward, which the journal makes
//!    certain.
//! 4. EXDEV (a directory of a lower overlay layer) and EBUSY (a mount point): renames cannot help; the caller goes
//!    file by file.
//! 5. After any of them the parent is synced before success is told.

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::journal::Workplace;
use crate::disk::error::{At, PathError};
use crate::disk::rename::{is_unknown, rename_new};
use crate::disk::rooted::os;
use crate::disk::stat::Stat;

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
    /// The directory that gives its place to the new tree is not empty any more; nothing was changed.
    Filled,
    /// Something else than the tree that was to go came to the place in the last moment, and is there again.
    Replaced,
    /// Anything else.
    Failed(PathError),
}

/// Puts staging in the place of the venv, and the venv, which is `live`, in that of staging. None where the file system
/// does not know that step; nothing was changed then.
pub(crate) fn exchange(
    work: &Workplace,
    venv: &[u8],
    live: Option<&Stat>,
) -> Result<Option<Way>, Refusal> {
    let dir = work.dir.fd();
    let staging = work.staging();
    let exchange =
        || rustix::fs::renameat_with(dir, staging.as_str(), dir, venv, RenameFlags::EXCHANGE);
    match exchange() {
        Ok(()) => {}
        Err(Errno::XDEV | Errno::BUSY) => return Err(Refusal::Immovable),
        Err(error) if is_unknown(error) => return Ok(None),
        Err(error) => return Err(failed(work, venv, "exchange the trees at", error)),
    }
    // The kernel exchanges whatever has the name at that moment.
    if is_other(work, &staging, live).map_err(Refusal::Failed)? {
        exchange().map_err(|error| failed(work, venv, "put back", error))?;
        work.dir.sync().map_err(Refusal::Failed)?;
        return Err(Refusal::Replaced);
    }
    work.dir.sync().map_err(Refusal::Failed)?;
    Ok(Some(Way::Exchanged))
}

/// Whether something else than `live` has a name.
fn is_other(work: &Workplace, name: &str, live: Option<&Stat>) -> Result<bool, PathError> {
    let now = work.dir.stat_name(name.as_bytes())?;
    Ok(live.is_some_and(|live| now.is_none_or(|now| !now.same_inode(live))))
}

/// The same by two renames, between which there is no venv.
pub(crate) fn two_renames(
    work: &Workplace,
    venv: &[u8],
    live: Option<&Stat>,
) -> Result<Way, Refusal> {
    let dir = work.dir.fd();
    let shown = work.dir.path().join(os(venv));
    match rustix::fs::renameat(dir, venv, dir, work.aside().as_str()) {
        Ok(()) => {}
        Err(Errno::XDEV | Errno::BUSY) => return Err(Refusal::Immovable),
        Err(error) => return Err(failed(work, venv, "set aside", error)),
    }
    if is_other(work, &work.aside(), live).map_err(Refusal::Failed)? {
        rename_new(dir, work.aside().as_bytes(), dir, venv)
            .map_err(|error| failed(work, venv, "put back", error))?;
        return Err(Refusal::Replaced);
    }
    // If this rename fails, the old tree is put back. If that fails too, or a crash comes between, the next command
    // settles it from the journal.
    rustix::fs::renameat(dir, work.staging().as_str(), dir, venv)
        .at("rename to", &shown)
        .or_else(|error| {
            rustix::fs::renameat(dir, work.aside().as_str(), dir, venv).at("put back", &shown)?;
            Err(error)
        })
        .map_err(Refusal::Failed)?;
    work.dir.sync().map_err(Refusal::Failed)?;
    Ok(Way::TwoRenames)
}

/// Puts staging where nothing is.
pub(crate) fn place(work: &Workplace, venv: &[u8]) -> Result<Way, Refusal> {
    let dir = work.dir.fd();
    rename_new(dir, work.staging().as_bytes(), dir, venv)
        .map_err(|error| failed(work, venv, "rename to", error))?;
    work.dir.sync().map_err(Refusal::Failed)?;
    Ok(Way::Placed)
}

/// Removes the empty directory whose place staging shall have. Whatever came into it makes that fail, and nothing can
/// come into it afterwards.
pub(crate) fn vacate(work: &Workplace, venv: &[u8]) -> Result<(), Refusal> {
    match rustix::fs::unlinkat(work.dir.fd(), venv, AtFlags::REMOVEDIR) {
        Ok(()) => Ok(()),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Err(Refusal::Filled),
        Err(Errno::BUSY) => Err(Refusal::Immovable),
        Err(error) => Err(failed(work, venv, "replace", error)),
    }
}

fn failed(work: &Workplace, venv: &[u8], verb: &'static str, error: Errno) -> Refusal {
    let shown = work.dir.path().join(os(venv));
    Refusal::Failed(PathError::new(verb, &shown, error))
}

/// Gives a tree beside the venv a name to stay under.
pub(crate) fn keep(work: &Workplace, from: &str, to: &[u8]) -> Result<(), PathError> {
    let dir = work.dir.fd();
    let shown = work.dir.path().join(os(to));
    rename_new(dir, from.as_bytes(), dir, to).at("keep the old tree as", &shown)?;
    work.dir.sync()
}
