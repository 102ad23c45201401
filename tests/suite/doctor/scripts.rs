//! Scripts of which each stands on its own, and what is told of them.

use std::collections::BTreeSet;

use super::{asked, machine, put, put_link};

/// What is told of a script.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Told {
    Named,
    Unknown,
    Nothing,
}

/// What is told of each of some scripts that run every day. `files` lie on the machine as well.
pub(super) fn told_of(scripts: &[String], files: &[(&str, &str)]) -> Vec<Told> {
    let sandbox = machine();
    for (path, text) in files {
        match text.strip_prefix("->") {
            Some(to) => put_link(&sandbox, path, to),
            None => put(&sandbox, path, text),
        }
    }
    let path = |number: usize| format!("/etc/cron.daily/row-{number}");
    for (number, script) in scripts.iter().enumerate() {
        let text = if script.starts_with("#!") {
            script.clone()
        } else {
            format!("#!/bin/bash\n{script}\n")
        };
        put(&sandbox, &path(number), &text);
    }
    let answer = asked(&sandbox, &[]);
    let schedules = |list: &str, key: &str| -> BTreeSet<String> {
        let all = answer[list].as_array().unwrap().iter();
        all.map(|one| one[key].as_str().unwrap().to_owned())
            .collect()
    };
    let (named, unknown) = (schedules("sweepers", "path"), schedules("riddles", "path"));
    let all = (0..scripts.len()).map(|number| {
        if named.contains(&path(number)) {
            Told::Named
        } else if unknown.contains(&path(number)) {
            Told::Unknown
        } else {
            Told::Nothing
        }
    });
    all.collect()
}

/// Says all rows of which something else is told.
pub(super) fn all_are(told: Told, scripts: &[String], files: &[(&str, &str)]) {
    let answer = told_of(scripts, files);
    let wrong = scripts.iter().zip(&answer).filter(|(_, one)| **one != told);
    let wrong: Vec<String> = wrong
        .map(|(script, one)| format!("{one:?}: {script}"))
        .collect();
    assert!(wrong.is_empty(), "not {told:?}:\n{}", wrong.join("\n"));
}

pub(super) fn rows(scripts: &[&str]) -> Vec<String> {
    scripts.iter().map(|script| (*script).to_owned()).collect()
}
