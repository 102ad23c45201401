//! `snap verify`

use std::path::PathBuf;

use venv_snap::Location;
use venv_snap::ops::{VerifyOptions, VerifyOutcome, verify};
use venv_snap::report::{json, text};

use super::args::Verify;
use super::bucket;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings};
use super::when;

pub(crate) fn run(session: &Session<'_>, args: &Verify) -> Result<Exit, Failure> {
    let since = args
        .since
        .as_ref()
        .map(|since| when::before(since, session.context.now));
    let place = |name: &PathBuf| Ok(session.context.store.other(&place::store_name(name)?));
    let from: Result<Vec<Location>, Failure> = args.from.iter().map(place).collect();
    let options = if args.repair {
        VerifyOptions::Repair { from: from? }
    } else {
        VerifyOptions::Look {
            sample: args.sample,
            since: since.transpose()?,
        }
    };
    let outcome = verify(&session.context, &options)?;
    session.answer(|out, style| {
        if session.json {
            json::verify(out, &outcome)
        } else {
            text::verify(out, &outcome, style)
        }
    })?;
    tell_what_helps(session, args, &outcome);
    Ok(if outcome.unread && !outcome.is_clean() {
        Exit::NotDone
    } else {
        findings(!outcome.is_clean())
    })
}

/// What to do about what is not well yet. In a bucket only a copy from another store helps.
fn tell_what_helps(session: &Session<'_>, args: &Verify, outcome: &VerifyOutcome) {
    let hint = |text: &str| session.ui.hint(text);
    if session.context.store.bucket().is_some() {
        if !outcome.is_clean() {
            hint(&bucket::sent_anew());
        } else if !outcome.needless.is_empty() {
            hint(&bucket::pruned());
        }
        if let Some(id) = outcome.missing.first() {
            hint(&format!("a missing snapshot is given up by 'unpin {id}'"));
        }
        return;
    }
    if !outcome.lost.is_empty() {
        hint(
            "bring the files of lost snapshots back from a copy of the store ('verify --repair --from STORE'), or \
            remove those in quarantine/ to give the snapshots up",
        );
    }
    if let Some(id) = outcome.missing.first() {
        hint(&format!(
            "bring the files of missing snapshots back from a copy of the store ('verify --repair --from STORE'), or \
            give them up: 'unpin {id}'"
        ));
    }
    let mendable = !outcome.flaws.is_empty() || !outcome.hurt.is_empty();
    if mendable && !args.repair {
        hint("verify --repair mends what can be mended");
    }
}
