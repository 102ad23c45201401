//! Names that a source surely binds outside of functions and classes, told from its text without parsing it: by
//! definitions, imports and assignments at the beginnings of lines. Packages mostly give their names so, and parsing
//! all of them would take longer than everything else that an audit does.

use std::collections::HashSet;

use memchr::memchr;

const ALL: &[u8] = b"__all__";

/// Names of a module.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// Names that it defines, or takes under another name.
    bound: HashSet<String>,
    /// Names that it takes from modules as they are called there.
    taken: Vec<Taken>,
    /// Modules of which it takes all names: the number of leading dots, and the rest.
    pub(super) stars: Vec<(u32, String)>,
    /// The texts in `__all__`.
    all: HashSet<String>,
    /// How many statements begin with `__all__`.
    lists: usize,
    /// Whether it speaks of `__all__`.
    has_all: bool,
}

/// One `from x import a, b`.
#[derive(Debug, PartialEq, Eq)]
struct Taken {
    level: u32,
    module: String,
    names: HashSet<String>,
}

impl Outline {
    /// Looks through a text.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut outline = Self {
            has_all: memchr::memmem::find(text, ALL).is_some(),
            ..Self::default()
        };
        // How far the definition is indented within which statements stand.
        let mut within: Option<usize> = None;
        let mut at = 0;
        while at < text.len() {
            let end = end_of_statement(text, at);
            let (depth, statement) = indented(&text[at..end]);
            at = end;
            outline.lists += usize::from(first_word(statement).0 == ALL);
            if !matches!(statement, [] | [b'#', ..]) && within.is_none_or(|outer| depth <= outer) {
                let is_definition = outline.statement(statement);
                within = is_definition.then_some(depth);
            }
        }
        outline
    }

    /// Whether it gives a name, but for one that it takes of a module of which `is_own` says that it is the package
    /// itself: who takes a name of that does not give it to that.
    pub(super) fn gives(&self, name: &str, is_own: impl Fn(u32, &str) -> bool) -> bool {
        let mut taken = self.taken.iter();
        self.bound.contains(name)
            || taken.any(|one| one.names.contains(name) && !is_own(one.level, &one.module))
    }

    /// Whether who takes all names surely gets a name, if it is given.
    pub(super) fn shows(&self, name: &str) -> bool {
        match self.lists {
            0 => !self.has_all && !name.starts_with('_'),
            1 => self.all.contains(name),
            // A list that is changed may have any name in it, and what it has not counts as well.
            _ => true,
        }
    }

    /// Takes one statement; whether names that follow further indented are those of a function or a class.
    fn statement(&mut self, text: &[u8]) -> bool {
        let (mut word, mut rest) = first_word(text);
        if word == b"async" {
            (word, rest) = first_word(rest.trim_ascii_start());
        }
        match word {
            b"" => {}
            b"def" | b"class" => {
                self.bind(first_word(rest.trim_ascii_start()).0);
                return true;
            }
            b"from" => self.from(rest),
            b"import" => {
                for (name, other) in listed(rest) {
                    let top = name.split('.').next().unwrap_or_default();
                    self.bound.insert(other.unwrap_or(top).to_owned());
                }
            }
            ALL => {
                let is_sign = |b: &u8| b"[]{}+='\"".contains(b);
                let texts = Words { text: rest }.filter_map(|word| {
                    let bare = word.split(is_sign).find(|part| !part.is_empty())?;
                    (bare.len() < word.len()).then(|| String::from_utf8_lossy(bare).into_owned())
                });
                self.all.extend(texts);
            }
            // Words of the language are names as well here, which nobody asks for.
            name => match rest.trim_ascii_start() {
                [b'=', b'=', ..] => {}
                [b'=' | b':', ..] => self.bind(name),
                _ => {}
            },
        }
        false
    }

    fn bind(&mut self, name: &[u8]) {
        if let Ok(name) = std::str::from_utf8(name) {
            self.bound.insert(name.to_owned());
        }
    }

    /// What follows the word `from`.
    fn from(&mut self, text: &[u8]) {
        const IMPORT: &[u8] = b" import";
        let Some(at) = memchr::memmem::find(text, IMPORT) else {
            return;
        };
        let Ok(module) = std::str::from_utf8(text[..at].trim_ascii()) else {
            return;
        };
        let bare = module.trim_start_matches('.');
        let mut names = HashSet::new();
        for (name, other) in listed(&text[at + IMPORT.len()..]) {
            match other {
                None if name == "*" => {
                    let level = (module.len() - bare.len()) as u32;
                    self.stars.push((level, bare.to_owned()));
                }
                Some(other) if other != name => drop(self.bound.insert(other.to_owned())),
                _ => drop(names.insert(name.to_owned())),
            }
        }
        self.taken.push(Taken {
            level: (module.len() - bare.len()) as u32,
            module: bare.to_owned(),
            names,
        });
    }
}

/// The names of an import, each with the other one that it gets: `a, b as c`.
fn listed(text: &[u8]) -> Vec<(&str, Option<&str>)> {
    let words: Vec<&[u8]> = Words { text }.collect();
    let names = words.split(|word| matches!(word, [b',' | b'(' | b')']));
    let named = names.filter_map(|words| match words {
        [name] => Some((*name, None)),
        [name, b"as", other] => Some((*name, Some(*other))),
        _ => None,
    });
    let as_text = |word| std::str::from_utf8(word).ok();
    let named = named.filter_map(|(name, other)| match other {
        Some(other) => Some((as_text(name)?, Some(as_text(other)?))),
        None => Some((as_text(name)?, None)),
    });
    named.collect()
}

