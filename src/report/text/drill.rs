//! `drill`: one paragraph for each venv: whether it can be brought back, what was proved of it, and what not.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, count, size, snapshot, took};
use super::wrap::Wrapped;
use crate::disk::error::reason;
use crate::model::{Class, Finding, Shown, TreeKind};
use crate::ops::{Drill, DrillOutcome, DrillProof, Drilled, Imports, NotImported, Unproved};

/// How many findings, modules or paths are named where there are many.
const NAMED: usize = 5;

/// Writes what came of a drill.
pub fn drill(out: &mut dyn Write, outcome: &DrillOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let proved = outcome.venvs.iter().filter(|one| one.is_proved()).count();
    writeln!(
        out,
        "{} of {} can be brought back (tried in '{}', in {})",
        proved,
        count(outcome.venvs.len() as u64, "venv"),
        Shown::path(&outcome.into),
        took(outcome.took)
    )?;
    for one in &outcome.venvs {
        venv(out, one, style)?;
    }
    Ok(())
}

fn venv(out: &mut dyn Write, one: &Drilled, style: &Style) -> io::Result<()> {
    let word = one.as_str();
    let word = match one.is_broken() {
        true => coloured(word, Class::Damage, style),
        false if one.is_proved() => word.to_owned(),
        false => coloured(word, Class::Drift, style),
    };
    let baseline = one.baseline.as_ref().map(|chosen| snapshot(chosen, style));
    let baseline =
        baseline.map_or_else(String::new, |text| format!(": {text}, {}", took(one.took)));
    writeln!(out, "{word} '{}'{baseline}", Shown::path(&one.venv))?;
    if let Some(newer) = &one.newer {
        writeln!(out, "  passed over: {}", snapshot(newer, style))?;
    }
    match &one.drill {
        Drill::Brought(proof) => proved(out, proof),
        Drill::Lost(error) => writeln!(out, "  the store cannot bring it back: {}", reason(error)),
        Drill::NoBaseline => writeln!(out, "  none of its saves is a baseline"),
        Drill::NotTried(error) => writeln!(out, "  nothing is known of it: {}", reason(error)),
    }
}

fn proved(out: &mut dyn Write, proof: &DrillProof) -> io::Result<()> {
    writeln!(
        out,
        "  restored: {}, {}, written and read back in {}",
        count(proof.files, "file"),
        size(proof.bytes),
        took(proof.restore_took)
    )?;
    let damage = match proof.damage.len() {
        0 => "no damage".to_owned(),
        many => format!("damage in {many} places"),
    };
    // In a plain directory nothing tells what should be there.
    if proof.kind != TreeKind::Any {
        writeln!(
            out,
            "  audited: {}, {damage}, in {}",
            count(proof.packages, "package"),
            took(proof.audit_took)
        )?;
    }
    for finding in proof.damage.iter().take(NAMED) {
        writeln!(out, "    {}", line(finding))?;
    }
    let alive = proof.interpreter.as_ref().filter(|python| python.alive);
    if let Some(python) = alive {
        let version = Shown(python.version.as_bytes());
        writeln!(out, "  started: Python {version}")?;
    }
    imports(out, proof)?;
    for text in unproved(proof) {
        writeln!(out, "  not proved: {text}")?;
    }
    Ok(())
}

fn line(finding: &Finding) -> String {
    let path = finding.path.as_ref().map(|path| format!("'{path}': "));
    format!(
        "{}{}",
        path.unwrap_or_default(),
        Shown(finding.text.as_bytes())
    )
}

fn imports(out: &mut dyn Write, proof: &DrillProof) -> io::Result<()> {
    let Imports::Tried { tried, failed, .. } = &proof.imports else {
        return Ok(());
    };
    writeln!(
        out,
        "  imported: {} of {}, in {}",
        tried.saturating_sub(failed.len() as u64),
        count(*tried, "module"),
        took(proof.imports_took)
    )?;
    for (module, error) in failed.iter().take(NAMED) {
        let (module, error) = (Shown(module.as_bytes()), Shown(error.as_bytes()));
        writeln!(out, "    {module} fails: {error}")?;
    }
    Ok(())
}

/// What nobody should take for proved.
pub(in crate::report) fn unproved(proof: &DrillProof) -> Vec<String> {
    let mut all = Vec::new();
    match &proof.imports {
        Imports::NotTried(NotImported::NotAsked) => {
            all.push("that its modules can be imported: that was not asked for".to_owned());
        }
        Imports::NotTried(NotImported::NoInterpreter) if proof.kind == TreeKind::Any => all.push(
            "that it was sound when it was saved: in a plain directory nothing tells what should be there"
                .to_owned(),
        ),
        Imports::NotTried(NotImported::NoInterpreter) => {
            all.push("that its modules can be imported: it has no interpreter of its own".to_owned());
        }
        Imports::NotTried(NotImported::NoExec) => all.push(
            "that its modules can be imported: no program may be run from this file system (noexec)"
                .to_owned(),
        ),
        Imports::NotTried(NotImported::Interpreter(why)) => all.push(format!(
            "that its modules can be imported: the interpreter was not run, {}",
            Shown(why.as_bytes())
        )),
        Imports::Tried { alike, .. } if !alike.is_empty() => {
            let names = alike.iter().map(|(module, _)| module.as_str());
            all.push(format!(
                "{}, which cannot be imported in the live venv either",
                some(names, alike.len())
            ));
        }
        Imports::Tried { .. } => {}
    }
    for one in &proof.unproved {
        all.push(match one {
            Unproved::OldNames(found) => {
                let names: Vec<String> = found.iter().map(|one| one.path.to_string()).collect();
                let names = some(names.iter().map(String::as_str), found.len());
                format!("what is reached through {names}: the place of the venv is named there")
            }
            Unproved::LeftOut(left) => {
                let mut bytes = Vec::new();
                // Writing into memory does not fail.
                let _ = super::left_out::write(&mut bytes, left);
                String::from_utf8_lossy(&bytes)
                    .trim_end()
                    .replace('\n', "; ")
            }
            Unproved::Unread(unread) => {
                let names: Vec<String> = unread.iter().map(|one| one.path.to_string()).collect();
                let names = some(names.iter().map(String::as_str), unread.len());
                format!("{names}, which could not be looked at")
            }
        });
    }
    if proof.kind != TreeKind::Any {
        all.push("that your application starts with it".to_owned());
    }
    all
}

fn some<'a>(names: impl Iterator<Item = &'a str>, all: usize) -> String {
    let named: Vec<String> = names
        .take(NAMED)
        .map(|name| Shown(name.as_bytes()).to_string())
        .collect();
    let more = match all.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}
