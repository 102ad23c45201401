//! Patterns as `fnmatch(3)` and shells match them, byte by byte (POSIX.1-2024, "Pattern Matching Notation"). `globset`,
//! which reads what people ask of us, knows braces and no hidden names: another language.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How a pattern matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rules {
    /// What a `*` takes.
    pub(super) stars: Stars,
    /// A `*` takes no name that begins with a dot, as in a shell.
    pub(super) dots: bool,
    /// Letters match whatever their case.
    pub(super) any_case: bool,
}

/// What a `*` takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stars {
    /// Slashes as well.
    All,
    /// No slash, as for names of files in a shell.
    Part,
    /// No slash, but two of them take slashes, as in a shell with `globstar`.
    Parts,
}

impl Rules {
    fn parts(self) -> bool {
        self.stars != Stars::All
    }

    /// The same where `**` takes directories.
    pub(super) fn across(self) -> Self {
        Self {
            stars: Stars::Parts,
            ..self
        }
    }
}

/// The sign in a pattern for what nobody knows: it matches anything.
pub(super) const ANYTHING: char = '\u{2}';

/// What stands in a pattern for `!(`, `|` and `)` of Bash, of which the sign comes behind the first.
pub(super) const EXTENDED: char = '\u{3}';
pub(super) const OR: char = '\u{4}';
pub(super) const END: char = '\u{5}';

/// For names of files in a shell.
pub(super) const SHELL: Rules = Rules {
    stars: Stars::Part,
    dots: true,
    any_case: false,
};
/// For `find`, of which `*` takes slashes and dots.
pub(super) const FIND: Rules = Rules {
    stars: Stars::All,
    dots: false,
    any_case: false,
};

/// For filters of rsync.
pub(super) const RSYNC: Rules = Rules {
    stars: Stars::Parts,
    dots: false,
    any_case: false,
};

/// Whether a whole text matches.
pub(super) fn matches(pattern: &[u8], text: &[u8], rules: Rules) -> bool {
    // Most texts end otherwise than a pattern does behind its last sign, which shows before any star is tried.
    let last = pattern
        .iter()
        .rposition(|byte| is_sign(*byte))
        .map_or(0, |last| last + 1);
    let may_end = rules.any_case || text.ends_with(&pattern[last..]);
    may_end && pattern.len() <= LEN_MAX && at(pattern, text, rules, true, &mut 0)
}

/// Whether a byte of a pattern may stand for something else than itself.
fn is_sign(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\' | 1..=5)
}

/// Whether a pattern may name a path, something above it or something below it, by its letters before the first sign.
pub(super) fn leads_to(pattern: &str, path: &Path) -> bool {
    let pattern = pattern.as_bytes();
    let end = pattern
        .iter()
        .position(|byte| is_sign(*byte))
        .unwrap_or(pattern.len());
    let mut pairs = pattern[..end].iter().zip(path.as_os_str().as_bytes());
    pairs.all(|(one, other)| one == other)
}

/// A pattern that is longer matches nothing, since no path is so long.
const LEN_MAX: usize = 8_192;
/// Going back at every `*` may take exponentially long. After so many steps a pattern counts as one that does not
/// match.
const STEPS_MAX: usize = 200_000;

fn at(
    mut pattern: &[u8],
    mut text: &[u8],
    rules: Rules,
    mut begins: bool,
    steps: &mut usize,
) -> bool {
    loop {
        *steps += 1;
        if *steps > STEPS_MAX {
            return false;
        }
        let Some((&sign, rest)) = pattern.split_first() else {
            return text.is_empty();
        };
        let is_hidden = begins && rules.dots && text.first() == Some(&b'.');
        match sign {
            2 => return anything(rest, text, rules, begins, steps),
            3 => return extended(rest, text, rules, begins, steps),
            b'*' if rules.stars == Stars::Parts && rest.first() == Some(&b'*') => {
                return across(&rest[1..], text, rules, begins, steps);
            }
            b'*' | b'?' | b'[' if is_hidden => return false,
            b'*' => return star(rest, text, rules, begins, steps),
            _ => {}
        }
        let Some((&byte, more)) = text.split_first() else {
            // Of a shell, `dir/**` stands for the directory as well.
            return rules.stars == Stars::Parts && rules.dots && pattern == b"/**";
        };
        let Some(left) = one(pattern, byte, rules) else {
            return false;
        };
        (pattern, text) = (left, more);
        begins = byte == b'/';
    }
}

