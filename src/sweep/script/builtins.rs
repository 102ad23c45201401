//! Commands of the shell itself, and `su`, which is a shell of somebody else.

use std::path::PathBuf;

use super::steps::known_when_run;
use super::streams::Stream;
use super::{Ended, FOUND, Reader};
use crate::sweep::glob::ANYTHING;
use crate::sweep::options::Options;
use crate::sweep::programs::is_shell;
use crate::sweep::quotes::{escaped, unescaped};

impl Reader<'_> {
    /// Commands of the shell itself; none for another one.
    pub(super) fn own(&mut self, name: &str, words: &[String], input: &Stream) -> Option<Stream> {
        let rest = &words[1..];
        match name {
            "cd" | "pushd" => self.goes(name, rest),
            "popd" => match self.dirs.pop() {
                Some(dir) => self.state.go(dir),
                None => self.state.lose_cwd(),
            },
            "exit" => self.ended = Ended::Exit,
            "continue" => self.ended = Ended::Continue,
            "break" => self.ended = Ended::Break,
            "return" => self.ended = Ended::Return,
            "set" => self.set(rest),
            "shift" => {
                let count = rest.first().map_or(Some(1), |count| count.parse().ok());
                self.state.shift(count);
            }
            "shopt" => {
                let on = rest.iter().any(|word| word == "-s");
                if rest.iter().any(|word| word == "dotglob") {
                    self.state.globs.dots = !on;
                }
                if on && rest.iter().any(|word| word == "globstar") {
                    self.state.globs = self.state.globs.across();
                }
            }
            "unset" => rest.iter().for_each(|name| self.state.unset(name)),
            "read" | "mapfile" | "readarray" => self.reads(words, input),
            "eval" => {
                let script = rest.join(" ");
                if script.contains([ANYTHING, FOUND]) {
                    self.riddle("'eval' makes its commands when it runs");
                } else {
                    return Some(self.inner(&unescaped(&script), None, input));
                }
            }
            "trap" => {
                let options = Options::leading(rest, "");
                let is_at_end = |word: &String| {
                    matches!(word.as_str(), "EXIT" | "0" | "TERM" | "INT" | "HUP" | "ERR")
                };
                if let [script, signals @ ..] = &options.operands[..]
                    && signals.iter().any(is_at_end)
                {
                    self.traps.push((self.line, unescaped(script)));
                }
            }
            "." | "source" => {
                let file = rest.first()?.clone();
                return Some(self.file(&file, None, input, true));
            }
            "su" => return Some(self.as_another(words, input)),
            _ if is_shell(name) => return Some(self.shell(words, input)),
            _ => return None,
        }
        Some(Stream::None)
    }

    fn set(&mut self, rest: &[String]) {
        if let Some(at) = rest.iter().position(|word| word == "--") {
            self.state.args = Some(rest[at + 1..].to_vec());
        } else if rest
            .first()
            .is_some_and(|word| !word.starts_with(['-', '+']))
        {
            self.state.args = Some(rest.to_vec());
        }
        for (number, word) in rest
            .iter()
            .enumerate()
            .take_while(|(_, word)| *word != "--")
        {
            let names = rest.get(number + 1).is_some_and(|next| next == "errexit");
            let is_meant = |sign: char| word.starts_with(sign) && !word.starts_with("--");
            let is_it = word.contains('e') || word.ends_with('o') && names;
            if is_it && is_meant('-') {
                self.state.is_strict = true;
            } else if is_it && is_meant('+') {
                self.state.is_strict = false;
            }
        }
        if rest.iter().any(|word| word == "globstar") {
            self.state.globs = self.state.globs.across();
        }
    }

    /// `su USER -c SCRIPT`, and `runuser` where it is used like that.
    pub(super) fn as_another(&mut self, words: &[String], input: &Stream) -> Stream {
        let valued = "-s --shell -g --group -G --supp-group -w -c --command --session-command";
        let options = Options::all(&words[1..], valued);
        let mut operands = options.operands.iter().filter(|word| *word != "-");
        let user = operands.next().map_or("root", String::as_str);
        let before = self.state.clone();
        let home = self.machine.home(user).to_string_lossy().into_owned();
        if options.has(&["-l", "--login"]) || words.iter().any(|word| word == "-") {
            self.state.cwd = PathBuf::from(&home);
        }
        self.state.set("HOME", vec![vec![escaped(&home)]]);
        let script = options.value(&["-c", "--command", "--session-command"]);
        let rest: Vec<String> = operands.cloned().collect();
        let printed = match script {
            Some(script) if script.contains([ANYTHING, FOUND]) => {
                self.riddle(&known_when_run(words));
                Stream::Unknown
            }
            Some(script) => self.apart(&script, None, None, input),
            // All that follows is given to the shell of that user.
            None => self.shell(&[&["sh".to_owned()], &rest[..]].concat(), input),
        };
        self.state = before;
        printed
    }
}
