//! The one line with the next command, after damage was found: back to what was saved, or without a snapshot.

use std::path::Path;

use venv_snap::Site;
use venv_snap::model::{Audit, Check, Class, Diagnosis, Kind, TreeKind, VenvId};
use venv_snap::monitor::Silent;
use venv_snap::ops::{Context, DiffOptions, DiffOutcome, diff_venv, list};

use super::caches::of_installers;
use super::called::command;
use super::hint::{anew, of_others};
use super::session::Session;

/// What a check leads to; nothing where all is well.
pub(crate) fn after_check(session: &Session<'_>, site: &Site, audit: &Audit) -> Option<String> {
    if is_hurt(audit) {
        let mend = mend(session, site, audit.kind);
        let shared = audit
            .damage()
            .filter_map(|one| one.sharing.as_ref()?.shared_with.as_deref());
        return Some(format!("{mend}{}", caches(site, &audit.diagnosis, shared)));
    }
    let mut open = audit.findings.iter().filter(|one| one.accepted.is_none());
    let lacks = open.any(|one| one.check == Check::RequirementUnmet);
    lacks.then(|| {
        format!(
            "all that the application lacks: {}",
            command("deps", site.path())
        )
    })
}

/// What a diff of a live venv leads to; nothing where it has no damage.
pub(crate) fn after_diff(
    session: &Session<'_>,
    outcome: &DiffOutcome,
    site: &Site,
    is_newest: bool,
) -> Option<String> {
    let is_hurt = |class, kind| class == Class::Damage && kind != Kind::Unreadable;
    let mut changes = outcome.changes.iter();
    if !changes.any(|change| is_hurt(change.class, change.kind)) {
        return None;
    }
    let restore = command("restore", site.path());
    let expected = &outcome.expected;
    let venv = VenvId::new(&session.context.host, site.path());
    let is_of_other = expected.snapshot.venv != venv;
    let of_other = if is_of_other { " --from-other" } else { "" };
    let mend = match (expected.snapshot.baseline, is_newest) {
        (true, true) => format!("to bring back what was saved: {restore}"),
        (true, false) => format!("to bring that back: {restore} {}{of_other}", expected.id),
        (false, _) => anew(site.path()),
    };
    let shared = outcome.changes.iter();
    let shared = shared.filter_map(|change| change.detail.sharing.as_ref()?.shared_with.as_deref());
    Some(format!(
        "{mend}{}",
        caches(site, &outcome.diagnosis, shared)
    ))
}

/// What the refusal to save a damaged venv leads to; nothing of its own where all that is wrong is that something could
/// not be read.
pub(crate) fn after_refusal(session: &Session<'_>, site: &Site, audit: &Audit) -> Option<String> {
    let path = site.path();
    is_hurt(audit).then(|| {
        format!(
            "{}; what is wrong there: {}; to save it as it is, as no baseline: {} --force",
            mend(session, site, audit.kind),
            command("check", path),
            command("save", path)
        )
    })
}

/// Whether there is damage that was seen.
fn is_hurt(audit: &Audit) -> bool {
    audit
        .damage()
        .any(|finding| finding.check != Check::FileUnreadable)
}

/// How the damage goes away: by this host's baseline, by another host's of the same path, or without a snapshot.
fn mend(session: &Session<'_>, site: &Site, kind: TreeKind) -> String {
    let anew = anew_as(site, kind);
    let saved = list(&session.quiet_context(), Some(site)).ok();
    let mut own = saved.iter().flat_map(|saved| &saved.snapshots);
    let others = saved.iter().flat_map(|saved| &saved.elsewhere);
    let others: Vec<_> = others
        .filter(|one| one.snapshot.baseline)
        .cloned()
        .collect();
    if !own.any(|one| one.chosen.snapshot.baseline) {
        return match &others[..] {
            [] => anew,
            others => format!("{}; {anew}", of_others(site.path(), others)),
        };
    }
    if is_as_saved(session, site) {
        return format!(
            "the newest baseline holds the same, so a restore would change nothing; {anew}"
        );
    }
    format!(
        "to bring back what was saved: {}",
        command("restore", site.path())
    )
}

/// How a tree of a kind is made anew without a snapshot: only venvs are, by this program.
fn anew_as(site: &Site, kind: TreeKind) -> String {
    match kind {
        TreeKind::Venv => anew(site.path()),
        TreeKind::Conda => "to make it anew without a snapshot: conda".to_owned(),
        TreeKind::Target => "to make it anew without a snapshot: pip install --target".to_owned(),
        TreeKind::Any => "nothing but a snapshot makes it anew".to_owned(),
    }
}

/// Whether the venv stands there as the newest baseline has it. A check of today may find more than the audit of that
/// save did.
fn is_as_saved(session: &Session<'_>, site: &Site) -> bool {
    let silent = Silent::default();
    let context = Context {
        monitor: &silent,
        ..session.quiet_context()
    };
    let quick = DiffOptions {
        quick: true,
        ..DiffOptions::default()
    };
    diff_venv(&context, site, &quick).is_ok_and(|found| {
        let mut classes = found.changes.iter().map(|change| change.class);
        found.unread.is_empty() && classes.all(|class| class == Class::Noise)
    })
}

/// How to keep the damage from coming back with the next install; empty where no cache has it. A cache has it where the
/// same damage lies there, or where the damaged file is shared with the cache.
fn caches<'a>(
    site: &Site,
    diagnosis: &[Diagnosis],
    mut shared_with: impl Iterator<Item = &'a str>,
) -> String {
    let dirs = of_installers(Some(site));
    let is_in_cache = |path: &str| dirs.iter().any(|dir| Path::new(path).starts_with(dir));
    if diagnosis.iter().all(|one| one.cached.is_empty()) && !shared_with.any(is_in_cache) {
        return String::new();
    }
    let quarantine = command("cache quarantine --venv", site.path());
    format!("; so that no cache brings the damage back: {quarantine}")
}
