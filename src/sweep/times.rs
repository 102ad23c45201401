//! When a schedule runs next: the five fields of cron (crontab(5)), and calendar events of systemd (systemd.time(7)),
//! as far as they name dates and times. What is not understood has no next time.

use jiff::civil::{DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::time_field::{Field, MONTHS, WEEKDAYS};

/// So many days ahead are looked at: every date that there is comes within them.
const DAYS_MAX: usize = 366 * 41;

/// When something runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Times {
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    years: Field,
    /// 0 is Sunday.
    weekdays: Field,
    /// Whether a day is right that is one of `days` or one of `weekdays`, where both are stated.
    either_day: bool,
    /// Whether days count from the end of a month.
    from_end: bool,
    /// Where the clock stands that is meant, where that is stated.
    zone: Option<TimeZone>,
    /// Whether a time is left out that the clock jumps over; otherwise it comes right after the jump.
    leaves_gaps: bool,
}

impl Times {
    /// The five fields of a line of cron, or one of its names.
    pub(super) fn cron(fields: &[&str]) -> Option<Self> {
        let named = match fields {
            ["@yearly" | "@annually"] => Some("0 0 1 1 *"),
            ["@monthly"] => Some("0 0 1 * *"),
            ["@weekly"] => Some("0 0 * * 0"),
            ["@daily" | "@midnight"] => Some("0 0 * * *"),
            ["@hourly"] => Some("0 * * * *"),
            _ => None,
        };
        let words: Vec<&str> =
            named.map_or_else(|| fields.to_vec(), |named| named.split(' ').collect());
        let [minutes, hours, days, months, weekdays] = words[..] else {
            return None;
        };
        let both = !days.starts_with('*') && !weekdays.starts_with('*');
        Some(Self {
            seconds: Field::only(0),
            minutes: Field::parse(minutes, 0, 59, &[])?,
            hours: Field::parse(hours, 0, 23, &[])?,
            days: Field::parse(days, 1, 31, &[])?,
            months: Field::parse(months, 1, 12, &MONTHS)?,
            years: Field::open(1970, 2200),
            weekdays: Field::parse(weekdays, 0, 7, &WEEKDAYS)?,
            either_day: both,
            from_end: false,
            zone: None,
            // Cron makes up only for what stands at a fixed time (cron(8), "Daylight Saving Time").
            leaves_gaps: minutes.starts_with('*') || hours.starts_with('*'),
        })
    }

    /// Whether these fields of cron are understood and name a time that no clock shows.
    pub(super) fn is_beyond(fields: &[&str]) -> bool {
        let is_number = |field: &&str| {
            let mut signs = field.chars();
            signs.all(|c| c.is_ascii_digit() || "*,-/~".contains(c))
        };
        fields.len() == 5 && fields.iter().all(is_number)
    }

