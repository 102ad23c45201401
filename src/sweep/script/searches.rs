//! Commands that search, and what is run for what they find.

use std::path::PathBuf;

use super::streams::Stream;
use super::{FOUND, Reader};
use crate::sweep::find::{Action, Find, fd, locate};
use crate::sweep::glob::ANYTHING;
use crate::sweep::programs::remover;

impl Reader<'_> {
    /// Commands that search, and what they or others do with what is found; none for another one.
    pub(super) fn searched(
        &mut self,
        name: &str,
        words: &[String],
        input: &Stream,
    ) -> Option<Stream> {
        let rest = &words[1..];
        Some(match name {
            "find" | "bfs" => {
                let find = Find::parse(self.machine, rest, self.cwd());
                self.search_runs(words, &find)
            }
            "fd" | "fdfind" => {
                let find = fd(self.machine, rest, self.cwd());
                self.search_runs(words, &find)
            }
            "locate" | "plocate" | "mlocate" | "slocate" => {
                self.found_by(locate(self.machine, rest))
            }
            "xargs" => self.for_each(words, input),
            "parallel" | "sem" => self.parallel(words, input),
            _ => return None,
        })
    }

    fn search_runs(&mut self, words: &[String], find: &Find) -> Stream {
        if find.does(Action::Delete) {
            self.search_takes(words, &find.doing(Action::Delete), false);
        }
        let mut printed = Stream::None;
        for (number, run) in find.runs.iter().enumerate() {
            self.searches.push(find.doing(Action::Run(number)));
            let found = format!("{FOUND}{}{FOUND}", self.searches.len() - 1);
            let out = if run.beside {
                self.beside(&run.words, find, &found)
            } else {
                self.replaced(&run.words, "{}", &[found])
            };
            // What removers print is of no matter.
            let is_mute = run.words.first().is_none_or(|name| remover(name).is_some());
            printed = printed.and(out.filter(is_mute));
        }
        if find.does(Action::Print) || printed == Stream::None {
            printed = printed.and(self.found_by(find.doing(Action::Print)));
        }
        printed
    }

    /// `-execdir`: a command that runs in each directory that has something of what is found.
    fn beside(&mut self, command: &[String], find: &Find, found: &str) -> Stream {
        let mut printed = Stream::None;
        let own = self.state.cwd.clone();
        let places: Vec<String> = find.places().map(str::to_owned).collect();
        for place in places {
            self.state.cwd = PathBuf::from(format!("{place}{ANYTHING}"));
            printed = printed.and(self.replaced(command, "{}", &[found.to_owned()]));
        }
        self.state.cwd = own;
        printed
    }
}
