//! Makefiles, as far as they are plain: rules with their commands, and variables (GNU make, "Writing Rules").

/// Variables within variables are followed so far.
const DEPTH_MAX: usize = 8;
/// Rules that need others are followed so far, and so many commands.
const COMMANDS_MAX: usize = 1_000;
/// The variable of a shell that stands for what make alone knows; none has it.
const UNKNOWN: &str = "${KNOWN_TO_MAKE}";

/// What stands in a makefile.
#[derive(Debug, Default)]
pub(super) struct Makefile {
    variables: Vec<(String, String)>,
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
                let known = self.variable(name).unwrap_or_default().to_owned();
                self.set(name, &format!("{known} {}", value.trim()));
            } else if !before.ends_with('?') || self.variable(name).is_none() {
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
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.variables.iter().rev();
        all.find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The commands for some targets, each with its line: those of what they need first. Without a target the first
    /// one is meant.
    pub(super) fn commands(&self, targets: &[String]) -> Vec<(usize, String)> {
        let first = self.rules.iter().flat_map(|rule| self.names(&rule.targets));
        let mut first = first.filter(|name| !name.starts_with('.'));
        let targets = if targets.is_empty() {
            first.next().into_iter().collect()
        } else {
            targets.to_vec()
        };
        let (mut done, mut all) = (Vec::new(), Vec::new());
        for target in targets {
            self.make(&target, &mut done, &mut all);
        }
        all
    }

    fn make(&self, target: &str, done: &mut Vec<String>, all: &mut Vec<(usize, String)>) {
        if done.iter().any(|one| one == target) || all.len() > COMMANDS_MAX {
            return;
        }
        done.push(target.to_owned());
        let names = |rule: &&Rule| self.names(&rule.targets).iter().any(|name| name == target);
        for rule in self.rules.iter().filter(names) {
            let needs = self.names(&rule.needs);
            for need in &needs {
                self.make(need, done, all);
            }
            let first = needs.first().map_or("", String::as_str);
            let own = [("@", target), ("<", first)];
            let written = rule.commands.iter().map(|(line, text)| {
                let bare = text.trim_start().trim_start_matches(['@', '-', '+', ' ']);
                (*line, self.expanded(bare, &own, 0))
            });
            all.extend(written);
        }
    }

    fn names(&self, text: &str) -> Vec<String> {
        let whole = self.expanded(text, &[], 0);
        whole.split_whitespace().map(str::to_owned).collect()
    }

    /// A text with the values of its variables; a function of make is known to make alone.
    fn expanded(&self, text: &str, own: &[(&str, &str)], depth: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let name = match rest.chars().next() {
                Some('$') => {
                    out.push('$');
                    rest = &rest[1..];
                    continue;
                }
                Some(open @ ('(' | '{')) => {
                    let close = if open == '(' { ')' } else { '}' };
                    let Some(end) = rest.find(close) else { break };
                    let name = &rest[1..end];
                    rest = &rest[end + 1..];
                    name
                }
                Some(one) => {
                    let (name, more) = rest.split_at(one.len_utf8());
                    rest = more;
                    name
                }
                None => break,
            };
            let special = own.iter().find(|(sign, _)| *sign == name);
            match (special, self.variable(name)) {
                (Some((_, value)), _) => out.push_str(value),
                (None, Some(value)) if depth < DEPTH_MAX => {
                    out.push_str(&self.expanded(value, own, depth + 1));
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
        out.push_str(rest);
        out
    }
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
}
