//! The frames that were read last, decompressed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Error;

/// The frames that were read last: neighbours in path order are mostly neighbours in a frame.
#[derive(Debug, Default)]
pub(super) struct FrameCache(Mutex<VecDeque<(FrameKey, Arc<Slot>)>>);

/// A frame; none until it was read. Who holds the lock reads it, and who comes meanwhile waits for that.
type Slot = Mutex<Option<Arc<Vec<u8>>>>;

/// The numbers of a pack and of a frame in it.
pub(super) type FrameKey = (u32, u32);

/// How many frames are kept at a time.
const CACHED_FRAMES: usize = 8;

impl FrameCache {
    /// A frame, read by `read` if it is not here.
    pub(super) fn get(
        &self,
        wanted: FrameKey,
        read: impl FnOnce() -> Result<Vec<u8>, Error>,
    ) -> Result<Arc<Vec<u8>>, Error> {
        let slot = self.slot(wanted);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(raw) => Ok(Arc::clone(raw)),
            None => Ok(Arc::clone(slot.insert(Arc::new(read()?)))),
        }
    }

    /// The place for a frame, which may be empty yet.
    fn slot(&self, wanted: FrameKey) -> Arc<Slot> {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = frames.iter().position(|(key, _)| *key == wanted);
        let found = at.and_then(|at| frames.remove(at));
        let (_, slot) = found.unwrap_or_else(|| (wanted, Arc::default()));
        if frames.len() >= CACHED_FRAMES {
            frames.pop_front();
        }
        frames.push_back((wanted, Arc::clone(&slot)));
        slot
    }

    /// Forgets all: the numbers mean other packs from now on.
    pub(super) fn clear(&self) {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        frames.clear();
    }
}
