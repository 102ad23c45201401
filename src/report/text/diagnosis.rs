//! What did it, and how sure that is.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Style;
use super::words::{self, coloured, number};
use crate::model::{Class, Diagnosis, Kind, Shown};

/// Parts of an advice that holds after a restore as well, each with its words for then.
const STILL: [(&str, &str); 2] = [
    (" before you restore.", ", or it may happen again."),
    (" Restore them, and run", " Run"),
];

/// How sentences begin that advise what a restore has done.
const DONE: [&str; 9] = [
    "A restore puts",
    "A restore replaces",
    "A restore as root",
    "Restore a snapshot",
    "Restore that",
    "Restore, or",
    "Keep it, and restore",
    "Keep them, and restore",
    "The snapshot has what",
];

/// How many survivors are named where not all are wanted.
const SURVIVORS_SHOWN: usize = 3;

/// Writes each diagnosis once the restore is done: its text advises only what is still to be done.
pub(super) fn write_after(out: &mut dyn Write, all: &[Diagnosis], style: &Style) -> io::Result<()> {
    let after = all.iter().map(|diagnosis| Diagnosis {
        text: afterwards(&diagnosis.text),
        ..diagnosis.clone()
    });
    write(out, &after.collect::<Vec<_>>(), style)
}

/// What a diagnosis advises, once the restore is done.
pub(in crate::report) fn afterwards(text: &str) -> String {
    let still = STILL.iter().fold(text.to_owned(), |text, (before, after)| {
        text.replace(before, after)
    });
    let sentences = still.split_inclusive(". ");
    let left: String = sentences
        .filter(|sentence| !DONE.iter().any(|done| sentence.starts_with(done)))
        .collect();
    left.trim_end().to_owned()
}

/// `explains 9 of 67; 58 emptied files are not explained`; none where the causes together explain all.
pub(in crate::report) fn rest(diagnosis: &Diagnosis) -> Option<String> {
    share(diagnosis.explains, diagnosis.of, &diagnosis.unexplained)
}

/// The same, told from its numbers.
pub(super) fn share(
    explains: usize,
    of: usize,
    unexplained: &BTreeMap<Kind, usize>,
) -> Option<String> {
    let left: usize = unexplained.values().sum();
    if left == 0 {
        return None;
    }
    let kinds: Vec<String> = unexplained.iter().map(left_over).collect();
    let is = if left == 1 { "is" } else { "are" };
    Some(format!(
        "explains {} of {}; {} {is} not explained",
        number(explains as u64),
        number(of as u64),
        kinds.join(", ")
    ))
}

/// `58 emptied files`, or `3 entries of another mode`.
fn left_over((kind, count): (&Kind, &usize)) -> String {
    let count = *count as u64;
    let entries = || words::count(count, "entry");
    match kind {
        Kind::Type | Kind::Link | Kind::Mode | Kind::Owner => {
            format!("{} of another {}", entries(), kind.as_str())
        }
        _ => {
            let files = words::count(count, "file");
            let (number, file) = files.split_once(' ').unwrap_or_default();
            format!("{number} {} {file}", kind.as_str())
        }
    }
}

/// Writes each diagnosis as a paragraph of its own.
pub(super) fn write(out: &mut dyn Write, all: &[Diagnosis], style: &Style) -> io::Result<()> {
    for diagnosis in all {
        let rule = coloured(&diagnosis.rule, Class::Drift, style);
        let (word, text) = (diagnosis.surety().word(), Shown(diagnosis.text.as_bytes()));
        writeln!(out, "{word} {rule}: {text}")?;
        if let Some(rest) = rest(diagnosis) {
            writeln!(out, "  {rest}")?;
        }
        let shown = if style.verbose {
            usize::MAX
        } else {
            SURVIVORS_SHOWN
        };
        for path in diagnosis.survivors.iter().take(shown) {
            writeln!(out, "  survived: {path}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_restore_has_done_is_no_advice_any_more() {
        for (text, after) in [
            (
                "2 entries have the wrong mode. A restore as root, or `chown` to user 7, puts that right.",
                "2 entries have the wrong mode.",
            ),
            (
                "1 file was edited: a.py. A restore replaces the edit; save it first if you want to keep it (it will \
                 be in the incident snapshot too).",
                "1 file was edited: a.py.",
            ),
            (
                "They never reached the disk. Restore them, and run `sync` after an install.",
                "They never reached the disk. Run `sync` after an install.",
            ),
            (
                "It does not lead there. Restore that link from a snapshot, or link it anew.",
                "It does not lead there.",
            ),
            (
                "'~ip' was put aside. Keep it, and restore a snapshot, or rename it back as the findings tell.",
                "'~ip' was put aside.",
            ),
            (
                "A copy ran into a full disk. Look at the free space (`df`) before you restore.",
                "A copy ran into a full disk. Look at the free space (`df`), or it may happen again.",
            ),
            (
                "They share it. A restore here leaves the cache bad; clean it.",
                "They share it. A restore here leaves the cache bad; clean it.",
            ),
        ] {
            assert_eq!(afterwards(text), after);
        }
    }
}
