//! How the program is called. A command that people copy begins with the name and the store of the command that prints
//! it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;

use venv_snap::model::{shell_word, shell_word_in_quotes};

/// The store that the command line names, where no other setting does.
static NAMED: OnceLock<String> = OnceLock::new();

/// The name by which the program was called: Ubuntu has another `snap`, so this one may be installed as `venv-snap`.
pub(crate) fn program_name() -> String {
    let called = std::env::args_os().next();
    let name = called
        .as_deref()
        .and_then(|path| Path::new(path).file_name());
    name.map_or_else(
        || "snap".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Remembers the store that the command line names: without it a command that is copied would look into another one.
pub(super) fn with_store(store: &Path) {
    // There is one command line, so nothing is set twice.
    let _ = NAMED.set(operand(store));
}

/// What commands that people copy begin with.
pub(crate) fn called() -> String {
    let name = program_name();
    match NAMED.get() {
        Some(store) => format!("{name} --store {store}"),
        None => name,
    }
}

/// A path in a command that stands in single quotes.
pub(crate) fn operand(path: &Path) -> String {
    shell_word_in_quotes(path.as_os_str().as_bytes())
}

/// A command that people copy. The venv is its last word, quoted for a shell where it must be.
pub(crate) fn command(verb: &str, venv: &Path) -> String {
    format!(
        "{} {verb} {}",
        called(),
        shell_word(venv.as_os_str().as_bytes())
    )
}
