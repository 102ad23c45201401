//! Requirements that are not met in a new venv.

use std::collections::HashSet;

use super::live::Live;
use super::outcome::Planned;
use crate::model::{Audit, Check, Finding, Unmet};
use crate::python::dist::normalized;

/// Those that nothing meets, and those that the old venv met. What it had in another version than is required, and so
/// was known to be in order, is left to an audit.
pub(super) fn after(live: Option<&Live>, new: &Audit) -> Vec<Finding> {
    let old = live.into_iter().flat_map(|live| &live.audit.findings);
    let known: HashSet<_> = old.map(|one| (&one.package, &one.text)).collect();
    let findings = new.findings.iter();
    let unmet = findings.filter(|one| one.check == Check::RequirementUnmet);
    let told = unmet.filter(|one| is_absent(one) || !known.contains(&(&one.package, &one.text)));
    told.cloned().collect()
}

/// Those of the old venv that nothing meets, and of which nothing is planned.
pub(super) fn after_plan(live: &Live, plan: &[Planned]) -> Vec<Finding> {
    let planned: HashSet<String> = plan.iter().map(|one| normalized(&one.name)).collect();
    let findings = live.audit.findings.iter();
    let unmet = findings.filter(|one| one.check == Check::RequirementUnmet && is_absent(one));
    let open = unmet.filter(|one| {
        let name = Unmet::read(&one.text).map(|unmet| unmet.name());
        name.is_none_or(|name| !planned.contains(&normalized(&name)))
    });
    open.cloned().collect()
}

fn is_absent(finding: &Finding) -> bool {
    Unmet::read(&finding.text).is_some_and(|unmet| unmet.found.is_none())
}
