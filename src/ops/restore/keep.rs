//! What a restore keeps of the tree that it replaces, and what it takes for noise.

use super::RestoreOptions;
use super::target::Target;
use crate::diagnose::classify;
use crate::model::Class;
use crate::model::compare::Difference;
use crate::monitor::{Monitor, RestoreWarning};
use crate::replace::{Keep, Live};

/// Why the replaced tree stays beside the venv. What could not be read is not in the incident snapshot, and a restore
/// destroys nothing (promise 4). A file that only never held still is no reason: it is saved after the exchange, when
/// it is out of the way.
pub(super) fn reason(
    options: &RestoreOptions,
    live: &Live,
    target: &Target,
    monitor: &dyn Monitor,
) -> Option<Keep> {
    if options.keep_old {
        return Some(Keep::Asked);
    }
    let scan = &live.scan;
    let mut lost = scan.unreadable.iter().filter(|path| {
        !scan.unstable.contains(path) && target.manifest.get(path) != scan.manifest().get(path)
    });
    let first = lost.next()?;
    let warning = RestoreWarning::OldTreeStays {
        unread: first,
        more: lost.count(),
    };
    monitor.warn(warning.into());
    Some(Keep::Unread(first.clone()))
}

/// Whether a difference after a restore in place is nobody's doing: bytecode that Python wrote meanwhile.
pub(super) fn is_noise(difference: &Difference<'_>) -> bool {
    let (expected, actual) = (difference.expected, difference.actual);
    expected.or(actual).is_some_and(|entry| {
        classify(&entry.path, difference.kind, expected, actual, false) == Class::Noise
    })
}
