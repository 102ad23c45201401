//! `snap undo`

use venv_snap::ops::{RestoreOptions, undo};

use super::args::Undo;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;
use super::{place, restore};

pub(crate) fn run(session: &Session<'_>, args: &Undo) -> Result<Exit, Failure> {
    let site = place::venv_to_change(args.venv.as_deref(), "undo", session.ui)?;
    let how = args.how;
    let mut options = RestoreOptions {
        dry_run: how.dry_run,
        copy: how.copy,
        keep_old: how.keep_old,
        force: how.force,
        partial: how.partial,
        yes: how.yes,
        ..RestoreOptions::default()
    };
    let using = session.fence(&[&site], options.preserve_special);
    let mut done = undo(&session.context, &site, &options);
    if restore::may_lose(session, done.as_ref().err()) {
        options.yes = true;
        done = undo(&session.context, &site, &options);
    }
    let mut outcome = done.map_err(|error| session.explain(error, Some(&site)))?;
    restore::name_processes(&mut outcome, using);
    restore::tell(session, &outcome)
}
