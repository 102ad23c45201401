//! What commands tell, as a person reads it, without what differs from machine to machine and from run to run: so that
//! it can be held against `snapshots/` as a whole.
//!
//! A change of a word is taken over with `INSTA_UPDATE=always cargo test --locked --test suite NAME`, and read.

use super::{Run, Sandbox};

/// Commands that a person gave one after the other, with what each told and its exit code.
pub(crate) struct Session<'s> {
    sandbox: &'s Sandbox,
    told: String,
}

impl<'s> Session<'s> {
    pub(crate) fn new(sandbox: &'s Sandbox) -> Self {
        let told = String::new();
        Self { sandbox, told }
    }

    /// Runs the program and wants an exit code.
    #[track_caller]
    pub(crate) fn run(&mut self, code: i32, args: &[&str]) -> Run {
        let run = self.sandbox.code(code, args);
        self.keep(&format!("snap {}", args.join(" ")), &run);
        run
    }

    /// Takes over what a command told that was run in another way.
    pub(crate) fn keep(&mut self, command: &str, run: &Run) {
        // Which store it was is told only where the host has another one, so that line is left out.
        let text = format!("$ {command}\n{}{}", run.stdout, run.stderr);
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("in the store "));
        for line in lines {
            self.told += &plain(&self.named(line));
            self.told.push('\n');
        }
        self.told += &format!("→ {}\n\n", run.code);
    }

    /// All of it.
    pub(crate) fn told(&self) -> &str {
        self.told.trim_end()
    }

    /// A line in which the places of this run have names.
    fn named(&self, line: &str) -> String {
        // The name of the host and the version of the program differ.
        for begins in ["- **host:** ", "host  ", "written by  "] {
            if line.starts_with(begins) {
                return format!("{begins}THIS");
            }
        }
        let root = self.sandbox.root();
        let real = std::fs::canonicalize(root).unwrap();
        line.replace(env!("CARGO_BIN_EXE_snap"), "/usr/bin/snap")
            .replace(&*real.to_string_lossy(), "/srv")
            .replace(&*root.to_string_lossy(), "/srv")
    }
}

/// A line without ids, times, durations, sizes of a store, and what compression makes. Their width is no claim, so
/// columns are none either.
fn plain(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(plain_word).collect();
    let is_packed = ["after compression", " frames in ", "the store takes "]
        .iter()
        .any(|words| line.contains(words));
    let mut text = String::from(if line.starts_with("  ") { "  " } else { "" });
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map_or("", String::as_str);
        let unit = next.trim_matches(|c: char| !c.is_alphanumeric());
        let is_number = word.parse::<f64>().is_ok();
        text += match unit {
            "ms" | "s" if is_number => "N",
            "B" | "kB" | "MB" | "GB" | "TB" if is_number && is_packed => "N",
            _ => word,
        };
        text += " ";
    }
    let text = ["N B", "N MB", "N GB", "N TB"]
        .iter()
        .fold(text, |text, size| text.replace(size, "N kB"));
    let text = text.replace("N ms", "N s");
    // A minute may go by between a save and the look at it.
    let text = ["just now", "1 min old", "2 min old"]
        .iter()
        .fold(text, |text, age| text.replace(age, "AGE"));
    text.trim_end().to_owned()
}

/// A word in which what is an id or a time says only that.
fn plain_word(word: &str) -> String {
    let (head, core) = word.split_at(word.find(char::is_alphanumeric).unwrap_or(0));
    let (core, tail) = core.split_at(core.rfind(char::is_alphanumeric).map_or(0, |at| at + 1));
    let is_hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    let is_time = |also: &str| core.chars().all(|c| c.is_ascii_digit() || also.contains(c));
    let core = match core {
        core if core.len() >= 8 && is_hex(core) => "ID".to_owned(),
        core if is_time(".:-TZ") && core.contains('T') => "TIME".to_owned(),
        core if is_time("-") && core.matches('-').count() == 2 => "DAY".to_owned(),
        core if is_time(".:") && core.contains(':') => "CLOCK".to_owned(),
        // The name of a file of the store has an id in it.
        core => core
            .split_inclusive(['/', '-'])
            .map(|part| match part.trim_end_matches(['/', '-']) {
                id if id.len() == 64 && is_hex(id) => part.replace(id, "ID"),
                _ => part.to_owned(),
            })
            .collect(),
    };
    format!("{head}{core}{tail}")
}
