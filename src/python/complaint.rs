//! What a program complained of, fit to be told: its last lines, each once, and without secrets.

use crate::model::installed::without_secrets_in;

/// A program failed: the last lines of what it said, without secrets.
#[derive(Default, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Complaint {
    pub(crate) lines: Vec<String>,
}

/// How many lines are told.
const LINES_MAX: usize = 30;
/// How much of each.
const CHARS_MAX: usize = 400;
/// A part of an address that is as long may be a token: some indexes take one in their path.
const TOKEN_MIN: usize = 16;

/// The lines that are told of what a program said, in which none of these secrets stands.
pub(super) fn told(bytes: &[u8], secrets: &[String]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let hidden = |line: &str| {
        let line = without_tokens(&without_secrets_in(line));
        secrets
            .iter()
            .fold(line, |line, secret| line.replace(secret, "****"))
    };
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let line = hidden(&tried_again(line).unwrap_or_else(|| line.to_owned()));
        if !line.trim().is_empty() && all.last() != Some(&line) {
            all.push(line);
        }
    }
    let first = all.len().saturating_sub(LINES_MAX);
    let last = all.drain(first..);
    last.map(|line| line.chars().take(CHARS_MAX).collect())
        .collect()
}

/// What pip says each time it asks an index again: only why, since the rest differs by a count and an address.
fn tried_again(line: &str) -> Option<String> {
    let rest = line.strip_prefix("WARNING: Retrying (")?;
    let (_, rest) = rest.split_once("connection broken by ")?;
    // Behind that stands the path of what it asked for.
    let (why, _) = rest.rsplit_once(": /").unwrap_or((rest, ""));
    let why = why.trim_matches(['\'', '"']);
    let (object, said) = why.split_once(" object at 0x").unwrap_or((why, ""));
    let said = said.split_once('>').map_or("", |(_, said)| said);
    Some(format!("WARNING: connection broken by {object}{said}"))
}

/// A line in which no part of the path of an address stands that may be a token.
fn without_tokens(line: &str) -> String {
    let mut bare = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + 3);
        let end = address.find(|c: char| c.is_whitespace() || "\"'<>(),".contains(c));
        let (address, after) = address.split_at(end.unwrap_or(address.len()));
        let parts: Vec<&str> = address
            .split('/')
            .map(|part| if may_be_token(part) { "****" } else { part })
            .collect();
        bare.push_str(before);
        bare.push_str(&parts.join("/"));
        rest = after;
    }
    bare.push_str(rest);
    bare
}

fn may_be_token(part: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '~');
    part.len() >= TOKEN_MIN
        && part.chars().all(is_sign)
        && part.contains(|c: char| c.is_ascii_digit())
        && part.contains(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_over_and_over_is_told_once_and_without_the_path_that_was_asked_for() {
        let retry = |left: u32| {
            format!(
                "WARNING: Retrying (Retry(total={left}, connect=None)) after connection broken by \
                 'NewConnectionError('<pip.HTTPSConnection object at 0x7fe4{left}>: Failed to establish a new \
                 connection: [Errno 111] Connection refused')': /t0kenOfAnIndexX/simple/idna/\n"
            )
        };
        let said: String = (0..5).map(retry).collect();
        let said = said + "ERROR: no idna\n\nERROR: no idna\n";
        let lines = told(said.as_bytes(), &[]);
        assert_eq!(
            lines,
            [
                "WARNING: connection broken by NewConnectionError('<pip.HTTPSConnection: Failed to establish a new \
                 connection: [Errno 111] Connection refused')",
                "ERROR: no idna"
            ]
        );
        assert_eq!(
            told(b"WARNING: Retrying (later\n", &[]),
            ["WARNING: Retrying (later"]
        );
    }

    #[test]
    fn tokens_in_paths_and_given_secrets_are_hidden_and_names_of_files_are_not() {
        for (said, shown) in [
            (
                "error for url (https://me:pw@h/t0kenOfAnIndex123/simple/idna/)",
                "error for url (https://h/****/simple/idna/)",
            ),
            (
                "https://h/packages/ab/0123456789abcdef0123/idna-3.20-py3-none-any.whl broken",
                "https://h/packages/ab/****/idna-3.20-py3-none-any.whl broken",
            ),
            (
                "https://h/very-long-name-of-a-package/simple",
                "https://h/very-long-name-of-a-package/simple",
            ),
            (
                "no address: t0kenOfAnIndex123 and hunter2",
                "no address: t0kenOfAnIndex123 and ****",
            ),
        ] {
            assert_eq!(told(said.as_bytes(), &["hunter2".to_owned()]), [shown]);
        }
    }
}
