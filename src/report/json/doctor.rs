//! What is to be known of a machine, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis};
use crate::ops::{DoctorOutcome, Sign, Sweeper};

/// Writes what `doctor` found.
pub fn doctor(out: &mut dyn Write, outcome: &DoctorOutcome) -> io::Result<()> {
    let mut fields = json!({"bad": outcome.is_bad()});
    entry::put_paths(&mut fields, "places", &outcome.places);
    fields["signs"] = outcome.signs.iter().map(sign).collect();
    fields["sweepers"] = outcome.sweepers.found.iter().map(sweeper).collect();
    fields["idle"] = outcome.sweepers.idle.iter().map(sweeper).collect();
    let riddles = outcome.sweepers.unread.iter().map(|one| {
        let mut value = json!({});
        entry::put_path(&mut value, "path", &one.path);
        value["line"] = one.line.into();
        value["why"] = one.why.as_str().into();
        value
    });
    fields["riddles"] = riddles.collect();
    fields["jobs"] = outcome.sweepers.jobs.into();
    fields["took_ms"] = millis(outcome.took).into();
    document(out, "doctor", fields)
}

fn sign(sign: &Sign) -> Value {
    let mut value = json!({"topic": sign.topic, "state": sign.state.as_str(), "place": null, "text": sign.text});
    if let Some(place) = &sign.place {
        entry::put_path(&mut value, "place", place);
    }
    value
}

fn sweeper(one: &Sweeper) -> Value {
    let mut value = json!({"starter": one.starter.as_str()});
    entry::put_path(&mut value, "venv", &one.venv);
    entry::put_path(&mut value, "schedule", &one.schedule);
    value["schedule_line"] = one.schedule_line.into();
    entry::put_path(&mut value, "path", &one.path);
    value["line"] = one.line.into();
    value["command"] = one.command.as_str().into();
    value["user"] = one.user.clone().into();
    value["when"] = one.run.schedule.as_str().into();
    value["next"] = one.run.next.map(|next| next.to_string()).into();
    value["takes"] = one.takes.into();
    value["takes_later"] = one.takes_later.into();
    entry::put_paths(&mut value, "sample", &one.sample);
    value["idle"] = one.idle.clone().into();
    value
}
