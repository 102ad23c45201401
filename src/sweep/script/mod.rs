//! Follows a script command by command, as far as that can be done without running it: what it would remove, and what
//! of it cannot be understood.

mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::find::{Find, absolute, removal};
use super::programs;
use super::removal::Removal;
use super::root::Root;
use super::shell::{End, Simple, split};
use words::{plain, unescaped};

/// Scripts that start each other are followed so far.
const DEPTH_MAX: usize = 6;
/// So many meanings of a word are followed.
pub(super) const MEANINGS_MAX: usize = 64;
/// The sign before a word that stands for what a search prints. The number of the search follows.
pub(super) const FOUND: char = '\u{1}';
/// Words of a shell that may stand before a command.
const KEYWORDS: [&str; 13] = [
    "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "time",
];

/// One removal, with the place that says so.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) path: PathBuf,
    /// From 1.
    pub(super) line: usize,
    /// The command, as it is understood.
    pub(super) command: String,
    pub(super) removal: Removal,
}

/// What cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Riddle {
    pub(super) path: PathBuf,
    /// From 1.
    pub(super) line: usize,
    pub(super) why: String,
}

/// What is known of a script.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(super) steps: Vec<Step>,
    pub(super) riddles: Vec<Riddle>,
}

/// How a script is started.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) cwd: PathBuf,
    pub(super) variables: Vec<(String, String)>,
}

/// Reads the text of a script.
pub(super) fn read(root: &Root, text: &str, start: &Start) -> Read {
    let mut reader = Reader {
        root,
        path: start.path.clone(),
        offset: start.line - 1,
        cwd: Some(start.cwd.clone()),
        variables: HashMap::new(),
        searches: Vec::new(),
        found: Read::default(),
        depth: 0,
    };
    for (name, value) in &start.variables {
        reader.variables.insert(name.clone(), vec![value.clone()]);
    }
    reader.script(text);
    reader.found
}

/// A script while it is followed.
pub(super) struct Reader<'a> {
    root: &'a Root,
    path: PathBuf,
    /// How many lines of the file stand before the text that is read.
    offset: usize,
    /// The working directory; none where nobody knows it.
    pub(super) cwd: Option<PathBuf>,
    /// The values that each variable may have.
    pub(super) variables: HashMap<String, Vec<String>>,
    /// Searches of which something else reads what they print.
    pub(super) searches: Vec<Find>,
    found: Read,
    depth: usize,
}

