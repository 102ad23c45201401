//! `rsync -C` skips what CVS would, compiled libraries and everything named `core` among it.

use super::super::case::Case;
use super::score::{Cause, ENOUGH, Score};
use super::timing::{is_born_bad, sentence};
use crate::model::RelPath;

/// Names that are skipped, directories and files.
const NAMES: [&str; 14] = [
    "RCS",
    "SCCS",
    "CVS",
    "CVS.adm",
    "RCSLOG",
    "tags",
    "TAGS",
    ".make.state",
    ".nse_depinfo",
    "core",
    ".svn",
    ".git",
    ".hg",
    ".bzr",
];

/// Ends of names that are skipped.
const ENDS: [&str; 16] = [
    "~", "$", ".old", ".bak", ".BAK", ".orig", ".rej", ".a", ".olb", ".o", ".obj", ".so", ".exe",
    ".Z", ".elc", ".ln",
];

/// Beginnings of names that are skipped.
const STARTS: [&str; 6] = ["cvslog.", "#", ".#", ",", "_$", ".del-"];

/// Speaks where nearly all that `-C` skips is missing, and little else.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let score = Score::of_missing(case, |file| file.path.parts().any(is_skipped));
    let typical = score.matched.iter().any(|hurt| is_typical(&hurt.path));
    let enough = score.matched.len() >= 2 && typical && score.recall() >= ENOUGH;
    if !enough || is_born_bad(case, &score.matched) {
        return None;
    }
    let text = format!(
        "{}: they are what `rsync -C` (`--cvs-exclude`) skips, such as *.so and everything named \
         core.{} The venv was probably copied so; copy it without -C.",
        score.tally(),
        sentence(case, &score.matched)
    );
    score.diagnosis("rsync-cvs-exclude", text)
}

/// Whether `-C` skips a name.
fn is_skipped(name: &[u8]) -> bool {
    NAMES.iter().any(|skipped| name == skipped.as_bytes())
        || ENDS.iter().any(|end| name.ends_with(end.as_bytes()))
        || STARTS
            .iter()
            .any(|start| name.starts_with(start.as_bytes()))
}

/// Whether a path is of the shapes that tell this cause from a sweep for backups or repositories.
fn is_typical(path: &RelPath) -> bool {
    path.name().ends_with(b".so") || path.parts().any(|part| part == b"core")
}
