//! Which dates of a row of snapshots can be right. Each is what the clock of a host said, and a clock may have stood
//! wrong for a while.

use jiff::{SignedDuration, Timestamp};

/// Of dates in the order in which the snapshots were made: which of them another one or the clock of `now` contradicts.
/// A later snapshot with an earlier date contradicts every one that is dated after it. Which of two is right is not
/// known, so each of them counts as contradicted, unless the earlier is even dated after the newest and after `now`:
/// then it was that one for which the clock stood wrong.
pub(super) fn contradicted(dates: &[Timestamp], now: Timestamp) -> Vec<bool> {
    let newest = dates.last().map_or(now, |last| now.min(*last));
    let mut wrong: Vec<bool> = Vec::with_capacity(dates.len());
    let mut earliest = now;
    for date in dates.iter().rev() {
        wrong.push(*date > earliest);
        earliest = earliest.min(*date);
    }
    wrong.reverse();
    let mut latest = Timestamp::MIN;
    for (date, wrong) in dates.iter().zip(&mut wrong) {
        *wrong |= *date < latest;
        if *date <= newest {
            latest = latest.max(*date);
        }
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
        let wrong = contradicted(&dates.collect::<Vec<_>>(), Timestamp::MAX);
        (0..seconds.len()).filter(|&at| wrong[at]).collect()
    }

    #[test]
    fn what_goes_forward_is_right_and_so_are_equal_dates() {
        for right in [&[][..], &[5], &[1, 2, 2, 3]] {
            assert!(wrong(right).is_empty(), "{right:?}");
        }
    }

    #[test]
    fn saves_ahead_of_time_are_wrong_however_many_they_are_and_not_those_around_them() {
        assert_eq!(wrong(&[1, 2, 90, 3, 4]), [2]);
        assert_eq!(wrong(&[1, 90, 91, 3]), [1, 2]);
        assert_eq!(wrong(&[1, 90, 91, 92, 93, 94, 2, 3]), [1, 2, 3, 4, 5]);
        assert_eq!(wrong(&[90, 1, 2]), [0]);
        assert_eq!(wrong(&[90, 1]), [0]);
        assert_eq!(wrong(&[1, 90, 2]), [1]);
    }

    #[test]
    fn of_dates_that_contradict_each_other_none_is_believed_where_both_could_be_right() {
        assert_eq!(wrong(&[11, 12, 1, 13, 14]), [0, 1, 2]);
        assert_eq!(wrong(&[5, 11, 12, 6, 7, 13]), [1, 2, 3, 4]);
        assert_eq!(wrong(&[11, 12, 90, 13, 1, 14]), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_date_that_has_not_come_yet_is_wrong() {
        let date = |at: i64| Timestamp::new(at, 0).unwrap();
        let dates = [1, 2, 3, 90].map(date);
        assert_eq!(contradicted(&dates, date(4)), [false, false, false, true]);
        assert_eq!(contradicted(&dates, date(90)), [false; 4]);
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
}
