//! Damage through a hard link: the file is the installer's cache, or another venv, as well.

use super::{Case, PRECISION_MIN, files_are, of_kinds, share, told};
use crate::model::{Diagnosis, Kind};

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let hurts = of_kinds(
        case,
        &[
            Kind::Emptied,
            Kind::Truncated,
            Kind::ZeroFilled,
            Kind::Altered,
        ],
    );
    let shared = hurts
        .iter()
        .filter(|hurt| hurt.actual.is_some_and(|actual| actual.nlink > 1))
        .count();
    let precision = share(shared, hurts.len());
    if shared == 0 || precision < PRECISION_MIN {
        return None;
    }
    let text = format!(
        "{} damaged that other names share (hard links): the installer's cache, and every venv made from it, has the same \
         damage. A restore here does not mend those: clean the cache too (`uv cache clean`), and check the other venvs.",
        files_are(shared)
    );
    Some(told("hard-link-aliasing", text, shared, precision, 1.0))
}
