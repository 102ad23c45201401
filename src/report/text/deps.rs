//! `deps`: how much is missing, then each distribution with the lines that want it, then the command that installs it.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Style;
use super::words::{count, took};
use super::wrap::Wrapped;
use crate::model::{Shown, shell_line, shell_word};
use crate::ops::{DepsOutcome, Evidence, IndexKind, Need, ProjectIndex, When};
use crate::python::layout::python_in;

/// So many lines that want one distribution are told, unless all are wanted.
const LINES_SHOWN: usize = 3;

/// Writes what an application lacks.
pub fn deps(out: &mut dyn Write, outcome: &DepsOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let needs = &outcome.needs;
    let files = format!(
        "{}, in {}",
        count(outcome.files as u64, "file"),
        took(outcome.took)
    );
    match needs.needed.len() as u64 {
        0 if outcome.clean() => writeln!(out, "nothing that it needs is missing; {files}")?,
        0 => writeln!(out, "something is missing; {files}")?,
        more => writeln!(out, "{} missing; {files}", count(more, "distribution"))?,
    }
    group(out, "needed:", &needs.needed, outcome, style)?;
    nameless(out, outcome, style)?;
    for (module, line) in &needs.lost {
        let module = shown(module);
        writeln!(
            out,
            "{module} is gone from a distribution that is installed, which is damage"
        )?;
        lines(out, std::slice::from_ref(line), outcome, style)?;
    }
    group(
        out,
        "optional, it may do without:",
        &needs.optional,
        outcome,
        style,
    )?;
    for path in &needs.unread {
        writeln!(
            out,
            "'{}' is no Python that could be read",
            Shown::path(path)
        )?;
    }
    for (path, why) in &needs.undeclared {
        writeln!(out, "'{}' was not read whole: {why}", Shown::path(path))?;
    }
    for path in &outcome.beyond {
        writeln!(
            out,
            "'{}' was not read: it is too long, nested too deep, or behind too many others",
            Shown::path(path)
        )?;
    }
    indexes(out, outcome)?;
    if let Some(line) = install_line(outcome) {
        writeln!(
            out,
            "to install what is needed and named for sure:\n    {line}"
        )?;
    }
    Ok(())
}

/// Modules of which nobody knows who brings them here.
fn nameless(out: &mut Wrapped<'_>, outcome: &DepsOutcome, style: &Style) -> io::Result<()> {
    for one in &outcome.needs.nameless {
        let perhaps = match &one.perhaps[..] {
            [] => String::new(),
            some => format!("; perhaps one of {}", some.join(", ")),
        };
        let module = shown(&one.module);
        match one.only_on {
            Some("Python 2") => writeln!(out, "the module {module} is one of Python 2 alone")?,
            Some(system) => writeln!(
                out,
                "the module {module} is one of {system} alone: no distribution brings it here"
            )?,
            None => writeln!(
                out,
                "nobody says which distribution brings the module {module}{perhaps}"
            )?,
        }
        lines(out, &one.evidence, outcome, style)?;
    }
    Ok(())
}

/// From where the project takes its packages, where something is missing.
fn indexes(out: &mut Wrapped<'_>, outcome: &DepsOutcome) -> io::Result<()> {
    let needs = &outcome.needs;
    if needs.needed.is_empty() && needs.optional.is_empty() {
        return Ok(());
    }
    for one in &needs.indexes {
        let what = match one.kind {
            IndexKind::Main => "takes its packages from the index",
            IndexKind::Extra => "takes packages also from the index",
            IndexKind::FindLinks => "takes packages also from",
            IndexKind::Nothing => "takes packages from no index",
        };
        let more = match (one.is_open, one.is_secret) {
            (true, _) => {
                "; what its variables stand for is not known here, so no command is printed: it would ask another one"
            }
            (_, true) => {
                "; its credentials are not told here: the installer asks for them, or takes them from .netrc"
            }
            _ => "",
        };
        writeln!(
            out,
            "the project {what}{}{} ({}:{}){more}",
            if one.place.is_empty() { "" } else { " " },
            shown(&one.place),
            Shown::path(near(&one.path, outcome)),
            one.line
        )?;
    }
    Ok(())
}

/// The command that installs what is needed, without guesses; none where there is nothing to install, or where nobody
/// knows which index the project asks.
pub(in crate::report) fn install_line(outcome: &DepsOutcome) -> Option<String> {
    let wanted = outcome.requirements();
    let indexes = &outcome.needs.indexes;
    if wanted.is_empty() || indexes.iter().any(|one| one.is_open) {
        return None;
    }
    let python = shell_word(python_in(&outcome.venv).as_os_str().as_bytes());
    let begin = if outcome.has_pip {
        format!("{python} -m pip install")
    } else {
        format!("uv pip install --python {python}")
    };
    Some(format!(
        "{begin}{} {}",
        options(indexes),
        shell_line(wanted)
    ))
}

/// The options by which an installer asks where the project does. It asks one index in the place of everybody's.
fn options(indexes: &[ProjectIndex]) -> String {
    let mut has_main = false;
    let mut line = String::new();
    for one in indexes {
        let kind = match one.kind {
            IndexKind::Main if has_main => IndexKind::Extra,
            kind => kind,
        };
        has_main |= kind == IndexKind::Main;
        let option = match kind {
            IndexKind::Main => "--index-url",
            IndexKind::Extra => "--extra-index-url",
            IndexKind::FindLinks => "--find-links",
            IndexKind::Nothing => "--no-index",
        };
        line.extend([" ", option]);
        if !one.place.is_empty() {
            line.extend([" ", &shell_word(one.place.as_bytes())]);
        }
    }
    line
}

fn group(
    out: &mut Wrapped<'_>,
    title: &str,
    group: &[Need],
    outcome: &DepsOutcome,
    style: &Style,
) -> io::Result<()> {
    if !group.is_empty() {
        writeln!(out, "{title}")?;
    }
    for need in group {
        let when = match need.when {
            When::Call => "; only when that is called",
            When::Import | When::Optional => "",
        };
        let instead = match &need.instead[..] {
            [] => String::new(),
            some => format!("; or instead {}", some.join(", or ")),
        };
        let from = need.elsewhere.as_ref().map(|place| {
            let place = shown(place);
            format!("; it comes from {place}: another index may have something else of that name")
        });
        let from = from.unwrap_or_default();
        writeln!(out, "  {}{when}{instead}{from}", shown(&need.requirement))?;
        lines(out, &need.evidence, outcome, style)?;
    }
    Ok(())
}

fn lines(
    out: &mut Wrapped<'_>,
    lines: &[Evidence],
    outcome: &DepsOutcome,
    style: &Style,
) -> io::Result<()> {
    let most = if style.verbose {
        usize::MAX
    } else {
        LINES_SHOWN
    };
    for line in lines.iter().take(most) {
        writeln!(
            out,
            "      {}:{}: {}",
            Shown::path(near(&line.path, outcome)),
            line.line,
            shown(&line.what)
        )?;
    }
    match lines.len().saturating_sub(most) {
        0 => Ok(()),
        more => writeln!(out, "      and {}", count(more as u64, "more line")),
    }
}

/// A path as seen from the application.
fn near<'p>(path: &'p Path, outcome: &DepsOutcome) -> &'p Path {
    let mut apps = outcome.apps.iter();
    apps.find_map(|app| path.strip_prefix(app).ok())
        .unwrap_or(path)
}

fn shown(text: &str) -> String {
    Shown(text.as_bytes()).to_string()
}
