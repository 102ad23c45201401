//! `check`: whether a venv is sound, told without any snapshot.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::audit::{Audited, bin_python};
use super::context::Context;
use super::corroborate::{Elsewhere, corroborate};
use super::error::Error;
use super::last_save;
use super::lost::ask_what_is_lost;
use super::restore::{Wish, recover_beside};
use super::sharers::{Places, of_audit};
use super::sightings::sightings;
use super::steady::steady;
use crate::audit::{Accept, Bytecode, accept, smoke};
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Finding, Severity};
use crate::python::hashes::HashesOnly;
use crate::tree::Site;
use crate::tree::scan::scan;
use crate::tree::stat_cache::StatCache;

/// What a check is told.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Findings that are accepted.
    pub accept: Vec<Accept>,
    /// Caches of installers, in which other names of damaged files are looked for.
    pub caches: Vec<PathBuf>,
    /// Also import every top-level module. This runs code of the venv.
    pub import: bool,
    /// Compare all bytecode with what its source compiles to, and not only what is suspect. This runs no code of the
    /// venv.
    pub compile: bool,
    /// The least severity that counts.
    pub fail_on: Severity,
    /// Take also a plain directory that was saved as one: it has no audit, and only what cannot be read is told.
    pub any: bool,
}

/// What a check found.
#[derive(Debug)]
pub struct CheckOutcome {
    /// Which venv.
    pub venv: PathBuf,
    /// All that was found.
    pub audit: Audit,
    /// The least severity that counts.
    pub fail_on: Severity,
    /// How long it took.
    pub took: Duration,
}

impl CheckOutcome {
    /// Whether all could be looked at and nothing was found that counts. Damage and what is gone always count. Healthy
    /// venvs have drift and notices, which count only where that is asked for.
    pub fn clean(&self) -> bool {
        let counts = |one: &Finding| one.accepted.is_none() && one.check.severity() >= self.fail_on;
        self.audit.is_clean() && !self.audit.findings.iter().any(counts)
    }
}

/// Audits a live venv.
pub fn check(
    context: &Context<'_>,
    site: &Site,
    options: &CheckOptions,
) -> Result<CheckOutcome, Error> {
    let site = &recover_beside(context, Wish::Look, site)?;
    let is_plain = options.any && last_save::was_any(context, site);
    let open = if is_plain {
        Site::open
    } else {
        Site::open_environment
    };
    steady(context, site, open, |root| {
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
    let elsewhere = Elsewhere {
        context,
        store: None,
        venv: site.path(),
        caches: &options.caches,
    };
    corroborate(&mut audit, &scan, &dists, &elsewhere);
    ask_what_is_lost(context, &audited, &dists, &mut audit);
    let which = if options.compile {
        context.monitor.phase("compiling", 0, 0);
        Bytecode::All
    } else {
        Bytecode::Suspect
    };
    let stop = || context.monitor.cancelled();
    let uncompared = audited.compare_bytecode(&mut audit, &dists, &interpreter, which, &stop);
    context.go_on()?;
    for path in &uncompared {
        audit.leave_unread(path, "it could not be compared");
    }
    if options.import {
        context.monitor.phase("importing", 0, 0);
        match smoke(root, scan.manifest(), &dists, None, &stop) {
            Ok(Some(found)) => audit.findings.extend(found.into_findings()),
            Ok(None) => audit.leave_unread(&bin_python(), "it may not be run here"),
            Err(error) => audit.leave_unread(
                &bin_python(),
                &format!("it could not be started: {}", error.source),
            ),
        }
        context.go_on()?;
    }
    let places = Places {
        context,
        store: None,
        own: site.path(),
        caches: &options.caches,
    };
    of_audit(&mut audit, &scan, &places);
    accept(&mut audit, &options.accept);
    let seen = sightings(context, None, site, None);
    audit.diagnosis = audited.diagnose(&audit, &dists, &interpreter, &options.caches, &seen);
    Ok(CheckOutcome {
        venv: site.path().to_owned(),
        audit,
        fail_on: options.fail_on,
        took: start.elapsed(),
    })
}
