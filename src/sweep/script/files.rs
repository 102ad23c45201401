//! Scripts that a command runs: of a shell, which are followed, and in other languages, which are only looked at.

use std::path::PathBuf;

use super::streams::Stream;
use super::{FOUND, PIPE, Reader};
use crate::sweep::family::is_part;
use crate::sweep::glob::ANYTHING;
use crate::sweep::options::Options;
use crate::sweep::programs::{
    self, Code, Program, code, interpreter, is_shell, may_empty, may_remove,
};
use crate::sweep::quotes::unescaped;

impl Reader<'_> {
    /// Text in the language of a program.
    pub(super) fn language(&mut self, program: &str, text: &str, input: &Stream) {
        let name = program.rsplit('/').next().unwrap_or_default();
        if is_shell(name) {
            self.inner(text, None, input);
        } else {
            self.looked_at(&format!("what '{name}' is given"), text);
        }
    }

    /// `sh -c SCRIPT NAME WORD…`, `sh FILE WORD…`, or `sh` that reads its commands.
    pub(super) fn shell(&mut self, words: &[String], input: &Stream) -> Stream {
        let options = Options::leading(&words[1..], "-o -O +O --rcfile --init-file");
        let mut operands = options.operands.iter();
        if options.has(&["-n"]) {
            return Stream::None;
        }
        if options.has(&["-c"]) {
            let Some(script) = operands.next() else {
                return Stream::None;
            };
            let zero = operands.next().cloned();
            let args = Some(operands.cloned().collect());
            if script.contains([ANYTHING, FOUND]) {
                self.open_script(script);
                return Stream::Unknown;
            }
            self.state.begins_strict = options.has(&["-e"]);
            let zero = zero.or_else(|| words.first().cloned());
            let before = std::mem::replace(&mut self.state.zero, zero);
            let printed = self.apart(&unescaped(script), None, args, input);
            self.state.zero = before;
            return printed;
        }
        let from_input =
            options.has(&["-s"]) || options.operands.first().is_none_or(|file| file == "-");
        if !from_input {
            let args: Vec<String> = operands.clone().skip(1).cloned().collect();
            let file = operands.next().cloned().unwrap_or_default();
            self.state.begins_strict = options.has(&["-e"]);
            let printed = self.file(&file, Some(args), input, false);
            self.state.begins_strict = false;
            return printed;
        }
        match (input, input.script()) {
            (Stream::None, _) => Stream::None,
            (_, Some(script)) => self.apart(&script, None, None, &Stream::None),
            (_, None) => {
                self.riddle("a shell runs commands that are known only when it runs");
                Stream::Unknown
            }
        }
    }

    /// A script of which a part is known only when it runs: it is followed with that part as it is.
    fn open_script(&mut self, script: &str) {
        let (steps, riddles) = (self.found.steps.len(), self.found.riddles.len());
        let plain = unescaped(script).replace([ANYTHING, FOUND], "${KNOWN_WHEN_IT_RUNS}");
        let state = self.state.clone();
        self.state.unset("KNOWN_WHEN_IT_RUNS");
        self.apart(&plain, None, None, &Stream::None);
        self.state = state;
        let told = self.found.steps.len() + self.found.riddles.len() > steps + riddles;
        if !told && may_remove(&plain) {
            self.riddle("a shell runs commands that are known only when it runs");
        }
    }

    /// A program that is started: a script at hand, or code for an interpreter. None for one that is not followed.
    pub(super) fn followed(
        &mut self,
        name: &str,
        words: &[String],
        input: &Stream,
    ) -> Option<Stream> {
        match name {
            "run-parts" => return Some(self.parts(&words[1..], input)),
            "awk" | "gawk" | "mawk" | "nawk" => return Some(self.by_awk(words, input)),
            _ => {}
        }
        let place = self.program_place(name, &words[0]);
        let file_is_script = place.as_ref().is_some_and(|path| {
            let text = self.machine.root.text(path).unwrap_or_default();
            text.starts_with("#!")
        });
        if let Some(interpreter) = interpreter(name).filter(|_| !file_is_script) {
            match code(interpreter, &words[1..]) {
                Code::Given(text) => self.looked_at(&format!("what '{name}' is given"), &text),
                Code::File(file) => {
                    let path = self.plain_place(&file);
                    let text = path.as_ref().and_then(|path| self.machine.root.text(path));
                    let text = text.filter(|text| !text.contains('\0'));
                    let shown = path.map_or(file, |path| path.display().to_string());
                    if let Some(text) = text {
                        let what = format!("'{shown}' is a script of {name}, and");
                        self.looked_at(&what, &text);
                    }
                }
                Code::Input => match (input, input.script()) {
                    (Stream::None, _) => {}
                    (_, Some(text)) => self.looked_at(&format!("what '{name}' is given"), &text),
                    (_, None) => {
                        self.riddle(&format!("what '{name}' runs is known only when it runs"));
                    }
                },
                Code::Module(module, operands) => self.module(words, &module, &operands),
            }
            return Some(Stream::Unknown);
        }
        let path = place?;
        let args = Some(words[1..].to_vec()).filter(|args| !args.is_empty());
        Some(self.file(&path.to_string_lossy(), args, input, false))
    }

    /// `python -m venv --clear DIR`
    fn module(&mut self, words: &[String], module: &str, operands: &[String]) {
        if matches!(module, "venv" | "virtualenv") && words.iter().any(|word| word == "--clear") {
            let options = Options::all(operands, "--prompt");
            self.take(words, &options.operands, true, true);
        }
    }

    /// Code in another language, of which it only counts what it names.
    fn looked_at(&mut self, what: &str, text: &str) {
        let (removes, empties) = (may_remove(text), may_empty(text));
        if removes {
            self.riddle_of(
                &format!("{what} names what removes files"),
                Some(text),
                false,
            );
        } else if empties {
            self.riddle_of(&format!("{what} writes to files"), Some(text), true);
        }
    }

    /// `awk PROGRAM`, which may run commands.
    fn by_awk(&mut self, words: &[String], input: &Stream) -> Stream {
        let options = Options::leading(&words[1..], "-F -v -f --field-separator --assign");
        let program = options
            .operands
            .first()
            .map(|word| unescaped(word))
            .unwrap_or_default();
        if program.contains("system(") || program.contains("| \"") || program.contains("|\"") {
            self.looked_at("what 'awk' is given", &program);
        }
        let is_whole = matches!(
            program.trim(),
            "{print}" | "{print $0}" | "{ print }" | "{ print $0 }" | "1"
        );
        let is_column = self.has_columns(input) && !program.contains(['/', '(']);
        if (is_whole || is_column) && options.operands.len() == 1 {
            input.clone()
        } else {
            Stream::Unknown
        }
    }

    /// `run-parts DIR`: programs in it, by their names (run-parts(8)).
    fn parts(&mut self, words: &[String], input: &Stream) -> Stream {
        let options = Options::all(words, "-a --arg -u --umask --regex");
        if options.has(&["--test", "--list"]) {
            return Stream::None;
        }
        let any_name = options.has(&["--regex", "--lsbsysinit"]);
        for dir in &options.operands {
            let Some(dir) = self.plain_place(dir) else {
                self.riddle("what 'run-parts' is given is known only when it runs");
                continue;
            };
            for path in self.machine.root.list(&dir).unwrap_or_default() {
                let is_named = any_name || is_part(self.machine, &path);
                if is_named && self.machine.root.is_program(&path) {
                    self.file(&path.to_string_lossy(), None, input, false);
                }
            }
        }
        Stream::Unknown
    }

    /// Where a program stands.
    pub(super) fn program_place(&self, name: &str, word: &str) -> Option<PathBuf> {
        if word.contains('/') {
            return self.plain_place(word);
        }
        let path = self
            .state
            .get("PATH")
            .and_then(|values| values.into_iter().flatten().next());
        programs::on_path(self.machine.root, name, path.as_deref())
    }

    /// What is written to a file that is a pipe.
    pub(super) fn pipe(&self, name: &str) -> Option<&Stream> {
        let number = name.strip_prefix(PIPE)?.parse::<usize>().ok()?;
        self.pipes.get(number)
    }

    /// Follows a script in a file, by this shell or by one of its own. A program in machine code is taken for one that
    /// removes nothing.
    pub(super) fn file(
        &mut self,
        name: &str,
        args: Option<Vec<String>>,
        input: &Stream,
        here: bool,
    ) -> Stream {
        if let Some(printed) = self.pipe(name) {
            return match printed.script() {
                Some(text) if here => self.inner(&text, None, input),
                Some(text) => self.apart(&text, None, args, input),
                None => {
                    self.riddle("a shell runs commands that are known only when it runs");
                    Stream::Unknown
                }
            };
        }
        if let Some(all) = self.spread(name) {
            // Each of the scripts that it may be.
            for one in all {
                self.file(&one, args.clone(), input, here);
            }
            return Stream::Unknown;
        }
        let Some(path) = self.plain_place(name) else {
            // What settings it reads decides less than what it runs.
            if !here {
                self.riddle("which script it runs is known only when it runs");
            }
            return Stream::Unknown;
        };
        let text = match self.machine.root.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Stream::Unknown,
            Err(why) => {
                self.riddle(&format!("'{}' cannot be read: {why}", path.display()));
                return Stream::Unknown;
            }
        };
        let name = path.to_string_lossy().into_owned();
        if self.is_running(&name) {
            return Stream::Unknown;
        }
        self.running.push(name);
        let printed = self.file_of(path, &text, args, input, here);
        self.running.pop();
        printed
    }

    fn file_of(
        &mut self,
        path: PathBuf,
        text: &str,
        args: Option<Vec<String>>,
        input: &Stream,
        here: bool,
    ) -> Stream {
        match programs::kind(text) {
            Program::Shell if here => self.inner(text, Some(path), input),
            Program::Shell => {
                let args = args.filter(|args| !args.is_empty());
                // `#!/bin/sh -eu`
                let first = text.lines().next().filter(|line| line.starts_with("#!"));
                let mut words = first.unwrap_or_default().split_whitespace().skip(1);
                self.state.begins_strict |=
                    words.any(|word| word.starts_with('-') && word.contains('e'));
                self.apart(text, Some(path), args, input)
            }
            Program::Script(language) => {
                let what = format!("'{}' is a script of {language}, and", path.display());
                self.looked_at(&what, text);
                Stream::Unknown
            }
            Program::Binary => Stream::Unknown,
        }
    }
}
