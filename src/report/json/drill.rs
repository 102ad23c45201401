//! What came of a drill, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{check, document, entry, millis, snapshot};
use crate::disk::error::reason;
use crate::ops::{Drill, DrillOutcome, DrillProof, Drilled, Imports};
use crate::report::text::unproved;

/// Writes what came of a drill.
pub fn drill(out: &mut dyn Write, outcome: &DrillOutcome) -> io::Result<()> {
    let mut fields = json!({
        "proved": outcome.venvs.iter().all(Drilled::is_proved),
        "into": null,
        "venvs": outcome.venvs.iter().map(venv).collect::<Vec<_>>(),
        "took_ms": millis(outcome.took),
    });
    entry::put_path(&mut fields, "into", &outcome.into);
    document(out, "drill", fields)
}

fn venv(one: &Drilled) -> Value {
    let why = match &one.drill {
        Drill::Lost(error) | Drill::NotTried(error) => Some(reason(error)),
        Drill::Brought(_) | Drill::NoBaseline => None,
    };
    let proof = match &one.drill {
        Drill::Brought(proof) => Some(self::proof(proof)),
        _ => None,
    };
    let mut value = json!({
        "venv": null,
        "result": one.as_str(),
        "baseline": one.baseline.as_ref().map(snapshot::value),
        "passed_over": one.newer.as_ref().map(snapshot::value),
        "reason": why,
        "proof": proof,
        "took_ms": millis(one.took),
    });
    entry::put_path(&mut value, "venv", &one.venv);
    value
}

fn proof(proof: &DrillProof) -> Value {
    let failure = |(module, error): &(String, String)| json!({"module": module, "error": error});
    let imports = match &proof.imports {
        Imports::Tried {
            tried,
            failed,
            alike,
        } => json!({
            "tried": tried,
            "failed": failed.iter().map(failure).collect::<Vec<_>>(),
            "failed_alike": alike.iter().map(failure).collect::<Vec<_>>(),
        }),
        Imports::NotTried(_) => Value::Null,
    };
    let alive = proof.interpreter.as_ref().filter(|python| python.alive);
    json!({
        "files": proof.files,
        "bytes": proof.bytes,
        "packages": proof.packages,
        "python": alive.map(|python| python.version.as_str()),
        "damage": proof.damage.iter().map(check::finding).collect::<Vec<_>>(),
        "imports": imports,
        "unproved": unproved(proof),
        "restore_ms": millis(proof.restore_took),
        "audit_ms": millis(proof.audit_took),
        "imports_ms": millis(proof.imports_took),
    })
}
