//! A fence around a restore: nothing but the directory around the venv and the stores can be changed any more, and root
//! keeps only the rights that a restore needs. To be called first of all, and only by a process that does nothing else.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::restore::stores_of_journals;
use crate::disk::processes::{self, Process};
use crate::store::make_home;
use crate::tree::Site;

/// Puts up the fence. If the kernel holds to it, returns the processes that use the last of the venvs now: from inside
/// of the fence they cannot be seen any more.
pub fn fence(
    context: &Context<'_>,
    sites: &[&Site],
    preserve_special: bool,
) -> Option<Vec<Process>> {
    let using = sites.last().map(|site| processes::using(site.path()));
    let parents = sites.iter().filter_map(|site| site.path().parent());
    let mut within: Vec<PathBuf> = parents.map(Path::to_owned).collect();
    // If the directory cannot be made, whoever opens the store says so.
    within.extend(make_home(&context.store).ok().flatten());
    // What an interrupted restore left is settled first, with the store that it used; so that store lies within the
    // fence.
    let named = sites.iter().flat_map(|site| stores_of_journals(site));
    within.extend(named.filter_map(|name| make_home(&context.store.other(&name)).ok().flatten()));
    crate::disk::fence::drop_rights(preserve_special);
    crate::disk::fence::raise(&within).then(|| using.unwrap_or_default())
}
