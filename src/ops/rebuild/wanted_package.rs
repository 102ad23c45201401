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
    /// What an installer is asked for, where that is not the version alone.
    pub(super) asked: Option<String>,
    /// Why it has to be fetched, where that is known before it is looked for.
    pub(super) why: Option<&'static str>,
    /// Whether a list pins it, so that a version with a local part will do.
    pub(super) is_pin: bool,
    /// Whether it came with the venv itself, so that a list need not name it.
    pub(super) is_brought: bool,
}

impl Wanted {
    /// One that belongs there in a version.
    pub(super) fn of(package: Package) -> Self {
        Self {
            package,
            evidence: None,
            locked: None,
            asked: None,
            why: None,
            is_pin: false,
            is_brought: false,
        }
    }

    /// What an installer is asked for.
    pub(super) fn line(&self) -> String {
        let asked = self.asked.clone();
        asked.unwrap_or_else(|| self.package.requirement())
    }
}
