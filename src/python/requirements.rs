//! Lists of requirements, as pip reads them ("Requirements File Format").

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::model::plain::plain;

/// A line of a list: continued ones joined, without its comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// The number of its first line in the file, from 1.
    pub(crate) number: usize,
    /// Its text.
    pub(crate) text: String,
}

/// What an option of a line is for, as far as that matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Means {
    /// Another list is part of this one.
    Include,
    /// Another list says which versions may come, of whatever comes.
    Constrain,
    /// A project that is installed in place.
    Editable,
    /// The index, in place of the one that everybody asks.
    Index,
    /// An index beside it.
    ExtraIndex,
    /// A directory or a page with archives.
    FindLinks,
    /// No index at all.
    NoIndex,
}

/// An option of a line with its value, which is empty where it takes none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// What it is for.
    pub(crate) means: Means,
    /// The value without quotes.
    pub(crate) value: String,
    /// Where the whole option stands in the text of the line.
    pub(crate) whole: Range<usize>,
    /// Where the value stands in it, with quotes.
    pub(crate) at: Range<usize>,
}

/// The options that matter here, each with its short name.
const OPTIONS: [(&str, &str, Means); 8] = [
    ("-r", "--requirement", Means::Include),
    ("-c", "--constraint", Means::Constrain),
    ("-e", "--editable", Means::Editable),
    ("-i", "--index-url", Means::Index),
    ("", "--pypi-url", Means::Index),
    ("", "--extra-index-url", Means::ExtraIndex),
    ("-f", "--find-links", Means::FindLinks),
    ("", "--no-index", Means::NoIndex),
];

/// The lines of a list that say something. A comment begins at the begin of a line or after a blank, and a line that
/// is one is not continued.
pub(crate) fn logical(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open: Option<Line> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let is_comment = line.trim_start().starts_with('#');
        let part = line.strip_suffix('\\').filter(|_| !is_comment);
        let mut whole = open.take().unwrap_or(Line {
            number,
            text: String::new(),
        });
        // A blank before it makes it a comment, wherever the line before it ended.
        if is_comment && !whole.text.is_empty() {
            whole.text.push(' ');
        }
        whole.text.push_str(part.unwrap_or(line));
        if part.is_some() {
            open = Some(whole);
        } else {
            lines.push(whole);
        }
    }
    lines.extend(open);
    for line in &mut lines {
        let bare = without_comment(&line.text).trim();
        line.text = bare.replace('\t', " ");
    }
    lines.retain(|line| !line.text.is_empty());
    lines
}

fn without_comment(text: &str) -> &str {
    let mut marks = text.match_indices('#');
    let begins = marks.find(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    begins.map_or(text, |(at, _)| &text[..at])
}

impl Line {
    /// What stands before the options: a requirement, or nothing.
    pub(crate) fn requirement(&self) -> &str {
        let mut words = words(&self.text).into_iter();
        let option = words.find(|(at, _)| self.text[at.start..].starts_with('-'));
        let end = option.map_or(self.text.len(), |(at, _)| at.start);
        self.text[..end].trim()
    }

    /// The options of the line that matter here, in their order.
    pub(crate) fn options(&self) -> Vec<Said> {
        let words = words(&self.text);
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((range, word)) = words.get(at) {
            at += 1;
            let Some((means, glued)) = option(word) else {
                continue;
            };
            let (value, value_at) = match (glued, words.get(at)) {
                (_, _) if means == Means::NoIndex => (String::new(), range.end..range.end),
                (Some(value), _) => {
                    // Quotes may stand around it; they are not part of the word.
                    let len = self.text[range.clone()].find('=').map_or(2, |at| at + 1);
                    let is_long = word.starts_with("--");
                    let begin = range.start + if is_long { len } else { 2 };
                    (value.to_owned(), begin..range.end)
                }
                (None, Some((next, value))) => {
                    at += 1;
                    (value.clone(), next.clone())
                }
                (None, None) => continue,
            };
            found.push(Said {
                means,
                value,
                whole: range.start..value_at.end,
                at: value_at,
            });
        }
        found
    }

    /// The one value that the line has of an option, such as the list that it includes.
    pub(crate) fn value(&self, means: Means) -> Option<String> {
        let mut all = self.options().into_iter();
        all.find(|one| one.means == means).map(|one| one.value)
    }
}

/// The option that a word is, and the value that stands in the same word.
fn option(word: &str) -> Option<(Means, Option<&str>)> {
    if word.starts_with("--") {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let known = OPTIONS.iter().find(|(_, long, _)| *long == name)?;
        return Some((known.2, value));
    }
    let named = |short: &str| !short.is_empty() && word.starts_with(short);
    let known = OPTIONS.iter().find(|(short, _, _)| named(short))?;
    let value = word[2..].trim_start_matches('=');
    Some((known.2, (!value.is_empty()).then_some(value)))
}

/// The words of a line, each with where it stands; blanks within quotes part none.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    let mut quote: Option<char> = None;
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if quote.is_none() && c.is_whitespace() {
            is_open = false;
            continue;
        }
        if !is_open {
            found.push((at..at, String::new()));
            is_open = true;
        }
        if let Some((range, word)) = found.last_mut() {
            range.end = end;
            match quote {
                Some(open) if open == c => quote = None,
                None if c == '"' || c == '\'' => quote = Some(c),
                _ => word.push(c),
            }
        }
    }
    found
}

