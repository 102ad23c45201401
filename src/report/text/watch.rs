//! What a guard says to people.

use std::io::{self, Write};
use std::path::Path;

use super::Style;
use super::words::count;
use crate::model::Shown;
use crate::watch::{Guard, Guarded, Rules, State};

/// Writes what rules say that can be understood.
pub fn watch_rules(
    out: &mut dyn Write,
    config: &Path,
    rules: &Rules,
    _style: &Style,
) -> io::Result<()> {
    writeln!(
        out,
        "{} is right: {}, {}",
        Shown::path(config),
        count(rules.venvs.len() as u64, "venv"),
        count(rules.receivers.len() as u64, "receiver")
    )?;
    rules.venvs.iter().try_for_each(|venv| guarded(out, venv))
}

fn guarded(out: &mut dyn Write, venv: &Guarded) -> io::Result<()> {
    let policy = &venv.policy;
    let does = if policy.heals {
        format!(
            "heals, at most {} in {}",
            count(policy.heals_max.into(), "time"),
            seconds(policy.window)
        )
    } else {
        "observes".to_owned()
    };
    writeln!(out, "{}: {does}", Shown::path(&venv.path))
}

fn seconds(time: std::time::Duration) -> String {
    format!("{} s", time.as_secs())
}

/// Writes how everything stands.
pub fn watch_states(out: &mut dyn Write, guards: &[Guard], _style: &Style) -> io::Result<()> {
    for guard in guards {
        let memory = guard.memory();
        write!(out, "{}:", Shown::path(&guard.rules().path))?;
        let word = |state: Option<State>| state.map_or("not looked at", State::as_str);
        write!(out, " {}", word(memory.tree.state))?;
        for (name, track) in [("service", &memory.service), ("imports", &memory.imports)] {
            if let Some(state) = track.state {
                write!(out, ", {name} {}", state.as_str())?;
            }
        }
        if let Some(why) = &memory.unseen {
            write!(out, "; it cannot be looked at: {}", Shown(why.as_bytes()))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
