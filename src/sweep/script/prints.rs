//! What commands print that change nothing: producers and filters.

use std::path::Path;

use super::steps::is_known;
use super::streams::Stream;
use super::{FOUND, Reader};
use crate::sweep::find::{Prints, Relation};
use crate::sweep::glob::ANYTHING;
use crate::sweep::links::is_pattern;
use crate::sweep::options::Options;
use crate::sweep::quotes::escaped;
use crate::sweep::quotes::unescaped;

impl Reader<'_> {
    /// What a command prints that changes nothing; none for one that is not known here.
    pub(super) fn printed(
        &mut self,
        name: &str,
        words: &[String],
        input: &Stream,
    ) -> Option<Stream> {
        let rest = &words[1..];
        let one = |text: String| Stream::Texts(vec![text]);
        Some(match name {
            "echo" => {
                let flags = rest
                    .iter()
                    .take_while(|word| matches!(word.as_str(), "-n" | "-e" | "-E" | "-ne" | "-en"));
                one(rest[flags.count()..].join(" "))
            }
            "printf" => formatted(rest),
            "yes" | "seq" => Stream::Unknown,
            "pwd" => {
                let cwd = self.cwd().to_string_lossy().into_owned();
                one(if rest.iter().any(|word| word == "-P") {
                    self.physical(cwd)
                } else {
                    cwd
                })
            }
            "dirname" | "realpath" | "readlink" | "basename" => self.part(name, rest),
            "mktemp" => one(made_name(rest)),
            "cat" | "tac" => {
                let files = Options::all(rest, "").operands;
                if files.is_empty() {
                    return Some(input.clone());
                }
                let all = files.iter().map(|file| self.contents(file));
                all.fold(Stream::None, Stream::and)
            }
            "ls" => self.listed(rest),
            "stat" => {
                let options = Options::all(rest, "-c --format --printf");
                let format = options.value(&["-c", "--format", "--printf"]);
                match format
                    .as_deref()
                    .map(|format| format.trim_end_matches("\\n"))
                {
                    Some("%n") => Stream::Texts(options.operands),
                    _ => Stream::Unknown,
                }
            }
            "sort" | "uniq" | "head" | "tail" | "tee" | "pv" | "shuf" => {
                // A part of it, or all of it in another order.
                input.clone()
            }
            "tr" if rest.iter().all(|word| {
                unescaped(word)
                    .trim_matches(['\\', 'n', '0', '\n'])
                    .is_empty()
            }) =>
            {
                input.clone()
            }
            "grep" | "egrep" | "fgrep" => self.passed(name, rest, input),
            "cut" | "sed" if self.has_columns(input) => input.clone(),
            "sed" | "cut" | "tr" | "rev" | "column" | "nl" | "fold" | "paste" | "join" | "comm" => {
                Stream::Unknown
            }
            _ => return None,
        })
    }

    /// A part of a path.
    fn part(&mut self, name: &str, words: &[String]) -> Stream {
        let operands = Options::all(words, "-s --suffix --relative-to --relative-base").operands;
        let is_whole = words
            .iter()
            .any(|word| matches!(word.as_str(), "-f" | "-e" | "-m" | "--canonicalize"));
        let part = |word: &String| {
            let path = Path::new(word);
            let known = match name {
                "realpath" | "readlink" if is_whole && self.search(word).is_some() => {
                    Some(word.clone())
                }
                "dirname" if self.search(word).is_some() => self.above(word),
                _ if word.contains([ANYTHING, FOUND]) => None,
                "dirname" if !word.contains('/') => Some(".".into()),
                "dirname" => path.parent().map(|dir| dir.to_string_lossy().into_owned()),
                "basename" => path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
                "readlink" if !is_whole => None,
                _ if words.iter().any(|word| word == "-s") => Some(self.place(word)),
                _ => Some(self.physical(self.place(word))),
            };
            known.unwrap_or_else(|| ANYTHING.to_string())
        };
        let count = if name == "basename" {
            1
        } else {
            operands.len()
        };
        Stream::Texts(operands.iter().take(count).map(part).collect())
    }

    /// Whether it is what a search prints with its paths in one of several columns, of which a filter takes one.
    pub(super) fn has_columns(&self, input: &Stream) -> bool {
        match input {
            Stream::Found(number) => {
                let find = self.searches.get(*number);
                find.is_some_and(|find| find.prints == Prints::Columns)
            }
            _ => false,
        }
    }

    /// The directory of what a search finds.
    pub(super) fn above(&mut self, word: &str) -> Option<String> {
        let find = self.search(word)?.related(Relation::Above)?;
        Some(self.word_of(find))
    }

    /// Where a path leads by all links, as far as it is known.
    fn physical(&self, place: String) -> String {
        if place.split('/').any(is_pattern) {
            return place;
        }
        let real = self.machine.root.resolve(Path::new(&unescaped(&place)));
        escaped(&real.to_string_lossy())
    }

    /// The lines of a file; each may be a pattern as well as a text.
    pub(super) fn contents(&self, file: &str) -> Stream {
        if unescaped(file) == "/dev/null" {
            return Stream::Texts(Vec::new());
        }
        if let Some(printed) = self.pipe(file) {
            return printed.clone();
        }
        let text = self
            .plain_place(file)
            .and_then(|path| self.machine.root.text(&path));
        text.map_or(Stream::Unknown, |text| {
            Stream::Texts(text.lines().map(escaped).collect())
        })
    }

    /// What `ls` names: with `-d` what it is given, else what is in there.
    fn listed(&self, words: &[String]) -> Stream {
        let options = Options::all(words, "-I -w -T --ignore --width --color --sort --time");
        let has_all = options.has(&["-a", "-A", "--all", "--almost-all"]);
        if options.has(&["-l", "-s", "-i"]) {
            return Stream::Unknown;
        }
        let known = match &options.operands[..] {
            [] => self.names_in(".", has_all),
            all if options.has(&["-d"]) || all.iter().any(|one| one.contains(['*', '?'])) => {
                let each = all
                    .iter()
                    .map(|one| self.spread(one).or_else(|| is_plain(one)));
                each.collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            [one] if self.search(one).is_none() => self.names_in(one, has_all),
            _ => None,
        };
        if let Some(names) = known {
            return Stream::Texts(names);
        }
        match &options.operands[..] {
            [] if has_all => Stream::Unknown,
            [] => Stream::Texts(vec!["*".to_owned()]),
            [one] if self.search(one).is_some() => Stream::Texts(vec![one.clone()]),
            // Patterns name files as well as directories.
            all if options.has(&["-d"]) || all.iter().any(|one| one.contains(['*', '?'])) => {
                Stream::Texts(all.to_vec())
            }
            _ if has_all => Stream::Unknown,
            _ => Stream::Texts(vec!["*".to_owned()]),
        }
    }
}

