//! What a server is seen to do when it is tried: the promises on which hosts that share a store rely.

use serde::{Deserialize, Serialize};

/// Which promises a server kept. Each is told by trying it once; what was kept now may be broken later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Promises {
    /// Of several who create one object at once just one succeeds, and the others are told (`If-None-Match: *`).
    pub creates_once: bool,
    /// What was written, replaced or removed is listed and read so by the next request.
    pub seen_at_once: bool,
    /// A part of an object is that part.
    pub ranges: bool,
}

impl Promises {
    /// Whether hosts may rely on the server.
    pub fn are_kept(&self) -> bool {
        self.creates_once && self.seen_at_once && self.ranges
    }
}

/// What came of trying a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Probe {
    pub(crate) promises: Promises,
    /// What its clock said while it was tried, in seconds since 1970.
    pub(crate) clock: i64,
}
