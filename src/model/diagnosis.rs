//! What probably did the damage.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Kind;
use super::path::RelPath;
use super::who::Who;

/// A cause that explains damage, as one rule tells it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The name of the rule, for scripts.
    pub rule: String,
    /// What a person should know and do, in whole sentences.
    pub text: String,
    /// How many damaged entries it explains.
    pub explains: usize,
    /// How many damaged entries there were in all; 0 in what older versions wrote, which did not count them.
    #[serde(default)]
    pub of: usize,
    /// By kind, how many damaged entries neither this cause explains nor another one that was found with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unexplained: BTreeMap<Kind, usize>,
    /// Of the damage of its kind, the share that it explains: 0 to 1. A rule below 0.9 stays silent.
    pub precision: f64,
    /// Of what the cause would have hit, the share that it did hit: 0 to 1.
    pub recall: f64,
    /// What the cause would have hit and did not.
    pub survivors: Vec<RelPath>,
    /// What installers' caches hold that has the same damage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cached: Vec<CacheEntry>,
    /// The commands that cure the cause, each as its arguments; none where no command does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cure: Vec<Vec<String>>,
    /// Who was seen doing it; none where that is inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
}

/// How sure a cause is. Whoever tells one tells this with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surety {
    /// Somebody was seen doing it.
    Seen,
    /// It is inferred from what is left.
    #[default]
    Probable,
}

impl Surety {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Probable => "probable",
        }
    }

    /// The word before the name of a rule.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Probable => "probably",
        }
    }
}

impl Diagnosis {
    /// How sure it is.
    pub fn surety(&self) -> Surety {
        if self.who.is_some() {
            Surety::Seen
        } else {
            Surety::Probable
        }
    }
}

/// An installer that keeps a cache.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Installer {
    /// `uv`: unpacked wheels in `archive-v*`.
    Uv,
    /// `pip`: downloaded wheels in `http-v2` and `http`, and those that it built itself in `wheels`.
    Pip,
    /// `poetry`: wheels and source archives as they came in `artifacts`.
    Poetry,
    /// `pdm`: unpacked wheels in `packages`.
    Pdm,
    /// `virtualenv`: what it seeds venvs with, in `wheel`.
    Virtualenv,
}

impl Installer {
    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Pip => "pip",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Virtualenv => "virtualenv",
        }
    }
}

/// What an installer's cache has of one distribution.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CacheEntry {
    /// Whose cache.
    pub installer: Installer,
    /// The distribution, by its normalized name.
    pub package: String,
    /// The file or directory (lossy).
    pub path: String,
    /// The directory of the whole cache (lossy).
    pub cache: String,
    /// Whether what is damaged there changed after the wheel was unpacked: then the wheel is not to blame.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}
