//! `tmpwatch` and `tmpreaper`, as their manual pages tell.

use super::call::{Call, Effect, place};
use crate::sweep::links::Place;
use crate::sweep::options::Options;
use crate::sweep::removal::{Aged, Removal};
use crate::sweep::target::Clock;

const VALUED: &str = "-x --exclude -X --exclude-pattern -U --exclude-user --protect -T --runtime";

pub(super) fn aged(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, VALUED);
    // A test removes nothing.
    if options.has(&["-t", "--test"]) {
        return Effect::Nothing;
    }
    let stated = [
        (["-u", "--atime"], Clock::Read),
        (["-m", "--mtime"], Clock::Changed),
        (["-c", "--ctime"], Clock::AnyChange),
    ];
    let mut clocks: Vec<Clock> = stated
        .iter()
        .filter_map(|(names, clock)| options.has(names).then_some(*clock))
        .collect();
    if clocks.is_empty() {
        clocks.push(Clock::Read);
    }
    let excluding = ["-x", "--exclude", "-X", "--exclude-pattern", "--protect"];
    let mut operands = options.operands.iter();
    let Some(age) = operands.next() else {
        return Effect::Odd("no age is given".to_owned());
    };
    // tmpwatch counts in hours, tmpreaper in days.
    let unit = if call.name == "tmpreaper" {
        86_400
    } else {
        3_600
    };
    let Some(seconds) = super::seconds(age, unit) else {
        return Effect::Odd(format!("the age '{age}' is not understood"));
    };
    Effect::Removes(Removal::Aged(Aged {
        dirs: operands
            .map(|dir| Place::as_named(&place(call, dir)))
            .collect(),
        follows: true,
        seconds,
        clocks,
        first_stays: false,
        excludes: options.values(&excluding),
    }))
}
