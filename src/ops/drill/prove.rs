//! What a restored tree is held against: the audit of any venv, its interpreter, and the import of every top-level
//! module.

use std::time::Instant;

use super::Rehearsal;
use super::outcome::{Imports, NotImported, Proof, Unproved};
use super::room::Room;
use crate::audit::{Smoke, accept, import_error, smoke};
use crate::disk::rooted::Rooted;
use crate::disk::space::may_execute;
use crate::model::{Audit, Finding, RelPath, TreeKind};
use crate::ops::audit::Audited;
use crate::ops::error::Error;
use crate::ops::list::document;
use crate::ops::restore::RestoreOutcome;
use crate::python::dist::Dists;
use crate::python::hashes::HashesOnly;
use crate::python::layout::pythons;
use crate::tree::Standing;
use crate::tree::scan::{Scan, scan};
use crate::tree::stat_cache::StatCache;

/// Looks at what was restored.
pub(super) fn prove(
    drill: &Rehearsal<'_>,
    room: &Room,
    restored: RestoreOutcome,
) -> Result<Proof, Error> {
    let context = drill.context;
    let root = room.place.again()?.open()?;
    let stat = root.stat()?;
    room.admit((stat.uid, stat.gid))?;
    let start = Instant::now();
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
    accept(&mut audit, drill.accept);
    context.go_on()?;
    let audit_took = start.elapsed();
    let known = document(context, drill.store, &restored.chosen)?.audit;
    let (files, bytes) = restored.replaced().map_or((0, 0), |replaced| {
        (replaced.written, replaced.written_bytes)
    });
    let start = Instant::now();
    let imports = imports(drill, room, &root, (&scan, &dists, &audit))?;
    let damage = damage(&audit, known.as_ref());
    let mut unproved = Vec::new();
    if let Some(names) = restored.old_names.filter(|names| !names.found.is_empty()) {
        unproved.push(Unproved::OldNames(names.found));
    }
    if !restored.left_out.is_empty() {
        unproved.push(Unproved::LeftOut(restored.left_out));
    }
    if !audit.unread.is_empty() {
        unproved.push(Unproved::Unread(audit.unread.clone()));
    }
    Ok(Proof {
        files,
        bytes,
        restore_took: restored.took,
        audit_took,
        imports_took: start.elapsed(),
        kind: audit.kind,
        packages: audit.packages.len() as u64,
        interpreter: audit.interpreter,
        damage,
        imports,
        unproved,
    })
}

/// The damage that the baseline had not when it was saved.
fn damage(audit: &Audit, known: Option<&Audit>) -> Vec<Finding> {
    let was_there = |finding: &Finding| {
        let mut all = known.into_iter().flat_map(|known| known.findings.iter());
        all.any(|one| one.check == finding.check && one.path == finding.path && one.is_damage())
    };
    let damage = audit.damage().filter(|finding| !was_there(finding));
    damage.cloned().collect()
}

/// Imports every top-level module, where that is asked for and can be done.
fn imports(
    drill: &Rehearsal<'_>,
    room: &Room,
    root: &Rooted,
    (scan, dists, audit): (&Scan, &Dists, &Audit),
) -> Result<Imports, Error> {
    let is_there = |path: &RelPath| scan.manifest().get(path).is_some();
    if audit.kind != TreeKind::Venv && !pythons().any(|path| is_there(&path)) {
        return Ok(Imports::NotTried(NotImported::NoInterpreter));
    }
    if !drill.import {
        return Ok(Imports::NotTried(NotImported::NotAsked));
    }
    if !may_execute(room.dir())? {
        return Ok(Imports::NotTried(NotImported::NoExec));
    }
    let python = audit.interpreter.as_ref();
    if let Some(why) = python.and_then(|python| python.unreachable.clone()) {
        return Ok(Imports::NotTried(NotImported::Interpreter(why)));
    }
    let context = drill.context;
    let stop = || context.monitor.cancelled();
    context.monitor.phase("importing", 0, 0);
    let smoke = smoke(root, scan.manifest(), dists, None, &stop)?;
    context.go_on()?;
    let Some(Smoke { tried, failed }) = smoke else {
        let why = "it may not be run here".to_owned();
        return Ok(Imports::NotTried(NotImported::Interpreter(why)));
    };
    // Some modules can be imported nowhere on this host, for want of a device or of an optional package.
    let live = match drill.site.again().map(|site| (site.standing(), site)) {
        Ok((Standing::Directory, site)) => site.open().ok(),
        _ => None,
    };
    let (ours, theirs) = (
        room.place.path().to_string_lossy(),
        drill.site.path().to_string_lossy(),
    );
    let (mut alike, mut ours_alone) = (Vec::new(), Vec::new());
    for one in failed {
        let there = match &live {
            Some(live) => import_error(live, &one.module, &stop)?,
            None => None,
        };
        let is_alike = there.is_some_and(|there| there == one.error.replace(&*ours, &theirs));
        let kind = if is_alike {
            &mut alike
        } else {
            &mut ours_alone
        };
        kind.push((one.module, one.error));
    }
    context.go_on()?;
    Ok(Imports::Tried {
        tried,
        failed: ours_alone,
        alike,
    })
}
