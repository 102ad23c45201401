//! Which distribution brings a module that is missing: evidence before tables, and tables before guesses.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep508_rs::{Requirement, VerbatimUrl};

use super::origin::Origin;
use super::rules::Rules;
use super::{Known, Project};
use crate::python::dist::{Dists, normalized};

/// Everybody who names distributions here.
pub(super) struct Names<'a> {
    rules: &'a Rules,
    project: &'a Project,
    /// What installed distributions require, with and without extras: the requirement by the name.
    required: BTreeMap<String, String>,
}

/// Who is said to bring a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Bringer {
    /// This distribution.
    One(String, Known),
    /// Nobody knows; these may.
    Unknown(BTreeSet<String>),
}

impl<'a> Names<'a> {
    pub(super) fn new(rules: &'a Rules, project: &'a Project, dists: &Dists) -> Self {
        let mut required = BTreeMap::new();
        let texts = dists.all.iter().filter_map(|dist| dist.metadata.as_ref());
        for text in texts.flat_map(|metadata| &metadata.requires) {
            let Ok(mut need) = Requirement::<VerbatimUrl>::from_str(text) else {
                continue;
            };
            // What is asked of it by an extra is asked for that alone.
            if text.contains("extra") {
                need.extras.clear();
            }
            need.marker = pep508_rs::MarkerTree::TRUE;
            let name = normalized(need.name.as_ref());
            required.entry(name).or_insert_with(|| need.to_string());
        }
        Self {
            rules,
            project,
            required,
        }
    }

    /// Who brings a module.
    pub(super) fn bringer(&self, module: &str) -> Bringer {
        let table = self.rules.bring(module);
        let own: Vec<String> = table.iter().map(|name| normalized(name)).collect();
        let top = module.split('.').next().unwrap_or(module);
        let plain = normalized(top);
        let declared = |name: &String| self.project.declares(name);
        if let Some(name) = own.iter().find(|name| declared(name)) {
            return Bringer::One(name.clone(), Known::Declared);
        }
        if own.is_empty() {
            let names = self.project.declared.iter().map(|one| &one.name);
            let resembles = |name: &&String| resembles(name, module);
            if let Some(name) = names
                .clone()
                .find(|name| **name == plain)
                .or_else(|| names.clone().find(resembles))
            {
                return Bringer::One(name.clone(), Known::Declared);
            }
        }
        if let Some(name) = own.iter().find(|name| self.required.contains_key(*name)) {
            return Bringer::One(name.clone(), Known::Required);
        }
        match &own[..] {
            [one] => Bringer::One(one.clone(), Known::Table),
            [] if self.required.contains_key(&plain) => Bringer::One(plain, Known::Required),
            [] => Bringer::One(plain, Known::Guess),
            several => Bringer::Unknown(several.iter().cloned().collect()),
        }
    }

    /// What to ask an installer for: as the project says, or else as an installed distribution does; and from where it
    /// comes in words, where that says it not.
    pub(super) fn requirement(&self, name: &str) -> (String, Option<String>) {
        let declared = || self.project.declared.iter().filter(|one| one.name == name);
        let from = declared().find(|one| one.origin != Origin::Index);
        let own = from.or_else(|| declared().find(|one| one.holds));
        if let Some(own) = own.or_else(|| declared().next()) {
            let elsewhere = match &own.origin {
                Origin::Elsewhere(place) => Some(place.clone()),
                Origin::Index | Origin::Direct(_) => None,
            };
            return (own.requirement.clone(), elsewhere);
        }
        let required = self.required.get(name).cloned();
        (required.unwrap_or_else(|| name.to_owned()), None)
    }
}

/// Whether a distribution has the name of a module but for the usual additions: `python-jose`, `pyserial`,
/// `google-cloud-storage`.
pub(crate) fn resembles(distribution: &str, module: &str) -> bool {
    let whole = normalized(module);
    let top = whole.split('-').next().unwrap_or(&whole);
    let mut bare = vec![distribution];
    bare.extend(distribution.strip_prefix("python-"));
    bare.extend(distribution.strip_prefix("py"));
    bare.extend(distribution.strip_suffix("-python"));
    bare.extend(distribution.strip_suffix("-py"));
    let is_it = |name: &str| {
        name == normalized(module.split('.').next().unwrap_or(module))
            || name.contains('-') && whole.starts_with(name)
    };
    !top.is_empty() && bare.into_iter().any(is_it)
}
