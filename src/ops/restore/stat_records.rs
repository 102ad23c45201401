//! Lets the next save know the new tree.

use crate::disk::mapped::Mapped;
use crate::monitor::RestoreWarning;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::replace::Swapped;
use crate::store::Store;
use crate::tree::Site;
use crate::tree::stat_cache::StatCache;

/// Notes the states of the new tree. Where that fails, the next save reads all files, and the restore is done all the
/// same.
pub(super) fn note(context: &Context<'_>, store: &Store, place: &Site, swapped: &Swapped<'_>) {
    if let Err(error) = try_note(context, store, place, swapped) {
        let warning = RestoreWarning::StatesNotNoted(&error);
        context.monitor.warn(warning.into());
    }
}

fn try_note(
    context: &Context<'_>,
    store: &Store,
    place: &Site,
    swapped: &Swapped<'_>,
) -> Result<(), Error> {
    let states = swapped
        .states(|tree| Ok::<_, Error>(store.may_write() && context.racy(tree)?.is_none()))?;
    if let Some(records) = states {
        let mapped = Mapped::within(&place.again()?.open()?);
        let cache = StatCache::new(records.into_iter(), None).without(&mapped);
        let key = Context::cache_key(&context.venv_id(place));
        store
            .index
            .set_stat_cache(&key, &cache.encode(), context.monitor);
    }
    Ok(())
}
