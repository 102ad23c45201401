//! Bytes as people may safely see them: names come from the file system and may hold anything.

use std::ffi::OsStr;
use std::fmt::{self, Display, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Displays bytes with control and bidirectional characters escaped, and bytes that are not UTF-8 as `\xNN`.
///
/// A name that holds an escape sequence could otherwise rewrite the terminal, and a bidi override could make one name
/// look like another.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a [u8]);

impl<'a> Shown<'a> {
    /// Shows a path.
    pub fn path(path: &'a Path) -> Self {
        Self(path.as_os_str().as_bytes())
    }

    /// Shows text of the operating system.
    pub fn os(text: &'a OsStr) -> Self {
        Self(text.as_bytes())
    }
}

/// Linux knows no longer path (`PATH_MAX`). What is longer is no path, so only its two ends are shown.
const WHOLE_MAX: usize = 4096;
/// How many bytes of each end are shown.
const END_LEN: usize = 100;

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > WHOLE_MAX {
            let (begin, end) = (&self.0[..END_LEN], &self.0[self.0.len() - END_LEN..]);
            let hidden = self.0.len() - 2 * END_LEN;
            return write!(f, "{}…({hidden} more bytes)…{}", Shown(begin), Shown(end));
        }
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if is_hidden(c) {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    f.write_char(c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Control characters and the marks that change the direction of text (Unicode UAX #9).
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{061c}'
        )
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_be_a_path_is_told_by_its_ends() {
        let whole = "a".repeat(WHOLE_MAX);
        assert_eq!(Shown(whole.as_bytes()).to_string(), whole);
        let long = format!("/begin/{}/end", "ä".repeat(WHOLE_MAX));
        let told = Shown(long.as_bytes()).to_string();
        assert!(
            told.starts_with("/begin/ää") && told.ends_with("ä/end"),
            "{told}"
        );
        assert!(
            told.contains("8003 more bytes") && told.len() < 300,
            "{told}"
        );
    }

    #[test]
    fn escapes_what_could_mislead_a_reader() {
        let shown = Shown("a\x1b[2Jb\u{202e}c\n".as_bytes()).to_string();
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{202e}c\\n");
        assert_eq!(Shown(b"\xffx").to_string(), "\\xffx");
        assert_eq!(Shown("søster".as_bytes()).to_string(), "søster");
    }
}
