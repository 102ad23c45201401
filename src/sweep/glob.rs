//! Patterns as `fnmatch(3)` and shells match them, byte by byte.

/// What a `*` may not match.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// No slash, as for names of files in a shell.
    pub(super) parts: bool,
    /// Nothing that begins with a dot, as in a shell.
    pub(super) dots: bool,
    /// Letters match whatever their case.
    pub(super) any_case: bool,
}

/// For names of files in a shell.
pub(super) const SHELL: Rules = Rules {
    parts: true,
    dots: true,
    any_case: false,
};
/// For `find`, of which `*` takes slashes and dots.
pub(super) const FIND: Rules = Rules {
    parts: false,
    dots: false,
    any_case: false,
};

/// Whether a whole text matches.
pub(super) fn matches(pattern: &[u8], text: &[u8], rules: Rules) -> bool {
    at(pattern, text, rules, true, &mut 0)
}

/// Steps after which a pattern counts as one that does not match.
const STEPS_MAX: usize = 200_000;

fn at(pattern: &[u8], text: &[u8], rules: Rules, begins: bool, steps: &mut usize) -> bool {
    *steps += 1;
    if *steps > STEPS_MAX {
        return false;
    }
    let Some((&first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    let is_hidden = begins && rules.dots && text.first() == Some(&b'.');
    match first {
        b'*' if is_hidden => false,
        b'*' => {
            let mut left = text;
            loop {
                if at(rest, left, rules, begins && left.len() == text.len(), steps) {
                    return true;
                }
                match left.split_first() {
                    Some((b'/', _)) if rules.parts => return false,
                    Some((_, more)) => left = more,
                    None => return false,
                }
            }
        }
        b'?' => match text.split_first() {
            Some((b'/', _)) if rules.parts => false,
            Some(_) if is_hidden => false,
            Some((_, more)) => at(rest, more, rules, false, steps),
            None => false,
        },
        b'[' => match (set(rest, text.first().copied(), rules), text.split_first()) {
            (Some((is_in, rest)), Some((_, more))) => is_in && at(rest, more, rules, false, steps),
            (Some(_), None) => false,
            // A bracket that nobody closes is one.
            (None, _) => same(b'[', text, rest, rules, steps),
        },
        b'\\' => match rest.split_first() {
            Some((&next, rest)) => same(next, text, rest, rules, steps),
            None => text == b"\\",
        },
        plain => same(plain, text, rest, rules, steps),
    }
}

fn same(one: u8, text: &[u8], rest: &[u8], rules: Rules, steps: &mut usize) -> bool {
    text.split_first().is_some_and(|(&first, more)| {
        let is_same = first == one || rules.any_case && first.eq_ignore_ascii_case(&one);
        is_same && at(rest, more, rules, first == b'/', steps)
    })
}

/// Whether a set, of which the bracket is read, holds a byte, and what follows it.
fn set(inner: &[u8], byte: Option<u8>, rules: Rules) -> Option<(bool, &[u8])> {
    let is_not = matches!(inner.first(), Some(b'!' | b'^'));
    let inner = &inner[usize::from(is_not)..];
    let end = 1 + inner.iter().skip(1).position(|&b| b == b']')?;
    let (members, rest) = (&inner[..end], &inner[end + 1..]);
    let Some(byte) = byte else {
        return Some((false, rest));
    };
    let mut has = false;
    let mut index = 0;
    while index < members.len() {
        let low = members[index];
        let high = match members.get(index + 1..index + 3) {
            Some([b'-', high]) => *high,
            _ => low,
        };
        index += if high == low { 1 } else { 3 };
        let fits = |byte: u8| (low..=high).contains(&byte);
        let other = |byte: u8| fits(byte.to_ascii_lowercase()) || fits(byte.to_ascii_uppercase());
        has |= fits(byte) || rules.any_case && other(byte);
    }
    Some((has != is_not && !(rules.parts && byte == b'/'), rest))
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
            ("a[", "a[", true, true),
            ("\\*", "*", true, true),
            ("\\*", "a", false, false),
            ("/srv/*/.cache", "/srv/a/.cache", true, true),
        ] {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            assert_eq!(matches(pattern, text, FIND), find, "{pattern:?} {text:?}");
            assert_eq!(matches(pattern, text, SHELL), shell, "{pattern:?} {text:?}");
        }
        assert!(!matches(&b"*a".repeat(60), &b"a".repeat(59), FIND));
    }
}