/// What is left of a pattern whose first sign takes one byte; none where that is another one.
fn one(pattern: &[u8], byte: u8, rules: Rules) -> Option<&[u8]> {
    let (&sign, rest) = pattern.split_first()?;
    let is = |sign: u8| byte == sign || rules.any_case && byte.eq_ignore_ascii_case(&sign);
    match (sign, rest.split_first()) {
        (b'?', _) => (byte != b'/' || !rules.parts()).then_some(rest),
        (b'[', _) => match set(rest, byte, rules) {
            Some((is_in, left)) => is_in.then_some(left),
            // A bracket that nobody closes stands for itself.
            None => is(b'[').then_some(rest),
        },
        (b'\\', Some((&next, left))) => is(next).then_some(left),
        (plain, _) => is(plain).then_some(rest),
    }
}

/// What nobody knows.
fn anything(rest: &[u8], text: &[u8], rules: Rules, begins: bool, steps: &mut usize) -> bool {
    (0..=text.len()).any(|from| {
        let begins = text[..from].last().map_or(begins, |&last| last == b'/');
        at(rest, &text[from..], rules, begins, steps)
    })
}

/// What one star takes.
fn star(rest: &[u8], text: &[u8], rules: Rules, begins: bool, steps: &mut usize) -> bool {
    let slash = text.iter().position(|byte| *byte == b'/');
    let most = slash.filter(|_| rules.parts()).unwrap_or(text.len());
    (0..=most).any(|from| at(rest, &text[from..], rules, begins && from == 0, steps))
}

/// `@(a|b)`, `!(a|b)`, `?(a)`, `*(a)`, `+(a)`, of which the first sign is read (Bash, "Pattern Matching").
fn extended(rest: &[u8], text: &[u8], rules: Rules, begins: bool, steps: &mut usize) -> bool {
    // A text that never was a script may hold these signs as well.
    let Some((&sign, inner)) = rest.split_first() else {
        return false;
    };
    let Some(end) = inner.iter().position(|c| *c == 5) else {
        return false;
    };
    let ways: Vec<&[u8]> = inner[..end].split(|c| *c == 4).collect();
    let after = &inner[end + 1..];
    let is_hidden = begins && rules.dots && text.first() == Some(&b'.');
    let most = text
        .iter()
        .position(|c| *c == b'/')
        .filter(|_| rules.parts());
    (0..=most.unwrap_or(text.len())).any(|len| {
        let (part, left) = text.split_at(len);
        let mut fits = || ways.iter().any(|way| at(way, part, rules, begins, steps));
        let goes = match sign {
            b'!' => (!is_hidden || len == 0) && !fits(),
            b'?' | b'*' if len == 0 => true,
            // What follows is the rest, or the same once more.
            b'+' | b'*' if len > 0 && fits() => {
                let again = [&[3, b'*'], inner].concat();
                return at(after, left, rules, false, steps)
                    || at(&again, left, rules, false, steps);
            }
            _ => fits(),
        };
        goes && at(after, left, rules, begins && len == 0, steps)
    })
}

/// What two stars take: names with the slashes between them.
fn across(rest: &[u8], text: &[u8], rules: Rules, begins: bool, steps: &mut usize) -> bool {
    // `**/` may stand for no directory at all.
    if begins
        && let Some(below) = rest.strip_prefix(b"/")
        && at(below, text, rules, true, steps)
    {
        return true;
    }
    let mut begins = begins;
    for from in 0..=text.len() {
        if at(rest, &text[from..], rules, begins, steps) {
            return true;
        }
        if rules.dots && begins && text.get(from) == Some(&b'.') {
            return false;
        }
        begins = text.get(from) == Some(&b'/');
    }
    false
}

/// Whether a set, of which the bracket is read, holds a byte, and what follows it.
fn set(inner: &[u8], byte: u8, rules: Rules) -> Option<(bool, &[u8])> {
    let is_not = matches!(inner.first(), Some(b'!' | b'^'));
    let mut rest = &inner[usize::from(is_not)..];
    let begin = rest.len();
    let mut has = false;
    let mut hold = |fits: &dyn Fn(u8) -> bool| {
        let other = || fits(byte.to_ascii_lowercase()) || fits(byte.to_ascii_uppercase());
        has |= fits(byte) || rules.any_case && other();
    };
    loop {
        // A bracket that comes first is a member.
        let is_first = rest.len() == begin;
        let (&low, more) = rest.split_first()?;
        rest = match (low, more) {
            (b']', more) if !is_first => {
                let is_apart = rules.parts() && byte == b'/';
                return Some((has != is_not && !is_apart, more));
            }
            (b'[', [b':', named @ ..]) if let Some((fits, more)) = class(named) => {
                hold(&fits);
                more
            }
            (b'\\', [one, more @ ..]) => {
                hold(&|byte| byte == *one);
                more
            }
            (low, [b'-', high, more @ ..]) if *high != b']' => {
                hold(&|byte| (low..=*high).contains(&byte));
                more
            }
            (low, more) => {
                hold(&|byte| byte == low);
                more
            }
        };
    }
}

