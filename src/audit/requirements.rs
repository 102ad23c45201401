//! Requirements: what each distribution needs, with markers and extras, for the interpreter of this venv.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{
    ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder, Requirement, VerbatimUrl, VersionOrUrl,
};

use super::Subject;
use crate::model::installed::without_secret;
use crate::model::{Check, Finding, Unmet};
use crate::python::dist::{Dist, Dists, normalized};
use crate::python::interpreter::Facts;
use crate::python::pyvenv::minor;
use crate::python::system_site::Beyond;

/// A requirement as METADATA states it.
pub(crate) type Need = Requirement<VerbatimUrl>;

/// Extras that are asked of distributions, by their normalized names.
pub(crate) type Asked = BTreeMap<String, BTreeSet<ExtraName>>;

/// Checks every requirement of every distribution, also those for the extras that somebody asks for.
pub(super) fn check(subject: &Subject<'_>, asked: &Asked) -> Vec<Finding> {
    let Some(facts) = subject.interpreter else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = subject
        .dists
        .all
        .iter()
        .filter_map(|dist| python(dist, facts))
        .collect();
    let Some(environment) = environment(facts) else {
        return findings;
    };
    for (dist, need) in required(subject.dists, &environment, asked) {
        if let Some(unmet) = unmet(subject, &need) {
            let text = unmet.to_string();
            findings.push(Finding::new(Check::RequirementUnmet, text).in_package(&dist.name));
        }
    }
    findings
}

/// Each requirement that holds in an environment, with the distribution that states it. Extras count that others ask
/// for, and those that are `asked`.
pub(crate) fn required<'d>(
    dists: &'d Dists,
    environment: &MarkerEnvironment,
    asked: &Asked,
) -> Vec<(&'d Dist, Need)> {
    let all = dists.all.iter();
    let needs: Vec<(&Dist, Vec<Need>)> = all.map(|dist| (dist, parse(dist))).collect();
    let extras = extras(&needs, environment, asked);
    let mut found = Vec::new();
    for (dist, needs) in needs {
        let wanted = extras.get(&dist.name).cloned().unwrap_or_default();
        let wanted: Vec<ExtraName> = wanted.into_iter().collect();
        let needs = needs.into_iter();
        let holding = needs.filter(|need| need.evaluate_markers(environment, &wanted));
        found.extend(holding.map(|need| (dist, need)));
    }
    found
}

fn parse(dist: &Dist) -> Vec<Need> {
    let texts = dist.metadata.iter().flat_map(|metadata| &metadata.requires);
    texts.filter_map(|text| Need::from_str(text).ok()).collect()
}

/// The extras that installed distributions ask of others, followed until nothing new comes up.
fn extras(needs: &[(&Dist, Vec<Need>)], environment: &MarkerEnvironment, asked: &Asked) -> Asked {
    let mut extras = asked.clone();
    loop {
        let mut grew = false;
        for (dist, needs) in needs {
            let own: Vec<ExtraName> = extras
                .get(&dist.name)
                .map(|own| own.iter().cloned().collect())
                .unwrap_or_default();
            for need in needs.iter().filter(|need| !need.extras.is_empty()) {
                if need.evaluate_markers(environment, &own) {
                    let of = extras.entry(normalized(need.name.as_ref())).or_default();
                    let before = of.len();
                    of.extend(need.extras.iter().cloned());
                    grew |= of.len() > before;
                }
            }
        }
        if !grew {
            return extras;
        }
    }
}

/// Why a requirement is not met.
fn unmet(subject: &Subject<'_>, need: &Need) -> Option<Unmet> {
    let name = normalized(need.name.as_ref());
    let shown = bare(need);
    let beyond = subject.interpreter.map(|facts| &facts.beyond);
    let own = subject.dists.named(&name).map(|dist| dist.version.as_str());
    let Some(found) = own.or_else(|| beyond?.version(&name)) else {
        // Where the packages of the interpreter could not be looked at, it may be among them.
        return (beyond != Some(&Beyond::Unknown)).then_some(Unmet {
            need: shown,
            found: None,
        });
    };
    let Some(VersionOrUrl::VersionSpecifier(wanted)) = &need.version_or_url else {
        return None;
    };
    let version = Version::from_str(found).ok()?;
    (!wanted.contains(&version)).then(|| Unmet {
        need: shown,
        found: Some(found.to_owned()),
    })
}

/// A requirement as an installer takes it: without its marker, and without secrets.
pub(crate) fn bare(need: &Need) -> String {
    let mut bare = need.clone();
    bare.marker = pep508_rs::MarkerTree::TRUE;
    bare_url(&bare.to_string())
}

/// A requirement without the secrets that its URL may hold.
fn bare_url(need: &str) -> String {
    match need.split_once(" @ ") {
        Some((name, url)) => format!("{name} @ {}", without_secret(url)),
        None => need.to_owned(),
    }
}

fn python(dist: &Dist, facts: &Facts) -> Option<Finding> {
    let text = dist.metadata.as_ref()?.requires_python.as_ref()?;
    let wanted = VersionSpecifiers::from_str(text).ok()?;
    let version = Version::from_str(&facts.known.version).ok()?;
    (!wanted.contains(&version)).then(|| {
        let text = format!("needs Python {text}, but this is {}", facts.known.version);
        Finding::new(Check::RequiresPython, text).in_package(&dist.name)
    })
}

/// What markers are evaluated against; none where not even the version is known.
pub(crate) fn environment(facts: &Facts) -> Option<MarkerEnvironment> {
    let (major, small) = minor(&facts.known.version)?;
    let short = format!("{major}.{small}");
    let [system, release, version, machine] = &facts.system;
    let implementation = match facts.known.implementation.as_str() {
        "cpython" => "CPython",
        "pypy" => "PyPy",
        other => other,
    };
    MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
        implementation_name: &facts.known.implementation,
        implementation_version: &facts.known.version,
        os_name: "posix",
        platform_machine: machine,
        platform_python_implementation: implementation,
        platform_release: release,
        platform_system: system,
        platform_version: version,
        python_full_version: &facts.known.version,
        python_version: &short,
        sys_platform: "linux",
    })
    .ok()
}
