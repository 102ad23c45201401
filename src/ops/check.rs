//! `check`: whether a venv is sound, told without any snapshot.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::audit::{Audited, unowned};
use super::context::Context;
use super::error::Error;
use super::sharers::{Places, of_audit};
use super::steady::steady;
use crate::audit::{Accept, Bytecode, accept, smoke};
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Diagnosis, RelPath, Totals};
use crate::venv::Site;
use crate::venv::scan::scan;
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
    /// Compare all bytecode with what its source compiles to, and not only what is suspect. This runs no code of the venv.
    pub compile: bool,
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
    /// What could not be read, never held still, or should have been compared and could not be.
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
    steady(context, site, Site::open_venv, |root| {
        look(context, site, root, options)
    })
}

fn look(
    context: &Context<'_>,
    site: &Site,
    root: &Rooted,
    options: &CheckOptions,
) -> Result<CheckOutcome, Error> {
    let start = Instant::now();
    let sink = HashesOnly::default();
    let scan = scan(root, &StatCache::default(), &sink, context.monitor)?;
    context.go_on()?;
    context.monitor.phase("auditing", 0, 0);
    let audited = Audited {
        root,
        scan: &scan,
        hashes: Some(&sink.0),
    };
    let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
    let mut audit = audited.audit(&dists, &interpreter);
    let which = if options.compile {
        context.monitor.phase("compiling", 0, 0);
        Bytecode::All
    } else {
        Bytecode::Suspect
    };
    let stop = || context.monitor.cancelled();
    let mut uncompared = audited.compare_bytecode(&mut audit, &dists, &interpreter, which, &stop);
    context.go_on()?;
    if options.import {
        context.monitor.phase("importing", 0, 0);
        match smoke(root, &scan.manifest, &dists) {
            Some(found) => audit.findings.extend(found),
            None => uncompared.extend(RelPath::new(b"bin/python")),
        }
    }
    let places = Places {
        context,
        store: None,
        own: site.path(),
        caches: &options.caches,
    };
    of_audit(&mut audit, &scan, &places);
    accept(&mut audit, &options.accept);
    let diagnosis = super::clues::from_audit(root, &scan, &dists, &audit, Some(&interpreter));
    let mut unread = scan.unreadable.clone();
    unread.extend(scan.unstable.iter().cloned());
    unread.extend(uncompared);
    unread.sort();
    unread.dedup();
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
