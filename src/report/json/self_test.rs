//! A self-test in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis};
use crate::ops::{Grade, SelfTestOutcome, Trial};
use crate::report::text::trial_text;

/// Writes what a self-test found.
pub fn self_test(out: &mut dyn Write, outcome: &SelfTestOutcome) -> io::Result<()> {
    let mut fields = json!({});
    entry::put_path(&mut fields, "place", &outcome.place);
    fields["passed"] = (outcome.grade() < Grade::Bad).into();
    fields["trials"] = outcome.trials.iter().map(trial).collect();
    fields["took_ms"] = millis(outcome.took).into();
    document(out, "self-test", fields)
}

fn trial(trial: &Trial) -> Value {
    json!({"name": trial.name(), "grade": trial.grade().as_str(), "text": trial_text(trial)})
}
