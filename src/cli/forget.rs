//! `snap forget` and `snap undelete`

use jiff::tz::TimeZone;
use venv_snap::ops::{ForgetOptions, Policy, forget, undelete};
use venv_snap::report::{json, text};

use super::args::{Forget, Undelete};
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: Forget) -> Result<Exit, Failure> {
    let policy = Policy {
        last: args.keep_last,
        hourly: args.keep_hourly,
        daily: args.keep_daily,
        weekly: args.keep_weekly,
        monthly: args.keep_monthly,
        yearly: args.keep_yearly,
        within: args.keep_within,
        labels: args.keep_label,
    };
    if args.snapshots.is_empty() && policy.is_empty() {
        return Err(Failure::usage(
            "nothing says what to forget",
            "name snapshots, or say what to keep, such as --keep-last 10 --keep-monthly 12",
        ));
    }
    if !args.snapshots.is_empty() && !policy.is_empty() {
        return Err(Failure::usage(
            "snapshots are named, and a policy is given as well",
            "use one or the other",
        ));
    }
    // A policy holds for all venvs unless one is named. 'latest' and '@label' are those of the venv around.
    let snapshots = session.snapshots(&args.snapshots, args.of.venv.as_deref())?;
    let site = match (snapshots.is_empty(), args.of.venv.as_deref()) {
        (false, named) => session.venv_of(&snapshots, named)?,
        (true, Some(named)) => Some(session.saved_venv(named)?),
        (true, None) => None,
    };
    let options = ForgetOptions {
        named: snapshots,
        policy,
        zone: TimeZone::system(),
        dry_run: args.dry_run,
    };
    let outcome = forget(&session.context, site.as_ref(), &options)
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::forget(out, &outcome)
        } else {
            text::forget(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}

pub(crate) fn back(session: &Session<'_>, args: &Undelete) -> Result<Exit, Failure> {
    let snapshots = session.snapshots(&args.snapshots, None)?;
    let outcome = undelete(&session.context, &snapshots)?;
    session.answer(|out, style| {
        if session.json {
            json::undelete(out, &outcome)
        } else {
            text::undelete(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
