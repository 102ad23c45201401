//! A diff in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis, snapshot};
use crate::model::{
    Change, Class, ContentDifference, Kind, LeftOut, NormalUse, PackageChange, Totals,
};
use crate::ops::{DiffOutcome, Side};
use crate::report::stat;

/// Writes what a diff found.
pub fn diff(out: &mut dyn Write, outcome: &DiffOutcome) -> io::Result<()> {
    let mut fields = json!({
        "venv": null,
        "snapshot": snapshot::value(&outcome.expected),
        "identical": outcome.identical(),
        "summary": summary(&outcome.changes, Some(outcome.totals)),
        "entries": outcome.changes.iter().map(change).collect::<Vec<_>>(),
        "packages": outcome.packages.iter().map(package).collect::<Vec<_>>(),
        "stat": stat::rows(&outcome.changes).iter().map(row).collect::<Vec<_>>(),
        "diagnosis": outcome.diagnosis.iter().map(super::check::diagnosis).collect::<Vec<_>>(),
        "unstable": outcome.unstable.iter().map(entry::path).collect::<Vec<_>>(),
        "left_out": outcome.left_out.iter().map(left_out).collect::<Vec<_>>(),
        "unadapted": outcome.unadapted.iter().map(entry::path).collect::<Vec<_>>(),
        "unread": outcome.unread.iter().map(entry::path).collect::<Vec<_>>(),
        "passed_over": outcome.passed_over.as_ref().map(snapshot::value),
        "took_ms": millis(outcome.took),
    });
    match &outcome.actual {
        Side::Venv(path) => entry::put_path(&mut fields, "venv", path),
        Side::Snapshot(chosen) => fields["other"] = snapshot::value(chosen),
    }
    document(out, "diff", fields)
}

/// How much differs in one package or place.
fn row(row: &stat::Row) -> Value {
    let mut value = entry::path(&row.place);
    value["package"] = row.package.clone().into();
    value["class"] = row.class.as_str().into();
    value["missing"] = row.missing.into();
    value["altered"] = row.altered.into();
    value["extra"] = row.extra.into();
    value
}

/// Counts by class, and damage and drift by kind.
pub(super) fn summary(changes: &[Change], totals: Option<Totals>) -> Value {
    let of = |class| {
        changes
            .iter()
            .filter(|change| change.class == class)
            .count()
    };
    let kinds: serde_json::Map<String, Value> = Kind::ALL
        .iter()
        .map(|kind| {
            (
                kind,
                changes
                    .iter()
                    .filter(|change| change.kind == *kind && change.class != Class::Noise)
                    .count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| (kind.as_str().to_owned(), count.into()))
        .collect();
    let mut value = json!({
        "damage": of(Class::Damage),
        "drift": of(Class::Drift),
        "noise": of(Class::Noise),
        "kinds": kinds,
    });
    if let Some(totals) = totals {
        value["files"] = totals.files.into();
        value["bytes"] = totals.bytes.into();
    }
    value
}

/// What became of a package.
pub(super) fn package(package: &PackageChange) -> Value {
    json!({
        "name": package.name, "expected": package.expected, "actual": package.actual,
        "state": package.state.as_str(), "damaged": package.damaged,
    })
}

/// What a restore in place left otherwise than it should be.
pub(super) fn wrong(wrong: &crate::ops::Wrong) -> Value {
    let mut value = entry::path(&wrong.path);
    value["kind"] = wrong.kind.as_str().into();
    value
}

/// What a place does not hold of a snapshot.
pub(super) fn left_out(left: &LeftOut) -> Value {
    let mut value = serde_json::to_value(&left.lack).unwrap_or_default();
    value["count"] = left.count.into();
    value["reason"] = super::super::text::reason(&left.lack).into();
    value["paths"] = left.examples.iter().map(entry::path).collect();
    value
}

/// One difference.
pub(super) fn change(change: &Change) -> Value {
    let mut value = entry::path(&change.path);
    value["class"] = change.class.as_str().into();
    value["kind"] = change.kind.as_str().into();
    value["package"] = change.package.clone().into();
    value["expected"] = change.expected.as_ref().map(entry::value).into();
    value["actual"] = change.actual.as_ref().map(entry::value).into();
    let detail = &change.detail;
    let mut more = serde_json::Map::new();
    if let Some(content) = detail.content {
        let (name, number) = match content {
            ContentDifference::KeptBytes(kept) => ("kept_bytes", kept),
            ContentDifference::NulFrom(from) => ("from_byte", from),
            ContentDifference::First(first) => ("first_difference", first),
        };
        more.insert(name.to_owned(), number.into());
    }
    if let Some(reason) = &detail.reason {
        more.insert("reason".to_owned(), reason.as_str().into());
    }
    if let Some(sharing) = &detail.sharing {
        more.insert("links".to_owned(), sharing.links.into());
    }
    if let Some(cache) = &detail.behind {
        more.insert("behind".to_owned(), cache.as_str().into());
    }
    if let Some(normal_use) = &detail.normal_use {
        more.insert("normal_use".to_owned(), normal_use.as_str().into());
    }
    if let Some(other) = detail
        .sharing
        .as_ref()
        .and_then(|one| one.shared_with.as_ref())
    {
        more.insert("shared_with".to_owned(), other.as_str().into());
    }
    value["detail"] = Value::Object(more);
    if let Some(NormalUse::Foreign { lock: Some(lock) }) = &detail.normal_use {
        entry::put(&mut value["detail"], "lock", lock.as_bytes());
    }
    value
}
