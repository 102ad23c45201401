//! The command line: parse, dispatch, say how it ended. The only room that prints, reads the environment and the clock.

mod accepted;
mod access;
mod args;
mod bucket;
mod cache;
mod caches;
mod called;
mod cat;
mod check;
mod complete;
mod copy;
mod demo;
mod deps;
mod diff;
mod discover;
mod doctor;
mod drill;
mod error;
mod exit;
mod export;
mod forget;
mod generate;
mod hint;
mod import;
mod limits;
mod list;
mod log;
mod ls;
mod nearest;
mod next;
mod page;
mod pin;
mod place;
mod prune;
mod rebuild;
mod rebuild_index;
mod remote;
mod report;
mod restore;
mod save;
mod schedule;
mod self_test;
mod session;
mod several;
mod show;
mod signals;
mod stats;
mod status;
mod ui;
mod undo;
mod verify;
mod watch;
mod when;

use clap::{CommandFactory, FromArgMatches};
use venv_snap::ops::Pinning;

use args::{Arguments, Command};
use called::{called, program_name};
use error::Failure;
use exit::Exit;
use session::Session;
use signals::Signals;
use ui::{Loudness, Ui};

fn command() -> clap::Command {
    let name = program_name();
    Arguments::command().name(name.clone()).bin_name(name)
}

/// What clap says of a command line that is wrong, in our parts: its first paragraph, and how to learn more.
fn misuse(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let message = first.trim_start_matches("error: ").trim();
    Failure::usage(message, format!("'{} --help'", program_name()))
}

/// Sets the colours of all output, before the first help or error is written. The last `--color` of the command line
/// counts. A value that is no choice is left to the parser, which refuses it.
fn colour(words: impl Iterator<Item = std::ffi::OsString>) {
    let mut words = words.map_while(|word| word.into_string().ok().filter(|word| word != "--"));
    let mut chosen = anstream::ColorChoice::Auto;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        chosen = match value.as_deref() {
            Some("always") => anstream::ColorChoice::Always,
            Some("never") => anstream::ColorChoice::Never,
            Some("auto") => anstream::ColorChoice::Auto,
            _ => chosen,
        };
    }
    chosen.write_global();
}

/// Runs the program.
pub(crate) fn main() -> Exit {
    limits::with_room(answer)
}

fn answer() -> Exit {
    if complete::answer() {
        return Exit::Done;
    }
    colour(std::env::args_os().skip(1));
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, all else is a mistake.
            let in_json = std::env::args_os().any(|arg| arg == "--json");
            let ui = || Ui::new(Loudness::Quiet, in_json, Signals::catch());
            if !error.use_stderr() {
                return generate::answer(&error).unwrap_or_else(|failure| {
                    ui().error(&failure);
                    failure.exit
                });
            }
            if in_json {
                ui().error(&misuse(&error));
            } else {
                let _ = error.print();
            }
            return Exit::Usage;
        }
    };
    let global = &arguments.global;
    let loudness = match (global.quiet, global.verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Normal,
    };
    limits::set_up();
    let signals = Signals::catch();
    let ui = Ui::new(loudness, global.json, signals.clone());
    match run(&ui, arguments) {
        Ok(exit) => exit,
        Err(mut failure) => {
            if failure.exit == Exit::Interrupted {
                failure.exit = signals.caught().unwrap_or(failure.exit);
            }
            ui.error(&failure);
            failure.exit
        }
    }
}

fn run(ui: &Ui, arguments: Arguments) -> Result<Exit, Failure> {
    let session = |global| Session::new(ui, global);
    // Commands that change a venv start their threads behind their fence.
    if !matches!(
        arguments.command,
        Command::Restore(_) | Command::Undo(_) | Command::Rebuild(_)
    ) {
        limits::start_threads();
    }
    match arguments.command {
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { command } => generate::man(&command),
        Command::Version => generate::version(arguments.global.json),
        Command::Demo(demo) => demo::run(ui, &demo),
        Command::Status(args) => status::run(&session(arguments.global)?, &args),
        Command::Discover(args) => discover::run(&session(arguments.global)?, &args),
        Command::Save(save) => save::run(&session(arguments.global)?, &save),
        Command::Check(check) => check::run(&session(arguments.global)?, &check),
        Command::Deps(args) => deps::run(&session(arguments.global)?, &args),
        Command::Doctor(args) => doctor::run(&session(arguments.global)?, &args),
        Command::Cache(args) => cache::run(&session(arguments.global)?, args),
        Command::Diff(diff) => diff::run(&session(arguments.global)?, &diff),
        Command::Restore(restore) => restore::run(&session(arguments.global)?, restore),
        Command::Undo(undo) => undo::run(&session(arguments.global)?, &undo),
        Command::Rebuild(args) => rebuild::run(&session(arguments.global)?, args),
        Command::List(list) => list::run(&session(arguments.global)?, &list),
        Command::Show(show) => show::run(&session(arguments.global)?, &show),
        Command::Ls(ls) => ls::run(&session(arguments.global)?, &ls),
        Command::Cat(cat) => cat::run(&session(arguments.global)?, &cat),
        Command::Log(log) => log::run(&session(arguments.global)?, &log),
        Command::Report(args) => report::run(&session(arguments.global)?, &args),
        Command::Export(args) => export::run(&session(arguments.global)?, &args),
        Command::Import(args) => import::run(&session(arguments.global)?, args),
        Command::Watch(args) => watch::run(&session(arguments.global)?, &args),
        Command::Drill(args) => drill::run(&session(arguments.global)?, &args),
        Command::Schedule(args) => schedule::run(&session(arguments.global)?, &args),
        Command::Copy(args) => copy::run(&session(arguments.global)?, &args),
        Command::Stats => stats::run(&session(arguments.global)?),
        Command::Verify(args) => verify::run(&session(arguments.global)?, &args),
        Command::Pin(args) => pin::run(&session(arguments.global)?, &args, Pinning::Pin),
        Command::Unpin(args) => pin::run(&session(arguments.global)?, &args, Pinning::Unpin),
        Command::Forget(args) => forget::run(&session(arguments.global)?, args),
        Command::Undelete(args) => forget::back(&session(arguments.global)?, &args),
        Command::Prune(args) => prune::run(&session(arguments.global)?, &args),
        Command::Remote(args) => remote::run(&session(arguments.global)?, &args),
        Command::SelfTest(args) => self_test::run(&session(arguments.global)?, &args),
        Command::RebuildIndex => rebuild_index::run(&session(arguments.global)?),
    }
}
