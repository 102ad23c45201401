//! `undo`: brings back what the last restore replaced. It is a restore itself, so it can be undone.

use super::context::Context;
use super::error::Error;
use super::lookup::Chosen;
use super::restore::{self, RestoreOptions, RestoreOutcome, hold_parent};
use crate::venv::Site;

/// Brings back the newest incident snapshot of a venv.
pub fn undo(
    context: &Context<'_>,
    site: &Site,
    options: &RestoreOptions,
) -> Result<RestoreOutcome, Error> {
    super::save::refuse_nesting(context, site)?;
    let store = context.open()?;
    let _parent = hold_parent(context, site)?;
    restore::recover(context, Some(&store), site)?;
    store.tidy(context.monitor)?;
    let venv = context.venv_id(site);
    let catalog = store.catalog()?;
    let last = catalog
        .of(&venv)
        .rev()
        .find(|(_, snapshot)| !snapshot.is_save());
    let Some((id, snapshot)) = last.cloned() else {
        return Err(Error::NothingToUndo(site.path().to_owned()));
    };
    if snapshot.totals.dirs == 0 {
        return Err(Error::ReplacedNothing(site.path().to_owned()));
    }
    restore::restore_chosen(
        context,
        &store,
        &site.again()?,
        Chosen { id, snapshot },
        options,
        "undo",
    )
}
