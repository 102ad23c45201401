//! `snap report`

use venv_snap::model::Shown;
use venv_snap::ops::{Error, report};
use venv_snap::report::page::incident as page;
use venv_snap::report::{json, markdown};

use super::args::Report;
use super::error::Failure;
use super::exit::Exit;
use super::page::HtmlTarget;
use super::place;
use super::session::{Session, style};

pub(crate) fn run(session: &Session<'_>, args: &Report) -> Result<Exit, Failure> {
    let html = HtmlTarget::new(args.html.as_deref(), session.json)?;
    // An id needs no venv. Without a venv anywhere around, the last restore of all is meant.
    let named = args.of.venv.as_deref();
    let incident = args.incident.as_deref();
    let incident = incident.map(|text| session.snapshot(text, named));
    let incident = incident.transpose()?;
    let site = match &incident {
        Some(name) => session.venv_of([name], named)?,
        None => place::venv_around(named, session.ui)?,
    };
    let outcome = report(&session.context, incident.as_ref(), site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    let page = |style: &_| page(&outcome, env!("CARGO_PKG_VERSION"), style);
    if let Some(HtmlTarget::File(file)) = html {
        let name = Shown::path(file);
        page(&style(false)).publish(file).map_err(Error::from)?;
        if !session.json {
            session.answer(|out, _| {
                writeln!(out, "wrote the page of {} to '{name}'", outcome.incident.id)
            })?;
            return Ok(Exit::Done);
        }
    }
    session.answer(|out, style| {
        if matches!(html, Some(HtmlTarget::Output)) {
            out.write_all(page(style).as_str().as_bytes())
        } else if session.json {
            json::report(out, &outcome)
        } else {
            markdown::report(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
