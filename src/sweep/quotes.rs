//! Words of a shell as patterns: what is quoted has a backslash before each sign that would be a pattern.

/// Quoted text, of which no sign is a pattern.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "*?[]\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A word without the backslashes before signs that are no patterns.
pub(super) fn unescaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut letters = word.chars();
    while let Some(c) = letters.next() {
        if c == '\\' {
            out.extend(letters.next());
        } else {
            out.push(c);
        }
    }
    out
}
