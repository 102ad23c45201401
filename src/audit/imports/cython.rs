//! Source of Cython, from which the extension beside it was compiled: only its plain imports are known. What a line
//! takes that begins at the margin is taken whenever the extension is loaded.

use super::names::Names;
use super::statements::line_at;
use super::steps::{Source, Step};
use super::wanted::Wanted;
use crate::python::imports::statement;
use crate::python::text::decoded;

/// What is known of a source.
pub(super) fn read(source: &[u8]) -> Source {
    let text = decoded(source);
    Source {
        body: imports(&text).into_iter().map(Step::Import).collect(),
        // What else it does to its module nobody knows.
        names: Names {
            open_from: Some(1),
            modules_from: Some(1),
            ..Names::default()
        },
        ..Source::default()
    }
}

/// The imports of lines that begin at the margin, outside of texts; none where texts do not end as they begin.
fn imports(text: &str) -> Vec<Wanted> {
    let mut found = Vec::new();
    let mut quotes = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let was_within = quotes.is_some();
        quotes = after(line, quotes);
        if was_within || line.contains("cimport") {
            continue;
        }
        if line.starts_with("import ") || line.starts_with("from ") {
            let number = line_at(text, start);
            let all = statement(&text.as_bytes()[start..]).into_iter();
            // The compiler itself stands for the module of its own name.
            let all = all.filter(|import| import.module.split('.').next() != Some("cython"));
            found.extend(all.map(|import| Wanted {
                line: number,
                level: import.level,
                module: import.module,
                names: import.names,
                star: false,
            }));
        }
    }
    if quotes.is_some() {
        found.clear();
    }
    found
}

/// The quotes of the long text in which a line ends.
fn after<'q>(line: &str, before: Option<&'q str>) -> Option<&'q str> {
    let mut quotes = before;
    let mut rest = line;
    loop {
        if let Some(end) = quotes {
            let Some((_, after)) = rest.split_once(end) else {
                return quotes;
            };
            (quotes, rest) = (None, after);
            continue;
        }
        let begins = ["\"\"\"", "'''", "#"].map(|sign| (rest.find(sign), sign));
        let begins = begins
            .into_iter()
            .filter_map(|(at, sign)| Some((at?, sign)));
        match begins.min() {
            None | Some((_, "#")) => return None,
            Some((at, sign)) => (quotes, rest) = (Some(sign), &rest[at + sign.len()..]),
        }
    }
}
