//! What Bash makes of a value: another case, a part by its place, other text in the place of some (Bash, "Shell
//! Parameter Expansion").

/// A value as it is changed by what stands behind its name; none for what is not known without running it.
pub(super) fn changed(text: &str, how: &str) -> Option<String> {
    match how {
        "," | ",," => return Some(cased(text, how.len(), char::to_ascii_lowercase)),
        "^" | "^^" => return Some(cased(text, how.len(), char::to_ascii_uppercase)),
        _ => {}
    }
    if let Some(rest) = how.strip_prefix('/') {
        return replaced(text, rest);
    }
    let (begin, len) = match how.strip_prefix(':')?.split_once(':') {
        Some((begin, len)) => (begin, Some(len)),
        None => (how.strip_prefix(':')?, None),
    };
    let all = text.chars().count();
    let place = |text: &str| {
        let number = text.trim().parse::<isize>().ok()?;
        let from_end = all.checked_sub(number.unsigned_abs());
        if number < 0 {
            from_end
        } else {
            Some(number.unsigned_abs())
        }
    };
    let begin = place(begin)?;
    let end = match len {
        Some(len) if len.trim().starts_with('-') => place(len)?,
        Some(len) => begin.checked_add(place(len)?)?,
        None => all,
    };
    let count = end.saturating_sub(begin);
    Some(text.chars().skip(begin).take(count).collect())
}

/// One sign means the first letter, two mean all.
fn cased(text: &str, signs: usize, change: fn(&char) -> char) -> String {
    let letters = text.chars().enumerate();
    letters
        .map(|(at, letter)| {
            if at == 0 || signs == 2 {
                change(&letter)
            } else {
                letter
            }
        })
        .collect()
}

/// `/OLD/NEW`, `OLD/NEW`, `#OLD/NEW`, `%OLD/NEW`, of which the old text is plain.
fn replaced(text: &str, how: &str) -> Option<String> {
    let (is_all, how) = match how.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, how),
    };
    let (old, new) = how.split_once('/').unwrap_or((how, ""));
    let is_open = |text: &str| text.contains(['*', '?', '[', '$', '`', '\\', '"', '\'']);
    if is_open(old) || is_open(new) || old.is_empty() {
        return None;
    }
    if let Some(old) = old.strip_prefix('#').filter(|_| !is_all) {
        let rest = text.strip_prefix(old);
        return Some(rest.map_or_else(|| text.to_owned(), |rest| format!("{new}{rest}")));
    }
    if let Some(old) = old.strip_prefix('%').filter(|_| !is_all) {
        let rest = text.strip_suffix(old);
        return Some(rest.map_or_else(|| text.to_owned(), |rest| format!("{rest}{new}")));
    }
    Some(text.replacen(old, new, if is_all { usize::MAX } else { 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_changed_as_bash_does() {
        for (text, how, new) in [
            ("/srv/APP", ",,", Some("/srv/app")),
            ("App", ",", Some("app")),
            ("app", "^", Some("App")),
            ("app", "^^", Some("APP")),
            ("/srv/app/x", ":0:8", Some("/srv/app")),
            ("/srv/app", ": -3", Some("app")),
            ("/srv/app/x", ":0:-2", Some("/srv/app")),
            ("/srv/app", ":5", Some("app")),
            ("a", ":9", Some("")),
            ("a-b-c", "/-/_", Some("a_b-c")),
            ("a-b-c", "//-/_", Some("a_b_c")),
            ("a-b-c", "//-", Some("abc")),
            ("old/x", "/#old/new", Some("new/x")),
            ("x.py", "/%.py/.pyc", Some("x.pyc")),
            ("abc", "/?/x", None),
            ("abc", "@Q", None),
            ("abc", ":$n", None),
        ] {
            assert_eq!(changed(text, how).as_deref(), new, "{text} {how}");
        }
    }
}
