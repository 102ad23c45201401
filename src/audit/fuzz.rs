//! Whatever METADATA holds, the checks of its requirements come to an end (promise 8). For fuzzers and tests alone.

use std::collections::HashMap;

use super::{Subject, fit, requirements};
use crate::model::{Entry, Manifest, Meta, Node, RelPath};
use crate::python::dist::Dists;
use crate::python::interpreter::Facts;

/// A METADATA with its requirements, and a WHEEL with its tags.
pub fn metadata(data: &[u8]) {
    let dir = |path: &str| Entry {
        path: RelPath::new(path.as_bytes()).unwrap_or_default(),
        meta: Meta::default(),
        node: Node::Dir,
    };
    let site = "lib/python3.11/site-packages";
    let manifest = Manifest::new(vec![dir(site), dir(&format!("{site}/x-1.dist-info"))]);
    let read = |path: &RelPath| {
        let known = path.as_bytes().ends_with(b"METADATA") || path.as_bytes().ends_with(b"WHEEL");
        known.then(|| data.to_vec())
    };
    let dists = Dists::read(&manifest, b"/srv/venv", &read);
    assert!(
        dists.all.len() == 1,
        "a distribution is found by its directory"
    );
    let mut facts = Facts::default();
    facts.known.alive = true;
    "3.11.7".clone_into(&mut facts.known.version);
    "cpython".clone_into(&mut facts.known.implementation);
    let subject = Subject {
        manifest: &manifest,
        dists: &dists,
        interpreter: Some(&facts),
        read: &read,
        pieces: None,
        hash: &|_, _| None,
        place: None,
        behind: None,
        reaches: &|_| true,
        gone: &|_| false,
        whose: &|_| super::Whose::Nobodys,
        glimpse: &|_| None,
        imports: &|_| None,
        links: &HashMap::new(),
    };
    let findings = [
        requirements::check(&subject, &requirements::Asked::new()),
        fit::check(&subject),
    ]
    .concat();
    for finding in findings {
        let _ = crate::model::Unmet::read(&finding.text);
    }
}
