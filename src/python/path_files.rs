//! What `site` makes at each start of an interpreter of the `*.pth` and `*.start` files among the packages
//! (`Lib/site.py`; PEP 829).

use super::layout::is_in_cpython_site;
use crate::model::{Interpreter, RelPath};

/// The rules of one interpreter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rules {
    /// None where it is not known; then nothing is claimed that only some do.
    version: Option<(u32, u32, u32)>,
    is_pypy: bool,
}

/// What a line of a `.pth` file is to Python.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line<'a> {
    /// A directory that is searched for modules, if it is there.
    Path(&'a str),
    /// Code that is run.
    Code(&'a str),
}

impl Rules {
    /// Those of an interpreter.
    pub(crate) fn of(known: Option<&Interpreter>) -> Self {
        let version = known.and_then(|known| {
            let number = |text: &str| -> Option<u32> {
                let digits = text
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(text.len());
                text[..digits].parse().ok()
            };
            let mut parts = known.version.split('.');
            let (major, minor) = (number(parts.next()?)?, number(parts.next()?)?);
            Some((major, minor, parts.next().and_then(number).unwrap_or(0)))
        });
        Self {
            version,
            is_pypy: known.is_some_and(|known| known.implementation == "pypy"),
        }
    }

    fn is_at_least(self, major: u32, minor: u32) -> bool {
        self.version >= Some((major, minor, 0))
    }

    /// Whether a file of this name is read. Case counts; hidden ones are left out by what was released since February
    /// 2024.
    pub(crate) fn reads(self, name: &[u8]) -> bool {
        name.ends_with(b".pth") && !(name.starts_with(b".") && self.leaves_hidden())
    }

    /// Whether a file of this name names functions that are called.
    pub(crate) fn starts(self, name: &[u8]) -> bool {
        self.is_at_least(3, 15) && name.ends_with(b".start") && !name.starts_with(b".")
    }

    fn leaves_hidden(self) -> bool {
        match self.version {
            Some((3, 8 | 9, patch)) => patch >= 19,
            Some((3, 10, patch)) => patch >= 14,
            Some((3, 11, patch)) => patch >= 8,
            Some((3, 12, patch)) => patch >= 2,
            Some(version) => version >= (3, 13, 0),
            None => true,
        }
    }

    /// Whether the interpreter does not start at all where a file cannot be decoded. `PyPy` tells it and goes on.
    pub(crate) fn dies_of_bytes(self) -> bool {
        !self.is_pypy
    }

    /// Whether what stands behind a line that fails is not looked at any more.
    pub(crate) fn stops_at_errors(self) -> bool {
        !self.is_at_least(3, 15)
    }

    /// The text of a file; none where Python cannot decode it. Some other encoding of a locale could, in theory;
    /// ASCII and UTF-8 cannot.
    pub(crate) fn decoded(self, content: &[u8]) -> Option<&str> {
        let text = std::str::from_utf8(content).ok()?;
        match text.strip_prefix('\u{feff}') {
            // Older ones take the mark for a part of the first line, which so is nothing.
            Some(rest) if self.version.is_some() && !self.is_at_least(3, 13) => {
                Some(rest.find('\n').map_or("", |end| &rest[end..]))
            }
            Some(rest) => Some(rest),
            None => Some(text),
        }
    }

    /// The lines of a `.pth` file that mean something, with their numbers from 1 on.
    pub(crate) fn lines(self, text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
        let numbered = text.lines().enumerate();
        numbered.filter_map(move |(at, line)| {
            let line = if self.is_at_least(3, 15) {
                line.trim()
            } else {
                line
            };
            let is_code = line.starts_with("import ") || line.starts_with("import\t");
            let meaning = if line.starts_with('#') || line.trim().is_empty() {
                return None;
            } else if is_code {
                Line::Code(line)
            } else {
                Line::Path(line.trim_end())
            };
            Some((at + 1, meaning))
        })
    }

    /// The absolute directories that the content of a `.pth` file adds.
    pub(crate) fn added(self, content: &[u8]) -> Vec<&str> {
        let lines = self.lines(self.decoded(content).unwrap_or_default());
        let paths = lines.filter_map(|(_, line)| match line {
            Line::Path(path) if path.starts_with('/') => Some(path),
            _ => None,
        });
        paths.collect()
    }
}

/// Whether a file of this name is read at each start of some release.
pub(crate) fn is_read_by_some(name: &[u8]) -> bool {
    name.ends_with(b".pth") || name.ends_with(b".start")
}

/// Whether a file in a directory of packages is one with which no interpreter of its venv starts: a path file that
/// `CPython` cannot decode. `content` is asked for where the name is that of one.
pub(crate) fn keeps_from_starting(
    path: &RelPath,
    content: impl FnOnce() -> Option<Vec<u8>>,
) -> bool {
    let is_one = is_in_cpython_site(path) && Rules::of(None).reads(path.name());
    is_one && content().is_some_and(|content| std::str::from_utf8(&content).is_err())
}

/// Whether a line of a `.start` file names a function: `package.module:function`.
pub(crate) fn is_entry(line: &str) -> bool {
    let dotted = |text: &str| {
        let is_name = |part: &str| {
            let first = part.chars().next();
            first.is_some_and(|c| c == '_' || c.is_alphabetic())
                && part.chars().all(|c| c == '_' || c.is_alphanumeric())
        };
        text.split('.').all(is_name)
    };
    line.split_once(':')
        .is_some_and(|(module, function)| dotted(module) && dotted(function))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(version: &str, implementation: &str) -> Rules {
        Rules::of(Some(&Interpreter {
            version: version.to_owned(),
            implementation: implementation.to_owned(),
            ..Interpreter::default()
        }))
    }

    #[test]
    fn which_files_are_read_depends_on_the_release() {
        for (version, hidden, starts) in [
            ("3.7.16", true, false),
            ("3.11.7", true, false),
            ("3.11.8", false, false),
            ("3.12.1", true, false),
            ("3.12.2.final.0", false, false),
            ("3.13.0", false, false),
            ("3.15.0rc1", false, true),
        ] {
            let rules = rules(version, "cpython");
            assert!(rules.reads(b"a.pth") && !rules.reads(b"A.PTH"));
            assert_eq!(rules.reads(b".a.pth"), hidden, "{version}");
            assert_eq!(rules.starts(b"a.start"), starts, "{version}");
            assert!(!rules.starts(b".a.start"));
        }
        assert!(
            rules("3.13.0", "cpython").dies_of_bytes() && !rules("3.9.16", "pypy").dies_of_bytes()
        );
    }

    #[test]
    fn a_mark_of_the_byte_order_hides_the_first_line_from_older_releases() {
        let content = "\u{feff}/a\n/b\n".as_bytes();
        assert_eq!(rules("3.13.0", "cpython").added(content), ["/a", "/b"]);
        assert_eq!(rules("3.12.9", "cpython").added(content), ["/b"]);
        assert_eq!(rules("3.13.0", "cpython").decoded(b"/a\xff"), None);
    }

    #[test]
    fn lines_are_paths_or_code_or_nothing() {
        let text = "# no\n\n \nimport a\nimport\tb\nimported\n  /c\n/d \r\n";
        let found =
            |version| -> Vec<(usize, Line<'_>)> { rules(version, "cpython").lines(text).collect() };
        let common = [
            (4, Line::Code("import a")),
            (5, Line::Code("import\tb")),
            (6, Line::Path("imported")),
        ];
        let old = [
            &common[..],
            &[(7, Line::Path("  /c")), (8, Line::Path("/d"))],
        ]
        .concat();
        let new = [&common[..], &[(7, Line::Path("/c")), (8, Line::Path("/d"))]].concat();
        assert_eq!(found("3.14.0"), old);
        assert_eq!(found("3.15.0"), new);
    }

    #[test]
    fn an_entry_of_a_start_file_names_a_function() {
        for (line, is_one) in [
            ("a.b:c", true),
            ("a:b.c", true),
            ("a.b", false),
            ("a b:c", false),
            (":c", false),
        ] {
            assert_eq!(is_entry(line), is_one, "{line}");
        }
    }
}
