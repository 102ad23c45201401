//! What a guard says.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{document, entry};
use crate::watch::{Guard, Guarded, Rules, State};

/// Writes what rules say that can be understood.
pub fn watch_rules(out: &mut dyn Write, config: &Path, rules: &Rules) -> io::Result<()> {
    let venvs: Vec<Value> = rules.venvs.iter().map(guarded).collect();
    document(out, "watch", fields(config, rules, &venvs))
}

/// Writes how everything stands that is guarded by these rules.
pub fn watch_states(
    out: &mut dyn Write,
    config: &Path,
    rules: &Rules,
    guards: &[Guard],
) -> io::Result<()> {
    let venvs: Vec<Value> = guards.iter().map(standing).collect();
    document(out, "watch", fields(config, rules, &venvs))
}

fn fields(config: &Path, rules: &Rules, venvs: &[Value]) -> Value {
    let mut fields = json!({"config": null, "venvs": venvs, "receivers": rules.receivers.len()});
    entry::put_path(&mut fields, "config", config);
    fields
}

fn guarded(venv: &Guarded) -> Value {
    let mut fields = json!({
        "venv": null,
        "mode": if venv.policy.heals { "heal" } else { "observe" },
    });
    entry::put_path(&mut fields, "venv", &venv.path);
    fields
}

fn standing(guard: &Guard) -> Value {
    let mut fields = guarded(guard.rules());
    let memory = guard.memory();
    for (subject, track) in [
        ("integrity", &memory.tree),
        ("service", &memory.service),
        ("imports", &memory.imports),
    ] {
        fields[subject] = track.state.map(State::as_str).into();
    }
    let unseen = memory.unseen.clone();
    fields["why"] = unseen
        .or_else(|| {
            [&memory.tree, &memory.service, &memory.imports]
                .into_iter()
                .find_map(|track| track.why.clone())
        })
        .into();
    fields
}
