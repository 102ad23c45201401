//! Times as people write them after `-newermt` (GNU coreutils, "Date input formats"), as far as they are usual.

use jiff::civil::{Date, DateTime};

use super::test::When;
use crate::sweep::Machine;

/// A time as it is written; none for one that is not understood.
pub(super) fn moment(machine: &Machine<'_>, text: &str) -> Option<When> {
    let text = text.trim().to_lowercase();
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().ok().map(When::At);
    }
    match text.as_str() {
        "now" => return Some(When::Ago(0)),
        "yesterday" => return Some(When::Ago(86_400)),
        _ => {}
    }
    let civil = text.parse::<DateTime>().ok();
    let civil = civil.or_else(|| text.replacen(' ', "t", 1).parse::<DateTime>().ok());
    let civil = civil.or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)));
    if let Some(civil) = civil {
        let zoned = machine
            .zone
            .to_ambiguous_timestamp(civil)
            .compatible()
            .ok()?;
        return Some(When::At(zoned.as_second()));
    }
    // `3 days ago`, `-2 weeks`
    let words: Vec<&str> = text.split_whitespace().collect();
    let (count, unit) = match words[..] {
        [count, unit, "ago"] => (count.parse::<i64>().ok()?, unit),
        ["last", unit] => (1, unit),
        [count, unit] => (-count.parse::<i64>().ok()?, unit),
        _ => return None,
    };
    let each = match unit.trim_end_matches('s') {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        "month" => 2_629_800,
        "year" => 31_557_600,
        _ => return None,
    };
    Some(When::Ago(count.checked_mul(each)?))
}
