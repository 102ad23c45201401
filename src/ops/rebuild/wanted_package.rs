//! One package that belongs into a venv.

use super::lock::Locked;
use crate::model::{Package, RelPath};

/// A package that belongs there.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) package: Package,
    /// What tells the version where METADATA does not.
    pub(super) evidence: Option<RelPath>,
    /// What a lock says of it.
    pub(super) locked: Option<Locked>,
}

impl Wanted {
    /// One that belongs there in a version.
    pub(super) fn of(package: Package) -> Self {
        Self {
            package,
            evidence: None,
            locked: None,
        }
    }
}
