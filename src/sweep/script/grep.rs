//! `grep`: what it lets pass, and whether it finds anything.

use super::steps::is_known;
use super::streams::Stream;
use super::{FOUND, Reader};
use crate::sweep::find::Filter;
use crate::sweep::glob::ANYTHING;
use crate::sweep::options::Options;
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::regexes::{Syntax, compile};

/// Options that have a value.
const VALUED: &str = "-e --regexp -f --file -m --max-count -A -B -C --after-context --before-context --context \
    --color --include --exclude --exclude-dir -d -D";
/// Options with which it prints something else than lines of what it reads.
const TELLING: [&str; 14] = [
    "-c",
    "-q",
    "-o",
    "-l",
    "-L",
    "-n",
    "-b",
    "-H",
    "-r",
    "-R",
    "--count",
    "--only-matching",
    "--quiet",
    "--silent",
];

impl Reader<'_> {
    /// What `grep` lets pass.
    pub(super) fn passed(&mut self, name: &str, words: &[String], input: &Stream) -> Stream {
        let options = Options::all(words, VALUED);
        let mut operands = options.operands.clone();
        let mut given = options.values(&["-e", "--regexp"]);
        if given.is_empty() && !options.has(&["-f", "--file"]) && !operands.is_empty() {
            given.push(unescaped(&operands.remove(0)));
        }
        for file in options.values(&["-f", "--file"]) {
            let path = self.plain_place(&escaped(&file));
            match path.and_then(|path| self.machine.root.text(&path)) {
                Some(text) => given.extend(text.lines().map(str::to_owned)),
                None => return Stream::Unknown,
            }
        }
        if let [one] = &operands[..]
            && options.has(&["-l", "-L", "--files-with-matches"])
            && self.search(one).is_some()
        {
            // Names of some of the files that are found.
            return Stream::Texts(vec![one.clone()]);
        }
        if !operands.is_empty() {
            return Stream::Unknown;
        }
        let Some(filter) = filter(name, &options, &given) else {
            return if options.has(&TELLING) {
                Stream::Unknown
            } else {
                input.clone()
            };
        };
        if options.has(&TELLING) {
            self.status = self.finds(&filter, input);
            return Stream::Unknown;
        }
        self.filtered(filter, input)
    }

    /// Whether anything passes of one line that is known; in a loop of which each value is followed by itself.
    fn finds(&self, filter: &Filter, input: &Stream) -> Option<bool> {
        let Stream::Texts(lines) = input else {
            return None;
        };
        let [line] = &lines[..] else {
            return None;
        };
        let is_asked = is_known(line) && !self.fixed.is_empty();
        is_asked.then(|| filter.passes(unescaped(line).as_bytes()))
    }

    fn filtered(&mut self, filter: Filter, input: &Stream) -> Stream {
        match input {
            Stream::Found(number) => {
                let found = self.searches.get(*number).map(|find| find.filtered(filter));
                found.map_or(Stream::Unknown, |find| self.found_by(find))
            }
            Stream::Texts(lines) => {
                let passes = |line: &&String| {
                    line.contains([ANYTHING, FOUND, '*', '?'])
                        || filter.passes(unescaped(line).as_bytes())
                };
                let mut passed: Vec<String> = lines.iter().filter(passes).cloned().collect();
                for line in &mut passed {
                    if let Some(find) = self.search(line) {
                        *line = self.word_of(find.filtered(filter.clone()));
                    }
                }
                Stream::Texts(passed)
            }
            other => other.clone(),
        }
    }
}

/// What passes; none where a pattern is not understood.
fn filter(name: &str, options: &Options, given: &[String]) -> Option<Filter> {
    let syntax = match name {
        _ if options.has(&["-F", "--fixed-strings"]) => Syntax::Fixed,
        _ if options.has(&["-P", "--perl-regexp"]) => Syntax::Perl,
        _ if options.has(&["-E", "--extended-regexp"]) => Syntax::Extended,
        "fgrep" => Syntax::Fixed,
        "egrep" => Syntax::Extended,
        _ => Syntax::Basic,
    };
    let any = options.has(&["-i", "--ignore-case", "-y"]);
    let whole = options.has(&["-x", "--line-regexp"]);
    let each = given.iter().flat_map(|pattern| pattern.split('\n'));
    let patterns: Option<Vec<_>> = each
        .map(|pattern| compile(pattern, syntax, any, whole))
        .collect();
    Some(Filter {
        patterns: patterns?,
        inverted: options.has(&["-v", "--invert-match"]),
    })
}