/// A word that is no pattern, as the only one.
fn is_plain(word: &str) -> Option<Vec<String>> {
    is_known(word).then(|| vec![word.to_owned()])
}

/// What `printf` prints, as far as its format only sets words apart.
fn formatted(words: &[String]) -> Stream {
    let words = match words.first().map(String::as_str) {
        Some("--") => &words[1..],
        _ => words,
    };
    let Some((format, rest)) = words.split_first() else {
        return Stream::None;
    };
    let format = unescaped(format)
        .replace("\\n", "\n")
        .replace("\\0", "\n")
        .replace("\\t", " ");
    match format.matches('%').count() {
        0 => Stream::of_text(&escaped(&format)),
        1 if format.trim() == "%s" || format.trim() == "%q" || format.trim() == "%b" => {
            Stream::Texts(rest.to_vec())
        }
        _ => Stream::Unknown,
    }
}

/// The name of something that `mktemp` makes: it is new, and no file of a venv.
fn made_name(words: &[String]) -> String {
    let options = Options::all(words, "-p --tmpdir --suffix");
    let dir = options
        .value(&["-p", "--tmpdir"])
        .unwrap_or_else(|| "/tmp".to_owned());
    match options.operands.first() {
        Some(template) if template.starts_with('/') => template.clone(),
        Some(template) if template.contains('/') => template.clone(),
        Some(template) => format!("{dir}/{template}"),
        None => format!("{dir}/tmp.new"),
    }
}
