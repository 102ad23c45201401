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
    let (begin, end) = part(how, text.chars().count())?;
    Some(text.chars().skip(begin).take(end - begin).collect())
}

/// The words of a list that `:BEGIN` or `:BEGIN:LEN` takes; none for what is not known without running it.
pub(super) fn sliced(words: &[String], how: &str) -> Option<Vec<String>> {
    let (begin, len) = numbers(how)?;
    // Of a list no length is counted from its end; a place before its begin is none of it.
    if len.is_some_and(|len| len < 0) {
        return None;
    }
    let is_before = begin < 0 && begin.unsigned_abs() > words.len();
    let (begin, end) = if is_before {
        (0, 0)
    } else {
        part(how, words.len())?
    };
    Some(words[begin..end].to_vec())
}

/// From where to where a part reaches of so many.
fn part(how: &str, all: usize) -> Option<(usize, usize)> {
    let (begin, len) = numbers(how)?;
    let place = |number: isize| {
        let len = number.unsigned_abs();
        if number < 0 {
            all.checked_sub(len)
        } else {
            Some(len)
        }
    };
    let begin = place(begin)?.min(all);
    let end = match len {
        Some(len) if len < 0 => place(len)?,
        Some(len) => begin.saturating_add(len.unsigned_abs()),
        None => all,
    };
    Some((begin, end.clamp(begin, all)))
}

/// The numbers of `:BEGIN:LEN`, of which the second one may be left out.
fn numbers(how: &str) -> Option<(isize, Option<isize>)> {
    let number = |text: &str| text.trim().parse().ok();
    match how.strip_prefix(':')?.split_once(':') {
        Some((begin, len)) => Some((number(begin)?, Some(number(len)?))),
        None => Some((number(how.strip_prefix(':')?)?, None)),
    }
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

    #[test]
    fn lists_are_sliced_as_bash_does() {
        let words = ["a", "b", "c"].map(str::to_owned);
        for (how, left) in [
            (":0", Some("a b c")),
            (":1", Some("b c")),
            (":3", Some("")),
            (":9", Some("")),
            (": -1", Some("c")),
            (": -3:2", Some("a b")),
            (": -4", Some("")),
            (":1:1", Some("b")),
            (":1:0", Some("")),
            (":1:9", Some("b c")),
            (":9:9223372036854775807", Some("")),
            (": -9223372036854775808", Some("")),
            (":0:-1", None),
            (":$n", None),
            (":1:$n", None),
            (":x", None),
        ] {
            let told = sliced(&words, how).map(|words| words.join(" "));
            assert_eq!(told.as_deref(), left, "{how}");
        }
    }
}
