//! `snap schedule`

mod cron;
mod jobs;
mod units;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use venv_snap::ops::{Placed, ScheduleFile, place_schedule, venvs_to_check};
use venv_snap::report::{json, text};

use super::args::{Job, Schedule};
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;
use jobs::Plan;

/// Every file of ours has this line, and no other is ever changed or removed.
const MARK: &str =
    "# Written by 'schedule --install' of venv-snap; 'schedule --remove' takes it away.";
/// How the names of our units begin, and what our file for cron is called.
const NAME: &str = "venv-snap";
/// Where the rules of a guard stand if nobody says so.
const CONFIG: &str = "/etc/venv-snap/watch.toml";

pub(crate) fn run(session: &Session<'_>, args: &Schedule) -> Result<Exit, Failure> {
    let is_root = rustix::process::geteuid().is_root();
    let dir = match &args.into {
        Some(dir) => Some(whole(dir)?),
        None => usual(args.cron, is_root),
    };
    let files = if args.remove {
        Vec::new()
    } else {
        let plan = plan(session, args, is_root)?;
        tell_of_variables(session, &plan);
        files(&plan, args)
    };
    if args.install || args.remove {
        let Some(dir) = dir else {
            return Err(Failure::usage(
                "a user has no directory of files for cron",
                "'schedule --cron | crontab -' takes the place of all lines that are there; '--into DIR' writes a file",
            ));
        };
        return change(session, args, &dir, &files);
    }
    session.answer(|out, _| {
        if session.json {
            json::schedule(out, ("print", args.cron), dir.as_deref(), &planned(&files))
        } else {
            text::schedule_files(out, &files)
        }
    })?;
    Ok(Exit::Done)
}

/// Writes or removes the files. Systemd is told of them only in the directory where it looks.
fn change(
    session: &Session<'_>,
    args: &Schedule,
    dir: &Path,
    files: &[ScheduleFile],
) -> Result<Exit, Failure> {
    let tells = args.into.is_none() && !args.cron && Path::new("/run/systemd/system").is_dir();
    if args.install && args.into.is_none() && !args.cron && !tells {
        return Err(Failure::not_done("systemd does not run here").with_hint(
            "--cron writes lines for cron; --into DIR writes the units without starting them"
                .to_owned(),
        ));
    }
    if tells && args.remove {
        systemctl(session, &["disable", "--now"], &installed(dir));
    }
    let is_ours = |name: &str| {
        if args.cron {
            name == NAME
        } else {
            is_unit(name)
        }
    };
    let placed = place_schedule(dir, files, MARK, &is_ours);
    let placed = placed.map_err(|error| session.explain(error, None))?;
    if tells {
        systemctl(session, &["daemon-reload"], &[]);
        let started: Vec<String> = files
            .iter()
            .filter(|file| starts(file))
            .map(|file| file.name.clone())
            .collect();
        if !systemctl(session, &["enable", "--now"], &started) {
            return Err(Failure::not_done(
                "the units are written, but systemd did not start them",
            ));
        }
    }
    let mode = if args.install { "install" } else { "remove" };
    let row = |(path, placed): (PathBuf, Placed)| {
        let file = files.iter().find(|file| path.ends_with(&file.name));
        let content = file.map(|file| file.content.clone());
        (path, Some(placed), content.unwrap_or_default())
    };
    let rows: Vec<_> = placed.into_iter().map(row).collect();
    session.answer_of(Some("the schedule is changed"), |out, _| {
        if session.json {
            json::schedule(out, (mode, args.cron), Some(dir), &rows)
        } else {
            text::schedule(out, dir, &rows)
        }
    })?;
    Ok(Exit::Done)
}

fn whole(dir: &Path) -> Result<PathBuf, Failure> {
    let found = std::path::absolute(dir);
    found.map_err(|error| {
        Failure::usage(
            format!("--into cannot be used: {error}"),
            "name its whole path",
        )
    })
}

fn planned(files: &[ScheduleFile]) -> Vec<(PathBuf, Option<Placed>, String)> {
    files
        .iter()
        .map(|file| (PathBuf::from(&file.name), None, file.content.clone()))
        .collect()
}

/// Whether a unit is started itself, and not by a timer.
fn starts(file: &ScheduleFile) -> bool {
    is_started(&file.name)
}

