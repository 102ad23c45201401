//! Parts of the sentences of errors.

use std::path::PathBuf;

use crate::model::{Audit, Lack, LeftOut, Shown, Snapshot, SnapshotId, VenvId};

/// What would be lost of what, in few words.
pub fn lost(losses: &[LeftOut]) -> String {
    const NAMED: usize = 3;
    let one = |one: &LeftOut| {
        let paths = one.examples.iter().take(NAMED);
        let paths: Vec<String> = paths.map(|path| format!("'{path}'")).collect();
        let more = if one.count > paths.len() as u64 {
            ", …"
        } else {
            ""
        };
        let what = match one.lack {
            Lack::Immutable => "immutable (chattr +i)".to_owned(),
            Lack::AppendOnly => "append-only (chattr +a)".to_owned(),
            Lack::Owner { of: (uid, gid), .. } => {
                format!("of the owner {uid}:{gid}, to whom only root gives files")
            }
            _ => "a volume of its own".to_owned(),
        };
        format!(
            "{}{more} {} {what}",
            paths.join(", "),
            if one.count == 1 { "is" } else { "are" }
        )
    };
    losses.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A venv that is not the one that is meant, by what tells them apart.
pub(super) fn other(of: &VenvId, venv: &VenvId) -> String {
    let (path, host) = (of.path(), Shown(of.host.as_bytes()));
    if of.host == venv.host {
        format!("another venv, '{}'", Shown::path(&path))
    } else {
        format!("the venv '{}' of another host, {host}", Shown::path(&path))
    }
}

pub(super) fn of_venv(venv: Option<&PathBuf>) -> String {
    venv.map_or_else(String::new, |venv| format!(" of '{}'", Shown::path(venv)))
}

/// Full enough ids, with their times and venvs where these are known.
pub(super) fn listed(candidates: &[(SnapshotId, Option<Snapshot>)]) -> String {
    let one = |(id, snapshot): &(SnapshotId, Option<Snapshot>)| match snapshot {
        Some(snapshot) => format!(
            "{} ({:.0}, {})",
            &id.to_hex()[..16],
            snapshot.created,
            Shown::path(&snapshot.venv.path())
        ),
        None => id.to_hex(),
    };
    candidates.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub(super) fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(", and {more} more"),
    }
}

/// What there is instead.
pub(super) fn instead(names: &[String]) -> String {
    const NAMED: usize = 10;
    let named = names.iter().take(NAMED);
    let named: Vec<String> = named
        .map(|name| format!("'{}'", Shown(name.as_bytes())))
        .collect();
    match names.len() {
        0 => String::new(),
        all => format!(
            "; there are {}{}",
            named.join(", "),
            and_more(all.saturating_sub(NAMED))
        ),
    }
}

/// The number of findings of damage and the first of them.
pub(super) fn first(audit: &Audit) -> String {
    let count = audit.damage().count();
    let Some(first) = audit.damage().next() else {
        return String::new();
    };
    let place = first.path.as_ref().map(ToString::to_string);
    let package = || first.package.as_ref();
    let place = place.or_else(|| Some(Shown(package()?.as_bytes()).to_string()));
    // A finding without path and package, such as one of the interpreter, says itself what it is about.
    let place = place.map_or_else(String::new, |place| format!("'{place}': "));
    let more = and_more(count - 1);
    format!("{place}{}{more}", Shown(first.text.as_bytes()))
}
