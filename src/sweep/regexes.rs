//! Regular expressions of `find` and `grep` in the syntax of the crate that matches them (POSIX.1-2024, "Regular
//! Expressions"; GNU findutils, "Regular Expressions").

use regex::bytes::{Regex, RegexBuilder};

/// In which syntax an expression is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Syntax {
    /// That of `find` where nothing else is said.
    Emacs,
    Basic,
    Extended,
    Perl,
    /// No expression, but a text.
    Fixed,
}

impl Syntax {
    /// By the word after `-regextype`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "findutils-default" | "emacs" => Self::Emacs,
            "posix-basic" | "posix-minimal-basic" | "grep" | "ed" | "sed" => Self::Basic,
            "posix-extended" | "posix-egrep" | "egrep" | "posix-awk" | "awk" | "gnu-awk" => {
                Self::Extended
            }
            _ => return None,
        })
    }
}

/// What matches as such an expression does; none for one that is not understood. `whole` is for all of a text.
pub(super) fn compile(pattern: &str, syntax: Syntax, any_case: bool, whole: bool) -> Option<Regex> {
    let inner = match syntax {
        Syntax::Perl => pattern.to_owned(),
        Syntax::Fixed => regex::escape(pattern),
        _ => translated(pattern, syntax)?,
    };
    let text = if whole {
        format!("\\A(?:{inner})\\z")
    } else {
        inner
    };
    RegexBuilder::new(&text)
        .case_insensitive(any_case)
        .dot_matches_new_line(true)
        .build()
        .ok()
}

fn translated(pattern: &str, syntax: Syntax) -> Option<String> {
    let mut out = String::new();
    let mut letters = pattern.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        let is_begin = out.is_empty() || out.ends_with(['(', '|']);
        match (c, next) {
            ('[', _) => set(&mut letters, &mut out)?,
            ('\\', Some(sign)) => {
                letters.next();
                let is_operator = match syntax {
                    Syntax::Basic => "(){}|+?".contains(sign),
                    Syntax::Emacs => "()|".contains(sign),
                    _ => false,
                };
                match sign {
                    sign if is_operator => out.push(sign),
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' => out.extend(['\\', sign]),
                    '<' | '>' => out.push_str("\\b"),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    // What was matched before, which no automaton knows.
                    '1'..='9' => return None,
                    sign => out.push_str(&regex::escape(&sign.to_string())),
                }
            }
            ('*', _) if is_begin => out.push_str("\\*"),
            ('(' | ')' | '|' | '{' | '}', _) if syntax != Syntax::Extended => out.extend(['\\', c]),
            ('{', next) if !next.is_some_and(|next| next.is_ascii_digit() || next == ',') => {
                out.push_str("\\{");
            }
            ('+' | '?', _) if syntax == Syntax::Basic || is_begin => out.extend(['\\', c]),
            (c, _) => out.push(c),
        }
    }
    Some(out)
}

/// A set, of which the bracket is read. A backslash in it is a member, and so is a bracket that comes first.
fn set(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if letters.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_first = true;
    loop {
        let c = letters.next()?;
        match c {
            ']' if !is_first => break,
            '[' if letters.peek() == Some(&':') => {
                out.push('[');
                loop {
                    let inner = letters.next()?;
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '\\' | '[' | ']' | '&' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
        is_first = false;
    }
    out.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_syntax_has_its_own_operators() {
        use Syntax::{Basic, Emacs, Extended, Fixed};
        for (syntax, pattern, text, fits) in [
            (Emacs, ".*/core\\.[0-9]+", "/a/core.12", true),
            (Emacs, ".*/core\\.[0-9]+", "/a/core.py", false),
            (Emacs, ".*\\(py\\|sh\\)", "a.sh", true),
            (Emacs, "a(b)", "a(b)", true),
            (Basic, "a\\{2\\}+", "aa+", true),
            (Basic, "*a", "*a", true),
            (Extended, "core\\.([0-9]{1,6}|py)", "core.py", true),
            (Extended, "a{b", "a{b", true),
            (Extended, "[[:digit:]\\]+", "1\\2", true),
            (Extended, "[]x]", "]", true),
            (Fixed, "a.b", "axb", false),
        ] {
            let regex = compile(pattern, syntax, false, true).unwrap();
            assert_eq!(regex.is_match(text.as_bytes()), fits, "{pattern} {text}");
        }
        assert!(compile("\\(a\\)\\1", Basic, false, false).is_none());
        assert!(
            compile("CORE", Extended, true, false)
                .unwrap()
                .is_match(b"/core.py")
        );
    }
}
