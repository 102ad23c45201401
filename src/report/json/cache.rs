//! The caches of installers in JSON.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::{document, entry, millis};
use crate::ops::{
    CacheCheckOutcome, CacheFound, CacheSummary, Fault, Kept, QuarantineOutcome, Quarantined,
    ReleaseOutcome, Suspect, Unlisted, Verdict,
};
use crate::report::text::fault_text;

/// So many entries that are unproved are listed.
const UNPROVED_MAX: usize = 10_000;

/// Writes what a check of caches found.
pub fn cache_check(out: &mut dyn Write, outcome: &CacheCheckOutcome) -> io::Result<()> {
    let caches: Vec<Value> = outcome.caches.iter().map(summary).collect();
    let sum = |of: fn(&CacheSummary) -> u64| outcome.caches.iter().map(of).sum::<u64>();
    let unread = |one: &Unlisted| {
        let mut value = path(&one.path);
        value["reason"] = one.reason.as_str().into();
        value
    };
    let fields = json!({
        "clean": outcome.bad.is_empty(),
        "summary": {
            "entries": sum(|cache| cache.entries), "good": sum(|cache| cache.good),
            "unproved": sum(|cache| cache.unproved), "bad": sum(|cache| cache.bad),
            "bytes": sum(|cache| cache.bytes), "leftovers": outcome.leftovers, "nameless": outcome.nameless,
        },
        "caches": caches,
        "bad": outcome.bad.iter().map(suspect).collect::<Vec<_>>(),
        "unproved": outcome.unproved.iter().take(UNPROVED_MAX).map(unproved).collect::<Vec<_>>(),
        "unknown": outcome.unknown.iter().map(|one| path(one)).collect::<Vec<_>>(),
        "unread": outcome.unread.iter().map(unread).collect::<Vec<_>>(),
        "took_ms": millis(outcome.took),
    });
    document(out, "cache-check", fields)
}

/// Writes what was moved out of the installers' way.
pub fn cache_quarantine(out: &mut dyn Write, outcome: &QuarantineOutcome) -> io::Result<()> {
    let bad = outcome.checked.bad.iter().enumerate().map(|(number, one)| {
        let mut value = suspect(one);
        let moved = outcome.moved.get(number).and_then(Option::as_ref);
        value["id"] = moved.map(|moved| moved.id.clone()).into();
        value
    });
    let unread = outcome.checked.unread.iter().map(|one| {
        let mut value = path(&one.path);
        value["reason"] = one.reason.as_str().into();
        value
    });
    let fields = json!({
        "dry_run": outcome.dry_run,
        "bad": bad.collect::<Vec<_>>(),
        "kept": outcome.kept.iter().map(kept).collect::<Vec<_>>(),
        "unread": unread.collect::<Vec<_>>(),
        "took_ms": millis(outcome.took),
    });
    document(out, "cache-quarantine", fields)
}

/// Writes what lies in quarantine, or what went back.
pub fn cache_release(out: &mut dyn Write, outcome: &ReleaseOutcome) -> io::Result<()> {
    let all = |group: &[Quarantined]| group.iter().map(quarantined).collect::<Vec<_>>();
    let fields = json!({
        "listed": all(&outcome.listed), "released": all(&outcome.released), "exchanged": all(&outcome.exchanged),
        "kept": outcome.kept.iter().map(kept).collect::<Vec<_>>(),
    });
    document(out, "cache-release", fields)
}

fn kept(kept: &Kept) -> Value {
    let mut value = path(&kept.path);
    value["reason"] = kept.reason.as_str().into();
    value
}

fn quarantined(one: &Quarantined) -> Value {
    let mut value = json!({
        "id": one.id, "installer": one.installer.as_str(), "package": one.package, "version": one.version,
        "faults": one.faults,
    });
    value["time"] = one.time.to_string().into();
    entry::put_path(&mut value, "cache", &one.cache);
    let parts = one.parts.iter().map(|part| one.cache.join(part.as_path()));
    entry::put_paths(&mut value, "parts", &parts.collect::<Vec<_>>());
    value
}

fn path(path: &Path) -> Value {
    let mut value = json!({});
    entry::put_path(&mut value, "path", path);
    value
}

fn summary(cache: &CacheSummary) -> Value {
    let mut value = json!({"installer": cache.installer.as_str()});
    entry::put_path(&mut value, "path", &cache.path);
    value["entries"] = cache.entries.into();
    value["good"] = cache.good.into();
    value["unproved"] = cache.unproved.into();
    value["bad"] = cache.bad.into();
    value["bytes"] = cache.bytes.into();
    value
}

/// An entry without what came of it.
fn found(one: &CacheFound) -> Value {
    let mut value = json!({
        "installer": one.installer.as_str(), "package": one.package, "version": one.version,
    });
    entry::put_path(&mut value, "path", &one.place());
    entry::put_path(&mut value, "cache", &one.cache);
    value["size"] = one.size.into();
    value
}

fn suspect(suspect: &Suspect) -> Value {
    let entry = &suspect.entry;
    let mut value = found(entry);
    let parts = entry
        .parts
        .iter()
        .map(|part| entry.cache.join(part.as_path()));
    entry::put_paths(&mut value, "parts", &parts.collect::<Vec<_>>());
    value["faults"] = entry.faults().iter().map(fault).collect();
    entry::put_paths(&mut value, "venvs", &suspect.venvs);
    value
}

fn fault(fault: &Fault) -> Value {
    let member = fault
        .member
        .as_ref()
        .map(|name| String::from_utf8_lossy(name).into_owned());
    json!({
        "kind": fault.kind.as_str(), "member": member, "expected_size": fault.expected_size, "size": fault.size,
        "text": fault_text(fault),
    })
}

fn unproved(one: &CacheFound) -> Value {
    let mut value = found(one);
    value["lacking"] = match one.verdict {
        Verdict::Unproved(lacking) => lacking.as_str().into(),
        Verdict::Good(_) | Verdict::Bad(_) => Value::Null,
    };
    value
}
