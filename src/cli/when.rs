//! The time of now, and lengths of time as people write them: `30d`, `2w`, `6mo`, `1y 2mo`, `12h`, `0`.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::error::Failure;

/// Now, as far as a date can say it: where the clock stands at the end of the year 9999 or beyond, a day before the
/// last date that there is, so that later snapshots still have a place after it.
pub(crate) fn now() -> Timestamp {
    const DAY_SECS: i64 = 86_400;
    let latest = Timestamp::from_second(Timestamp::MAX.as_second() - DAY_SECS);
    let latest = latest.unwrap_or(Timestamp::MAX);
    Timestamp::try_from(SystemTime::now()).map_or(latest, |now| now.min(latest))
}

/// Parses a length of time.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    if text.trim() == "0" {
        return Ok(Span::new());
    }
    let span: Span = text
        .parse()
        .map_err(|_| "not a length of time such as 12h, 30d, 2w, 6mo or 1y".to_owned())?;
    if span.is_negative() {
        return Err("a length of time is not negative".to_owned());
    }
    Ok(span)
}

/// How long that is, counted back from now.
pub(crate) fn length(span: &Span, now: Timestamp) -> Result<SignedDuration, Failure> {
    Ok(now.duration_since(back(span, now)?))
}

/// The moment that a text names: a date, a time, or a length of time before now.
pub(crate) fn before(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(date) = text.parse::<jiff::civil::DateTime>() {
        let time = date.to_zoned_datetime(TimeZone::system()).ok();
        return time.map(|time| time.timestamp()).ok_or_else(|| bad(text));
    }
    back(&span(text).map_err(|_| bad(text))?, now)
}

fn back(span: &Span, now: Timestamp) -> Result<Timestamp, Failure> {
    let then = now.to_zoned_datetime(TimeZone::system()).checked_sub(*span);
    then.map(|then| then.timestamp())
        .map_err(|_| bad(&span.to_string()))
}

fn bad(text: &str) -> Failure {
    Failure::usage(
        format!("'{text}' is no time"),
        "write a length of time such as 12h, 30d or 2w, or a date such as 2026-11-01",
    )
}
