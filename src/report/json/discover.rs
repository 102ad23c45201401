//! The environments of a host, in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis, snapshot};
use crate::ops::{DiscoverOutcome, Environment, StartedBy, Use};

/// Writes what `discover` found.
pub fn discover(out: &mut dyn Write, outcome: &DiscoverOutcome) -> io::Result<()> {
    let mut fields = json!({
        "environments": outcome.environments.iter().map(environment).collect::<Vec<_>>(),
        "unsaved": outcome.environments.iter().filter(|one| one.baseline.is_none()).count(),
        "directories": outcome.directories,
    });
    entry::put_paths(&mut fields, "roots", &outcome.roots);
    entry::put_paths(&mut fields, "mounts", &outcome.mounts);
    let unread = outcome
        .unread
        .iter()
        .map(|error| (&error.path, error.source.to_string()));
    let starters = outcome
        .unread_starters
        .iter()
        .map(|one| (&one.path, one.why.clone()));
    let unread = unread.chain(starters).map(|(path, reason)| {
        let mut value = json!({"reason": reason});
        entry::put_path(&mut value, "path", path);
        value
    });
    fields["unread"] = unread.collect();
    fields["took_ms"] = millis(outcome.took).into();
    document(out, "discover", fields)
}

fn environment(one: &Environment) -> Value {
    let package = |(name, version): &(String, String)| json!({"name": name, "version": version});
    let mut value = json!({
        "kind": one.kind.as_str(),
        "python": one.python,
        "interpreter": null,
        "packages": one.packages.iter().map(package).collect::<Vec<_>>(),
        "files": one.files,
        "bytes": one.bytes,
        "owner": one.owner,
        "savable": one.savable,
        "baseline": one.baseline.as_ref().map(snapshot::value),
        "uses": one.uses.iter().map(usage).collect::<Vec<_>>(),
    });
    entry::put_path(&mut value, "path", &one.path);
    if let Some(interpreter) = &one.interpreter {
        entry::put_path(&mut value, "interpreter", interpreter);
    }
    value
}

fn usage(one: &Use) -> Value {
    let (mut value, path) = match one {
        Use::Started {
            by,
            path,
            line,
            user,
        } => {
            let value = match by {
                StartedBy::Unit {
                    name,
                    of_user,
                    enabled,
                } => json!({
                    "by": if *of_user { "user-unit" } else { "unit" }, "name": name, "enabled": enabled,
                }),
                StartedBy::Cron(schedule) => json!({"by": "cron", "schedule": schedule}),
            };
            let mut value = value;
            value["line"] = (*line).into();
            value["user"] = user.clone().into();
            (value, Some(path))
        }
        Use::Process { pid, name, how } => (
            json!({"by": "process", "pid": pid, "name": name, "how": how.as_str()}),
            None,
        ),
        Use::Script(path) => (json!({"by": "script"}), Some(path)),
    };
    if let Some(path) = path {
        entry::put_path(&mut value, "path", path);
    }
    value
}