impl Reader<'_> {
    fn script(&mut self, text: &str) {
        let commands = split(text);
        let (mut blocks, mut cases, mut brackets) = (0_usize, 0_usize, 0_usize);
        let mut before: Option<(End, Option<usize>)> = None;
        for simple in &commands {
            let first = simple.words.first().and_then(plain).unwrap_or_default();
            match first.as_str() {
                "case" => cases += 1,
                "if" | "for" | "while" | "until" | "{" => blocks += 1,
                "esac" => cases = cases.saturating_sub(1),
                "fi" | "done" | "}" => blocks = blocks.saturating_sub(1),
                _ => {}
            }
            // In a `case`, a `)` that closes no bracket ends a pattern and no command.
            let is_pattern =
                simple.end == End::Closed && cases > 0 && brackets == 0 && first != "case";
            let was_open = brackets;
            match simple.end {
                End::Opened => brackets += 1,
                End::Closed if !is_pattern => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if is_pattern
                || matches!(first.as_str(), "case" | "esac" | "fi" | "done" | "}")
                    && simple.end != End::Pipe
            {
                before = None;
                continue;
            }
            let piped = before
                .filter(|(end, _)| *end == End::Pipe)
                .and_then(|(_, search)| search);
            let is_sure = blocks == 0
                && cases == 0
                && was_open == 0
                && before.is_none_or(|(end, _)| end != End::Maybe);
            let words = self.expanded(simple);
            // An `exit` that runs for certain ends the script.
            if is_sure
                && words
                    .first()
                    .and_then(|all| all.first())
                    .is_some_and(|word| word == "exit" || word == "return")
            {
                break;
            }
            let search = self.command(simple, words, piped);
            before = Some((simple.end, search));
        }
    }

    /// One command. Returns the search of which it prints the result.
    fn command(
        &mut self,
        simple: &Simple,
        mut words: Vec<Vec<String>>,
        piped: Option<usize>,
    ) -> Option<usize> {
        while words.first().is_some_and(|all| {
            all.first()
                .is_some_and(|word| KEYWORDS.contains(&word.as_str()))
        }) {
            words.remove(0);
        }
        self.assign(&simple.words, &mut words);
        let first = words.first()?.first()?.clone();
        if first == "for" {
            self.loop_over(&words);
            return None;
        }
        let known: Option<Vec<String>> = words.iter().map(|all| all.first().cloned()).collect();
        let name = unescaped(vec![first.clone()]).remove(0);
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        if matches!(name.as_str(), "cd" | "pushd") && known.is_none() {
            self.cwd = None;
        }
        if name == "eval" {
            self.riddle(simple.line, "'eval' makes its commands when it runs");
            return None;
        }
        // A word of which nobody knows the meaning matters only to commands that remove.
        let Some(words_known) = known else {
            let removes = removal(std::slice::from_ref(&name)).is_some()
                || programs::REMOVING.contains(&name.as_str());
            if removes && !matches!(name.as_str(), "gzip" | "bzip2" | "xz" | "zstd") {
                self.riddle(
                    simple.line,
                    &format!("what '{name}' is given is known only when it runs"),
                );
            }
            return None;
        };
        if matches!(name.as_str(), "read") {
            if let (Some(search), Some(variable)) = (
                piped,
                words_known
                    .iter()
                    .skip(1)
                    .rfind(|word| !word.starts_with('-')),
            ) {
                self.variables
                    .insert(variable.clone(), vec![format!("{FOUND}{search}")]);
            }
            return None;
        }
        let each = words
            .iter()
            .map(Vec::len)
            .max()
            .unwrap_or(1)
            .min(MEANINGS_MAX);
        let mut search = None;
        for number in 0..each {
            let one = words
                .iter()
                .map(|all| all[number.min(all.len() - 1)].clone())
                .collect();
            search = self.one(simple.line, one, piped).or(search);
        }
        search
    }

    fn one(&mut self, line: usize, words: Vec<String>, piped: Option<usize>) -> Option<usize> {
        let patterns = words.clone();
        let words = unescaped(words);
        let begin = programs::without_prefix(&words);
        let (words, patterns) = (&words[begin..], &patterns[begin..]);
        let name = words.first()?.rsplit('/').next()?.to_owned();
        let cwd = self.cwd.clone();
        match name.as_str() {
            "cd" | "pushd" => {
                let to = words.get(1).map(|to| {
                    PathBuf::from(absolute(to, cwd.as_deref().unwrap_or(Path::new("/"))))
                });
                let is_known = cwd.is_some() || words.get(1).is_some_and(|to| to.starts_with('/'));
                self.cwd = to.filter(|_| is_known);
                None
            }
            "find" => {
                let find = Find::parse(&words[1..], cwd.as_deref().unwrap_or(Path::new("/")));
                let prints = find.is_piped;
                if find.removes() {
                    self.step(line, words, Removal::Find(find.clone()));
                }
                self.searches.push(find);
                prints.then(|| self.searches.len() - 1)
            }
            "xargs" => {
                let command = programs::after_flags(&words[1..]);
                let with_all = removal(command)?;
                let find = self.searches.get(piped?)?.clone();
                self.step(line, words, Removal::Find(find.removing(with_all)));
                None
            }
            "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" => {
                match words
                    .iter()
                    .position(|word| word.starts_with('-') && word.ends_with('c'))
                {
                    Some(at) => self.inner(line, &words.get(at + 1)?.clone(), self.path.clone()),
                    None => self.file(
                        words.iter().skip(1).find(|word| !word.starts_with('-'))?,
                        line,
                    ),
                }
                None
            }
            "." | "source" => {
                self.file(words.get(1)?, line);
                None
            }
            "run-parts" => {
                let dir = words.iter().skip(1).find(|word| word.starts_with('/'))?;
                for path in self.root.list(Path::new(dir)).unwrap_or_default() {
                    self.file(&path.to_string_lossy(), line);
                }
                None
            }
            // These pass on what they read, or a part of that.
            "grep" | "egrep" | "sort" | "head" | "tail" | "tee" | "uniq" | "awk" | "sed" => piped,
            _ => {
                self.other(line, words, patterns);
                None
            }
        }
    }

    fn other(&mut self, line: usize, words: &[String], patterns: &[String]) {
        let cwd = self.cwd.clone();
        let name = words[0].rsplit('/').next().unwrap_or_default();
        let is_relative = |word: &String| !word.starts_with(['-', '/', FOUND]) && !word.is_empty();
        if matches!(name, "rm" | "unlink" | "shred" | "truncate" | "mv") {
            let given = programs::operands(&patterns[1..]);
            let with_all = removal(words).unwrap_or_default();
            for one in given.iter().filter(|one| one.starts_with(FOUND)) {
                let number = one.trim_start_matches(FOUND).parse().ok();
                if let Some(find) = number
                    .and_then(|number: usize| self.searches.get(number))
                    .cloned()
                {
                    self.step(line, words, Removal::Find(find.removing(with_all)));
                }
            }
            if cwd.is_none() && given.iter().any(|one| is_relative(one)) {
                return self.riddle(line, "nobody knows in which directory it works");
            }
            // `mv` moves away all that it is given but the last.
            let end = given.len() - usize::from(name == "mv" && given.len() > 1);
            let base = cwd.unwrap_or_default();
            let all = given[..end].iter().filter(|one| !one.starts_with(FOUND));
            let patterns: Vec<String> = all.map(|one| absolute(one, &base)).collect();
            if !patterns.is_empty() {
                self.step(line, words, Removal::Named { patterns, with_all });
            }
            return;
        }
        let base = cwd.as_deref();
        match programs::removal(self.root, words, patterns, base) {
            Some(Ok(removal)) => self.step(line, words, removal),
            Some(Err(why)) => self.riddle(line, &why),
            None => self.program(&words[0], line),
        }
    }

    /// Follows a program that is started, where that is a script at hand.
    fn program(&mut self, name: &str, line: usize) {
        if name.contains('/') {
            self.file(name, line);
        } else if let Some(path) = programs::on_path(self.root, name) {
            self.file(&path.to_string_lossy(), line);
        }
    }

    /// Follows a script in a file. A program in machine code is taken for one that removes nothing.
    fn file(&mut self, name: &str, line: usize) {
        let base = self.cwd.clone().unwrap_or_else(|| PathBuf::from("/"));
        let path = PathBuf::from(absolute(name, &base));
        let text = match self.root.read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return,
            Err(why) => {
                return self.riddle(line, &format!("'{}' cannot be read: {why}", path.display()));
            }
        };
        match programs::kind(&text) {
            programs::Program::Shell => self.inner(1, &text, path),
            programs::Program::Script(language) => {
                if programs::may_remove(&text) {
                    let why = format!(
                        "'{}' is a script of {language}, and names what removes files",
                        path.display()
                    );
                    self.riddle(line, &why);
                }
            }
            programs::Program::Binary => {}
        }
    }

    /// Commands within, of this file or another one.
    fn inner(&mut self, line: usize, text: &str, path: PathBuf) {
        if self.depth >= DEPTH_MAX {
            return self.riddle(line, "scripts start each other too deep");
        }
        let is_other = path != self.path;
        let offset = if is_other { 0 } else { self.offset + line - 1 };
        let (own, before, cwd) = (
            std::mem::replace(&mut self.path, path),
            std::mem::replace(&mut self.offset, offset),
            self.cwd.clone(),
        );
        self.depth += 1;
        self.script(text);
        self.depth -= 1;
        (self.path, self.offset, self.cwd) = (own, before, cwd);
    }

    fn step(&mut self, line: usize, words: &[String], removal: Removal) {
        self.found.steps.push(Step {
            path: self.path.clone(),
            line: self.offset + line,
            command: words.join(" ").replace(FOUND, "result of find "),
            removal,
        });
    }

    fn riddle(&mut self, line: usize, why: &str) {
        self.found.riddles.push(Riddle {
            path: self.path.clone(),
            line: self.offset + line,
            why: why.to_owned(),
        });
    }
}
