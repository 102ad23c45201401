//! Templates for `.gitignore` and `.dockerignore` name directories that packages have too.

use std::collections::HashSet;

use super::super::case::Case;
use super::file::File;
use super::place::inside;
use super::score::{Cause, ENOUGH, Score};
use super::timing::{is_born_bad, sentence, swept_at};
use super::words::list;
use crate::model::RelPath;

/// Directories that the templates name.
const DIRS: [&str; 27] = [
    "lib",
    "lib64",
    "build",
    "develop-eggs",
    "dist",
    "data",
    "docs",
    "tests",
    "test",
    "logs",
    "log",
    "target",
    "env",
    "venv",
    ".venv",
    "var",
    "sdist",
    "wheels",
    "parts",
    "eggs",
    ".eggs",
    "downloads",
    "tmp",
    "temp",
    "instance",
    "cover",
    "htmlcov",
];

/// Ends of file names that the templates name.
const ENDS: [&str; 10] = [
    ".log",
    ".pyc",
    ".pyo",
    ".pyd",
    ".so",
    ".egg",
    ".mo",
    ".pot",
    ".manifest",
    ".spec",
];

/// A line of an ignore file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Dir(&'static str),
    End(&'static str),
}

impl Line {
    /// Whether the line leaves out a file of a package.
    fn fits(self, file: File) -> bool {
        let is_last = |depth: usize| depth + 1 == inside(file.path).count();
        match self {
            Self::Dir(name) => inside(file.path)
                .enumerate()
                .any(|(depth, part)| part == name.as_bytes() && !is_last(depth)),
            Self::End(end) => {
                inside(file.path).next().is_some() && file.path.name().ends_with(end.as_bytes())
            }
        }
    }

    /// Whether all that it leaves out is missing.
    fn is_followed(self, case: &Case) -> bool {
        let score = Score::of_missing(case, |file| self.fits(file));
        !score.matched.is_empty() && score.recall() >= ENOUGH
    }

    /// The command that removes all that it names.
    fn sweep(self) -> String {
        match self {
            Self::Dir(name) => format!("find -name {name} -exec rm -rf {{}} +"),
            Self::End(end) => format!("find -name '*{end}' -delete"),
        }
    }

    /// The line as it stands in the file.
    fn text(self) -> String {
        match self {
            Self::Dir(name) => format!("{name}/"),
            Self::End(end) => format!("*{end}"),
        }
    }
}

/// Speaks where all below the directories of some of these names is missing, in at least two places.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let lines = DIRS.map(Line::Dir).into_iter().chain(ENDS.map(Line::End));
    let lines: Vec<_> = lines.filter(|line| line.is_followed(case)).collect();
    // Compiled libraries alone go for other reasons too.
    if lines.iter().all(|line| *line == Line::End(".so")) {
        return None;
    }
    let score = Score::of_missing(case, |file| lines.iter().any(|line| line.fits(file)));
    let places: HashSet<_> = score.matched.iter().map(|hurt| place(&hurt.path)).collect();
    if places.len() < 2 || is_born_bad(case, &score.matched) {
        return None;
    }
    let advice = match swept_at(case, &score.matched) {
        // Nothing else was made anew, so it is no copy.
        Some(_) => format!(
            "Whoever removes by such names, as `{}` does, took them: look in build scripts, cron \
             and timers before you restore.",
            lines[0].sweep()
        ),
        None => "The venv was probably copied or packed with such a file; leave the venv out of \
                 its reach."
            .to_owned(),
    };
    let text = format!(
        "{}: all match {}, lines of common .gitignore and .dockerignore files.{} {advice}",
        score.tally(),
        list(lines.iter().map(|line| line.text())),
        sentence(case, &score.matched)
    );
    score.diagnosis("ignore-file-excludes", text)
}

/// The directory that an ignore file left out, down to its name; of others the path.
fn place(path: &RelPath) -> Vec<&[u8]> {
    let parts: Vec<_> = inside(path).collect();
    let dirs = parts.split_last().map_or(&[][..], |(_, dirs)| dirs);
    let named = |part: &&[u8]| DIRS.iter().any(|dir| *part == dir.as_bytes());
    match dirs.iter().position(named) {
        Some(at) => parts[..=at].to_vec(),
        None => parts,
    }
}
