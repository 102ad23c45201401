//! What is left of a package that no list of what is installed has.

use super::path::RelPath;

/// A package of which modules stand there and no info directory, so that nothing tells what brought it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remains {
    /// The module: `ant`, `google.cloud`.
    pub module: String,
    /// Where it stands.
    pub path: RelPath,
    /// The requirement that may bring it, by its name and by what it says of its version.
    pub perhaps: Option<String>,
}
