//! Audits in JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis};
use crate::model::{Audit, Diagnosis, Finding, Image, Kind, User, Who};
use crate::ops::CheckOutcome;
use crate::report::reinstall::reinstall;
use crate::report::text::afterwards;

/// Writes what a check found.
pub fn check(out: &mut dyn Write, outcome: &CheckOutcome) -> io::Result<()> {
    let mut fields = json!({});
    entry::put_path(&mut fields, "venv", &outcome.venv);
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, audit(&outcome.audit)) {
        fields.extend(more);
    }
    // `--fail-on` may count more than the damage, which is all that the audit's own word counts.
    fields["clean"] = outcome.clean().into();
    fields["reinstall"] = reinstall(&outcome.venv, &outcome.audit).into();
    fields["took_ms"] = millis(outcome.took).into();
    document(out, "check", fields)
}

/// What an audit found.
pub(super) fn audit(audit: &Audit) -> Value {
    let damage = audit.damage().count();
    let accepted = audit
        .findings
        .iter()
        .filter(|finding| finding.accepted.is_some())
        .count();
    let counts = audit.counts;
    let interpreter = audit.interpreter.as_ref().map(|python| {
        json!({
            "realpath": python.realpath, "version": python.version, "implementation": python.implementation,
            "soabi": python.soabi, "platform": python.platform, "alive": python.alive,
            "unreachable": python.unreachable, "blake3": python.blake3.map(crate::model::Digest::to_hex),
        })
    });
    let packages: Vec<Value> = audit
        .packages
        .iter()
        .map(|package| {
            json!({
                "name": package.name, "version": package.version, "installer": package.installer,
                "editable": package.editable, "requirement": package.requirement(), "conda": package.conda,
            })
        })
        .collect();
    let unread = audit.unread.iter().map(|unread| {
        let mut value = entry::path(&unread.path);
        value["reason"] = unread.reason.as_str().into();
        value
    });
    json!({
        "kind": audit.kind.as_str(),
        "clean": audit.is_clean(),
        "summary": {
            "damage": damage, "notices": audit.findings.len() - damage - accepted, "accepted": accepted,
            "packages": packages.len(), "hashed": counts.hashed, "unhashed": counts.unhashed,
            "empty": counts.empty, "unowned": counts.unowned, "compared": counts.compared,
            "entries": counts.entries,
        },
        "interpreter": interpreter,
        "packages": packages,
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
        "diagnosis": audit.diagnosis.iter().map(diagnosis).collect::<Vec<_>>(),
        "unowned": audit.unowned.iter().map(entry::path).collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
    })
}

pub(super) fn finding(finding: &Finding) -> Value {
    let mut value = match &finding.path {
        Some(path) => entry::path(path),
        None => json!({"path": null}),
    };
    value["check"] = finding.check.as_str().into();
    value["damage"] = finding.is_damage().into();
    value["severity"] = finding.check.severity().as_str().into();
    value["package"] = finding.package.clone().into();
    value["text"] = finding.text.as_str().into();
    value["expected_size"] = finding.expected_size.into();
    value["size"] = finding.size.into();
    let sharing = finding.sharing.as_ref();
    value["links"] = sharing.map(|sharing| sharing.links).into();
    value["shared_with"] = sharing
        .and_then(|sharing| sharing.shared_with.clone())
        .into();
    value["behind"] = finding.behind.clone().into();
    value["accepted"] = finding.accepted.clone().into();
    value
}

/// One diagnosis.
pub(super) fn diagnosis(diagnosis: &Diagnosis) -> Value {
    let survivors: Vec<Value> = diagnosis
        .survivors
        .iter()
        .map(|path| String::from_utf8_lossy(path.as_bytes()).into())
        .collect();
    let cached = diagnosis.cached.iter().map(|entry| {
        json!({
            "installer": entry.installer.as_str(), "package": entry.package, "path": entry.path, "cache": entry.cache,
            "changed": entry.changed,
        })
    });
    json!({
        "rule": diagnosis.rule, "text": diagnosis.text, "explains": diagnosis.explains, "of": diagnosis.of,
        "certainty": diagnosis.surety().as_str(), "unexplained": unexplained(&diagnosis.unexplained),
        "precision": diagnosis.precision, "recall": diagnosis.recall, "survivors": survivors,
        "cached": cached.collect::<Vec<_>>(), "cure": diagnosis.cure,
        "who": diagnosis.who.as_ref().map(who),
    })
}

/// By kind, how many damaged entries no cause explains.
pub(super) fn unexplained(all: &BTreeMap<Kind, usize>) -> Value {
    let all = all.iter();
    let all = all.map(|(kind, count)| (kind.as_str().to_owned(), (*count).into()));
    Value::Object(all.collect())
}

/// Who did something; what is not known is null.
fn who(who: &Who) -> Value {
    let with = |fields: Value, image: Option<&Image>| {
        let mut fields = fields;
        let Some(image) = image else {
            return Value::Null;
        };
        let written = serde_json::to_value(image).unwrap_or_default();
        for name in ["program", "exe", "argv"] {
            fields[name] = written[name].clone();
        }
        if let Some(exact) = written.get("argv_b64") {
            fields["argv_b64"] = exact.clone();
        }
        fields
    };
    let user = |user: &User| json!({ "uid": user.uid, "name": user.name });
    let parents = who.parents.iter();
    let parents = parents.map(|one| with(json!({ "pid": one.pid }), Some(&one.image)));
    let own = json!({
        "pid": who.pid, "certainty": who.certainty.as_str(), "earlier": with(json!({}), who.earlier.as_ref()),
        "parents": parents.collect::<Vec<_>>(), "unit": who.unit, "cron": who.cron,
        "user": who.user.as_ref().map(user), "login": who.login.as_ref().map(user),
    });
    with(own, Some(&who.image))
}

/// One diagnosis once the restore is done: its text advises only what is still to be done.
pub(super) fn diagnosis_after(found: &Diagnosis) -> Value {
    let text = afterwards(&found.text);
    diagnosis(&Diagnosis {
        text,
        ..found.clone()
    })
}
