//! What in a restored tree still names the place where it was saved: while the old venv lives there, one service would
//! run the code of another.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use rustix::fs::OFlags;

use super::{Mode, OldForm, OldName, OldNames, RestoreOutcome};
use crate::disk::rooted::Rooted;
use crate::disk::walk::{Found, walk};
use crate::model::RelPath;
use crate::monitor::{Monitor, RestoreWarning};
use crate::ops::error::Error;
use crate::python::relocate::{Counter, Form, Mentions, relocated_link};
use crate::tree::Site;

/// A longer file is looked through for the plain name alone: it is a library or data, and no text with escapes.
const TEXT_MAX: u64 = 8 << 20;
/// Bytes that are read at once.
const PIECE_LEN: usize = 1 << 18;

/// Adds to an outcome what still names the old place. That it cannot be looked for is a warning: the tree stands there
/// all the same.
pub(super) fn with_old_names(
    place: &Site,
    outcome: RestoreOutcome,
    monitor: &dyn Monitor,
) -> RestoreOutcome {
    let from = &outcome.old_places;
    if matches!(outcome.mode, Mode::DryRun) || from.is_empty() {
        return outcome;
    }
    let old_names = old_names(place, from, monitor);
    let old_names = old_names.map_err(|error| {
        let warning = RestoreWarning::OldNamesUnknown {
            place: &from[0],
            cause: &error,
        };
        monitor.warn(warning.into());
    });
    RestoreOutcome {
        old_names: old_names.ok(),
        ..outcome
    }
}

/// Reads a tree and looks for the names of the place where it was saved. What was read or written just now is in
/// memory.
fn old_names(place: &Site, from: &[PathBuf], monitor: &dyn Monitor) -> Result<OldNames, Error> {
    let root = place.again()?.open()?;
    let names: Vec<&[u8]> = from
        .iter()
        .map(|name| name.as_os_str().as_bytes())
        .collect();
    monitor.phase("looking for names of the old place", 0, 0);
    let forms: Vec<Form> = names.iter().flat_map(|name| Form::all(name)).collect();
    let plain: Vec<Form> = names.iter().map(|name| Form::plain(name)).collect();
    let unread = AtomicU64::new(0);
    let look = |found: Found| {
        if monitor.cancelled() {
            return None;
        }
        let target = found.rare.as_ref().and_then(|rare| rare.target.as_deref());
        let (form, count) = match target {
            Some(text) => {
                names
                    .iter()
                    .find_map(|from| relocated_link(&found.path, text, from, b"/"))?;
                (OldForm::Link, 1)
            }
            None if found.stat.is_file() => {
                let is_text = found.stat.size <= TEXT_MAX && !is_bytecode(&found.path);
                let forms = if is_text { &forms } else { &plain };
                let Some(mentions) = read(&root, &found.path, forms) else {
                    unread.fetch_add(1, Ordering::Relaxed);
                    return None;
                };
                let binary = mentions.is_binary;
                let form = if binary {
                    OldForm::Binary
                } else {
                    OldForm::Text
                };
                (form, mentions.count)
            }
            None => return None,
        };
        let path = found.path;
        Some(OldName { path, form, count })
    };
    let found = walk(&root)?.into_par_iter().filter_map(look);
    let mut found: Vec<OldName> = found.filter(|one| one.count > 0).collect();
    if let unread @ 1.. = unread.into_inner() {
        monitor.warn(RestoreWarning::OldNamesUnread(unread).into());
    }
    let all = found.len();
    found.retain(|one| !is_bytecode(&one.path));
    let bytecode = (all - found.len()) as u64;
    Ok(OldNames { found, bytecode })
}

fn is_bytecode(path: &RelPath) -> bool {
    path.name().ends_with(b".pyc")
}

/// What one file names; none where it cannot be read.
fn read(root: &Rooted, path: &RelPath, forms: &[Form]) -> Option<Mentions> {
    let mut file = std::fs::File::from(root.open_below(path, OFlags::RDONLY).ok()?);
    let mut counters: Vec<Counter<'_>> = forms.iter().map(Counter::new).collect();
    let mut piece = vec![0; PIECE_LEN.min(file.metadata().ok()?.len() as usize + 1)];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => counters.iter_mut().for_each(|one| one.take(&piece[..len])),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    let ends = counters.into_iter().map(Counter::end);
    ends.reduce(|all, one| Mentions {
        count: all.count + one.count,
        is_binary: all.is_binary || one.is_binary,
    })
}
