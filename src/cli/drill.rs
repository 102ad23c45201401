//! `snap drill`

use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::ops::{
    Drill as Came, DrillOptions, DrillOutcome, Drilled, Error, Imports, NotImported, drill, list,
    venvs_to_drill,
};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Drill;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Drill) -> Result<Exit, Failure> {
    let all = || venvs_to_drill(&session.context).map_err(|error| session.explain(error, None));
    let sites = if args.venvs.is_empty() {
        all()?
    } else {
        args.venvs
            .iter()
            .map(|path| site(path))
            .collect::<Result<_, _>>()?
    };
    if sites.is_empty() {
        let name = super::called();
        return Err(Failure {
            exit: Exit::NoStore,
            ..Failure::not_done(
                "the store knows no venv of this host, so there is nothing to drill",
            )
            .with_hint(format!(
                "'{name} save VENV' saves one; '{name} discover' finds them"
            ))
        });
    }
    let with_rules = |site: Site| -> Result<_, Failure> {
        let rules = accepted::rules(&site)?;
        Ok((site, rules))
    };
    let options = DrillOptions {
        venvs: sites
            .into_iter()
            .map(with_rules)
            .collect::<Result<_, _>>()?,
        into: Site::resolve(&args.into.clone().unwrap_or_else(temporary))?
            .path()
            .to_owned(),
        import: !args.no_import,
    };
    let outcome = drill(&session.context, &options);
    let outcome = outcome.map_err(|error| session.explain(error, None))?;
    // A single venv that was named and has no baseline is an error. Its hint tells which other venvs have one.
    if let ([(site, _)], [one]) = (&options.venvs[..], &outcome.venvs[..])
        && !args.venvs.is_empty()
        && matches!(one.drill, Came::NoBaseline)
    {
        let listing = list(&session.quiet_context(), Some(site));
        let mut elsewhere = listing.map_or_else(|_| Vec::new(), |listing| listing.elsewhere);
        elsewhere.retain(|one| one.snapshot.baseline);
        let error = Error::NoBaseline {
            store: session.context.store.name().to_owned(),
            venv: site.path().to_owned(),
            elsewhere,
        };
        return Err(session.explain(error, Some(site)));
    }
    session.answer(|out, style| {
        if session.json {
            json::drill(out, &outcome)
        } else {
            text::drill(out, &outcome, style)
        }
    })?;
    advise(session, &outcome);
    Ok(worst(&outcome))
}

/// A venv by the path under which the store knows it, also where its directory is gone.
fn site(path: &Path) -> Result<Site, Failure> {
    match Site::resolve(path) {
        Ok(site) => Ok(site),
        Err(error) => match std::path::absolute(path) {
            Ok(path) => Ok(Site::known(&path)),
            Err(_) => Err(error.into()),
        },
    }
}

/// Where large temporary files belong. `/tmp` is no such place: it is often held in memory.
fn temporary() -> PathBuf {
    let set = std::env::var_os("TMPDIR").map(PathBuf::from);
    let set = set.filter(|dir| dir.is_absolute());
    set.unwrap_or_else(|| PathBuf::from("/var/tmp"))
}

/// What could not be tried wins over what is broken, and that over what is proved.
fn worst(outcome: &DrillOutcome) -> Exit {
    let exit = |one: &Drilled| match &one.drill {
        _ if one.is_proved() => Exit::Done,
        _ if one.is_broken() => Exit::Findings,
        Came::NotTried(Error::Busy(_)) => Exit::Locked,
        _ => Exit::NotDone,
    };
    let all = outcome.venvs.iter().map(exit);
    all.max_by_key(|exit| exit.code()).unwrap_or(Exit::Done)
}

/// What to do next about the first that is not proved.
fn advise(session: &Session<'_>, outcome: &DrillOutcome) {
    let name = super::called();
    let hint = outcome.venvs.iter().find_map(|one| match &one.drill {
        Came::Lost(_) => Some(format!(
            "'{name} verify --repair' may heal the store from a live venv; '{name} save' makes a new baseline"
        )),
        Came::NoBaseline => Some(format!(
            "'{name} check' tells why a save is no baseline; '{name} save' makes one while the venv is good"
        )),
        Came::NotTried(Error::NoRoom(_)) => {
            Some("name another directory with --into DIR".to_owned())
        }
        Came::Brought(proof) => match &proof.imports {
            Imports::NotTried(NotImported::NoExec | NotImported::Interpreter(_)) => Some(
                "name a directory with --into DIR that the owner of the venv may enter, on a file system without \
                 noexec; \
                 or leave the imports out with --no-import"
                    .to_owned(),
            ),
            _ => None,
        },
        Came::NotTried(_) => None,
    });
    if let Some(hint) = hint {
        session.ui.hint(&hint);
    }
}
