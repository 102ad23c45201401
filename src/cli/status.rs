//! `snap status`

use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::ops::{Health, StatusOptions, StatusOutcome, discovered, history, status};
use venv_snap::report::page::{Page, status as drawn};
use venv_snap::report::{json, metrics, nagios, text};

use super::args::Status;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::page::HtmlTarget;
use super::session::{Session, findings, style};

/// A page shows so many snapshots of each venv.
const HISTORY: usize = 60;

pub(crate) fn run(session: &Session<'_>, args: &Status) -> Result<Exit, Failure> {
    let html = HtmlTarget::new(args.html.as_deref(), session.json || args.nagios)?;
    let options = StatusOptions {
        only: args
            .venvs
            .iter()
            .map(|path| resolved(path))
            .collect::<Result<_, _>>()?,
        found: found(session, args)?,
        full: args.full,
        caches: caches::of_installers(None),
    };
    let outcome = match status(&session.context, &options) {
        Ok(outcome) => outcome,
        // Whoever asks for one line shall get one, also where nothing could be looked at.
        Err(error) if args.nagios => {
            let failure = session.explain(error, None);
            session.answer(|out, _| writeln!(out, "SNAP UNKNOWN - {}", failure.message))?;
            return Ok(Exit::Nagios(nagios::Alarm::Unknown.code()));
        }
        Err(error) => return Err(session.explain(error, None)),
    };
    if let Some(file) = &args.prometheus {
        let metrics = metrics::status::status(&outcome, env!("CARGO_PKG_VERSION"));
        metrics.publish(file).map_err(venv_snap::ops::Error::from)?;
    }
    let page = html.map(|_| page(session, &outcome)).transpose()?;
    if let (Some(page), Some(HtmlTarget::File(file))) = (&page, html) {
        page.publish(file).map_err(venv_snap::ops::Error::from)?;
    }
    session.answer(|out, style| {
        if let (Some(page), Some(HtmlTarget::Output)) = (&page, html) {
            out.write_all(page.as_str().as_bytes())
        } else if args.nagios {
            nagios::status(out, &outcome)
        } else if session.json {
            json::status(out, &outcome)
        } else {
            text::status(out, &outcome, style)
        }
    })?;
    if args.nagios {
        return Ok(Exit::Nagios(nagios::Alarm::worst(&outcome).code()));
    }
    advise(session, &outcome);
    Ok(if outcome.incomplete() {
        Exit::NotDone
    } else {
        findings(!outcome.is_sound())
    })
}

/// All venvs as a page, with how each came to where it stands.
fn page(session: &Session<'_>, outcome: &StatusOutcome) -> Result<Page, Failure> {
    let venvs: Vec<PathBuf> = outcome.venvs.iter().map(|one| one.venv.clone()).collect();
    let histories = history(&session.context, &venvs, HISTORY);
    let histories = histories.map_err(|error| session.explain(error, None))?;
    let (name, id) = (&*session.context.host_name, &*session.context.host);
    let name = Some(name).filter(|name| !name.is_empty());
    let (version, style) = (env!("CARGO_PKG_VERSION"), style(false));
    Ok(drawn(outcome, &histories, (name, id), version, &style))
}

/// The venvs that were found on this host, by a look now or by the last 'discover'.
fn found(session: &Session<'_>, args: &Status) -> Result<Vec<PathBuf>, Failure> {
    if args.discover {
        return super::discover::venvs(session);
    }
    // That there is no store is told by the look itself.
    Ok(discovered(&session.context).unwrap_or_default())
}

/// A venv by the path under which the store knows it, also where its directory is gone.
fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    match Site::resolve(path) {
        Ok(site) => Ok(site.path().to_owned()),
        Err(error) => std::path::absolute(path).map_err(|_| error.into()),
    }
}

/// What to do next about the worst.
fn advise(session: &Session<'_>, outcome: &StatusOutcome) {
    let name = super::called();
    let Some(worst) = outcome.venvs.first() else {
        if outcome.elsewhere > 0 {
            let other = "this host has another machine-id than those whose venvs the store knows (a machine or \
                container that was made anew has another one)";
            session.ui.hint(&format!(
                "{other}: '{name} list' shows them; '{name} restore PATH ID --from-other' takes one"
            ));
        }
        return;
    };
    let mut unknown = outcome.venvs.iter().filter(|one| one.baseline.is_none());
    let others = unknown.find_map(|one| session.on_other_hosts(&Site::known(&one.venv)));
    if let Some(others) = others {
        session.ui.hint(&others);
        return;
    }
    let path = super::called::operand(&worst.venv);
    match worst.health {
        Health::Damaged => session.ui.hint(&format!(
            "'{name} diff {path}' tells what is wrong, '{name} restore {path} --heal' mends it"
        )),
        Health::Gone => session
            .ui
            .hint(&format!("'{name} restore {path}' brings it back")),
        Health::Drifted => session.ui.hint(&format!(
            "'{name} save {path}' makes that its newest baseline"
        )),
        Health::Unsaved => session.ui.hint(&format!("'{name} save {path}' saves it")),
        Health::Unknown | Health::Sound => {}
    }
}
