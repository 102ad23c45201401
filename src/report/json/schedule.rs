//! What a schedule consists of, in JSON.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{document, entry};
use crate::ops::Placed;

/// Writes the files of a schedule: what was asked for, whether they are for cron, where they are, and each with what
/// became of it.
pub fn schedule(
    out: &mut dyn Write,
    (mode, cron): (&str, bool),
    dir: Option<&Path>,
    files: &[(PathBuf, Option<Placed>, String)],
) -> io::Result<()> {
    let file = |(path, placed, content): &(PathBuf, Option<Placed>, String)| {
        let mut value =
            json!({"path": null, "state": placed.map(Placed::as_str), "content": content});
        entry::put_path(&mut value, "path", path);
        value
    };
    let mut fields = json!({
        "mode": mode,
        "kind": if cron { "cron" } else { "systemd" },
        "into": null,
        "files": files.iter().map(file).collect::<Vec<Value>>(),
    });
    if let Some(dir) = dir {
        entry::put_path(&mut fields, "into", dir);
    }
    document(out, "schedule", fields)
}
