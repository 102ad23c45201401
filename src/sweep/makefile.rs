//! Makefiles, as far as they are plain: rules with their commands, and variables (GNU make, "Writing Rules").

use std::collections::{HashMap, HashSet};

/// Variables within variables are followed so far.
const DEPTH_MAX: usize = 8;
/// Rules that need others are followed so far, and so many commands.
const COMMANDS_MAX: usize = 1_000;
/// So many targets are followed, and commands written of what was begun: more than a reader follows.
const TARGETS_MAX: usize = 10_000;
/// A text may have so many bytes with what its variables stand for, and so many variables.
const LEN_MAX: usize = 64 << 10;
/// All texts of a makefile together.
const ALL_MAX: usize = 4 << 20;
/// The variable of a shell that stands for what make alone knows; none has it.
const UNKNOWN: &str = "${KNOWN_TO_MAKE}";

/// What stands in a makefile.
#[derive(Debug, Default)]
pub(super) struct Makefile {
    variables: HashMap<String, String>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    targets: String,
    needs: String,
    /// Each with its line, from 1.
    commands: Vec<(usize, String)>,
}

impl Makefile {
    pub(super) fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let mut whole = line.to_owned();
            while whole.ends_with('\\') {
                let Some((_, more)) = lines.next() else { break };
                whole.push('\n');
                whole.push_str(more.strip_prefix('\t').unwrap_or(more));
            }
            if let Some(command) = whole.strip_prefix('\t') {
                if let Some(rule) = file.rules.last_mut() {
                    rule.commands.push((number + 1, command.to_owned()));
                }
            } else {
                file.line(number + 1, &whole.replace("\\\n", " "));
            }
        }
        file
    }

    fn line(&mut self, number: usize, line: &str) {
        let bare = line.split('#').next().unwrap_or_default().trim();
        let sign = bare.find([':', '=']);
        let Some(at) = sign else {
            return;
        };
        let (before, after) = bare.split_at(at);
        let value = ["=", ":=", "::=", ":::="]
            .iter()
            .find_map(|sign| after.strip_prefix(sign));
        if let Some(value) = value {
            let name = before.trim_end_matches(['?', '+', '!']).trim();
            let name = name
                .trim_start_matches("export ")
                .trim_start_matches("override ")
                .trim();
            if before.ends_with('!') {
                self.set(name, UNKNOWN);
            } else if before.ends_with('+') {
                let known = self.variables.entry(name.to_owned()).or_default();
                known.push(' ');
                known.push_str(value.trim());
            } else if !before.ends_with('?') || !self.variables.contains_key(name) {
                self.set(name, value.trim());
            }
            return;
        }
        let needs = after.trim_start_matches(':');
        let (needs, command) = match needs.split_once(';') {
            Some((needs, command)) => (needs, Some(command)),
            None => (needs, None),
        };
        self.rules.push(Rule {
            targets: before.to_owned(),
            needs: needs.split('|').collect::<Vec<_>>().join(" "),
            commands: command
                .map(|text| (number, text.to_owned()))
                .into_iter()
                .collect(),
        });
    }

    /// Gives a variable a value.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// The commands for some targets, each with its line: those of what they need first. Without a target the first
    /// one is meant.
    pub(super) fn commands(&self, targets: &[String]) -> Vec<(usize, String)> {
        let mut making = Making {
            file: self,
            rules: HashMap::new(),
            left: ALL_MAX,
        };
        let mut first = None;
        for rule in &self.rules {
            for target in making.names(&rule.targets) {
                if first.is_none() && !target.starts_with('.') {
                    first = Some(target.clone());
                }
                let all = making.rules.entry(target).or_default();
                if all.last().is_none_or(|last| !std::ptr::eq(*last, rule)) {
                    all.push(rule);
                }
            }
        }
        if targets.is_empty() {
            making.make(first.as_slice())
        } else {
            making.make(targets)
        }
    }
}

/// What is still to be done.
enum Todo<'m> {
    Make(String),
    /// The commands of a rule for a target, with the first of what that needs.
    Run(&'m Rule, String, String),
}

/// A makefile while it is followed.
struct Making<'m> {
    file: &'m Makefile,
    /// Of each target.
    rules: HashMap<String, Vec<&'m Rule>>,
    /// So many bytes and variables may still be written.
    left: usize,
}

impl Making<'_> {
    fn make(&mut self, targets: &[String]) -> Vec<(usize, String)> {
        let (mut done, mut all) = (HashSet::new(), Vec::new());
        // The next one is the last.
        let mut todo: Vec<Todo<'_>> = targets.iter().rev().cloned().map(Todo::Make).collect();
        while let Some(next) = todo.pop().filter(|_| all.len() <= TARGETS_MAX) {
            let target = match next {
                Todo::Make(target) => target,
                Todo::Run(rule, target, first) => {
                    let own = [("@", target.as_str()), ("<", first.as_str())];
                    for (line, text) in &rule.commands {
                        let bare = text.trim_start().trim_start_matches(['@', '-', '+', ' ']);
                        all.push((*line, self.text(bare, &own)));
                    }
                    continue;
                }
            };
            let is_full = all.len() > COMMANDS_MAX || done.len() > TARGETS_MAX;
            if is_full || !done.insert(target.clone()) {
                continue;
            }
            let rules = self.rules.get(&target).cloned().unwrap_or_default();
            let mut more = Vec::new();
            for rule in rules {
                let needs = self.names(&rule.needs);
                let first = needs.first().cloned().unwrap_or_default();
                more.extend(needs.into_iter().map(Todo::Make));
                more.push(Todo::Run(rule, target.clone(), first));
            }
            todo.extend(more.into_iter().rev());
        }
        all
    }

    fn names(&mut self, text: &str) -> Vec<String> {
        let whole = self.text(text, &[]);
        whole.split_whitespace().map(str::to_owned).collect()
    }

    /// A text with the values of its variables; a function of make is known to make alone.
    fn text(&mut self, text: &str, own: &[(&str, &str)]) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let max = LEN_MAX.min(self.left);
        let mut left = max;
        let mut out = String::with_capacity(text.len());
        self.file.expanded(text, own, 0, &mut left, &mut out);
        self.left -= max - left;
        out
    }
}

