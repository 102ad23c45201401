//! What a snapshot knows beyond bytes: a JSON document that the store keeps like any object and does not understand.

use serde::{Deserialize, Serialize};

use super::audit::Audit;
use super::change::{Class, Kind};
use super::diagnosis::Diagnosis;
use super::packages::PackageChange;
use super::path::RelPath;

/// All that a snapshot knows beyond bytes. What is none was not looked for.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Document {
    /// The audit of a save.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// What a restore found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentReport>,
    /// What was saved in the places of links; none where links were saved as links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
}

/// What links out of a venv led to, and was saved in their places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Followed {
    /// How many links.
    pub links: u64,
    /// How many files they led to.
    pub files: u64,
    /// How many bytes these have.
    pub bytes: u64,
}

impl Followed {
    /// Adds what other links led to.
    pub(crate) fn add(&mut self, other: &Self) {
        self.links += other.links;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Document {
    /// Whether there is anything to keep.
    pub fn is_empty(&self) -> bool {
        self.audit.is_none() && self.incident.is_none() && self.followed.is_none()
    }
}

/// What a restore found, kept for the postmortem.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct IncidentReport {
    /// Every difference but noise.
    pub changes: Vec<Seen>,
    /// What became of packages.
    pub packages: Vec<PackageChange>,
    /// What probably did it.
    pub diagnosis: Vec<Diagnosis>,
    /// Which part of it was restored, as the person asked; none where that is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl IncidentReport {
    /// How many entries were damaged.
    pub fn damaged(&self) -> u64 {
        let damage = self.changes.iter();
        damage.filter(|seen| seen.class == Class::Damage).count() as u64
    }

    /// The differences that the restore undid.
    pub fn brought(&self) -> impl Iterator<Item = &Seen> {
        self.changes.iter().filter(|seen| !seen.left)
    }
}

/// One difference, in short.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// The entry.
    pub path: RelPath,
    /// How it differed.
    pub kind: Kind,
    /// What it meant.
    pub class: Class,
    /// Whether it was left as it was found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// The distribution that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Another name of the damaged inode (lossy), where one was found: in an installer's cache, or in another venv.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_with: Option<String>,
}
