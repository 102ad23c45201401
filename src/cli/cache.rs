//! `snap cache`

use venv_snap::Site;
use venv_snap::model::shell_word_in_quotes;
use venv_snap::ops::{CacheOptions, ReleaseOptions, cache_check, cache_quarantine, cache_release};
use venv_snap::report::{json, text};

use super::args::{Cache, CacheCheck, CacheOf, CacheQuarantine, CacheRelease, CacheVerb};
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings};
use super::ui::Ui;

pub(crate) fn run(session: &Session<'_>, args: Cache) -> Result<Exit, Failure> {
    match args.verb {
        CacheVerb::Check(args) => check(session, args),
        CacheVerb::Quarantine(args) => quarantine(session, args),
        CacheVerb::Release(args) => release(session, args),
    }
}

fn check(session: &Session<'_>, args: CacheCheck) -> Result<Exit, Failure> {
    let options = options(session.ui, args.packages, args.of)?;
    let outcome = cache_check(&session.context, &options)?;
    session.answer(|out, style| {
        if session.json {
            json::cache_check(out, &outcome)
        } else {
            text::cache_check(out, &outcome, style)
        }
    })?;
    if outcome.caches.is_empty() {
        session
            .ui
            .hint("no cache is where the installers keep theirs; name one with --cache DIR");
    }
    if !outcome.bad.is_empty() {
        let name = super::called();
        let packages = outcome.packages().into_iter().map(str::as_bytes);
        let packages: Vec<String> = packages.map(shell_word_in_quotes).collect();
        let all = outcome.bad.iter().all(|bad| bad.entry.package.is_some());
        let packages = if all && !options.packages.is_empty() {
            format!(" {}", packages.join(" "))
        } else {
            String::new()
        };
        session.ui.hint(&format!(
            "'{name} cache quarantine{packages}' moves what is bad out of the installers' way, \
            and deletes nothing"
        ));
    }
    Ok(if outcome.unread.is_empty() {
        findings(!outcome.bad.is_empty())
    } else {
        Exit::NotDone
    })
}

fn quarantine(session: &Session<'_>, args: CacheQuarantine) -> Result<Exit, Failure> {
    let options = options(session.ui, args.packages, args.of)?;
    let outcome = cache_quarantine(&session.context, &options, args.dry_run)?;
    session.answer_of(Some("moved what was bad"), |out, style| {
        if session.json {
            json::cache_quarantine(out, &outcome)
        } else {
            text::cache_quarantine(out, &outcome, style)
        }
    })?;
    let name = super::called();
    let venvs = outcome.checked.bad.iter().flat_map(|bad| &bad.venvs).next();
    if let Some(venv) = venvs.filter(|_| !args.dry_run) {
        session.ui.hint(&format!(
            "'{name} check {}' tells how to mend the venv; '{name} cache release' lists what was \
            moved",
            super::called::operand(venv)
        ));
    } else if outcome.moved.iter().any(Option::is_some) {
        session.ui.hint(&format!(
            "install again; '{name} cache release' lists what was moved"
        ));
    }
    let is_whole = outcome.kept.is_empty() && outcome.checked.unread.is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::NotDone })
}

fn release(session: &Session<'_>, args: CacheRelease) -> Result<Exit, Failure> {
    let options = ReleaseOptions {
        names: args.names,
        all: args.all,
        force: args.force,
    };
    let outcome = cache_release(&session.context, &options)?;
    session.answer_of(Some("put back what could go back"), |out, style| {
        if session.json {
            json::cache_release(out, &outcome)
        } else {
            text::cache_release(out, &outcome, style)
        }
    })?;
    if outcome.kept.iter().any(|kept| kept.is_occupied) {
        session
            .ui
            .hint("--force moves what has been made since into quarantine in exchange");
    }
    Ok(if outcome.kept.is_empty() {
        Exit::Done
    } else {
        Exit::NotDone
    })
}

fn options(ui: &Ui, packages: Vec<String>, of: CacheOf) -> Result<CacheOptions, Failure> {
    let venvs: Result<Vec<Site>, _> = of.venv.iter().map(|dir| Site::resolve(dir)).collect();
    let mut venvs = venvs?;
    if venvs.is_empty() {
        venvs.extend(place::venv_around(None, ui).ok().flatten());
    }
    let caches = if of.cache.is_empty() {
        caches::at_their_places(venvs.first())
    } else {
        of.cache.iter().map(|dir| caches::named(dir)).collect()
    };
    let mut indexes = of.index_url;
    indexes.extend(caches::indexes());
    Ok(CacheOptions {
        caches,
        packages,
        indexes,
        venvs,
    })
}