/// The file that a list names, as seen from where the list stands; none of a URL.
pub(crate) fn beside(list: &Path, named: &str) -> Option<PathBuf> {
    let dir = list.parent().unwrap_or(Path::new("/"));
    match named.strip_prefix("file://") {
        Some(path) => Some(plain(Path::new(path))),
        None if named.contains("://") => None,
        None => Some(plain(&dir.join(named))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_bared_as_pip_does() {
        for (text, expected) in [
            (
                "a==1 \\\n  --hash=sha256:0\n",
                &[(1, "a==1   --hash=sha256:0")][..],
            ),
            ("re\\\nquests\n", &[(1, "requests")]),
            ("a\t# why\nb # why\n#c\n\n  # d\n", &[(1, "a"), (2, "b")]),
            ("a \\\n# why\nb\n", &[(1, "a"), (3, "b")]),
            ("# no \\\na\n", &[(2, "a")]),
            ("git+https://h/a#egg=a\n", &[(1, "git+https://h/a#egg=a")]),
            ("\t-r other.txt\n", &[(1, "-r other.txt")]),
            ("a\\", &[(1, "a")]),
            ("a\r\nb\r\n", &[(1, "a"), (2, "b")]),
        ] {
            let lines = logical(text);
            let lines: Vec<(usize, &str)> = lines
                .iter()
                .map(|line| (line.number, line.text.as_str()))
                .collect();
            assert_eq!(lines, expected, "{text:?}");
        }
    }

    #[test]
    fn options_are_read_in_each_form() {
        let said = |text: &str| {
            let line = Line {
                number: 1,
                text: text.to_owned(),
            };
            let all = line.options().into_iter();
            all.map(|one| {
                assert!(text[one.at.clone()].contains(&one.value), "{text}");
                (one.means, one.value)
            })
            .collect::<Vec<_>>()
        };
        for text in [
            "-r a.txt",
            "-ra.txt",
            "--requirement a.txt",
            "--requirement=a.txt",
            "-r  'a.txt'",
        ] {
            assert_eq!(said(text), [(Means::Include, "a.txt".to_owned())], "{text}");
        }
        let url = "https://h/s".to_owned();
        assert_eq!(
            said("-i https://h/s --extra-index-url=\"https://h/s\" --trusted-host h --no-index"),
            [
                (Means::Index, url.clone()),
                (Means::ExtraIndex, url),
                (Means::NoIndex, String::new())
            ]
        );
        assert_eq!(
            said("--find-links './a b'"),
            [(Means::FindLinks, "./a b".to_owned())]
        );
        assert_eq!(said("a==1 --hash=sha256:0"), []);
        assert_eq!(said("-r"), []);
        let line = Line {
            number: 1,
            text: "a @ https://h/a-b.whl ; x == '-c' --hash=sha256:0".to_owned(),
        };
        assert_eq!(line.requirement(), "a @ https://h/a-b.whl ; x == '-c'");
    }
}