/// The words and signs of one statement, up to another one behind it. Comments are passed over, and so are the ends of
/// lines.
struct Words<'a> {
    text: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let first = *self.text.first()?;
            let length = match first {
                b';' => return None,
                b'#' => memchr(b'\n', self.text).unwrap_or(self.text.len()),
                b',' | b'(' | b')' => {
                    let (sign, rest) = self.text.split_at(1);
                    self.text = rest;
                    return Some(sign);
                }
                b' ' | b'\t' | b'\r' | b'\n' | b'\\' | 0x0c => 1,
                _ => {
                    let is_end = |b: &u8| b" \t\r\n\\\x0c,();#".contains(b);
                    let end = self.text.iter().position(is_end);
                    let (word, rest) = self.text.split_at(end.unwrap_or(self.text.len()));
                    self.text = rest;
                    return Some(word);
                }
            };
            self.text = &self.text[length..];
        }
    }
}

/// How far a statement is indented, as Python counts it, and the statement itself.
fn indented(text: &[u8]) -> (usize, &[u8]) {
    let mut depth = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b' ' => depth += 1,
            b'\t' => depth = (depth / 8 + 1) * 8,
            b'\r' | b'\n' | 0x0c => {}
            _ => return (depth, &text[at..]),
        }
    }
    (depth, &[])
}

/// The name at the beginning of some text, and what follows; an empty one where none stands there.
fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | 0x80..);
    let end = text.iter().position(|b| !is_name(b));
    text.split_at(end.unwrap_or(text.len()))
}

/// Where the statement ends that begins somewhere: behind the end of a line that stands in no bracket and no text.
fn end_of_statement(text: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'\n' if depth == 0 => return at,
            b'\\' => at += 1 + usize::from(text[at..].starts_with(b"\r\n")),
            b'#' => at = memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end),
            b'\'' | b'"' => at = end_of_text(text, at - 1),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// Where a text ends that begins with a quote there.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let quote = text[start];
    let triple = [quote; 3];
    let is_long = text[start..].starts_with(&triple);
    let mut at = start + if is_long { 3 } else { 1 };
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' if !is_long => return at,
            _ if byte != quote => at += 1,
            _ if !is_long => return at + 1,
            _ if text[at..].starts_with(&triple) => return at + 3,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gives(text: &str, name: &str) -> bool {
        Outline::of(text.as_bytes()).gives(name, |level, module| level == 1 && module.is_empty())
    }

    #[test]
    fn names_that_stand_at_the_beginning_of_a_statement_are_given() {
        let text = "\"\"\"Doc's.\nfrom a import told\n\"\"\"\nfrom .core import (  # import no\n    A as A,\n    B, # \
                    of x\n    c as C)\nfrom . import own, other as renamed\nimport a.b, d.e as f\nif x:\n\tdef g(): \
                    pass\n    # no\n\ttry:\n\t\tfrom .h import i; j = 1\n\texcept E: k = 1\nclass L(M):\n    n = \
                    1\n\n  # no\n    def o(self):\n        p = 1\nq: int = 2\nr == 3\ns = '''\nt = 1\n''' + [\nu, \
                    'v\\'',\n]\nasync  def w(): return\nx2 = \\\n \
                    1\r\n@y\nclass z: pass\n";
        let given = [
            "A", "B", "C", "renamed", "a", "f", "g", "i", "L", "q", "s", "w", "x2", "z",
        ];
        let others = [
            "told", "own", "core", "c", "other", "b", "d", "E", "k", "n", "o", "p", "r", "t", "u",
            "y",
        ];
        let wrong = |names: &[&'static str], is_given| -> Vec<&str> {
            let names = names.iter().copied();
            names.filter(|name| gives(text, name) != is_given).collect()
        };
        assert_eq!(wrong(&given, true), [""; 0]);
        assert_eq!(wrong(&others, false), [""; 0]);
    }

    #[test]
    fn a_list_of_names_is_known_where_it_stands_there() {
        let shown = |text: &str| {
            let outline = Outline::of(text.as_bytes());
            ["a", "_b", "c"].map(|name| outline.shows(name))
        };
        assert_eq!(shown("from .x import *\n"), [true, false, true]);
        assert_eq!(
            shown("__all__ = ['a',\n  # 'c'\n '_b']\n"),
            [true, true, false]
        );
        assert_eq!(shown("__all__ = x.__all__ + ['c']\n"), [false, false, true]);
        let changed = "__all__ = ['c']\ndef f(x):\n  __all__.append(x)\n";
        assert_eq!(shown(changed), [true; 3]);
        assert_eq!(shown("globals()['__all__'] = ['a']\n"), [false; 3]);
        let stars =
            Outline::of(b"try:\n  from ..x.y import *\nexcept E: pass\nfrom z import *").stars;
        assert_eq!(stars, [(2, "x.y".to_owned()), (0, "z".to_owned())]);
    }

    #[test]
    fn whatever_a_text_holds_has_an_end() {
        let units = [
            "'",
            "'''",
            "\\",
            "\\\r\n",
            "#",
            "(",
            ")\n",
            "from x import (",
            " as ",
            "from",
            "def ",
            "\u{e9} =",
        ];
        for unit in units {
            let text = unit.repeat(1_000);
            for end in (0..40).chain([text.len()]) {
                let text = &text.as_bytes()[..end.min(text.len())];
                assert!(!Outline::of(text).gives("name", |_, _| false));
            }
        }
    }
}
