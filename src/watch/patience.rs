//! How long damage is waited for that may be the midst of a deploy: a venv that was moved away, so that a new one can
//! be built in its place, and one that is being built.

use std::time::Duration;

use super::found::Found;
use super::guard::Guard;
use super::moment::Moment;
use super::place::Gone;

/// A venv that was removed as a whole is put back after so long: a deploy that begins so makes the next one at once.
const REMOVED: Duration = Duration::from_secs(3);

/// What becomes of damage for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// It counts.
    Over,
    /// It is told, and healed from then on.
    Heals(Moment),
    /// It is looked at again then, and nothing is told.
    Looks(Moment),
}

impl Guard {
    /// Whether damage is waited for, and how.
    pub(super) fn patience(&mut self, now: Moment, found: &Found) -> Patience {
        let settle = self.rules.policy.settle;
        let is_other = self.memory.place.is_replaced(&found.place);
        if found.gone.is_none() && !is_other {
            self.odd_since = None;
            return Patience::Over;
        }
        let since = *self.odd_since.get_or_insert(now);
        let until = match found.gone {
            // Whoever builds goes on to change it.
            None => since.max(self.changed_at).after(settle),
            Some(Gone::Parent) => since.after(settle),
            Some(_) if found.is_beside || self.is_renamed => since.after(settle),
            Some(_) if now < since.after(REMOVED) => return Patience::Heals(since.after(REMOVED)),
            Some(_) => return Patience::Over,
        };
        if now < until {
            Patience::Looks(until)
        } else {
            Patience::Over
        }
    }
}
