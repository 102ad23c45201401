//! What commands of a script remove, and what of that nobody knows before they run.

use super::{FOUND, Reader, Riddle, Step};
use crate::sweep::find::{Find, Relation};
use crate::sweep::glob::{ANYTHING, END, EXTENDED, OR};
use crate::sweep::links::{absolute, is_pattern};
use crate::sweep::quotes::unescaped;
use crate::sweep::removal::Removal;

impl Reader<'_> {
    /// A removal of what a command is given: results of searches, and patterns of a shell.
    /// `follows`: what links lead to is taken.
    pub(super) fn take(
        &mut self,
        words: &[String],
        operands: &[String],
        with_all: bool,
        follows: bool,
    ) {
        let mut patterns = Vec::new();
        let mut open = Vec::new();
        let mut is_lost = false;
        for operand in operands.iter().filter(|operand| !operand.is_empty()) {
            if let Some(find) = self.search(operand) {
                self.search_takes(words, &find, with_all);
                continue;
            }
            let place = self.place(operand);
            match place.find(ANYTHING) {
                // Nobody knows where that is.
                Some(0) => is_lost = true,
                Some(_) => open.push(place),
                None => patterns.push(place),
            }
        }
        if is_lost {
            self.lost(words, operands);
        }
        let rules = self.state.globs;
        let named = |patterns| Removal::Named {
            patterns,
            with_all,
            follows,
            rules,
        };
        if !patterns.is_empty() {
            self.step(words, named(patterns), None);
        }
        if !open.is_empty() {
            let doubt = known_when_run(words);
            self.step(words, named(open), Some(doubt));
        }
    }

    /// What a command perhaps takes of what it is given.
    pub(super) fn may_take(&mut self, words: &[String], operands: &[String], why: String) {
        let outer = self.doubt.clone();
        self.doubt.get_or_insert(why);
        self.take(words, operands, true, true);
        self.doubt = outer;
    }

    pub(super) fn lost(&mut self, words: &[String], operands: &[String]) {
        let is_known = |word: &String| !word.contains([ANYTHING, FOUND]);
        if operands.iter().all(is_known) {
            self.riddle("nobody knows in which directory it works");
        } else {
            self.riddle(&known_when_run(words));
        }
    }

    /// A removal of what a search finds.
    pub(super) fn search_takes(&mut self, words: &[String], find: &Find, with_all: bool) {
        let removal = Removal::Find(find.removing(with_all));
        let is_open = find.places().any(|place| place.contains(ANYTHING))
            || words.iter().any(|word| word.contains(ANYTHING));
        if removal.is_anywhere() {
            self.riddle(&known_when_run(words));
        } else {
            let doubt = is_open.then(|| known_when_run(words));
            self.step(words, removal, doubt);
        }
    }

    /// A word that stands for the result of a search.
    pub(super) fn word_of(&mut self, find: Find) -> String {
        self.searches.push(find);
        format!("{FOUND}{}{FOUND}", self.searches.len() - 1)
    }

    /// The search of which a word stands for the result, or for what stands below or above that.
    pub(super) fn search(&self, word: &str) -> Option<Find> {
        let bare = word.trim_start_matches("./");
        let Some(rest) = bare.strip_prefix(FOUND) else {
            return self.search_beside(bare);
        };
        let (number, tail) = rest.split_once(FOUND)?;
        let find = self.searches.get(number.parse::<usize>().ok()?)?;
        if tail.is_empty() {
            return Some(find.clone());
        }
        let tail = tail.strip_prefix('/')?.trim_end_matches('/');
        let mut find = find.clone();
        let mut below = Vec::new();
        for part in tail.split('/').filter(|part| !matches!(*part, "" | ".")) {
            match part {
                ".." if below.is_empty() => find = find.related(Relation::Above)?,
                ".." => {
                    below.pop();
                }
                part if part.contains([ANYTHING, FOUND]) => return None,
                part => below.push(part),
            }
        }
        if below.is_empty() {
            return Some(find);
        }
        find.related(Relation::Below(below.join("/")))
    }

    /// What a relative path names where the directory is one that a search found.
    fn search_beside(&self, word: &str) -> Option<Find> {
        let dir = self.state.beside.as_ref()?;
        let is_lost = self.state.cwd.to_string_lossy().starts_with(ANYTHING);
        let is_below = !word.starts_with(['/', '~', ANYTHING]) && !word.contains(FOUND);
        (is_lost && is_below).then(|| self.search(&format!("{dir}/{word}")))?
    }

    /// A path as an absolute one. What is only a part of a result is known when the script runs.
    pub(super) fn place(&self, word: &str) -> String {
        let mut plain = String::new();
        for (number, part) in word.split(FOUND).enumerate() {
            if number % 2 == 0 {
                plain.push_str(part);
            } else {
                plain.push(ANYTHING);
            }
        }
        absolute(self.machine.root, &plain, &self.state.cwd)
    }

    pub(super) fn step(&mut self, words: &[String], removal: Removal, doubt: Option<String>) {
        let mut command = String::new();
        for (number, part) in words.join(" ").split(FOUND).enumerate() {
            command.push_str(if number % 2 == 0 {
                part
            } else {
                "(what is found)"
            });
        }
        self.found.steps.push(Step {
            path: self.path.clone(),
            line: self.offset + self.line,
            command: shown(&command),
            removal,
            doubt: self.doubt.clone().or(doubt),
        });
    }

    pub(super) fn riddle(&mut self, why: &str) {
        self.riddle_of(why, None, false);
    }

    pub(super) fn riddle_of(&mut self, why: &str, code: Option<&str>, if_named: bool) {
        // What may not run at all is told only where it would take something.
        if self.doubt.is_some() && code.is_none() {
            return;
        }
        self.found.riddles.push(Riddle {
            path: self.path.clone(),
            line: self.offset + self.line,
            why: why.to_owned(),
            code: code.map(str::to_owned),
            if_named,
        });
    }
}

/// Whether a word is neither a pattern nor the result of a search.
pub(super) fn is_known(word: &str) -> bool {
    !word.split('/').any(is_pattern) && !word.contains(FOUND)
}

/// A command as people write it.
fn shown(command: &str) -> String {
    let mut out = String::new();
    let mut is_sign = false;
    for letter in unescaped(command).chars() {
        let was_sign = std::mem::replace(&mut is_sign, letter == EXTENDED);
        match letter {
            ANYTHING => out.push('…'),
            EXTENDED => {}
            OR => out.push('|'),
            END => out.push(')'),
            sign if was_sign => out.extend([sign, '(']),
            other => out.push(other),
        }
    }
    out
}

/// Why it is not known what a command does to files.
pub(super) fn known_when_run(words: &[String]) -> String {
    let name = words
        .first()
        .map(|word| unescaped(word))
        .unwrap_or_default();
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .replace(ANYTHING, "…");
    format!("what '{name}' is given is known only when it runs")
}
