//! What an application lacks, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis};
use crate::ops::{DepsOutcome, Evidence, Nameless, Need, ProjectIndex};
use crate::report::text::install_line;

/// Writes what an application lacks.
pub fn deps(out: &mut dyn Write, outcome: &DepsOutcome) -> io::Result<()> {
    let needs = &outcome.needs;
    let mut fields = json!({});
    entry::put_path(&mut fields, "venv", &outcome.venv);
    entry::put_paths(&mut fields, "apps", &outcome.apps);
    fields["clean"] = outcome.clean().into();
    fields["files"] = outcome.files.into();
    fields["needed"] = needs.needed.iter().map(need).collect();
    fields["optional"] = needs.optional.iter().map(need).collect();
    fields["nameless"] = needs.nameless.iter().map(nameless).collect();
    let lost = needs.lost.iter().map(|(module, line)| {
        let mut value = evidence(line);
        value["module"] = module.as_str().into();
        value
    });
    fields["lost"] = lost.collect();
    let unread = needs.unread.iter().chain(&outcome.beyond).map(|path| {
        let mut value = json!({});
        entry::put_path(&mut value, "path", path);
        value
    });
    fields["unread"] = unread.collect();
    let undeclared = needs.undeclared.iter().map(|(path, why)| {
        let mut value = json!({"why": why});
        entry::put_path(&mut value, "path", path);
        value
    });
    fields["undeclared"] = undeclared.collect();
    fields["indexes"] = needs.indexes.iter().map(index).collect();
    fields["install"] = install_line(outcome).into();
    fields["took_ms"] = millis(outcome.took).into();
    document(out, "deps", fields)
}

fn need(need: &Need) -> Value {
    json!({
        "distribution": need.distribution, "requirement": need.requirement,
        "elsewhere": need.elsewhere, "known": need.known.as_str(),
        "when": need.when.as_str(), "instead": need.instead,
        "evidence": need.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn nameless(one: &Nameless) -> Value {
    json!({
        "module": one.module, "perhaps": one.perhaps, "only_on": one.only_on, "when": one.when.as_str(),
        "evidence": one.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn index(one: &ProjectIndex) -> Value {
    let mut value = json!({
        "kind": one.kind.as_str(), "place": one.place, "credentials": one.is_secret, "line": one.line,
    });
    entry::put_path(&mut value, "path", &one.path);
    value
}

fn evidence(line: &Evidence) -> Value {
    let mut value = json!({});
    entry::put_path(&mut value, "path", &line.path);
    value["line"] = line.line.into();
    value["what"] = line.what.as_str().into();
    value
}
