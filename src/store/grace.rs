//! When a pack of a store that many hosts write may go (docs/format.md, "Giving up packs in a bucket"). Pure: the times
//! are those of the server, in seconds since 1970, and nothing is asked here. `grace/model.rs` tries the rules.
//!
//! A pack that nothing needs is marked by a tombstone first, and goes when that is as old as the grace. Who saves
//! relies on no marked pack, and on what it saw listed for half of that time at most. So whoever saw a pack before it
//! was marked has committed, or given up, long before the pack may go; and then it is looked at once more.

#[cfg(test)]
mod model;

/// No grace is shorter.
pub(crate) const GRACE_SECONDS_MIN: i64 = 24 * 3600;
/// A save that takes longer does not know any more what it may rely on.
const SAVE_SECONDS_MAX: i64 = GRACE_SECONDS_MIN / 2;
/// Clocks that are further apart tell nothing of ages.
const CLOCK_SECONDS_MAX: i64 = 300;

/// What is to become of a pack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Nothing.
    Stays,
    /// It is marked, and goes when its grace is over.
    Marked,
    /// It is needed again: the mark goes.
    Spared,
    /// It goes.
    Goes,
}

/// What is known of a pack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// When it was written.
    pub(crate) written: i64,
    /// When it was marked; none where it is not.
    pub(crate) marked: Option<i64>,
    /// Whether a snapshot needs something that lies in no other pack without a mark.
    pub(crate) needed: bool,
}

impl Fate {
    /// Decides of one pack, with what was listed at `now` or later.
    pub(crate) fn decide(pack: Known, now: i64, grace: i64) -> Self {
        let is_over = |since: i64| now.saturating_sub(since) >= grace.max(GRACE_SECONDS_MIN);
        match pack.marked {
            Some(_) if pack.needed => Self::Spared,
            Some(since) if is_over(since) => Self::Goes,
            None if !pack.needed && is_over(pack.written) => Self::Marked,
            _ => Self::Stays,
        }
    }
}

/// Whether a snapshot may still be committed so long after it was listed what the store has.
pub(crate) fn may_commit(seconds: i64) -> bool {
    seconds < SAVE_SECONDS_MAX
}

/// Whether two clocks agree well enough to tell ages.
pub(crate) fn clocks_agree(here: i64, there: i64) -> bool {
    here.abs_diff(there) < CLOCK_SECONDS_MAX as u64
}
