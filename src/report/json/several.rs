//! The answers of one command for several venvs, in JSON.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{document, entry};

/// Writes the answers of a command for several venvs: for each its path, the exit code and the document that the
/// command gives of it alone, which may be an error. `exit_code` is the worst.
pub fn several(
    out: &mut dyn Write,
    verb: &str,
    exit_code: u8,
    answers: &[(PathBuf, u8, Value)],
) -> io::Result<()> {
    let one = |(venv, exit_code, answer): &(PathBuf, u8, Value)| {
        let mut value = json!({"exit_code": exit_code, "answer": answer});
        entry::put_path(&mut value, "venv", venv);
        value
    };
    let fields = json!({
        "verb": verb,
        "exit_code": exit_code,
        "answers": answers.iter().map(one).collect::<Vec<_>>(),
    });
    document(out, "several", fields)
}
