//! What people read, as a whole: each answer of an incident from the first save to the way back. A change of a word is
//! seen in `snapshots/`, and is taken over with `INSTA_UPDATE=always cargo test --locked --test suite outputs`.

use std::fs;

use crate::support::{Run, Sandbox, venv};

#[test]
fn an_incident_is_told_in_these_words() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let mut told = String::new();
    let mut tell = |args: &[&str]| {
        let run = sandbox.snap(args);
        told += &format!("$ snap {}\n{}", args.join(" "), shown(&run, &sandbox));
    };
    tell(&["save", "venv", "--label", "good"]);
    tell(&["diff", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_file(site.join("click/core.py")).unwrap();
    fs::write(site.join("idna/core.py"), "").unwrap();
    venv::write(&sandbox.venv(), "lib/mine", b"mine\n");
    tell(&["check", "venv"]);
    tell(&["save", "venv"]);
    tell(&["diff", "venv"]);
    tell(&["restore", "venv", "-n"]);
    tell(&["restore", "venv"]);
    tell(&["diff", "venv"]);
    tell(&["list"]);
    tell(&["undo", "venv"]);
    insta::assert_snapshot!("incident", told);
}

#[test]
fn what_cannot_be_done_is_told_in_these_words() {
    let sandbox = Sandbox::new();
    let mut told = String::new();
    let mut tell = |args: &[&str]| {
        let run = sandbox.snap(args);
        told += &format!("$ snap {}\n{}", args.join(" "), shown(&run, &sandbox));
    };
    tell(&["list"]);
    tell(&["save", "nowhere"]);
    venv::tiny(&sandbox.venv());
    tell(&["restore", "venv"]);
    tell(&["save", "venv"]);
    tell(&["restore", "venv", "@other"]);
    tell(&["undo", "venv"]);
    tell(&["cat", "latest:nothing"]);
    tell(&["cat", "latest:lib64"]);
    tell(&["cat", "latest:bin"]);
    tell(&["restore", "venv", "--only", "nothing"]);
    tell(&["restore", "venv", "--to", "venv/inside"]);
    tell(&["pin", "ffffffff"]);
    insta::assert_snapshot!("refusals", told);
}

/// A run with all that differs from time to time by its name.
fn shown(run: &Run, sandbox: &Sandbox) -> String {
    let root = sandbox.root().to_string_lossy().into_owned();
    let text = format!("{}{}", run.stdout, run.stderr).replace(&root, "/srv");
    // Which store it was is told where the host has another one.
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("in the store "));
    let mut lines: Vec<String> = lines.map(plain).collect();
    lines.push(format!("→ {}\n\n", run.code));
    lines.join("\n")
}

/// A line without ids, times, durations and what compression makes; how wide they are is no claim, so columns are not
/// either.
fn plain(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(word).collect();
    let mut text = String::from(if line.starts_with("  ") { "  " } else { "" });
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or("", String::as_str);
        let unit = next.trim_matches(|c: char| !c.is_alphanumeric());
        let is_number = word.parse::<f64>().is_ok();
        text += match unit {
            "ms" | "s" if is_number => "N",
            "kB" if is_number && line.contains("after compression") => "N",
            _ => word,
        };
        text += " ";
    }
    text.replace("N ms", "N s").trim_end().to_owned()
}

fn word(word: &str) -> String {
    let (head, core) = word.split_at(word.find(char::is_alphanumeric).unwrap_or(0));
    let (core, tail) = core.split_at(core.rfind(char::is_alphanumeric).map_or(0, |at| at + 1));
    let is_id = core.len() >= 8 && core.chars().all(|c| c.is_ascii_hexdigit());
    let is_date = core
        .chars()
        .all(|c| c.is_ascii_digit() || ".:-".contains(c));
    let core = match core {
        _ if is_id => "ID",
        core if is_date && core.matches('-').count() == 2 => "DAY",
        core if is_date && core.contains(':') => "CLOCK",
        core => core,
    };
    format!("{head}{core}{tail}")
}