impl Makefile {
    /// Writes a text with the values of its variables. What is too long ends with what make alone knows.
    fn expanded(
        &self,
        text: &str,
        own: &[(&str, &str)],
        depth: usize,
        left: &mut usize,
        out: &mut String,
    ) {
        let mut rest = text;
        loop {
            let at = rest.find('$').unwrap_or(rest.len());
            let (before, sign) = rest.split_at(at);
            let (name, more) = named(sign).unwrap_or(("", ""));
            let special = own.iter().find(|(own, _)| *own == name);
            let special = special.map(|(_, value)| *value);
            let len = before.len() + 1 + special.unwrap_or(name).len();
            let Some(less) = left.checked_sub(len) else {
                *left = 0;
                return out.push_str(UNKNOWN);
            };
            *left = less;
            out.push_str(before);
            if name.is_empty() {
                // A sign that names nothing is left out.
                return out.push_str(sign.get(1..).unwrap_or_default());
            }
            rest = more;
            match (special, self.variables.get(name)) {
                _ if name == "$" => out.push('$'),
                (Some(value), _) => out.push_str(value),
                (None, Some(value)) if depth < DEPTH_MAX => {
                    self.expanded(value, own, depth + 1, left, out);
                }
                (None, _) => match name {
                    "MAKE" => out.push_str("make"),
                    "CURDIR" => out.push_str("${PWD}"),
                    "RM" => out.push_str("rm -f"),
                    // A variable that is nowhere set may come from the environment.
                    name if name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                        out.extend(["${", name, "}"]);
                    }
                    _ => out.push_str(UNKNOWN),
                },
            }
        }
    }
}

/// The name behind the `$` with which a text begins, and what follows it; none where it does not end.
fn named(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('$')?;
    let first = text.chars().next()?;
    let close = match first {
        '(' => ')',
        '{' => '}',
        one => return Some(text.split_at(one.len_utf8())),
    };
    text[1..].split_once(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_with_their_lines_and_what_variables_stand_for() {
        let text = "V := .venv\nALL = $(V) build # x\nV += more\n.PHONY: all\nall: test\n\ttrue\n\
                    clean:: base\n\t@rm -rf $(ALL) \\\n\t  $(HOME)\n\
                    base: ; -echo $$x $(shell date) $@ $<\n";
        let file = Makefile::parse(text);
        let told = |targets: &[&str]| {
            let targets: Vec<String> = targets.iter().map(|one| (*one).to_owned()).collect();
            file.commands(&targets)
        };
        assert_eq!(told(&[]), [(6, "true".to_owned())]);
        assert_eq!(
            told(&["clean"]),
            [
                (10, "echo $x ${KNOWN_TO_MAKE} base ".to_owned()),
                (8, "rm -rf .venv more build \\\n  ${HOME}".to_owned()),
            ]
        );
        assert!(told(&["none"]).is_empty());
        for hostile in [
            "$",
            "$(",
            "a:",
            "a: a\n\tx",
            "A=$(A)\na: $(A)",
            ":=",
            "\t\\",
            "=",
        ] {
            let _ = Makefile::parse(&hostile.repeat(50)).commands(&["a".to_owned()]);
        }
    }

    #[test]
    fn a_hostile_makefile_takes_neither_long_nor_much() {
        let deep = (0..60_000).fold(String::new(), |text, number| {
            text + &format!("t{number}: t{}\n\trm {number}\n", number + 1)
        });
        let told = Makefile::parse(&deep).commands(&[]);
        assert!(told.len() > COMMANDS_MAX, "{}", told.len());
        let wide = "B =\nA = ".to_owned() + &"$(B)$(C)".repeat(9_000) + "\nC = $(A)$(A)\n";
        for text in [
            wide.clone() + "a: $(A)\n\trm $(A) x\n",
            wide + &"$(A) b: $(A)\n\ttrue\n".repeat(200) + "a: b\n\trm $(A) x\n",
            "A += $(A) x\n".repeat(20_000) + "a:\n\trm $(A) x\n",
            "A=$(A)$(A)$(A)$(A)\na:\n\trm $(A) x\n".to_owned(),
        ] {
            let told = Makefile::parse(&text).commands(&["a".to_owned()]);
            let (_, last) = told.last().unwrap();
            assert!(
                last.len() < 2 * LEN_MAX && last.contains("${"),
                "{}",
                last.len()
            );
        }
        let many = "a b c d: e\n\ttrue\n".repeat(40_000) + "f:\n\ttrue\n";
        assert!(
            !Makefile::parse(&many)
                .commands(&["f".to_owned()])
                .is_empty()
        );
    }
}
