//! What became of a distribution between two states.

use serde::{Deserialize, Serialize};

/// What became of a distribution.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageState {
    /// Files of it are damaged.
    Damaged,
    /// A newer version.
    Upgraded,
    /// An older version.
    Downgraded,
    /// The same version, installed anew.
    Reinstalled,
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
}

impl PackageState {
    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Reinstalled => "reinstalled",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// A distribution that is not as it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PackageChange {
    /// Its normalized name.
    pub name: String,
    /// The version that is expected; none where it was not there.
    pub expected: Option<String>,
    /// The version that is found; none where it is gone.
    pub actual: Option<String>,
    /// What became of it.
    pub state: PackageState,
    /// How many of its entries are damaged.
    pub damaged: u64,
}
