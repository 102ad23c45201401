//! Damage, drift or noise, as far as content alone tells.
//!
//! Who owns a file and whether its package was upgraded is not known here: `packages/` turns some damage into drift.

use crate::model::{Change, Class, Entry, Kind, Node, RelPath};
use crate::python::bytecode::is_bytecode;

/// The class of a difference. `fails` tells of bytecode whether Python would load it, since its header fits its source,
/// and fail.
pub(crate) fn classify(
    path: &RelPath,
    kind: Kind,
    expected: Option<&Entry>,
    actual: Option<&Entry>,
    fails: bool,
) -> Class {
    match kind {
        Kind::Mtime => Class::Noise,
        _ if is_bytecode(path) => bytecode_class(kind, expected, actual, fails),
        Kind::Extra => Class::Drift,
        _ => Class::Damage,
    }
}

/// Python rebuilds bytecode that is gone, empty or does not fit. What it believes and cannot use makes it fail, and
/// what changed while its time stood still was not written by Python.
fn bytecode_class(
    kind: Kind,
    expected: Option<&Entry>,
    actual: Option<&Entry>,
    fails: bool,
) -> Class {
    let stood_still = expected
        .zip(actual)
        .is_some_and(|(a, b)| a.meta.mtime == b.meta.mtime);
    match kind {
        Kind::Missing | Kind::Emptied | Kind::Mtime => Class::Noise,
        Kind::Extra | Kind::Truncated | Kind::ZeroFilled if !fails => Class::Noise,
        Kind::Altered if !fails && !stood_still => Class::Noise,
        _ => Class::Damage,
    }
}

/// Directories have no owner: a missing one has the class of the worst of its entries.
pub(crate) fn classify_directories(changes: &mut [Change]) {
    let is_dir = |change: &Change| {
        let entry = change.expected.as_ref().or(change.actual.as_ref());
        entry.is_some_and(|entry| entry.node == Node::Dir)
    };
    // Sorted by path, a directory comes before what it holds: from the end, what it holds is settled already.
    for at in (0..changes.len()).rev() {
        let change = &changes[at];
        if !is_dir(change) || change.kind != Kind::Missing || change.class != Class::Damage {
            continue;
        }
        let below = changes[at + 1..]
            .iter()
            .take_while(|other| other.path.is_within(&change.path));
        if let Some(worst) = below.map(|other| other.class).min() {
            changes[at].class = worst;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_may_do_with_its_bytecode_what_it_likes_but_others_may_not() {
        let pyc = RelPath::new(b"x/__pycache__/a.cpython-311.pyc").unwrap();
        let class = |kind, fails| classify(&pyc, kind, None, None, fails);
        for kind in [Kind::Missing, Kind::Emptied] {
            assert_eq!(class(kind, true), Class::Noise, "{kind:?}");
        }
        for kind in [
            Kind::Extra,
            Kind::Truncated,
            Kind::ZeroFilled,
            Kind::Altered,
        ] {
            assert_eq!(class(kind, true), Class::Damage, "{kind:?}");
            assert_eq!(class(kind, false), Class::Noise, "{kind:?}");
        }
        assert_eq!(class(Kind::Unreadable, false), Class::Damage);
    }

    #[test]
    fn what_is_no_bytecode_is_damage_unless_it_is_more_or_only_younger() {
        let py = RelPath::new(b"x/a.py").unwrap();
        assert_eq!(classify(&py, Kind::Extra, None, None, false), Class::Drift);
        assert_eq!(classify(&py, Kind::Mtime, None, None, false), Class::Noise);
        assert_eq!(
            classify(&py, Kind::Missing, None, None, false),
            Class::Damage
        );
    }
}
