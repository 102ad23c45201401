//! Long lines for a terminal: cut at blanks, with what follows further in. Where nobody said how wide the page is, as
//! in a pipe, every line stays whole.

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
fn wrapped(line: &str, width: usize) -> String {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    let (margin, text) = line.split_at(blanks);
    let mut out = margin.to_owned();
    let mut column = blanks;
    for (at, word) in text.split(' ').enumerate() {
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
            width: 80,
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
    fn lines_are_cut_at_blanks_and_commands_and_pipes_are_left_alone() {
        let text = "  one two three four\nshort\n    a command that is long\n";
        assert_eq!(written(text, None), text);
        let cut = "  one two\n    three\n    four\nshort\n    a command that is long\n";
        assert_eq!(written(text, Some(10)), cut);
        assert_eq!(
            written("abcdefghijklm no\n", Some(10)),
            "abcdefghijklm\n  no\n"
        );
        let red = "\x1b[31mabcdef\x1b[0m gh\n";
        assert_eq!(written(red, Some(9)), red);
    }
}
