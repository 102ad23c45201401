//! The hosts that a store knows. A host is known by what stays (its machine-id); people call it by its name, which its
//! snapshots tell.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use crate::model::Label;
use crate::store::Catalog;

/// So many digits of a machine-id are enough to name a host.
const ID_DIGITS_MIN: usize = 4;

/// Hosts by what they are known by, each with its newest name.
#[derive(Debug, Default)]
pub(super) struct Hosts<'a>(BTreeMap<&'a str, Option<&'a str>>);

impl<'a> Hosts<'a> {
    /// All that have snapshots.
    pub(super) fn of(catalog: &'a Catalog) -> Self {
        let mut hosts = BTreeMap::new();
        for (_, snapshot) in &catalog.snapshots {
            let name = snapshot.host_name.as_deref();
            let known = hosts.entry(snapshot.venv.host.as_str()).or_insert(name);
            *known = name.or(*known);
        }
        Self(hosts)
    }

    /// What people call a host, where anything tells.
    pub(super) fn name(&self, host: &str) -> Option<&'a str> {
        self.0.get(host).copied().flatten()
    }

    /// The hosts that a person means: by the whole id or its first digits, by the name, or by the name without its
    /// domain. Several may have one name.
    pub(super) fn meant(&self, text: &str) -> Result<BTreeSet<&'a str>, Error> {
        let by_id = |id: &str| id == text || text.len() >= ID_DIGITS_MIN && id.starts_with(text);
        let by_name = |name: &str| {
            let first = name.split('.').next().unwrap_or_default();
            name.eq_ignore_ascii_case(text) || first.eq_ignore_ascii_case(text)
        };
        let all = self.0.iter();
        let meant = all.filter(|(id, name)| by_id(id) || name.is_some_and(by_name));
        let meant: BTreeSet<&str> = meant.map(|(id, _)| *id).collect();
        if meant.is_empty() {
            let known = self.0.iter().map(|(id, name)| name.unwrap_or(id));
            return Err(Error::NoHost {
                name: text.to_owned(),
                known: known.map(str::to_owned).collect(),
            });
        }
        Ok(meant)
    }
}

/// Fails where no save of any host has a role.
pub(super) fn role_is_known(catalog: &Catalog, role: &Label) -> Result<(), Error> {
    let roles = catalog.snapshots.iter();
    let roles: BTreeSet<&str> = roles
        .filter_map(|(_, one)| one.role.as_ref().map(Label::as_str))
        .collect();
    if roles.contains(role.as_str()) {
        return Ok(());
    }
    Err(Error::NoRole {
        name: role.clone(),
        known: roles.into_iter().map(str::to_owned).collect(),
    })
}
