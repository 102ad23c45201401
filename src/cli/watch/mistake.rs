//! A mistake in `watch.toml`: where it is, and what would be right.

use std::ops::Range;

use super::super::nearest;

/// Where in the text something is wrong, and why.
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) why: String,
}

/// What was read, or the first mistake in it.
pub(super) type Checked<T> = Result<T, Mistake>;

/// A mistake where some text begins.
pub(super) fn wrong<T>(at: &Range<usize>, why: &str) -> Checked<T> {
    Err(Mistake {
        at: at.start,
        why: why.to_owned(),
    })
}

/// What the parser says of a place in a text, in the words of this file, with what would be right there. A value is not
/// repeated, since it may hold a secret.
pub(super) fn explained(message: &str, text: &str, at: usize) -> String {
    let message = message.trim().replace('\n', " ");
    if let Some(rest) = message.strip_prefix("unknown ") {
        return unknown(rest);
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        let name = name.trim_matches('`');
        return format!("`{name}` is missing{}", write(name, None));
    }
    let type_there = message.strip_prefix("invalid type: ").map(type_there);
    if type_there.is_none() && message != "wanted string or table" {
        return message;
    }
    let before = text.get(..at).unwrap_or_default();
    let line = text[before.rfind('\n').map_or(0, |end| end + 1)..].trim_start();
    if let Some(header) = brackets(line.lines().next().unwrap_or_default()) {
        return header;
    }
    let key = before
        .trim_end()
        .strip_suffix('=')
        .and_then(|before| before.trim_end().rsplit(is_no_key).next());
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return format!("{} cannot stand here", type_there.unwrap_or("this"));
    };
    let value = text[at..].split(|c: char| !c.is_ascii_digit()).next();
    let number = value.filter(|_| type_there == Some("a number"));
    let what = type_there.unwrap_or("that");
    format!("`{key}` cannot be {what}{}", write(key, number))
}

fn is_no_key(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '_'
}

/// What a key that is not known is told with: those that are, the nearest, and where it does belong.
fn unknown(rest: &str) -> String {
    let rest = rest
        .replacen("field", "key", 1)
        .replacen("variant", "value", 1);
    let message = format!("unknown {rest}");
    let mut names = rest.split('`').skip(1).step_by(2);
    let Some(unknown) = names.next() else {
        return message;
    };
    let near = names
        .map(|name| (nearest::typos(unknown, name), name))
        .min();
    let owner = OWNERS.iter().find(|(_, keys)| keys.contains(&unknown));
    match (near, owner) {
        (Some((typos, name)), _) if typos <= 3 && typos < name.len() => {
            format!("{message}; did you mean `{name}`?")
        }
        (_, Some((owner, _))) if rest.starts_with("key") => {
            format!("{message}; it is a key of {owner}")
        }
        _ => message,
    }
}

/// Keys that are easily written a level too high or too low.
const OWNERS: [(&str, &[&str]); 5] = [
    (
        "`policy`: policy = { mode = \"heal\" }",
        &[
            "mode",
            "heals",
            "window",
            "failures",
            "on_upgrade",
            "settle",
            "reminder",
        ],
    ),
    ("`service`: service = { unit = \"app.service\" }", &["unit"]),
    ("[metrics]", &["textfile", "listen"]),
    (
        "[[alert]]",
        &[
            "webhook",
            "webhook_file",
            "webhook_credential",
            "bearer_file",
            "bearer_credential",
        ],
    ),
    (
        "[[venv]]",
        &[
            "path",
            "service",
            "health",
            "imports",
            "integrity",
            "policy",
        ],
    ),
];

/// What is there instead of what is expected.
fn type_there(message: &str) -> &'static str {
    match message.split([' ', ',']).next().unwrap_or_default() {
        "string" => "a text",
        "integer" | "floating" => "a number",
        "boolean" => "true or false",
        "map" => "a table",
        "sequence" => "a list",
        "datetime" => "a date",
        _ => "that",
    }
}

/// A header in the wrong brackets, with the right ones.
fn brackets(line: &str) -> Option<String> {
    let name = line.trim_start_matches('[').split(']').next()?.trim();
    let count = line.len() - line.trim_start_matches('[').len();
    match (count, name) {
        (1, "venv" | "alert") => Some(format!(
            "[{name}] is in single brackets: write [[{name}]], since there may be several"
        )),
        (2, "defaults" | "ping" | "metrics") => Some(format!(
            "[[{name}]] is in double brackets: write [{name}], since there is one"
        )),
        _ => None,
    }
}

/// How a key is written, with the number that stands there if it lacks its unit.
fn write(key: &str, number: Option<&str>) -> String {
    let right = match key {
        "every" | "timeout" | "window" | "reminder" | "settle" => {
            let number = number.filter(|number| !number.is_empty()).unwrap_or("60");
            return format!(": write a length of time with its unit, {key} = \"{number}s\"");
        }
        "heals" | "failures" => "a whole number, such as 3",
        "venv" => "[[venv]] on a line, and path = \"/srv/app/venv\" below it",
        "alert" => "[[alert]] on a line, and command = [\"/program\"] below it",
        "ping" => "[ping] on a line, and url = \"https://…\" below it",
        "defaults" | "metrics" => "it in brackets on a line of its own, and its keys below it",
        "path" | "textfile" | "webhook_file" | "bearer_file" | "url_file" => {
            "an absolute path, such as \"/srv/app/venv\""
        }
        "service" => "service = { unit = \"app.service\" }",
        "unit" => "unit = \"app.service\"",
        "health" => "health = { url = \"http://127.0.0.1:8000/health\" }",
        "imports" => "imports = { every = \"5m\" }",
        "integrity" => "integrity = { every = \"1d\" }",
        "policy" => "policy = { mode = \"heal\" }",
        "mode" => "\"observe\" or \"heal\"",
        "on_upgrade" => "\"tell\" or \"save\"",
        "command" => "a list, command = [\"/program\", \"argument\"]",
        "url" | "webhook" => "\"https://HOST/…\"",
        "listen" => "listen = \"127.0.0.1:9750\"",
        "webhook_credential" | "bearer_credential" | "url_credential" => {
            "the name of a credential in quotes"
        }
        _ => return String::new(),
    };
    format!(": write {right}")
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
