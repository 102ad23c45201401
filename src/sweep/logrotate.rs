//! Rules of logrotate: what it renames or removes, and the scripts that it runs (logrotate(8)).

use std::path::{Path, PathBuf};

use super::Machine;
use super::job::{Job, Run, Starter, Work};
use super::removal::Removal;
use super::script::Start;

/// All jobs of logrotate.
pub(super) fn jobs(machine: &Machine<'_>) -> Vec<Job> {
    let mut files = vec![PathBuf::from("/etc/logrotate.conf")];
    files.extend(
        machine
            .root
            .list(Path::new("/etc/logrotate.d"))
            .unwrap_or_default(),
    );
    let read = |path: &PathBuf| Some((path.clone(), machine.root.text(path)?));
    files
        .iter()
        .filter_map(read)
        .flat_map(|(path, text)| rules(&path, &text))
        .collect()
}

fn rules(path: &Path, text: &str) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut patterns: Vec<String> = Vec::new();
    let (mut begin, mut is_within, mut often) = (0, false, "daily".to_owned());
    let mut script: Option<(usize, String)> = None;
    let job = |line: usize, often: &str, work: Work| Job {
        starter: Starter::Logrotate,
        path: path.to_owned(),
        line,
        user: Some("root".to_owned()),
        run: Run {
            schedule: format!("logrotate, {often}"),
            next: None,
        },
        work,
        idle: None,
    };
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim();
        if let Some((start, lines)) = &mut script {
            if bare == "endscript" {
                let start_of = Start {
                    path: path.to_owned(),
                    line: *start,
                    cwd: PathBuf::from("/"),
                    variables: Vec::new(),
                };
                jobs.push(job(
                    *start,
                    &often,
                    Work::Script(std::mem::take(lines), start_of),
                ));
                script = None;
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
            continue;
        }
        let word = bare.split_whitespace().next().unwrap_or_default();
        match word {
            "hourly" | "daily" | "weekly" | "monthly" | "yearly" => word.clone_into(&mut often),
            "postrotate" | "prerotate" | "firstaction" | "lastaction" | "preremove" => {
                // The script begins on the next line, and lines count from 1.
                script = Some((number + 2, String::new()));
            }
            "}" => {
                let named = std::mem::take(&mut patterns);
                if !named.is_empty() {
                    let shown = named.join(" ");
                    let removal = Removal::Named {
                        patterns: named,
                        with_all: false,
                    };
                    jobs.push(job(begin, &often, Work::Rule(shown, removal)));
                }
                is_within = false;
            }
            _ if !is_within && bare.starts_with(['/', '"', '\'']) => {
                if patterns.is_empty() {
                    begin = number + 1;
                }
                let names = bare.trim_end_matches('{').split_whitespace();
                patterns.extend(names.map(|name| name.trim_matches(['"', '\'']).to_owned()));
                is_within = bare.ends_with('{');
            }
            _ => is_within |= bare == "{",
        }
    }
    jobs
}
