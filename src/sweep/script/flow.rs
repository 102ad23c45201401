//! Commands in their order: pipes, conditions, loops, functions.

use std::path::Path;

use super::conditions::status;
use super::guards::line_by_line;
use super::state::limited;
use super::streams::Stream;
use super::{COMMANDS_MAX, DEPTH_MAX, Ended, Reader};
use crate::sweep::glob::ANYTHING;
use crate::sweep::shell::{Kind, List, Next, Node, Piece, Redirect, Word};

impl Reader<'_> {
    /// Commands one after the other. Returns what they print.
    pub(super) fn list(&mut self, list: &List, input: &Stream) -> Stream {
        let mut printed = Stream::None;
        let mut piped: Option<Stream> = None;
        // How the command before ended, where that is known, and what joins it to this one.
        let (mut ended, mut joined) = (None, Next::Plain);
        for node in list.iter() {
            let is_skipped = matches!(
                (joined, ended),
                (Next::And, Some(false)) | (Next::Or, Some(true))
            );
            let is_sure = !matches!(joined, Next::And | Next::Or) || ended.is_some();
            joined = node.next;
            if is_skipped {
                self.status = ended;
                piped = (node.next == Next::Pipe).then_some(Stream::None);
                continue;
            }
            let own = piped.take();
            let is_part = own.is_some() || node.next == Next::Pipe;
            let before = is_part.then(|| self.state.clone());
            // Whatever fails within a command whose end is asked for ends nothing.
            let is_asked = matches!(node.next, Next::And | Next::Or | Next::Pipe) || node.negated;
            self.conditions += usize::from(is_asked);
            let out = if is_sure {
                self.node(node, own.as_ref().unwrap_or(input))
            } else {
                self.perhaps(node, own.as_ref().unwrap_or(input))
            };
            self.conditions -= usize::from(is_asked);
            ended = self.status.map(|succeeds| succeeds != node.negated);
            self.status = ended;
            if ended == Some(false) && self.state.is_strict && !is_asked && self.conditions == 0 {
                self.ended = Ended::Exit;
            }
            // A part of a pipe is a shell of its own, but for the last one of some shells.
            if let Some(before) = before {
                let place = before.place();
                self.state.merge(before);
                self.state.go(place);
                self.ended = Ended::No;
            }
            if node.next == Next::Pipe {
                piped = Some(out);
            } else {
                printed = printed.and(out);
            }
            if self.ended != Ended::No {
                break;
            }
        }
        printed
    }

    /// A command of which nobody knows whether it runs. Where it goes counts all the same: `test a && cd a`.
    fn perhaps(&mut self, node: &Node, input: &Stream) -> Stream {
        let before = self.state.clone();
        let out = self.node(node, input);
        let place = self.state.place();
        self.state.merge(before);
        self.state.go(place);
        self.ended = Ended::No;
        out
    }

    fn node(&mut self, node: &Node, input: &Stream) -> Stream {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            if self.commands == COMMANDS_MAX + 1 {
                self.riddle("it has more commands than are followed");
            }
            return Stream::Unknown;
        }
        let input = self.redirected(node, input);
        self.status = None;
        match &node.kind {
            Kind::Simple(words) => {
                let printed = self.simple(words, &input);
                let tells = matches!(words.first().map(|word| &word[..]),
                    Some([Piece::Text(name, false)])
                        if matches!(name.as_str(), "cd" | "pushd" | "grep" | "egrep" | "fgrep"));
                let own = self.status.filter(|_| tells);
                let known = status(self.machine.root, node).or(own);
                self.status = known.or_else(|| self.tested(words));
                printed
            }
            Kind::Group(inner) => {
                let printed = self.list(inner, &input);
                // What failed in it had its end asked for, or has ended the script already.
                let is_asked = self.conditions > 0;
                self.status = self.status.filter(|succeeds| *succeeds || is_asked);
                printed
            }
            Kind::Apart(inner) => {
                let state = self.state.clone();
                let printed = self.list(inner, &input);
                if self.ended != Ended::No {
                    self.status = None;
                }
                self.state = state;
                self.ended = Ended::No;
                printed
            }
            Kind::Function(name, body) => {
                let place = (body.clone(), self.path.clone(), self.offset);
                self.functions.insert(name.clone(), place);
                Stream::None
            }
            Kind::If(all) => self.branches(all, &input),
            Kind::For(name, words, body) => self.each(name, words.as_ref(), body, &input),
            Kind::While(test, body) => self.repeated(test, body, &input),
            Kind::Case(word, all) => self.cases(word, all, &input),
            Kind::TooDeep => {
                self.riddle("its commands are nested too deep");
                Stream::Unknown
            }
        }
    }

    /// What a command reads. What it writes to is emptied first.
    fn redirected(&mut self, node: &Node, input: &Stream) -> Stream {
        self.line = node.line;
        let mut input = input.clone();
        for redirect in &node.redirects {
            match redirect {
                Redirect::In(word) => input = self.read_from(word),
                Redirect::Text(word) => input = Stream::of_text(&self.text(word)),
                Redirect::Out(word) => self.emptied(node, word),
            }
        }
        self.line = node.line;
        input
    }

    fn repeated(&mut self, test: &List, body: &List, input: &Stream) -> Stream {
        let before = self.state.clone();
        let never = self.condition(test, input) == Some(false);
        let printed = match line_by_line(test, input) {
            _ if never => Stream::None,
            Some((name, lines)) if self.is_followed_each(lines.len(), body) => {
                self.one_by_one(&name, lines, body, input)
            }
            _ => self.list(body, input),
        };
        self.state.merge(before);
        self.ended = Ended::No;
        self.status = None;
        printed
    }

    fn cases(&mut self, word: &Word, all: &[(Vec<Word>, List)], input: &Stream) -> Stream {
        if let Some(chosen) = self.chosen(word, all) {
            return self.list(&chosen, input);
        }
        let before = self.state.clone();
        let mut printed = Stream::None;
        for (_, arm) in all {
            let after = std::mem::replace(&mut self.state, before.clone());
            printed = printed.and(self.list(arm, input));
            self.state.merge(after);
            self.ended = Ended::No;
        }
        self.status = None;
        printed
    }

    fn branches(&mut self, all: &[(List, List)], input: &Stream) -> Stream {
        let mut printed = Stream::None;
        let mut after = None;
        let mut has_else = false;
        // Whether each way through it ends the script.
        let mut ends: Option<Ended> = None;
        for (test, then) in all {
            let known = if test.is_empty() {
                Some(true)
            } else {
                self.condition(test, input)
            };
            if known == Some(false) {
                continue;
            }
            let before = self.state.clone();
            printed = printed.and(self.list(then, input));
            let own = std::mem::replace(&mut self.ended, Ended::No);
            ends = Some(ends.map_or(own, |known| known.min(own)));
            let state = std::mem::replace(&mut self.state, before);
            // A way that ends the script leaves nothing to what follows.
            if own == Ended::No {
                after = Some(match after.take() {
                    None => state,
                    Some(mut known) => {
                        super::State::merge(&mut known, state);
                        known
                    }
                });
            }
            if known == Some(true) {
                has_else = true;
                break;
            }
        }
        match after {
            Some(after) if has_else => self.state = after,
            Some(after) => self.state.merge(after),
            None => {}
        }
        if has_else {
            self.ended = ends.unwrap_or(Ended::No);
        }
        self.status = None;
        printed
    }

    /// Commands of which the last one decides; whether it succeeds, where that is known.
    fn condition(&mut self, test: &List, input: &Stream) -> Option<bool> {
        self.conditions += 1;
        self.list(test, input);
        self.conditions -= 1;
        self.ended = Ended::No;
        self.status.take()
    }

    fn each(
        &mut self,
        name: &str,
        words: Option<&Vec<Word>>,
        body: &List,
        input: &Stream,
    ) -> Stream {
        let before = self.state.clone();
        let values = match words {
            Some(words) => words.iter().flat_map(|word| self.fields(word)).collect(),
            None => self
                .state
                .get("@")
                .unwrap_or_else(|| vec![vec![ANYTHING.to_string()]]),
        };
        let mut each: Vec<Vec<String>> = values
            .into_iter()
            .flatten()
            .map(|word| vec![word])
            .collect();
        each.dedup();
        if each.is_empty() {
            return Stream::None;
        }
        if let Some(each) = self
            .known_each(&each)
            .filter(|each| self.is_followed_each(each.len(), body))
        {
            let printed = self.one_by_one(name, each, body, input);
            self.state.merge(before);
            return printed;
        }
        let each = limited(each);
        self.state.set(name, each);
        let printed = self.list(body, input);
        self.state.merge(before);
        self.ended = Ended::No;
        self.status = None;
        printed
    }

    /// A function of the script.
    pub(super) fn function(
        &mut self,
        name: &str,
        args: Vec<String>,
        input: &Stream,
    ) -> Option<Stream> {
        let (body, path, offset) = self.functions.get(name)?.clone();
        if self.is_running(name) {
            return Some(Stream::Unknown);
        }
        if self.depth >= DEPTH_MAX {
            self.riddle("functions call each other too deep");
            return Some(Stream::Unknown);
        }
        let own = (
            std::mem::replace(&mut self.path, path),
            std::mem::replace(&mut self.offset, offset),
            self.line,
        );
        let args = self.state.args.replace(args);
        let outer = std::mem::take(&mut self.locals);
        self.running.push(name.to_owned());
        self.depth += 1;
        let printed = self.list(&body, input);
        self.depth -= 1;
        self.running.pop();
        for (name, before) in std::mem::replace(&mut self.locals, outer).into_iter().rev() {
            match before {
                Some(values) => self.state.set(&name, values),
                None => self.state.unset(&name),
            }
        }
        self.state.args = args;
        (self.path, self.offset, self.line) = own;
        if self.ended == Ended::Return {
            self.ended = Ended::No;
        }
        Some(printed)
    }

    /// What a file holds from which a command reads.
    fn read_from(&mut self, word: &Word) -> Stream {
        if let [Piece::Process(inner)] = &word[..] {
            return self.substituted(inner);
        }
        let file = self.text(word);
        self.contents(&file)
    }

    /// A file that is emptied before something is written to it.
    fn emptied(&mut self, node: &Node, word: &Word) {
        let name = match &node.kind {
            Kind::Simple(words) => words
                .first()
                .map(|word| self.text(word))
                .unwrap_or_default(),
            _ => "{".to_owned(),
        };
        let file = self.text(word);
        // What is written somewhere is not what this is about, as long as nobody knows where.
        let is_for_nothing = matches!(name.as_str(), "" | ":" | "true");
        if is_for_nothing || !file.contains(ANYTHING) {
            let words = [name, ">".to_owned(), file.clone()];
            let begin = usize::from(words[0].is_empty());
            self.take(&words[begin..], &[file], false, true);
        }
    }

    /// Where a path leads that is as it stands.
    pub(super) fn plain_place(&self, word: &str) -> Option<std::path::PathBuf> {
        let place = self.place(word);
        let is_plain = !place.contains([ANYTHING, '*', '?', '[']);
        is_plain.then(|| Path::new(&crate::sweep::quotes::unescaped(&place)).to_owned())
    }
}
