//! Findings that people accept, each with a reason: shown as accepted, never hidden.

use globset::GlobBuilder;
use serde::Deserialize;

use crate::model::{Audit, Check, Finding};

/// One rule of the configuration. A field that is not given fits every finding; at least one is given.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The check of the finding.
    pub check: Option<Check>,
    /// The distribution.
    pub package: Option<String>,
    /// The file, as a glob pattern from the root of the venv.
    pub path: Option<String>,
    /// Why it is accepted.
    pub reason: String,
}

impl Accept {
    /// Whether the rule means something: it gives a reason and does not accept everything.
    pub fn is_sound(&self) -> bool {
        let names_one = self.check.is_some() || self.package.is_some() || self.path.is_some();
        let pattern = self
            .path
            .as_ref()
            .is_none_or(|path| pattern(path).is_some());
        names_one && pattern && !self.reason.trim().is_empty()
    }

    fn fits(&self, finding: &Finding) -> bool {
        let check = self.check.is_none_or(|check| check == finding.check);
        let package = self.package.as_ref().is_none_or(|name| {
            finding.package.as_deref() == Some(&crate::python::dist::normalized(name))
        });
        let path = self.path.as_ref().is_none_or(|text| {
            finding
                .path
                .as_ref()
                .is_some_and(|path| pattern(text).is_some_and(|glob| glob.is_match(path.as_path())))
        });
        check && package && path
    }
}

fn pattern(text: &str) -> Option<globset::GlobMatcher> {
    let glob = GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}

/// Marks what the rules accept, and nothing else: an audit that was kept may carry marks of rules that are gone.
pub(crate) fn accept(audit: &mut Audit, rules: &[Accept]) {
    for finding in &mut audit.findings {
        let rule = rules.iter().find(|rule| rule.fits(finding));
        finding.accepted = rule.map(|rule| rule.reason.clone());
    }
    audit.sort();
}
