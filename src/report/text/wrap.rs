//! Long lines for a terminal: cut at blanks, with what follows further in. What stands in quotes is a command or a path
//! and stays whole, to be copied; a number stays with its unit. Where nobody said how wide the page is, as in a pipe,
//! every line stays whole.

use std::io::{self, Write};

use super::Style;

/// So many blanks before a line mean that it is a command, which is copied as it is.
const COMMAND: &[u8] = b"    ";

/// A writer of whole lines that wraps them.
pub(super) struct Wrapped<'a> {
    out: &'a mut dyn Write,
    width: Option<usize>,
    line: Vec<u8>,
}

impl<'a> Wrapped<'a> {
    /// Wraps at the width of the style, if it has one.
    pub(super) fn new(out: &'a mut dyn Write, style: &Style) -> Self {
        Self {
            out,
            width: style.wrap,
            line: Vec::new(),
        }
    }

    /// Writes the line that is whole by now.
    fn end(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        match self.width {
            Some(width) if !line.starts_with(COMMAND) && seen(&text) > width => {
                self.out.write_all(wrapped(&text, width).as_bytes())?;
            }
            _ => self.out.write_all(&line)?,
        }
        self.out.write_all(b"\n")
    }
}

impl Write for Wrapped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (at, part) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if at > 0 {
                self.end()?;
            }
            self.line.extend_from_slice(part);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A line in several, the later ones two columns further in. A word that is too long has a line of its own.
pub fn wrapped(line: &str, width: usize) -> String {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let (margin, text) = line.split_at(blanks);
    let mut out = margin.to_owned();
    let mut column = blanks;
    for (at, word) in words(text).enumerate() {
        let len = seen(word);
        if at > 0 && column + 1 + len > width {
            out.push('\n');
            out.push_str(margin);
            out.push_str("  ");
            column = blanks + 2;
        } else if at > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += len;
    }
    out
}

/// The words of a text, which stand between blanks. What stands between single quotes is one word, and so is a command
/// of this program behind a colon.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut in_quotes = false;
    let mut in_command = false;
    let mut last = ' ';
    text.char_indices()
        .filter_map(move |(at, each)| {
            // Within a word the sign is an apostrophe.
            let opens = each == '\'' && matches!(last, ' ' | '(');
            let closes = each == '\'' && !text[at + 1..].starts_with(char::is_alphanumeric);
            in_quotes = opens || in_quotes && !closes;
            in_command = match each {
                ';' if !in_quotes => false,
                ' ' if last == ':' && !in_quotes => is_command(&text[at + 1..]),
                _ => in_command,
            };
            // The blank before a command is one at which a line may end.
            let is_first = last == ':';
            last = each;
            let ends = each == ' ' && !in_quotes && (!in_command || is_first);
            (ends && !is_before_unit(text, at)).then_some(at)
        })
        .chain([text.len()])
        .scan(0, |from, at| {
            let word = &text[*from..at];
            *from = at + 1;
            Some(word)
        })
}

/// Whether a blank stands between a number and its unit.
fn is_before_unit(text: &str, at: usize) -> bool {
    let unit = text[at + 1..].split(|each: char| !each.is_ascii_alphabetic());
    let unit = unit.into_iter().next().unwrap_or_default();
    text[..at].ends_with(|each: char| each.is_ascii_digit())
        && matches!(unit, "ms" | "s" | "B" | "kB" | "MB" | "GB" | "TB")
}

/// Whether a text begins with a command of this program, by whatever path it is called.
fn is_command(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default();
    let name = first.rsplit('/').next().unwrap_or_default();
    matches!(name, "snap" | "venv-snap")
}

/// How many columns a text takes: colours take none.
fn seen(text: &str) -> usize {
    let mut count = 0;
    let mut in_colour = false;
    for each in text.chars() {
        match each {
            '\x1b' => in_colour = true,
            'm' if in_colour => in_colour = false,
            _ => count += usize::from(!in_colour),
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, wrap: Option<usize>) -> String {
        let style = Style {
            options: crate::report::text::Options {
                verbose: "",
                freeze: "",
                json: "",
                only: "",
                partial: "",
                no_grace: "",
                undo: "",
            },
            wrap,
            verbose: false,
            colour: false,
            zone: jiff::tz::TimeZone::UTC,
        };
        let mut out = Vec::new();
        write!(Wrapped::new(&mut out, &style), "{text}").unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_apostrophe_or_a_semicolon_in_a_quoted_path_ends_no_command() {
        let quoted = "hint: '/bin/diff \"/my friend's old venv\"' tells\n";
        assert_eq!(
            written(quoted, Some(10)),
            "hint:\n  '/bin/diff \"/my friend's old venv\"'\n  tells\n"
        );
        let bare = "to mend: snap restore '/a; b c' --heal\n";
        assert_eq!(
            written(bare, Some(10)),
            "to mend:\n  snap restore '/a; b c' --heal\n"
        );
    }

    #[test]
    fn a_number_is_never_cut_from_its_unit() {
        assert_eq!(
            wrapped("it took 12 ms, 3 steps", 9),
            "it took\n  12 ms,\n  3 steps"
        );
        assert_eq!(
            wrapped("(22.4 MB) in 1.06 s", 8),
            "(22.4 MB)\n  in\n  1.06 s"
        );
    }

    #[test]
    fn a_command_behind_a_colon_is_never_cut() {
        let text = "to bring back: snap restore /a/b --only c; else look: /usr/bin/snap check /a";
        let cut = wrapped(text, 16);
        let lines: Vec<&str> = cut.lines().map(str::trim).collect();
        let want = [
            "to bring back:",
            "snap restore /a/b --only c;",
            "else look:",
            "/usr/bin/snap check /a",
        ];
        assert_eq!(lines, want);
        assert_eq!(wrapped("a: snapshot b", 4).lines().count(), 3);
    }

    #[test]
    fn lines_are_cut_at_blanks_and_commands_and_pipes_are_left_alone() {
        let text = "  one two three four\nshort\n    a command that is long\n";
        assert_eq!(written(text, None), text);
        let cut = "  one two\n    three\n    four\nshort\n    a command that is long\n";
        assert_eq!(written(text, Some(10)), cut);
        assert_eq!(
            written("abcdefghijklm no\n", Some(10)),
            "abcdefghijklm\n  no\n"
        );
        let quoted = "it's as 'one two' says; 'a b c' (or 'd e')\n";
        assert_eq!(
            written(quoted, Some(12)),
            "it's as\n  'one two'\n  says;\n  'a b c'\n  (or 'd e')\n"
        );
        let red = "\x1b[31mabcdef\x1b[0m gh\n";
        assert_eq!(written(red, Some(9)), red);
    }
}
