//! The file system on which a venv stood when it was saved or restored last.

use super::context::Context;
use crate::tree::Site;
use crate::tree::stat_cache::StatCache;

/// Its device; none where the index does not tell.
pub fn saved_on(context: &Context<'_>, site: &Site) -> Option<u64> {
    let store = context.open().ok()?;
    let key = Context::cache_key(&context.venv_id(site));
    let bytes = store.index.stat_cache(&key, context.monitor).ok()??;
    StatCache::decode(&bytes).device()
}
