//! `snap watch`

mod calls;
mod child;
mod clock;
mod config;
mod daemon;
mod eyes;
mod figures;
mod happened;
mod http;
mod jobs;
mod keeper;
mod mistake;
mod outbox;
mod possible;
mod raw;
mod seen;
mod spot;
mod stood;
mod systemd;

use std::path::PathBuf;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use venv_snap::report::{json, text};
use venv_snap::watch::{Guard, OnUpgrade, Rules, State};

use super::args::Watch;
use super::error::{Failure, no_thread};
use super::exit::Exit;
use super::session::Session;
use daemon::{Daemon, Mode};
use happened::Happened;
use jobs::Program;

/// Where the rules stand if nobody says so.
const CONFIG: &str = "/etc/venv-snap/watch.toml";

pub(crate) fn run(session: &Session<'_>, args: &Watch) -> Result<Exit, Failure> {
    let path = args.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG));
    let mut rules = config::read(&path)?;
    if args.check_config {
        session.answer(|out, style| {
            if session.json {
                json::watch_rules(out, &path, &rules)
            } else {
                text::watch_rules(out, &path, &rules, style)
            }
        })?;
        return Ok(Exit::Done);
    }
    // A dry run saves nothing, not even a sound upgrade.
    if args.dry_run {
        rules
            .venvs
            .iter_mut()
            .for_each(|venv| venv.policy.on_upgrade = OnUpgrade::Tell);
    }
    let program = Program {
        path: own_path()?,
        store: session.context.store.name().to_owned(),
        dir: session
            .context
            .store
            .on_this_host()
            .filter(|dir| dir == session.context.store.name()),
    };
    let mode = Mode {
        once: args.once,
        dry_run: args.dry_run,
    };
    let mut daemon = Daemon::new(session, rules.clone(), program, mode)?;
    let speaker = daemon.speaker();
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP]);
    let mut signals =
        signals.map_err(|error| Failure::not_done(format!("cannot hear signals: {error}")))?;
    let hears = std::thread::Builder::new().spawn(move || {
        for _ in signals.forever() {
            let _ = speaker.send(Happened::End);
        }
    });
    hears.map_err(|error| no_thread(&error))?;
    if !args.once {
        let venvs: Vec<PathBuf> = rules.venvs.iter().map(|venv| venv.path.clone()).collect();
        let catch_up = eyes::open(session.ui, venvs, daemon.speaker());
        daemon.hears(catch_up);
    }
    let exit = daemon.run()?;
    if args.once {
        stands(session, &path, &rules, &daemon.guards)
    } else {
        Ok(exit)
    }
}

/// The absolute path of the program that runs: a child must be the same one.
fn own_path() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe().and_then(std::fs::canonicalize);
    path.map_err(|error| Failure::not_done(format!("this program does not find itself: {error}")))
}

/// Tells how everything stands after one round.
fn stands(
    session: &Session<'_>,
    config: &std::path::Path,
    rules: &Rules,
    guards: &[Guard],
) -> Result<Exit, Failure> {
    session.answer(|out, style| {
        if session.json {
            json::watch_states(out, config, rules, guards)
        } else {
            text::watch_states(out, guards, style)
        }
    })?;
    let tracks = guards.iter().map(Guard::memory);
    let states = tracks.clone().flat_map(|memory| {
        [
            memory.tree.state,
            memory.service.state,
            memory.imports.state,
        ]
    });
    let unseen = tracks
        .clone()
        .any(|memory| memory.tree.failures > 0 || memory.tree.state.is_none());
    let failed = tracks
        .clone()
        .any(|memory| memory.service.failures + memory.imports.failures > 0);
    let wrong = failed || states.flatten().any(|state| state != State::Sound);
    Ok(match (unseen, wrong) {
        (true, _) => Exit::NotDone,
        (_, true) => Exit::Findings,
        _ => Exit::Done,
    })
}
