//! The pip that belongs into a venv.

use super::proof::is_version;

/// The normalized name of the installer that interpreters bring.
pub(super) const PIP: &str = "pip";

/// The pip that belongs there, where it is not taken over.
pub(super) struct Pip<'a> {
    pub(super) wanted: &'a str,
    /// The line of a requirements file.
    pub(super) line: String,
    /// The version that the interpreter brings.
    pub(super) brought: Option<String>,
}

impl Pip<'_> {
    pub(super) fn is_brought(&self) -> bool {
        let brought = self.brought.as_deref();
        brought.is_some_and(|brought| self.wanted.is_empty() || is_version(brought, self.wanted))
    }
}
