//! Which dates of a row of snapshots can be right. Each is what the clock of a host said, and a clock may have stood
//! wrong for a while.

use jiff::{SignedDuration, Timestamp};

/// Of dates in the order in which the snapshots were made: which of them the others contradict. The longest run that
/// never goes back is taken for right; of two that are as long the one with the newer snapshots.
pub(super) fn contradicted(dates: &[Timestamp]) -> Vec<bool> {
    // Of each date the length of the longest run that begins there, and what comes next in it.
    let mut runs: Vec<(usize, Option<usize>)> = vec![(1, None); dates.len()];
    for at in (0..dates.len()).rev() {
        let later = (at + 1..dates.len()).filter(|next| dates[*next] >= dates[at]);
        if let Some(next) = later.max_by_key(|next| (runs[*next].0, *next)) {
            runs[at] = (runs[next].0 + 1, Some(next));
        }
    }
    let mut wrong = vec![true; dates.len()];
    let mut next = (0..dates.len()).max_by_key(|at| (runs[*at].0, *at));
    while let Some(at) = next {
        wrong[at] = false;
        next = runs[at].1;
    }
    wrong
}

/// Between two saves of one venv hardly anybody lets so much time go by.
const AHEAD: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// How the clock jumped between two saves of one venv: it was wrong at one of them, or very likely so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockJump {
    /// The save before has a later date.
    Back,
    /// The save before is more than two years older.
    Ahead,
}

impl ClockJump {
    /// Compares the dates of two saves, of which `before` was the first.
    pub(super) fn between(before: Timestamp, now: Timestamp) -> Option<Self> {
        if now < before {
            Some(Self::Back)
        } else if now.duration_since(before) > AHEAD {
            Some(Self::Ahead)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the dates that are contradicted; each date is a number of seconds.
    fn wrong(seconds: &[i64]) -> Vec<usize> {
        let dates = seconds.iter().map(|&at| Timestamp::new(at, 0).unwrap());
        let wrong = contradicted(&dates.collect::<Vec<_>>());
        (0..seconds.len()).filter(|&at| wrong[at]).collect()
    }

    #[test]
    fn what_goes_forward_is_right_and_so_are_equal_dates() {
        for right in [&[][..], &[5], &[1, 2, 2, 3]] {
            assert!(wrong(right).is_empty(), "{right:?}");
        }
    }

    #[test]
    fn one_date_ahead_or_behind_is_wrong_and_not_those_around_it() {
        assert_eq!(wrong(&[1, 2, 90, 3, 4]), [2]);
        assert_eq!(wrong(&[11, 12, 1, 13, 14]), [2]);
        assert_eq!(wrong(&[90, 1, 2]), [0]);
        assert_eq!(wrong(&[11, 12, 90, 13, 1, 14]), [2, 4]);
    }

    #[test]
    fn a_clock_jumps_back_by_any_time_and_ahead_by_years() {
        let jump = |before: &str, now: &str| {
            ClockJump::between(before.parse().unwrap(), now.parse().unwrap())
        };
        let (day, next) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        assert_eq!(jump(day, next), None);
        assert_eq!(jump(day, day), None);
        assert_eq!(jump(next, day), Some(ClockJump::Back));
        assert_eq!(jump(day, "2027-12-31T00:00:00Z"), None);
        assert_eq!(jump(day, "2036-01-01T00:00:00Z"), Some(ClockJump::Ahead));
    }

    #[test]
    fn of_two_dates_that_contradict_each_other_the_newer_is_believed() {
        assert_eq!(wrong(&[90, 1]), [0]);
        assert_eq!(wrong(&[1, 90, 2]), [1]);
    }
}
