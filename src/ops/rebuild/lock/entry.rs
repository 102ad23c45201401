//! A package of a lock, and how an installer is asked for it.

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::origin::Origin;
use crate::ops::rebuild::bad_list::BadEntry;

/// Whether a plain install takes a package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Part {
    /// It does.
    Main,
    /// Only with a group or an extra.
    Optional,
}

/// A package that is locked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ops::rebuild) struct Locked {
    pub(in crate::ops::rebuild) name: String,
    /// Empty where only building it tells.
    pub(in crate::ops::rebuild) version: String,
    pub(in crate::ops::rebuild) origin: Origin,
    /// `sha256:` and hex digits, of each of its files.
    hashes: Vec<String>,
}

impl Locked {
    /// Checks that no part of it could be anything else in a line of requirements.
    pub(super) fn new<'a>(
        name: &str,
        version: Option<&str>,
        origin: Origin,
        hashes: impl Iterator<Item = &'a str>,
    ) -> Result<Self, BadEntry> {
        PackageName::from_str(name).map_err(|_| BadEntry::Name(name.to_owned()))?;
        let version = version.unwrap_or_default();
        if !version.is_empty() && Version::from_str(version).is_err() {
            return Err(BadEntry::Version(name.to_owned(), version.to_owned()));
        }
        if version.is_empty() && origin == Origin::Index {
            return Err(BadEntry::NoVersion(name.to_owned()));
        }
        let known = hashes.filter(|hash| {
            let known = ["sha256", "sha384", "sha512"];
            hash.split_once(':').is_some_and(|(kind, hex)| {
                known.contains(&kind) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        });
        let mut hashes: Vec<String> = known.map(str::to_owned).collect();
        hashes.sort();
        hashes.dedup();
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            origin,
            hashes,
        })
    }

    /// Whether an installer can hold what it fetches against a hash.
    pub(in crate::ops::rebuild) fn is_hashed(&self) -> bool {
        !self.hashes.is_empty() && self.origin.is_file()
    }

    /// The line of a requirements file, with its hashes.
    pub(in crate::ops::rebuild) fn line(&self) -> String {
        let mut line = self.origin.requirement(&self.name, &self.version);
        if self.is_hashed() {
            for hash in &self.hashes {
                line.push_str(" --hash=");
                line.push_str(hash);
            }
        }
        line
    }
}
