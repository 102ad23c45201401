//! What the program answers with `--json`, held against the schemas in docs/schema: a field that is in none of them is
//! red.
//!
//! Of JSON Schema this understands the words that those schemas use, and refuses all others. The crates that
//! understand all of it take longer to build than everything else that the tests need.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;

/// The directory of the schemas.
pub(crate) fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/schema")
}

/// All schemas by the names of their files.
pub(crate) fn all() -> &'static HashMap<String, Value> {
    static ALL: OnceLock<HashMap<String, Value>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = fs::read_dir(dir()).unwrap();
        let read = |path: PathBuf| {
            let schema = serde_json::from_slice(&fs::read(&path).unwrap());
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (
                name,
                schema.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            )
        };
        files.map(|file| read(file.unwrap().path())).collect()
    })
}

/// Holds each document among some lines against its schema. A line that was cut is none.
#[track_caller]
pub(crate) fn hold(lines: &str) {
    for line in lines
        .lines()
        .filter(|line| line.starts_with("{\"format\":1,"))
    {
        if let Ok(document) = serde_json::from_str(line) {
            fits(&document);
        }
    }
}

/// A time with a fraction has its second beside it, for programs that read no fractions.
fn seconds(value: &Value, at: &str, wrong: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| seconds(one, at, wrong)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let has_fraction =
                    |text: &str| text.contains('.') && text.parse::<jiff::Timestamp>().is_ok();
                let second = fields.get(&format!("{name}_seconds"));
                if field.as_str().is_some_and(has_fraction) && second.is_none() {
                    wrong.push(format!("{at}/{name} has no {name}_seconds"));
                }
                seconds(field, &format!("{at}/{name}"), wrong);
            }
        }
        _ => {}
    }
}

#[track_caller]
fn fits(document: &Value) {
    let name = match document["command"].as_str() {
        Some(command) => command,
        None if document.get("error").is_some() => "error",
        None => "message",
    };
    let schema = all().get(name);
    let schema = schema.unwrap_or_else(|| panic!("no schema of {name}: {document}"));
    let mut wrong = Vec::new();
    validate(schema, document, "", &mut wrong);
    seconds(document, "", &mut wrong);
    assert!(
        wrong.is_empty(),
        "not as docs/schema/{name}.json has it: {wrong:#?}"
    );
}

/// Adds what is wrong with a value at some place of a document.
pub(crate) fn validate(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        let is_right = match word.as_str() {
            "$schema" | "title" | "$defs" | "contentEncoding" => true,
            // Each field is looked at once, below.
            "properties" => {
                fields(rule, value, at, wrong);
                true
            }
            "items" => {
                for (number, one) in value.as_array().into_iter().flatten().enumerate() {
                    validate(rule, one, &format!("{at}/{number}"), wrong);
                }
                true
            }
            "$ref" => {
                validate(referred(rule), value, at, wrong);
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                let mut found = Vec::new();
                validate(one, value, at, &mut found);
                found.is_empty()
            }),
            "additionalProperties" => others(schema, rule, value, at, wrong),
            _ => holds(word, rule, value),
        };
        if !is_right {
            wrong.push(format!("{at}: {value} is not {word} {rule}"));
        }
    }
}

/// The part of the common schema that is referred to.
fn referred(rule: &Value) -> &'static Value {
    let name = rule.as_str().unwrap().strip_prefix("common.json#/$defs/");
    let part = name.and_then(|name| all()["common"]["$defs"].get(name));
    part.unwrap_or_else(|| panic!("{rule} is nowhere"))
}

fn fields(rule: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    for (name, schema) in rule.as_object().unwrap() {
        if let Some(one) = value.get(name) {
            validate(schema, one, &format!("{at}/{name}"), wrong);
        }
    }
}

/// Looks at the fields that are not named: there may be none, or each is a value of some kind.
fn others(schema: &Value, rule: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) -> bool {
    let is_named = |name: &str| schema["properties"].get(name).is_some();
    let fields = value.as_object().into_iter().flatten();
    let mut others = fields.filter(|(name, _)| !is_named(name)).peekable();
    if rule.is_object() {
        others.for_each(|(name, one)| validate(rule, one, &format!("{at}/{name}"), wrong));
        return true;
    }
    assert_eq!(*rule, false, "what is no schema is false");
    let more = others
        .peek()
        .map(|(name, _)| format!("{at}/{name}: no schema knows it"));
    wrong.extend(more);
    true
}

/// Rules that look at one value alone. As JSON Schema has it, a rule for one type says nothing of others.
fn holds(word: &str, rule: &Value, value: &Value) -> bool {
    let text = value.as_str();
    match word {
        "type" if rule.is_array() => rule.as_array().unwrap().iter().any(|one| is_a(one, value)),
        "type" => is_a(rule, value),
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "required" => {
            let mut names = rule.as_array().unwrap().iter();
            value
                .as_object()
                .is_none_or(|it| names.all(|one| it.contains_key(one.as_str().unwrap())))
        }
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minProperties" => value
            .as_object()
            .is_none_or(|it| it.len() as u64 >= rule.as_u64().unwrap()),
        "maxProperties" => value
            .as_object()
            .is_none_or(|it| it.len() as u64 <= rule.as_u64().unwrap()),
        "format" => {
            assert_eq!(rule, "date-time");
            text.is_none_or(|text| text.parse::<jiff::Timestamp>().is_ok())
        }
        "pattern" => text.is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        word => panic!("a word of JSON Schema that nobody here understands: {word}"),
    }
}

fn is_a(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        name => panic!("no type of JSON: {name}"),
    }
}

/// The three patterns that there are: an id, a mode, a time to the second.
fn matches(pattern: &str, text: &str) -> bool {
    let all = |of: &str| text.chars().all(|letter| of.contains(letter));
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && all("0123456789abcdef"),
        "^[0-7]{4}$" => text.len() == 4 && all("01234567"),
        "^-?[0-9]+-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" => {
            let time = text.parse::<jiff::Timestamp>();
            time.is_ok() && text.ends_with('Z') && !text.contains('.')
        }
        pattern => panic!("a pattern that nobody here understands: {pattern}"),
    }
}
