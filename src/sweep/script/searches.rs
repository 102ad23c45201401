//! Commands that search, and what is run for what they find.

use super::Reader;
use super::streams::Stream;
use crate::sweep::find::{Action, Find, Prints, Relation, fd, locate};
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
            let found = self.word_of(find.doing(Action::Run(number)));
            let out = if run.beside {
                self.beside(&run.words, &find.doing(Action::Run(number)), &found)
            } else {
                self.replaced(&run.words, "{}", &[found])
            };
            // What removers print is of no matter.
            let is_mute = run.words.first().is_none_or(|name| remover(name).is_some());
            printed = printed.and(out.filter(is_mute));
        }
        if find.does(Action::Print) || printed == Stream::None {
            printed = printed.and(self.printed_by(&find.doing(Action::Print)));
        }
        printed
    }

    /// What a search prints.
    fn printed_by(&mut self, find: &Find) -> Stream {
        match find.prints {
            Prints::Path | Prints::Columns => self.found_by(find.clone()),
            Prints::Dir => match find.related(Relation::Above) {
                Some(find) => self.found_by(find),
                None => Stream::Unknown,
            },
            Prints::Other => Stream::Unknown,
        }
    }

    /// `-execdir`: a command that runs in each directory that has something of what is found.
    fn beside(&mut self, command: &[String], find: &Find, found: &str) -> Stream {
        let own = self.state.place();
        self.state.lose_cwd();
        if let Some(dir) = find.related(Relation::Above) {
            self.state.beside = Some(self.word_of(dir));
        }
        let printed = self.replaced(command, "{}", &[found.to_owned()]);
        self.state.go(own);
        printed
    }
}
