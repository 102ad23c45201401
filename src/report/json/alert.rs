//! One alert, as receivers get it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::entry;
use crate::model::Digest;
use crate::report::text::alert_line;
use crate::watch::{Culprit, Found, News};

/// One announcement of a guard as a document. `time` is when it is made, `host` and `venv` what it is of.
pub fn alert(news: &News, host: &str, venv: &std::path::Path, time: Timestamp) -> String {
    let since = time.checked_sub(jiff::SignedDuration::try_from(news.lasts).unwrap_or_default());
    let subject = serde_json::to_value(news.subject).unwrap_or_default();
    // All alerts about one subject of one venv have the same key, so a receiver can put them together.
    let of = format!("{host}\n{}\n{subject}", venv.to_string_lossy());
    let mut fields = json!({
        "key": Digest::of(of.as_bytes()).to_hex()[..16],
        "status": news.occasion,
        "severity": if news.state.is_critical() { "critical" } else { "warning" },
        "host": host,
        "venv": null,
        "subject": subject,
        "state": news.state.as_str(),
        "was": news.was.as_str(),
        "since": since.unwrap_or(time),
        "time": time,
        "text": alert_line(news, venv),
        "why": news.why,
        "found": news.found.as_ref().map(found),
        "culprits": news.culprits.iter().map(culprit).collect::<Vec<_>>(),
        "attempts": news.attempts,
        "heal": news.heal.as_ref().map(|heal| json!({
            "incident": heal.incident,
            "took_ms": super::millis(heal.took),
            "left": heal.left,
        })),
    });
    entry::put_path(&mut fields, "venv", venv);
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = super::document(&mut text, "alert", fields);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

fn found(found: &Found) -> Value {
    let damage = &found.damage;
    json!({
        "files": damage.files,
        "kinds": damage.kinds,
        "packages": damage.packages,
        "sample": damage.sample,
        "causes": damage.causes,
        "can_heal": damage.can_heal,
        "changed": found.changed,
        "unmet": found.unmet,
        "gone": found.gone,
        "at_work": found.at_work,
    })
}

fn culprit(culprit: &Culprit) -> Value {
    json!({
        "pid": culprit.pid,
        "program": culprit.program,
        "command_line": culprit.command_line,
        "parents": culprit.parents,
        "unit": culprit.unit,
        "user": culprit.user,
        "certainty": culprit.certainty,
        "files": culprit.files,
        "sample": culprit.sample,
    })
}
