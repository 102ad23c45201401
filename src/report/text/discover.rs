//! `discover`: the environments of a host, unsaved ones first; for a terminal, and as a Markdown page to keep.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Style;
use super::table::{table, write_table};
use super::words::{count, number, size, time, took};
use super::wrap::Wrapped;
use crate::model::Shown;
use crate::ops::{DiscoverOutcome, Environment, EnvironmentKind, StartedBy, Use};

/// So many users of one environment are named in the table.
const USES: usize = 3;

/// So many places are named where nothing was found.
const ROOTS: usize = 6;

/// Writes a table of all environments.
pub fn discover(out: &mut dyn Write, outcome: &DiscoverOutcome, style: &Style) -> io::Result<()> {
    writeln!(out, "{}", first_line(outcome))?;
    let header = [
        "baseline",
        "kind",
        "python",
        "packages",
        "size",
        "environment",
        "used by",
    ];
    let mut rows = table(&header, &[3, 4]);
    for one in &outcome.environments {
        rows.add_row(vec![
            baseline(one, style),
            one.kind.as_str().to_owned(),
            one.python
                .clone()
                .map_or_else(|| "-".to_owned(), |text| safe(&text)),
            number(one.packages.len() as u64),
            size(one.bytes),
            Shown::path(&one.path).to_string(),
            used_by(one),
        ]);
    }
    if !outcome.environments.is_empty() {
        write_table(out, &rows, style)?;
    }
    let out = &mut Wrapped::new(out, style);
    left(outcome)
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))
}

/// Writes all of it as one Markdown page.
pub fn discover_page(
    out: &mut dyn Write,
    outcome: &DiscoverOutcome,
    style: &Style,
) -> io::Result<()> {
    writeln!(out, "# Python environments\n\n{}.\n", first_line(outcome))?;
    writeln!(
        out,
        "| environment | kind | python | packages | size | newest baseline | used by |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for one in &outcome.environments {
        let python = one.python.clone().unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            code(&Shown::path(&one.path).to_string()),
            one.kind.as_str(),
            cell(&safe(&python)),
            number(one.packages.len() as u64),
            size(one.bytes),
            cell(&baseline(one, style)),
            cell(&used_by(one)),
        )?;
    }
    for one in &outcome.environments {
        writeln!(out, "\n## {}\n", code(&Shown::path(&one.path).to_string()))?;
        let interpreter = match &one.interpreter {
            Some(path) => code(&Shown::path(path).to_string()),
            // Whoever uses such a directory brings an interpreter.
            None if one.kind == EnvironmentKind::Target => "none".to_owned(),
            None => "leads nowhere".to_owned(),
        };
        writeln!(out, "- **interpreter:** {interpreter}")?;
        writeln!(out, "- **owner:** user {}", one.owner)?;
        writeln!(
            out,
            "- **files:** {}, {}",
            number(one.files),
            size(one.bytes)
        )?;
        writeln!(out, "- **newest baseline:** {}", baseline(one, style))?;
        for usage in &one.uses {
            writeln!(out, "- **used by** {}", cell(&told(usage)))?;
        }
        let packages = one.packages.iter();
        let packages: Vec<String> = packages
            .map(|(name, version)| code(&safe(&format!("{name}=={version}"))))
            .collect();
        let packages = match &packages[..] {
            [] => "none".to_owned(),
            all => all.join(", "),
        };
        writeln!(out, "- **packages:** {packages}")?;
    }
    let left = left(outcome);
    if !left.is_empty() {
        writeln!(out, "\n## Not looked into\n")?;
    }
    left.iter()
        .try_for_each(|line| writeln!(out, "- {}", cell(line)))
}

/// The first of the places that were looked into.
fn below(roots: &[PathBuf]) -> String {
    let shown = roots.iter().take(ROOTS);
    let shown: Vec<String> = shown
        .map(|root| format!("'{}'", Shown::path(root)))
        .collect();
    match roots.len().saturating_sub(ROOTS) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn first_line(outcome: &DiscoverOutcome) -> String {
    let unsaved = outcome
        .environments
        .iter()
        .filter(|one| one.baseline.is_none())
        .count();
    let found = match outcome.environments.len() {
        0 => format!("no environment below {}", below(&outcome.roots)),
        all => {
            let all = count(all as u64, "environment");
            format!("{all}, {unsaved} of them unsaved")
        }
    };
    format!(
        "{found}; {} looked at, in {}",
        match outcome.directories {
            1 => "1 directory".to_owned(),
            many => format!("{} directories", number(many)),
        },
        took(outcome.took)
    )
}

/// What was not looked into, one line each.
fn left(outcome: &DiscoverOutcome) -> Vec<String> {
    let mounts = outcome.mounts.iter();
    let mounts = mounts.map(|path| format!("'{}' is a mount", Shown::path(path)));
    let unread = outcome.unread.iter().map(|error| {
        format!(
            "'{}' cannot be listed: {}",
            Shown::path(&error.path),
            error.source
        )
    });
    let starters = outcome.unread_starters.iter();
    let starters = starters.map(|one| format!("'{}' {}", Shown::path(&one.path), one.why));
    mounts.chain(unread).chain(starters).collect()
}

fn baseline(one: &Environment, style: &Style) -> String {
    match &one.baseline {
        Some(saved) => format!("{} {}", saved.id, time(saved.snapshot.created, style)),
        None if one.savable => "unsaved".to_owned(),
        None => "unsaved (no venv)".to_owned(),
    }
}

fn used_by(one: &Environment) -> String {
    let more = match one.uses.len().saturating_sub(USES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<String> = one.uses.iter().take(USES).map(brief).collect();
    format!("{}{more}", named.join(", "))
}

fn brief(usage: &Use) -> String {
    safe(&match usage {
        Use::Started {
            by: StartedBy::Unit { name, .. },
            ..
        } => name.clone(),
        Use::Started { path, line, .. } => format!("cron ({}:{line})", path.display()),
        Use::Process { pid, name, .. } => format!("{name} (pid {pid})"),
        Use::Script(path) => path.display().to_string(),
    })
}

fn told(usage: &Use) -> String {
    safe(&match usage {
        Use::Started {
            by,
            path,
            line,
            user,
        } => {
            let user = user
                .as_ref()
                .map(|user| format!(" as {user}"))
                .unwrap_or_default();
            let what = match by {
                StartedBy::Unit {
                    name,
                    of_user,
                    enabled,
                } => {
                    let of_user = if *of_user { "user unit" } else { "unit" };
                    let enabled = if *enabled { "" } else { ", not enabled" };
                    format!("{of_user} {name}{enabled}")
                }
                StartedBy::Cron(schedule) => format!("cron, {schedule}"),
            };
            format!("{what}{user}: {}:{line}", path.display())
        }
        Use::Process { pid, name, how } => format!("process {pid} ({name}), by {}", how.as_str()),
        Use::Script(path) => format!("script {}", path.display()),
    })
}

fn safe(text: &str) -> String {
    Shown(text.as_bytes()).to_string()
}

/// Text as code, with a fence that it does not hold.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", text.replace('|', "\\|"))
}

/// Text that cannot end a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
