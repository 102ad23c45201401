//! A power cut: names and times are on the disk, the bytes never came there. Installers do not sync what they write.

use std::collections::BTreeSet;

use super::{Case, PRECISION_MIN, files_are, of_kinds, share, told};
use crate::model::{Diagnosis, Kind};

/// Installing and writing back take a while; what is later than this was not the installer's.
const WINDOW_SECS: i64 = 600;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let hurts = of_kinds(
        case,
        &[
            Kind::Emptied,
            Kind::ZeroFilled,
            Kind::Truncated,
            Kind::Altered,
        ],
    );
    let matched: Vec<_> = hurts
        .iter()
        .filter(|hurt| matches!(hurt.kind, Kind::Emptied | Kind::ZeroFilled))
        .filter(|hurt| {
            let Some(actual) = hurt.actual else {
                return false;
            };
            let installed = hurt
                .package
                .as_ref()
                .and_then(|package| case.installed.get(package));
            match (hurt.expected_mtime, installed) {
                (Some(expected), _) => actual.mtime == expected,
                (None, Some(installed)) => {
                    (actual.mtime.secs - installed.secs).abs() <= WINDOW_SECS
                }
                (None, None) => false,
            }
        })
        .collect();
    let zeros = matched.iter().any(|hurt| hurt.kind == Kind::ZeroFilled);
    let packages: BTreeSet<_> = matched.iter().map(|hurt| &hurt.package).collect();
    let precision = share(matched.len(), hurts.len());
    // Empty files of one package alone are rather those of a bad wheel.
    let is_wide = zeros || packages.len() > 1;
    let record_hurt = case.hurts.iter().any(|hurt| hurt.path.name() == b"RECORD");
    if matched.len() < 2 || precision < PRECISION_MIN || !is_wide || record_hurt {
        return None;
    }
    let text = format!(
        "{} empty or filled with NUL while names, times and RECORD are intact: the bytes never reached the disk. A power cut \
         or a crash soon after the install does that; after an install, `sync` makes it safe.",
        files_are(matched.len())
    );
    let recall = share(matched.len(), case.expected.len().max(matched.len()));
    Some(told("power-loss", text, matched.len(), precision, recall))
}
