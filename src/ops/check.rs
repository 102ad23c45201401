//! `check`: whether a venv is sound, told without any snapshot.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::audit::{Audited, unowned};
use super::context::Context;
use super::error::Error;
use crate::audit::{Accept, accept, smoke};
use crate::model::{Audit, Diagnosis, RelPath, Totals};
use crate::venv::Site;
use crate::venv::scan::{Scan, scan};
use crate::venv::sharing::find;
use crate::venv::sink::HashesOnly;
use crate::venv::stat_cache::StatCache;

/// What a check is told.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Findings that are accepted.
    pub accept: Vec<Accept>,
    /// Caches of installers, in which other names of damaged files are looked for.
    pub caches: Vec<PathBuf>,
    /// Also import every top-level module. This runs code of the venv.
    pub import: bool,
}

/// What a check found.
#[derive(Debug)]
pub struct CheckOutcome {
    /// Which venv.
    pub venv: PathBuf,
    /// All that was found.
    pub audit: Audit,
    /// What probably did it.
    pub diagnosis: Vec<Diagnosis>,
    /// Files in site-packages that nobody owns.
    pub unowned: Vec<RelPath>,
    /// What could not be read, or never held still.
    pub unread: Vec<RelPath>,
    /// What the venv holds.
    pub totals: Totals,
    /// How long it took.
    pub took: Duration,
}

impl CheckOutcome {
    /// Whether there is nothing that was not accepted.
    pub fn clean(&self) -> bool {
        self.audit
            .findings
            .iter()
            .all(|finding| finding.accepted.is_some())
    }
}

/// Audits a live venv.
pub fn check(
    context: &Context<'_>,
    site: &Site,
    options: &CheckOptions,
) -> Result<CheckOutcome, Error> {
    let start = Instant::now();
    let root = site.open_venv()?;
    let sink = HashesOnly::default();
    let scan = scan(&root, &StatCache::default(), &sink, context.monitor)?;
    context.go_on()?;
    context.monitor.phase("auditing", 0, 0);
    let audited = Audited {
        root: &root,
        scan: &scan,
        hashes: Some(&sink.0),
    };
    let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
    let mut audit = audited.audit(&dists, &interpreter);
    if options.import {
        context.monitor.phase("importing", 0, 0);
        let stat = root.stat()?;
        let found = smoke(site.path(), (stat.uid, stat.gid), &scan.manifest, &dists);
        audit.findings.extend(found);
    }
    name_sharers(&mut audit, &scan, &options.caches);
    accept(&mut audit, &options.accept);
    let diagnosis = super::clues::from_audit(&root, &scan, &dists, &audit, Some(&interpreter));
    let mut unread = scan.unreadable.clone();
    unread.extend(scan.unstable.iter().cloned());
    Ok(CheckOutcome {
        venv: site.path().to_owned(),
        audit,
        diagnosis,
        unowned: unowned(&scan.manifest, &dists),
        unread,
        totals: super::save::totals(&scan.manifest),
        took: start.elapsed(),
    })
}

/// Tells of each damaged file with several names where another of them is.
fn name_sharers(audit: &mut Audit, scan: &Scan, caches: &[PathBuf]) {
    let inode = |path: &RelPath| {
        let entries = scan.manifest.entries();
        let at = entries
            .binary_search_by(|entry| entry.path.cmp(path))
            .ok()?;
        scan.stats.get(at).map(|stat| (stat.dev, stat.ino))
    };
    let shared = audit
        .findings
        .iter()
        .filter(|finding| finding.links.is_some());
    let wanted: HashSet<_> = shared
        .filter_map(|finding| inode(finding.path.as_ref()?))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let found = find(caches, &wanted);
    for finding in audit
        .findings
        .iter_mut()
        .filter(|finding| finding.links.is_some())
    {
        let other = finding
            .path
            .as_ref()
            .and_then(inode)
            .and_then(|inode| found.get(&inode));
        finding.shared_with = other.map(|path| path.to_string_lossy().into_owned());
    }
}
