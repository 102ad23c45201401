//! `rebuild`: what the new venv is made of, how to go back, what to restart.

use std::io::{self, Write};

use super::Style;
use super::words::{count, took};
use super::wrap::Wrapped;
use crate::model::{RelPath, Remains, Shown};
use crate::ops::{Comes, Done, Planned, Rebuilt, ToldBy};

/// How many files that are left behind are named.
const NAMED: usize = 5;

/// Writes what a rebuild did, or would do.
pub fn rebuild(out: &mut dyn Write, outcome: &Rebuilt, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let place = Shown::path(&outcome.place);
    let by = told_by(&outcome.told_by);
    let (major, minor) = outcome.version;
    let maker = format!("Python {major}.{minor} ({})", Shown::path(&outcome.python));
    match &outcome.done {
        None => writeln!(
            out,
            "would rebuild {place} with {maker} and {}, from {by}:",
            outcome.installer.as_str()
        )?,
        Some(_) => writeln!(
            out,
            "rebuilt {place} with {maker} and {}, from {by} ({}):",
            outcome.installer.as_str(),
            took(outcome.took)
        )?,
    }
    let of = |comes: Comes| {
        outcome
            .packages
            .iter()
            .filter(move |one| one.comes == comes)
    };
    let number = |comes| count(of(comes).count() as u64, "package");
    writeln!(
        out,
        "  {} taken over, every file proved by RECORD",
        number(Comes::TakenOver)
    )?;
    if style.verbose {
        of(Comes::TakenOver).try_for_each(|one| writeln!(out, "    {}", named(one, outcome)))?;
    }
    for comes in [Comes::Fetched, Comes::WithInterpreter] {
        if of(comes).next().is_some() {
            let how = match comes {
                Comes::Fetched => "fetched past every cache",
                _ => "brought by the interpreter",
            };
            writeln!(out, "  {} {how}:", number(comes))?;
            of(comes)
                .try_for_each(|one| writeln!(out, "    {}{}", named(one, outcome), why(one)))?;
        }
    }
    dropped(out, outcome)?;
    carried(out, outcome)?;
    remains(out, outcome)?;
    left_behind(out, outcome)?;
    unmet(out, outcome)?;
    super::left_out::write(out, &outcome.left_out)?;
    match &outcome.done {
        Some(done) => afterwards(out, done, style),
        None => Ok(()),
    }
}

fn told_by(told: &ToldBy) -> String {
    match told {
        ToldBy::Snapshot(id) => format!("the list of snapshot {id}"),
        ToldBy::Venv => "what its METADATA and RECORD tell".to_owned(),
        ToldBy::Requirements(path) | ToldBy::Lock(path) => format!("'{}'", Shown::path(path)),
    }
}

fn named(planned: &Planned, outcome: &Rebuilt) -> String {
    let name = Shown(planned.name.as_bytes());
    let is_open = planned.version.is_empty() || outcome.done.is_none();
    if let Some(asked) = planned.asked.as_ref().filter(|_| is_open) {
        return Shown(asked.as_bytes()).to_string();
    }
    let version = Shown(planned.version.as_bytes());
    format!("{name} {version}").trim_end().to_owned()
}

fn why(planned: &Planned) -> String {
    let why = planned
        .why
        .map(|why| format!(": {why}"))
        .unwrap_or_default();
    let evidence = planned.evidence.as_ref();
    let evidence = evidence.map(|path| match path.name() {
        _ if planned.version.is_empty() => format!(": '{path}'"),
        name if name.ends_with(b"-info") => {
            format!("; its version is told by the name of '{path}'")
        }
        _ => format!("; its version is told by '{path}'"),
    });
    format!("{why}{}", evidence.unwrap_or_default())
}

/// Packages that the list has not.
fn dropped(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    if outcome.dropped.is_empty() {
        return Ok(());
    }
    let names = outcome.dropped.iter();
    let names: Vec<String> = names
        .map(|name| Shown(name.as_bytes()).to_string())
        .collect();
    writeln!(
        out,
        "  {} of {} that the list has not, not in the new one: {}",
        count(names.len() as u64, "package"),
        if outcome.place == outcome.venv {
            "the replaced venv".to_owned()
        } else {
            format!("{}", Shown::path(&outcome.venv))
        },
        names.join(", ")
    )
}