fn is_started(name: &str) -> bool {
    let is_timer = Path::new(name)
        .extension()
        .is_some_and(|kind| kind == "timer");
    is_timer || name == format!("{NAME}-watch.service")
}

/// Whether a name is that of a unit of ours.
fn is_unit(name: &str) -> bool {
    let jobs = Job::value_variants()
        .iter()
        .filter_map(|job| Some(job.to_possible_value()?.get_name().to_owned()));
    let mut names =
        jobs.flat_map(|job| ["service", "timer"].map(|kind| format!("{NAME}-{job}.{kind}")));
    names.any(|one| one == name)
}

/// The units in a directory that are started.
fn installed(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| is_unit(name) && is_started(name))
        .collect()
}

/// Where systemd or cron looks.
fn usual(cron: bool, is_root: bool) -> Option<PathBuf> {
    match (cron, is_root) {
        (true, true) => Some(PathBuf::from("/etc/cron.d")),
        (true, false) => None,
        (false, true) => Some(PathBuf::from("/etc/systemd/system")),
        (false, false) => {
            let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
            let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
            let config = set.filter(|dir| dir.is_absolute()).or_else(home)?;
            Some(config.join("systemd/user"))
        }
    }
}

/// What the jobs of this host are made of.
fn plan(session: &Session<'_>, args: &Schedule, is_root: bool) -> Result<Plan, Failure> {
    let program = std::env::current_exe().and_then(std::fs::canonicalize);
    let program = program.map_err(|error| {
        Failure::not_done(format!("this program does not find itself: {error}"))
    })?;
    let named = session.context.store.name();
    let store = match session.context.store.bucket() {
        Some(_) => named.to_owned(),
        None => std::path::absolute(named).unwrap_or_else(|_| named.to_owned()),
    };
    let config = args.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG));
    let config = std::path::absolute(&config).unwrap_or(config);
    let plan = Plan {
        program,
        is_bucket: session.context.store.bucket().is_some(),
        store,
        config,
        // A store that is not there yet knows no venv.
        venvs: venvs_to_check(&session.context).unwrap_or_default(),
        is_root,
    };
    for path in [&plan.program, &plan.store, &plan.config] {
        if path
            .to_str()
            .is_none_or(|path| path.contains(char::is_control))
        {
            return Err(Failure::usage(
                format!(
                    "'{}' cannot be named in a schedule",
                    venv_snap::model::Shown::path(path)
                ),
                "choose a path of plain characters",
            ));
        }
    }
    Ok(plan)
}

/// The files of the jobs that are wanted.
fn files(plan: &Plan, args: &Schedule) -> Vec<ScheduleFile> {
    let all = Job::value_variants().iter().copied();
    let jobs = if args.jobs.is_empty() {
        all.filter(|job| *job != Job::Watch || plan.config.is_file())
            .collect()
    } else {
        args.jobs.clone()
    };
    if args.cron {
        vec![cron::file(plan, &jobs)]
    } else {
        units::files(plan, &jobs)
    }
}

/// A job has nothing of the environment of whoever installs it, and so no keys that stand there alone.
fn tell_of_variables(session: &Session<'_>, plan: &Plan) {
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut set: Vec<String> = set.filter(|name| name.starts_with("AWS_")).collect();
    set.sort();
    if plan.is_bucket && !set.is_empty() {
        let (set, file) = (set.join(", "), plan.variables("~/.config"));
        session.ui.hint(&format!(
            "the jobs do not have what is set here ({set}): write a line NAME=value for each to '{file}', which only \
             its owner may read, or use the files of AWS"
        ));
    }
}

/// Calls systemctl, whose complaints go to standard error. Returns whether it did what it was told.
fn systemctl(session: &Session<'_>, verb: &[&str], units: &[String]) -> bool {
    if units.is_empty() && verb != ["daemon-reload"] {
        return true;
    }
    let mut command = Command::new("systemctl");
    if !rustix::process::geteuid().is_root() {
        command.arg("--user");
    }
    command
        .args(verb)
        .args(units)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => true,
        Ok(status) => {
            session
                .ui
                .hint(&format!("systemctl {} ended with {status}", verb.join(" ")));
            false
        }
        Err(error) => {
            session
                .ui
                .hint(&format!("systemctl cannot be started: {error}"));
            false
        }
    }
}
