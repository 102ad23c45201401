//! The schemas of the answers: closed, complete, and told in docs/cli.md. That answers fit them is seen wherever a
//! test runs the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Sandbox, schema, venv};

/// All schemas of objects within one, itself included.
fn objects<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    if value.get("properties").is_some_and(Value::is_object) && value.get("type").is_some() {
        found.push(value);
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|one| objects(one, found)),
        Value::Array(all) => all.iter().for_each(|one| objects(one, found)),
        _ => {}
    }
}

/// The schemas by what the manual calls them: one for each answer, and one for each part that several have.
fn named() -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = schema::all().clone().into_iter().collect();
    let common = all.remove("common").unwrap();
    let parts = common["$defs"].as_object().unwrap().clone();
    all.into_iter().chain(parts).collect()
}

#[test]
fn every_object_is_closed_and_every_part_is_used() {
    let all = schema::all();
    for (name, schema) in all {
        let mut found = Vec::new();
        objects(schema, &mut found);
        for one in found {
            assert_eq!(one["additionalProperties"], false, "{name}: {one}");
        }
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{name}"
        );
    }
    let text: String = all.values().map(Value::to_string).collect();
    for part in all["common"]["$defs"].as_object().unwrap().keys() {
        let used = format!("\"common.json#/$defs/{part}\"");
        assert!(text.contains(&used), "{part} is used nowhere");
    }
}

#[test]
fn every_schema_is_indented_by_two_blanks_for_each_level() {
    for file in fs::read_dir(schema::dir()).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut level = 0_usize;
        for line in text.lines() {
            let words = line.trim_start();
            if words.starts_with(['}', ']']) {
                level -= 1;
            }
            let indent = line.len() - words.len();
            assert_eq!(indent, 2 * level, "{}: {line}", path.display());
            if words.ends_with(['{', '[']) {
                level += 1;
            }
        }
    }
}

#[test]
fn every_field_of_every_answer_is_told_in_the_manual() {
    let manual = fs::read_to_string("docs/cli.md").unwrap();
    let start = manual.find("\n## JSON\n").unwrap();
    let section = &manual[start..start + manual[start + 4..].find("\n## ").unwrap()];
    let paragraphs: Vec<&str> = section.split("\n- ").collect();
    for (name, schema) in named() {
        let title = format!("**{name}**");
        let told = paragraphs.iter().find(|text| text.contains(&title));
        let told = told.unwrap_or_else(|| panic!("nothing is told of {name}"));
        let mut found = Vec::new();
        objects(&schema, &mut found);
        let fields = found
            .iter()
            .flat_map(|one| one["properties"].as_object().unwrap().keys());
        for field in fields {
            // What stands in all answers, and beside another field, is told once for all of them.
            let beside = ["_b64", "_seconds"]
                .iter()
                .find_map(|end| field.strip_suffix(end));
            let is_general = matches!(field.as_str(), "format" | "command") || beside.is_some();
            let place = if is_general { section } else { told };
            assert!(
                place.contains(&format!("`{field}`")),
                "{name}: `{field}` is not told"
            );
        }
    }
}

#[test]
fn every_answer_of_the_program_has_a_schema() {
    let mut answers = BTreeSet::new();
    let mut dirs = vec![Path::new("src/report/json").to_owned()];
    while let Some(dir) = dirs.pop() {
        for file in fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()) {
            if file.is_dir() {
                dirs.push(file);
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let calls = text
                .split("document(")
                .skip(1)
                .filter_map(|call| call.split('"').nth(1));
            answers.extend(calls.map(str::to_owned));
        }
    }
    // These two are one function with its word as an argument.
    answers.retain(|word| word != "snapshots" && word != "format");
    answers.extend(["pin", "unpin", "error", "message", "common"].map(str::to_owned));
    let schemas: BTreeSet<String> = schema::all().keys().cloned().collect();
    answers.retain(|word| !word.is_empty());
    assert_eq!(answers, schemas);
}

#[test]
fn every_command_answers_as_its_schema_says() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let save = ["save", "venv", "--label", "good", "--note", "x", "--pin"];
    sandbox.json(0, &save);
    fs::remove_file(sandbox.path("venv").join(venv::SITE).join("click/core.py")).unwrap();
    for (code, args) in [
        (1, &["save", "venv"][..]),
        (1, &["check", "venv"]),
        (1, &["diff", "venv"]),
        (0, &["restore", "venv", "--dry-run"]),
        (0, &["restore", "venv"]),
        (0, &["undo", "venv"]),
        (0, &["restore", "venv", "--to", "other"]),
        (0, &["list"]),
        (0, &["show", "@good"]),
        (0, &["ls", "@good"]),
        (0, &["log"]),
        (0, &["report"]),
        (0, &["export", "@good", "good.tar"]),
        (0, &["import", "good.tar"]),
        (0, &["copy", "--all", "--to", "second"]),
        (0, &["stats"]),
        (0, &["verify"]),
        (0, &["verify", "--repair"]),
        (0, &["unpin", "@good"]),
        (0, &["pin", "@good"]),
        (0, &["forget", "--keep-last", "1"]),
        (0, &["undelete"]),
        (0, &["prune"]),
        (0, &["rebuild-index"]),
        (10, &["show", "@bad"]),
        (2, &["nonsense"]),
    ] {
        // That it fits its schema is looked at where it ran.
        let run = sandbox.code(code, &[args, &["--json"]].concat());
        let told = if run.stdout.is_empty() {
            &run.stderr
        } else {
            &run.stdout
        };
        assert!(told.starts_with("{\"format\":1,"), "{args:?}: {run}");
    }
}

#[test]
fn a_field_that_no_schema_knows_is_red() {
    let wrong = |line: &'static str| std::panic::catch_unwind(|| schema::hold(line)).is_err();
    assert!(!wrong("{\"format\":1,\"warning\":\"x\"}"));
    assert!(wrong("{\"format\":1,\"warning\":\"x\",\"more\":1}"));
    assert!(wrong(
        "{\"format\":1,\"command\":\"rebuild-index\",\"packs\":1,\"objects\":1}"
    ));
    assert!(wrong("{\"format\":1,\"command\":\"nonsense\"}"));
}
