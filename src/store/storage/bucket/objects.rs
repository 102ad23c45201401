//! What a store needs of whatever keeps objects by key: one request each, and what it came to.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

/// What becomes of the object that was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Put {
    /// It gives way, so that the same request may be sent again.
    Over,
    /// The request fails where there is one (`If-None-Match: *`).
    New,
}

/// An object as a listing tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listing {
    pub(super) key: String,
    pub(super) size: u64,
    /// When it was written by the clock of the server, in seconds since 1970.
    pub(super) written: i64,
    /// What the server calls this content, where it says that.
    pub(super) tag: Option<String>,
}

/// Why a request has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failed {
    /// There is no such object, or no such bucket.
    Missing,
    /// There is one already, or somebody else is writing it.
    Exists,
    /// The keys do not allow it. With the server's word for why.
    Denied(String),
    /// No answer came, or half of one: a write may have happened.
    Unknown(String),
    /// The server could not do it, though it was asked several times. A write may have happened all the same.
    Busy(String),
    /// The server does not do it.
    Refused(String),
    /// The object is longer than it may be.
    TooLong,
    /// The person asked to stop, and no answer came for a while. A write may have happened.
    Stopped,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such object"),
            Self::Exists => f.write_str("there is another object of that name"),
            Self::TooLong => f.write_str("it is longer than it may be"),
            Self::Stopped => f.write_str("interrupted"),
            Self::Denied(why) => write!(f, "it is not allowed ({why})"),
            Self::Unknown(why) | Self::Busy(why) | Self::Refused(why) => f.write_str(why),
        }
    }
}

/// Keeps objects by key. No request that could do harm is repeated here.
pub(super) trait Objects: fmt::Debug + Send + Sync {
    /// Writes an object whole.
    fn put(&self, key: &str, content: &[Bytes], put: Put) -> Result<(), Failed>;

    /// Reads an object, or as much of a range as there is. An object longer than `max` is refused before it is read.
    fn get(&self, key: &str, range: Option<Range<u64>>, max: u64) -> Result<Bytes, Failed>;

    /// What a listing would tell of one object.
    fn head(&self, key: &str) -> Result<Listing, Failed>;

    /// All objects whose keys begin with `prefix` and a slash, those behind `after` where that is said. An empty prefix
    /// stands for all.
    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listing>, Failed>;

    /// Removes objects. That one is gone already is fine.
    fn delete(&self, keys: Vec<String>) -> Result<(), Failed>;
}