/// What a class of characters holds, of which `[:` is read, and what follows it.
fn class(named: &[u8]) -> Option<(impl Fn(u8) -> bool, &[u8])> {
    let end = named.windows(2).position(|two| two == b":]")?;
    let fits: fn(&u8) -> bool = match &named[..end] {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    Some((move |byte: u8| fits(&byte), &named[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_find_and_as_shells_do() {
        for (pattern, text, find, shell) in [
            ("core.*", "core.py", true, true),
            ("core.*", "score.py", false, false),
            ("*", ".hidden", true, false),
            ("a/*.b", "a/.b", true, false),
            ("*.py", "a/b.py", true, false),
            ("[a-c]?[!x]", "bzz", true, true),
            ("[]x]", "]", true, true),
            ("[[:digit:]]*", "3.log", true, true),
            ("[[:digit:]]*", "a.log", false, false),
            ("[![:alpha:]_]", "_", false, false),
            ("[x[:upper:]-]", "-", true, true),
            ("[\\]a]", "]", true, true),
            ("[^]]", "]", false, false),
            ("[a-]", "-", true, true),
            ("a[b", "ab", false, false),
            ("a[", "a[", true, true),
            ("\\*", "*", true, true),
            ("\\*", "a", false, false),
            ("/srv/*/.cache", "/srv/a/.cache", true, true),
        ] {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            assert_eq!(matches(pattern, text, FIND), find, "{pattern:?} {text:?}");
            assert_eq!(matches(pattern, text, SHELL), shell, "{pattern:?} {text:?}");
        }
        for (pattern, text, fits) in [
            ("/srv/**/core.py", "/srv/core.py", true),
            ("/srv/**/core.py", "/srv/a/b/core.py", true),
            ("/srv/**/core.py", "/srv/.venv/core.py", false),
            ("/srv/**", "/srv/a/b", true),
            ("/srv/**", "/srv", true),
            ("/srv/[!b]pp", "/srv/app", true),
            ("/srv/[!a]venv", "/srv/.venv", false),
            ("/srv/[.]venv", "/srv/.venv", false),
            ("/srv/*/b", "/srv/a/x/b", false),
            ("/srv/\u{2}/b", "/srv/.a/x/b", true),
            ("/srv/a\u{2}", "/srv/app", true),
            ("/srv/a\u{2}", "/var/app", false),
        ] {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            assert_eq!(
                matches(pattern, text, SHELL.across()),
                fits,
                "{pattern:?} {text:?}"
            );
        }
        for (pattern, text, fits) in [
            ("!(a|b)", "c", true),
            ("!(a|b)", "a", false),
            ("!(a)", "ab", true),
            ("!(*.py)", "x.py", false),
            ("!(a)", ".venv", false),
            (".!(venv|git)", ".venv", false),
            (".!(venv|git)", ".cache", true),
            ("/srv/!(app)", "/srv/app", false),
            ("/srv/!(app)", "/srv/b", true),
            ("/srv/!(app)", "/srv/b/c", false),
            ("@(a|b).py", "b.py", true),
            ("@(a|b).py", "c.py", false),
            ("a?(b)c", "ac", true),
            ("a?(b)c", "abc", true),
            ("a?(b)c", "abbc", false),
            ("*(ab)", "ababab", true),
            ("+(ab)", "", false),
            ("+([0-9])", "123", true),
            ("+([0-9])", "12a", false),
        ] {
            let mut own = String::new();
            let mut letters = pattern.chars().peekable();
            while let Some(c) = letters.next() {
                match (c, letters.peek()) {
                    (c, Some('(')) => own.extend([EXTENDED, c]),
                    ('(', _) => {}
                    ('|', _) => own.push(OR),
                    (')', _) => own.push(END),
                    (c, _) => own.push(c),
                }
            }
            assert_eq!(
                matches(own.as_bytes(), text.as_bytes(), SHELL),
                fits,
                "{pattern} {text}"
            );
        }
        assert!(!matches(&b"*a".repeat(60), &b"a".repeat(59), FIND));
        // Signs that stand where they have no meaning.
        let signs = [2, 3, 4, 5, b'!', b'*', b'a'];
        for number in 0..signs.len().pow(4) {
            let pattern = [1, 7, 49, 343].map(|unit| signs[number / unit % signs.len()]);
            for text in ["", "a", "aa", "\u{3}\u{5}"] {
                let _ = matches(&pattern, text.as_bytes(), SHELL);
                let _ = matches(&pattern[1..], text.as_bytes(), FIND);
            }
        }
    }
}
