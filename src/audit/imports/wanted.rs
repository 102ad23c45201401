//! What a statement imports.

use crate::python::imports::Import;

/// One import of one module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wanted {
    /// The line of the statement, from 1.
    pub(crate) line: usize,
    /// The number of leading dots.
    pub(crate) level: u32,
    /// The module; may be empty where there are dots.
    pub(crate) module: String,
    /// The names that are taken from it; empty for `import x`.
    pub(crate) names: Vec<String>,
    /// Whether all its names are taken (`*`).
    pub(crate) star: bool,
}

impl Wanted {
    /// The same as a look at the text would show it.
    pub(super) fn as_import(&self) -> Import {
        Import {
            level: self.level,
            module: self.module.clone(),
            names: self.names.clone(),
        }
    }
}
