//! Installers link files of their cache into every venv: one write damages all of them.

use super::super::case::{Case, Hurt};
use super::is_content;
use super::score::{Cause, Score};
use super::words::{count, is, list, packages};
use crate::model::Kind;

/// Speaks where the damaged content is shared by other hard links.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let content: Vec<_> = case.hurts.iter().filter(|hurt| is_content(hurt)).collect();
    let shared: Vec<_> = content
        .iter()
        .copied()
        .filter(|hurt| is_shared(hurt))
        .collect();
    if shared.is_empty() {
        return None;
    }
    let names = packages(&shared);
    let clean = match names.first() {
        Some(first) if names.len() == 1 => format!("`uv cache clean {first}`"),
        _ => format!("`uv cache clean PACKAGE` for {}", list(&names)),
    };
    let clean = if names.is_empty() {
        "`uv cache clean`".to_owned()
    } else {
        clean
    };
    let is_valid = |hurt: &&Hurt| {
        hurt.kind == Kind::Altered
            && hurt
                .actual
                .is_some_and(|now| now.valid_python == Some(true))
    };
    let edit = if shared.iter().all(is_valid) {
        " It still is valid Python, as after an edit: save that first if you want to keep it."
    } else {
        ""
    };
    let text = format!(
        "{} with damaged content {} shared by hard links: an installer's cache, such as uv's, and \
         every venv made from it hold the same damage. A restore here leaves the cache bad; clean \
         it ({clean}), and install with `--link-mode=copy`.{edit}",
        count(shared.len(), "file"),
        is(shared.len())
    );
    Score::plain(shared, content.len()).diagnosis("hard-link-aliasing", text)
}

/// Whether other names, outside of this venv, lead to the same bytes.
pub(super) fn is_shared(hurt: &Hurt) -> bool {
    hurt.actual.is_some_and(|actual| actual.elsewhere > 0)
}