    /// A calendar event of systemd.
    pub(super) fn calendar(text: &str) -> Option<Self> {
        if let Some(seconds) = text.trim().strip_prefix('@') {
            return Self::only(seconds.parse().ok()?);
        }
        let text = text.trim().to_lowercase();
        // A zone may follow a name.
        let (name, zone) = text.split_once(' ').unwrap_or((&text, ""));
        let named = match name {
            "minutely" => "*-*-* *:*:00",
            "hourly" => "*-*-* *:00:00",
            "daily" => "*-*-* 00:00:00",
            "weekly" => "mon *-*-* 00:00:00",
            "monthly" => "*-*-01 00:00:00",
            "quarterly" => "*-01,04,07,10-01 00:00:00",
            "semiannually" | "biannually" => "*-01,07-01 00:00:00",
            "yearly" | "annually" => "*-01-01 00:00:00",
            other => other,
        };
        let text = format!("{named} {zone}");
        let mut times = Self {
            seconds: Field::only(0),
            minutes: Field::only(0),
            hours: Field::only(0),
            days: Field::open(1, 31),
            months: Field::open(1, 12),
            years: Field::open(1970, 2200),
            weekdays: Field::open(0, 6),
            either_day: false,
            from_end: false,
            zone: None,
            leaves_gaps: true,
        };
        for word in text.split_whitespace() {
            let zone = TimeZone::get(word).ok();
            if zone.is_some() {
                times.zone = zone;
            } else if word.contains(':') {
                let parts: Vec<&str> = word.split(':').collect();
                times.hours = Field::parse(parts[0], 0, 23, &[])?;
                times.minutes = Field::parse(parts[1], 0, 59, &[])?;
                if let Some(seconds) = parts.get(2) {
                    times.seconds = Field::parse(seconds, 0, 59, &[])?;
                }
            } else if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                times.weekdays = Field::parse(word.trim_end_matches(','), 0, 6, &WEEKDAYS)?;
            } else {
                times.date(word)?;
            }
        }
        Some(times)
    }

    /// `2026-*-1`, `*-1/2`, or with days from the end of a month `*-*~1`.
    fn date(&mut self, word: &str) -> Option<()> {
        let (before, days) = word.rsplit_once(['-', '~'])?;
        self.from_end = word.contains('~');
        let (years, months) = before.split_once('-').unwrap_or(("*", before));
        self.years = Field::parse(years, 1970, 2200, &[])?;
        self.months = Field::parse(months, 1, 12, &[])?;
        self.days = if self.from_end {
            Field::from_end(days)?
        } else {
            Field::parse(days, 1, 31, &[])?
        };
        Some(())
    }

    /// One second, counted from 1970.
    fn only(second: i64) -> Option<Self> {
        let time = TimeZone::UTC.to_datetime(Timestamp::from_second(second).ok()?);
        let one = |number: i8| Field::only(number.into());
        Some(Self {
            seconds: one(time.second()),
            minutes: one(time.minute()),
            hours: one(time.hour()),
            days: one(time.day()),
            months: one(time.month()),
            years: Field::only(time.year()),
            weekdays: Field::open(0, 6),
            either_day: false,
            from_end: false,
            zone: Some(TimeZone::UTC),
            leaves_gaps: true,
        })
    }

    /// The next time after another one, in a zone where it states none.
    pub(super) fn next(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let zone = self.zone.as_ref().unwrap_or(zone);
        let from = zone.to_datetime(now);
        let mut day = from.date();
        for _ in 0..DAYS_MAX {
            if self.has_day(day) {
                for (hour, minute, second) in self.hours_minutes_seconds() {
                    let time = day.at(hour, minute, second, 0);
                    if time > from
                        && let Some(next) = self.in_zone(time, zone, now)
                    {
                        return Some(next);
                    }
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        None
    }

    /// The next moment at which a clock shows a time; none where it never does, and nothing makes up for that.
    fn in_zone(&self, time: DateTime, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let moment = zone.to_ambiguous_timestamp(time);
        if !matches!(moment.offset(), AmbiguousOffset::Gap { .. }) {
            let mut both = [moment.earlier(), moment.later()].into_iter().flatten();
            return both.find(|one| *one > now);
        }
        let jump = zone.following(moment.earlier().ok()?).next();
        jump.filter(|_| !self.leaves_gaps)
            .map(|jump| jump.timestamp())
    }

    fn hours_minutes_seconds(&self) -> impl Iterator<Item = (i8, i8, i8)> {
        let each = |field: &Field| field.all.clone();
        let (minutes, seconds) = (each(&self.minutes), each(&self.seconds));
        each(&self.hours).into_iter().flat_map(move |hour| {
            let seconds = seconds.clone();
            let minutes = minutes.clone();
            minutes.into_iter().flat_map(move |minute| {
                let seconds = seconds.clone();
                seconds
                    .into_iter()
                    .map(move |second| (hour as i8, minute as i8, second as i8))
            })
        })
    }

    fn has_day(&self, day: jiff::civil::Date) -> bool {
        if !self.months.has(day.month().into()) || !self.years.has(day.year()) {
            return false;
        }
        let weekday = match day.weekday() {
            Weekday::Sunday => 0,
            other => i16::from(other.to_monday_one_offset()),
        };
        let number = if self.from_end {
            day.days_in_month() - day.day() + 1
        } else {
            day.day()
        };
        let (by_day, by_weekday) = (self.days.has(number.into()), self.weekdays.has(weekday));
        if self.either_day {
            by_day || by_weekday
        } else {
            by_day && by_weekday
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(times: Option<Times>) -> String {
        let now: Timestamp = "2026-11-29T08:00:00Z".parse().unwrap();
        let next = times.and_then(|times| times.next(now, &TimeZone::UTC));
        next.map_or_else(|| "never".to_owned(), |next| next.to_string())
    }

    #[test]
    fn a_time_that_the_clock_jumps_over_is_that_of_who_reads_it() {
        let told = |times: Option<Times>, zone: &str| {
            let now = "2027-03-27T12:00:00Z".parse().unwrap();
            let next = times.unwrap().next(now, &TimeZone::get(zone).unwrap());
            next.unwrap().to_string()
        };
        let cron = |line: &str| Times::cron(&line.split(' ').collect::<Vec<_>>());
        let berlin = "Europe/Berlin";
        assert_eq!(told(cron("30 2 * * *"), berlin), "2027-03-28T01:00:00Z");
        assert_eq!(told(cron("*/20 2 * * *"), berlin), "2027-03-29T00:00:00Z");
        assert_eq!(told(cron("30 4 * * *"), berlin), "2027-03-28T02:30:00Z");
        let calendar = Times::calendar;
        assert_eq!(told(calendar("02:30"), berlin), "2027-03-29T00:30:00Z");
        assert_eq!(told(calendar("03:30"), berlin), "2027-03-28T01:30:00Z");
        assert_eq!(
            told(calendar("daily"), "Asia/Beirut"),
            "2027-03-28T21:00:00Z"
        );
        assert_eq!(told(cron("@daily"), "Asia/Beirut"), "2027-03-27T22:00:00Z");
        // The hour from two to three comes twice, and at this moment once more.
        let again = |times: Option<Times>| {
            let now = "2026-10-25T01:10:00Z".parse().unwrap();
            let next = times.unwrap().next(now, &TimeZone::get(berlin).unwrap());
            next.unwrap().to_string()
        };
        assert_eq!(again(calendar("02:30")), "2026-10-25T01:30:00Z");
        assert_eq!(again(cron("*/20 2 * * *")), "2026-10-25T01:20:00Z");
    }

    #[test]
    fn the_next_time_is_that_of_cron_and_of_systemd() {
        // 29 November 2026 is a Sunday.
        for (line, next) in [
            ("0 3 * * *", "2026-11-30T03:00:00Z"),
            ("*/15 * * * *", "2026-11-29T08:15:00Z"),
            ("30 8-17/2 * * 1-5", "2026-11-30T08:30:00Z"),
            ("0 0 13 * 5", "2026-12-04T00:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("5 4 * * sun", "2026-12-06T04:05:00Z"),
            ("0 4 * jan,Mar 7", "2027-01-03T04:00:00Z"),
            ("@weekly", "2026-12-06T00:00:00Z"),
            ("10~20 9 * * *", "2026-11-29T09:10:00Z"),
            ("~ 9 * * *", "2026-11-29T09:00:00Z"),
            ("~30 9~ * * *", "2026-11-29T09:00:00Z"),
            ("61 * * * *", "never"),
            ("0 0 31 2 *", "never"),
            ("x * * * *", "never"),
        ] {
            let fields: Vec<&str> = line.split(' ').collect();
            assert_eq!(told(Times::cron(&fields)), next, "{line}");
        }
        for (text, next) in [
            ("daily", "2026-11-30T00:00:00Z"),
            ("Mon..Fri 03:30", "2026-11-30T03:30:00Z"),
            ("Sat,Sun *-*-* 7..9:00", "2026-11-29T09:00:00Z"),
            ("*-*-1/10 04:00:30", "2026-12-01T04:00:30Z"),
            ("*:0/20", "2026-11-29T08:20:00Z"),
            ("*-*~1 02:00", "2026-11-30T02:00:00Z"),
            ("Mon *-05~07/1", "2027-05-31T00:00:00Z"),
            ("02:00 Europe/Berlin", "2026-11-30T01:00:00Z"),
            ("Mon..Fri *-*-* 02:00 UTC", "2026-11-30T02:00:00Z"),
            ("weekly", "2026-11-30T00:00:00Z"),
            ("weekly UTC", "2026-11-30T00:00:00Z"),
            ("daily Asia/Tokyo", "2026-11-29T15:00:00Z"),
            ("*-02-31", "never"),
            ("Mon *-02-29", "2044-02-29T00:00:00Z"),
            ("*-1,7-1,15 0/6:30", "2027-01-01T00:30:00Z"),
            ("*-*-1/2", "2026-12-01T00:00:00Z"),
            ("2027-01-05", "2027-01-05T00:00:00Z"),
            ("@1800000000", "2027-01-15T08:00:00Z"),
            ("2020-01-01", "never"),
            ("nonsense", "never"),
        ] {
            assert_eq!(told(Times::calendar(text)), next, "{text}");
        }
    }
}
