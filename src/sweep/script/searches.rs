//! Commands that search, and what is run for what they find.

use super::streams::Stream;
use super::{FOUND, Reader};
use crate::sweep::find::{Action, Find, fd, locate};

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
        for (number, command) in find.runs.iter().enumerate() {
            self.searches.push(find.doing(Action::Run(number)));
            let found = format!("{FOUND}{}{FOUND}", self.searches.len() - 1);
            self.replaced(command, "{}", &[found]);
        }
        self.found_by(find.doing(Action::Print))
    }
}