/// What people put there by hand.
fn carried(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    if outcome.carried.is_empty() {
        return Ok(());
    }
    let names = outcome
        .carried
        .iter()
        .take(NAMED)
        .map(|path| format!("'{path}'"));
    let names: Vec<String> = names.collect();
    let more = if outcome.carried.len() > NAMED {
        ", …"
    } else {
        ""
    };
    let files = count(outcome.carried.len() as u64, "file");
    writeln!(
        out,
        "  {files} that no package lists and nothing proves, carried over as {}: {}{more}",
        if outcome.carried.len() == 1 {
            "it stands"
        } else {
            "they stand"
        },
        names.join(", ")
    )
}

/// Packages of which nothing tells what brought them.
fn remains(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    if outcome.remains.is_empty() {
        return Ok(());
    }
    let named = |one: &Remains| {
        let perhaps = one.perhaps.as_ref();
        let perhaps = perhaps.map(|text| format!(" (perhaps {})", Shown(text.as_bytes())));
        format!("'{}'{}", one.path, perhaps.unwrap_or_default())
    };
    let names: Vec<String> = outcome.remains.iter().map(named).collect();
    let is_refused = outcome.done.is_none() && outcome.told_by == ToldBy::Venv;
    let so = if is_refused {
        "; without them it is refused: name what brings them with --with REQUIREMENT"
    } else {
        ", not in the new venv"
    };
    writeln!(
        out,
        "  {} without an info directory, so that nothing tells what brought them{so}: {}",
        count(names.len() as u64, "package"),
        names.join(", ")
    )
}

fn unmet(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    if outcome.unmet.is_empty() {
        return Ok(());
    }
    let unmet = outcome.unmet.iter().map(|one| {
        let who = one.package.as_deref().unwrap_or_default();
        format!("{} {}", Shown(who.as_bytes()), Shown(one.text.as_bytes()))
    });
    let unmet: Vec<String> = unmet.collect();
    writeln!(
        out,
        "  {} not met, which --with brings: {}",
        count(unmet.len() as u64, "requirement"),
        unmet.join("; ")
    )
}

fn left_behind(out: &mut dyn Write, outcome: &Rebuilt) -> io::Result<()> {
    let told = |path: &&RelPath| {
        let mut remains = outcome.remains.iter();
        remains.any(|one| path.is_within(&one.path) || **path == one.path)
    };
    let paths = outcome.left_behind.iter().filter(|path| !told(path));
    let paths: Vec<&RelPath> = paths.collect();
    if paths.is_empty() {
        return Ok(());
    }
    let names = paths.iter().take(NAMED).map(|path| format!("'{path}'"));
    let names: Vec<String> = names.collect();
    let more = if paths.len() > NAMED { ", …" } else { "" };
    let files = count(paths.len() as u64, "file");
    writeln!(
        out,
        "  {files} among the packages that none of them lists, not in the new venv: {}{more}",
        names.join(", ")
    )
}

fn afterwards(out: &mut dyn Write, done: &Done, style: &Style) -> io::Result<()> {
    let placed = &done.placed;
    writeln!(
        out,
        "it is audited, its packages import, and it is saved as {}",
        super::words::snapshot(&placed.chosen, style)
    )?;
    let replaced = placed.replaced();
    if let Some(incident) = replaced.and_then(|replaced| replaced.incident) {
        writeln!(
            out,
            "what it replaced is kept as incident {incident}: '{}' brings it back",
            style.options.undo
        )?;
    }
    super::diagnosis::write_after(out, &placed.report.diagnosis, style)?;
    let processes = replaced.map_or(&[][..], |replaced| &replaced.processes);
    if !processes.is_empty() {
        let processes = processes.iter();
        let processes: Vec<String> = processes
            .map(|process| format!("{} ({})", process.pid, Shown(process.name.as_bytes())))
            .collect();
        writeln!(
            out,
            "still running on the replaced tree, restart: {}",
            processes.join(", ")
        )?;
    }
    Ok(())
}
