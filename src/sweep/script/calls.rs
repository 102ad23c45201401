//! One command with its words: what it is, and who reads it.

use std::path::PathBuf;

use super::assignments::assignment;
use super::state::Values;
use super::steps::known_when_run;
use super::streams::Stream;
use super::{Ended, FOUND, Reader, STARTED_MAX};
use crate::sweep::glob::ANYTHING;
use crate::sweep::programs::{Call, Effect, is_elsewhere, is_open, is_shell, prefix, remover};
use crate::sweep::quotes::unescaped;
use crate::sweep::shell::{Piece, Word};

impl Reader<'_> {
    /// A simple command: its assignments, and then itself for each value of its words.
    pub(super) fn simple(&mut self, words: &[Word], input: &Stream) -> Stream {
        let mut begin = 0;
        let mut own = Vec::new();
        while let Some((name, key, value)) = words.get(begin).and_then(assignment) {
            let before = self.state.get(&name);
            self.assign(&words[begin], &name, key, &value);
            own.push((name, before));
            begin += 1;
        }
        let rest = &words[begin..];
        let Some(first) = rest.first() else {
            return Stream::None;
        };
        if let [Piece::Text(name, false)] = &first[..]
            && matches!(
                name.as_str(),
                "export" | "local" | "readonly" | "declare" | "typeset"
            )
        {
            let is_own = matches!(name.as_str(), "local" | "declare" | "typeset");
            for word in &rest[1..] {
                let Some((name, key, value)) = assignment(word) else {
                    continue;
                };
                if is_own && !self.running.is_empty() {
                    let before = self.state.get(&name);
                    self.locals.push((name.clone(), before));
                }
                self.assign(word, &name, key, &value);
            }
            return Stream::None;
        }
        let all: Vec<_> = rest.iter().map(|word| self.fields(word)).collect();
        let each = all.iter().map(Vec::len).max().unwrap_or_default();
        let mut printed = Stream::None;
        for number in 0..each {
            let nth = |values: &Values| values.get(number).or(values.last()).cloned();
            let fields: Vec<String> = all.iter().filter_map(nth).flatten().collect();
            printed = printed.and(self.call(&fields, input));
        }
        // What is set before a command is so for that command.
        let is_kept =
            matches!(&first[..], [Piece::Text(name, false)] if name == "read" || name == "eval");
        for (name, before) in own
            .into_iter()
            .filter(|(name, _)| !is_kept || name == "IFS")
        {
            match before {
                Some(values) => self.state.set(&name, values),
                None => self.state.unset(&name),
            }
        }
        printed
    }

    /// A command with all of its words.
    pub(super) fn call(&mut self, words: &[String], input: &Stream) -> Stream {
        if self.started >= STARTED_MAX {
            self.riddle("commands start each other too deep");
            return Stream::Unknown;
        }
        self.started += 1;
        let printed = self.called(words, input);
        self.started -= 1;
        printed
    }

    fn called(&mut self, words: &[String], input: &Stream) -> Stream {
        let Some(first) = words.first().filter(|word| !word.is_empty()) else {
            return Stream::None;
        };
        if let Some(printed) = self.function(first, words[1..].to_vec(), input) {
            return printed;
        }
        if let Some(all) = self.spread(first) {
            // Each of the programs that it may be.
            let each = all.into_iter().map(|one| [&[one], &words[1..]].concat());
            for words in each.collect::<Vec<_>>() {
                self.call(&words, input);
            }
            return Stream::Unknown;
        }
        if is_open(first) || first.contains(FOUND) {
            self.riddle("which command it runs is known only when it runs");
            return self.doubtful(
                &words[1..],
                "which command it runs is known only when it runs",
                input,
            );
        }
        let name = unescaped(first.rsplit('/').next().unwrap_or_default());
        self.may_make(&name, words);
        // Without a user by option it is used like `su`.
        let is_su = name == "runuser" && !words.iter().any(|word| word == "-u" || word == "--user");
        if is_su {
            return self.as_another(words, input);
        }
        if let Some(prefix) = prefix(&name) {
            return self.started(prefix, words, input);
        }
        if let Some(printed) = self.own(&name, words, input) {
            return printed;
        }
        if let Some(printed) = self.searched(&name, words, input) {
            return printed;
        }
        if let Some(printed) = self.uninstalls(&name, words, input) {
            return printed;
        }
        if let Some(printed) = self.removed(&name, words, input) {
            return printed;
        }
        if let Some(printed) = self.printed(&name, words, input) {
            return printed;
        }
        self.program(&name, words, input)
    }

    /// What a program removes that is known to do so; none for another one.
    fn removed(&mut self, name: &str, words: &[String], input: &Stream) -> Option<Stream> {
        let effect = remover(name)?(&Call {
            machine: self.machine,
            words: &words[1..],
            name,
            cwd: &self.state.cwd,
        });
        match effect {
            Effect::Takes(operands, all) => self.take(words, &operands, all, false),
            Effect::TakesThrough(operands, all) => self.take(words, &operands, all, true),
            Effect::MayTake(operands, why) => self.may_take(words, &operands, why),
            Effect::Removes(_) if words.iter().any(|word| is_open(word)) => {
                self.riddle(&known_when_run(words));
            }
            Effect::Removes(removal) if removal.is_anywhere() => {
                self.riddle("nobody knows in which directory it works");
            }
            Effect::Removes(removal) => self.step(words, removal, None),
            Effect::Odd(why) => self.riddle(&why),
            Effect::Nothing => {}
        }
        Some(if name == "tee" {
            input.clone()
        } else {
            Stream::Unknown
        })
    }

    /// What a program starts that does nothing else.
    fn started(
        &mut self,
        prefix: &crate::sweep::programs::Prefix,
        words: &[String],
        input: &Stream,
    ) -> Stream {
        let started = prefix.started(words);
        let before = self.state.clone();
        if let Some(dir) = started.directory {
            let dir = self.place(&dir);
            if self.is_missing(&dir) {
                return Stream::None;
            }
            self.state.go((PathBuf::from(dir), None));
        }
        for (name, value) in started.variables {
            self.state.set(&name, vec![vec![value]]);
        }
        let printed = match started.script {
            Some(script) if script.contains(ANYTHING) => {
                self.riddle(&known_when_run(words));
                Stream::Unknown
            }
            Some(script) => self.apart(&script, None, None, input),
            None => self.call(&started.command, input),
        };
        let after = std::mem::replace(&mut self.state, before);
        // `command cd` and `builtin cd` are of this shell.
        if matches!(words[0].as_str(), "command" | "builtin") {
            self.state.go(after.place());
        }
        if words[0] == "exec" && words.len() > 1 {
            self.ended = Ended::Exit;
        }
        printed
    }

    /// Words that may be a command, of which nobody knows whether it runs.
    pub(super) fn doubtful(&mut self, words: &[String], why: &str, input: &Stream) -> Stream {
        let is_command = |word: &String| {
            let name = word.rsplit('/').next().unwrap_or_default();
            let is_known = remover(name).is_some() || prefix(name).is_some() || is_shell(name);
            is_known || matches!(name, "find" | "xargs")
        };
        let begin = words.iter().position(is_command);
        // A word that is a command by itself may be a script.
        let mut scripts = words.iter().filter(|word| {
            let first = word.split_whitespace().next();
            word.contains(' ') && first.is_some_and(|first| is_command(&first.to_owned()))
        });
        if let (Some(script), None, None) = (scripts.next(), begin, &self.doubt) {
            self.doubt = Some(why.to_owned());
            self.apart(&unescaped(script), None, None, input);
            self.doubt = None;
        }
        if let (Some(begin), None) = (begin, &self.doubt) {
            self.doubt = Some(why.to_owned());
            let state = self.state.clone();
            self.call(&words[begin..], input);
            self.state = state;
            self.ended = Ended::No;
            self.doubt = None;
        }
        Stream::Unknown
    }

    /// A program that is not read by its name.
    fn program(&mut self, name: &str, words: &[String], input: &Stream) -> Stream {
        if let Some(printed) = self.commanded(name, words, input) {
            return printed;
        }
        if let Some(printed) = self.starts_job(name, words) {
            return printed;
        }
        if is_elsewhere(name) {
            return Stream::Unknown;
        }
        if let Some(printed) = self.followed(name, words, input) {
            return printed;
        }
        let why = format!("nobody knows whether '{name}' runs what it is given");
        self.doubtful(&words[1..], &why, input)
    }
}
