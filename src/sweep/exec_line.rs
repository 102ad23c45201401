//! A command line of a unit, split as systemd splits it, and written as a line of a shell that means the same:
//! systemd.service(5) "Command lines", systemd.syntax(7)
//! "Quoting".

use std::iter::Peekable;
use std::str::Chars;

/// A command line of a unit, without specifiers, as a line of a shell. The prefixes of systemd go, and all that is no
/// variable is quoted: systemd knows no patterns.
pub(super) fn command(value: &str) -> String {
    let bare = value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    let mut chars = bare.chars().peekable();
    let mut words = Vec::new();
    while let Some(word) = word(&mut chars) {
        words.push(word);
    }
    words.join(" ")
}

/// The next word, for a shell; none at the end of the line.
fn word(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
    chars.peek()?;
    let mut word = Word::default();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, None) if c.is_whitespace() => break,
            ('"' | '\'', None) => (quote, word.is_plain) = (Some(c), false),
            (c, Some(end)) if c == end => quote = None,
            ('\\', _) => {
                word.is_plain = false;
                word.text.push(escaped(chars));
            }
            ('$', _) => word.variable(chars),
            (c, _) => word.text.push(c),
        }
    }
    Some(word.end())
}

/// What a backslash and what follows it stand for. Of what systemd knows, `\s` is a blank.
fn escaped(chars: &mut Peekable<Chars<'_>>) -> char {
    match chars.next() {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('s') => ' ',
        Some('x') => {
            let digits: String = chars.by_ref().take(2).collect();
            let code = u8::from_str_radix(&digits, 16);
            code.map_or(char::REPLACEMENT_CHARACTER, char::from)
        }
        Some(other) => other,
        None => '\\',
    }
}

/// A word that is being read.
struct Word {
    /// What is written already.
    done: String,
    /// What comes next, and is meant as it stands.
    text: String,
    /// Whether nothing of it was quoted.
    is_plain: bool,
}

impl Default for Word {
    fn default() -> Self {
        Self {
            done: String::new(),
            text: String::new(),
            is_plain: true,
        }
    }
}

impl Word {
    /// Takes what follows a dollar sign: `$$` is one dollar sign, `${NAME}` a value as it is, and `$NAME` as a word of
    /// its own a value that is split at blanks.
    fn variable(&mut self, chars: &mut Peekable<Chars<'_>>) {
        if chars.next_if_eq(&'$').is_some() {
            self.text.push('$');
        } else if chars.next_if_eq(&'{').is_some() {
            let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
            self.write_text();
            self.done.extend(["\"${", &name, "}\""]);
        } else if self.is_plain && self.done.is_empty() && self.text.is_empty() {
            self.done.push('$');
            while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                self.done.push(c);
            }
        } else {
            self.text.push('$');
        }
    }

    fn write_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        let needs_none = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-{}".contains(c);
        if text.chars().all(needs_none) {
            self.done.push_str(&text);
        } else {
            let quoted = text.replace('\'', "'\\''");
            self.done.extend(["'", &quoted, "'"]);
        }
    }

    /// The whole word. A plain `;` ends a command, as it does in a shell.
    fn end(mut self) -> String {
        if self.is_plain && self.done.is_empty() && self.text == ";" {
            return self.text;
        }
        self.write_text();
        if self.done.is_empty() {
            self.done.push_str("''");
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_unit_means_the_same_to_a_shell() {
        for (unit, shell) in [
            ("-/usr/bin/rm -rf /srv/app", "/usr/bin/rm -rf /srv/app"),
            (
                "find / -name \"core.*\" -delete",
                "find / -name 'core.*' -delete",
            ),
            (
                "find / -name 'core.*' -delete",
                "find / -name 'core.*' -delete",
            ),
            (
                "find / -name core.* -delete",
                "find / -name 'core.*' -delete",
            ),
            (
                "/bin/sh -c \"rm -rf /srv/*/.venv\"",
                "/bin/sh -c 'rm -rf /srv/*/.venv'",
            ),
            (
                "/bin/sh -c 'rm -rf \"$$D\"/*'",
                "/bin/sh -c 'rm -rf \"$D\"/*'",
            ),
            (
                "/bin/sh -c \"D=/srv; find $${D}\"",
                "/bin/sh -c 'D=/srv; find ${D}'",
            ),
            ("/bin/sh -c \"it's\"", "/bin/sh -c 'it'\\''s'"),
            ("rm ${WHERE}/core $FILES", "rm \"${WHERE}\"/core $FILES"),
            ("rm a$FILES", "rm 'a$FILES'"),
            ("find / -exec rm {} \\;", "find / -exec rm {} ';'"),
            ("rm a ; rm b", "rm a ; rm b"),
            ("rm ';' \"\"", "rm ';' ''"),
            ("rm /srv/with\\x20blank/a\\sb", "rm '/srv/with blank/a b'"),
            ("rm \"/srv/with blank/a\"", "rm '/srv/with blank/a'"),
            ("rm $HOME", "rm $HOME"),
        ] {
            assert_eq!(command(unit), shell, "{unit}");
        }
    }
}
