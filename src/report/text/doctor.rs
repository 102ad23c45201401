//! `doctor`: who sweeps comes first, then one line for each thing that was looked at, what is wrong before the rest.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, count, number, time, took};
use super::wrap::Wrapped;
use crate::model::{Class, Shown};
use crate::ops::{DoctorOutcome, Sign, State, Sweeper, Unread};

/// Writes what `doctor` found.
pub fn doctor(out: &mut dyn Write, outcome: &DoctorOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let bad = outcome
        .signs
        .iter()
        .filter(|sign| sign.state == State::Bad)
        .count();
    let sweeping = outcome.sweepers.found.len();
    let jobs = format!(
        "{} looked at, in {}",
        count(outcome.sweepers.jobs as u64, "job"),
        took(outcome.took)
    );
    match (bad, sweeping) {
        (0, 0) => writeln!(out, "nothing bad; {jobs}")?,
        _ => writeln!(
            out,
            "{} and {}; {jobs}",
            count(sweeping as u64, "sweeper"),
            count(bad as u64, "bad sign")
        )?,
    }
    for one in &outcome.sweepers.found {
        sweeper(out, one, style)?;
    }
    let mut unread: Vec<&Unread> = outcome.sweepers.unread.iter().collect();
    unread.sort_by_key(|one| (&one.path, &one.why, one.line));
    for all in unread.chunk_by(|one, other| (&one.path, &one.why) == (&other.path, &other.why)) {
        unknown(out, all)?;
    }
    for one in &outcome.sweepers.idle {
        idle(out, one)?;
    }
    for state in [State::Bad, State::Unknown, State::Good] {
        for sign in outcome.signs.iter().filter(|sign| sign.state == state) {
            line(out, sign, style)?;
        }
    }
    Ok(())
}

fn word(state: State, style: &Style) -> String {
    let word = format!("{:<8}", state.as_str());
    match state {
        State::Bad => coloured(&word, Class::Damage, style),
        _ => word,
    }
}

fn line(out: &mut Wrapped<'_>, sign: &Sign, style: &Style) -> io::Result<()> {
    let place = sign
        .place
        .as_ref()
        .map(|place| format!(" '{}'", Shown::path(place)));
    let text = Shown(sign.text.as_bytes());
    writeln!(
        out,
        "{} {}{}: {text}",
        word(sign.state, style),
        sign.topic,
        place.unwrap_or_default()
    )
}

/// What cannot be understood, on some lines of a file for the same reason.
fn unknown(out: &mut Wrapped<'_>, all: &[&Unread]) -> io::Result<()> {
    let Some((one, more)) = all.split_first() else {
        return Ok(());
    };
    let place = match one.line {
        0 => Shown::path(&one.path).to_string(),
        line => format!("{}:{line}", Shown::path(&one.path)),
    };
    let more = match more.len() {
        0 => String::new(),
        more => format!(" (and on {})", count(more as u64, "more line")),
    };
    let why = Shown(one.why.as_bytes());
    writeln!(out, "unknown  sweeping: {place}: {why}{more}")
}

/// What would sweep as well, if anything started it.
fn idle(out: &mut Wrapped<'_>, one: &Sweeper) -> io::Result<()> {
    let place = format!("{}:{}", Shown::path(&one.path), one.line);
    let why = one.idle.as_deref().unwrap_or_default();
    writeln!(
        out,
        "good     sweeping: {place}: does not run: {}",
        Shown(why.as_bytes())
    )
}

fn sweeper(out: &mut Wrapped<'_>, one: &Sweeper, style: &Style) -> io::Result<()> {
    let place = format!("{}:{}", Shown::path(&one.path), one.line);
    writeln!(
        out,
        "{} sweeping: {place}: {}",
        word(State::Bad, style),
        Shown(one.command.as_bytes())
    )?;
    let files = |files: usize| count(files as u64, "file");
    let when = match one.run.next {
        Some(next) => format!("at {}", time(next, style)),
        None => "when it runs".to_owned(),
    };
    let later = match one.takes_later {
        more if more > one.takes => {
            format!(", and {} once they are old enough", number(more as u64))
        }
        _ => String::new(),
    };
    writeln!(
        out,
        "      takes {} of '{}' {when}{later}",
        files(one.takes),
        Shown::path(&one.venv)
    )?;
    let user = one
        .user
        .as_ref()
        .map(|user| format!(" as {}", Shown(user.as_bytes())));
    let schedule = format!("{}:{}", Shown::path(&one.schedule), one.schedule_line);
    let said = Shown(one.run.schedule.as_bytes());
    writeln!(
        out,
        "      started by {} ({said}) of {schedule}{}",
        one.starter.as_str(),
        user.unwrap_or_default()
    )?;
    for path in &one.sample {
        let near = path.strip_prefix(&one.venv).unwrap_or(path);
        writeln!(out, "      {}", Shown::path(near))?;
    }
    Ok(())
}
