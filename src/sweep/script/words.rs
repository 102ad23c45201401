//! What the words of a script stand for, as far as that is known without running it (POSIX.1-2024, "Shell Command
//! Language" 2.6).

use super::changes::{changed, sliced};
use super::state::{Values, limited};
use super::steps::is_known;
use super::streams::Stream;
use super::{FOUND, MEANINGS_MAX, PIPE, Reader};
use crate::sweep::glob::{ANYTHING, FIND, matches};
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::shell::{Form, Piece, Variable, Word, braces, words};

impl Reader<'_> {
    /// The fields that a word becomes: several values, each of several words.
    pub(super) fn fields(&mut self, word: &Word) -> Values {
        let mut all = vec![Vec::new()];
        for one in braces(word) {
            let parts = self.expanded(&one);
            all = pairs(&all, &parts, |begin, part| [begin, part].concat());
        }
        all
    }

    /// The one text that a word becomes where it is not split; of several values the first.
    pub(super) fn text(&mut self, word: &Word) -> String {
        let values = self.values(word);
        values
            .into_iter()
            .next()
            .map(|fields| fields.join(" "))
            .unwrap_or_default()
    }

    /// The values of a word where it is neither split nor matched against files, as in an assignment.
    pub(super) fn values(&mut self, word: &Word) -> Values {
        if let [Piece::Array(words)] = &word[..] {
            let mut all = vec![Vec::new()];
            for word in words {
                let parts = self.fields(word);
                all = pairs(&all, &parts, |begin, part| [begin, part].concat());
            }
            return all;
        }
        let quoted = word.iter().enumerate().map(|(number, piece)| match piece {
            Piece::Text(text, false) if number > 0 || !text.starts_with('~') => {
                Piece::Text(text.clone(), true)
            }
            Piece::Variable(variable) => Piece::Variable(Variable {
                quoted: true,
                ..variable.clone()
            }),
            Piece::Output(inner, _) => Piece::Output(inner.clone(), true),
            other => other.clone(),
        });
        let quoted: Word = quoted.collect();
        self.expanded(&quoted)
    }

    fn expanded(&mut self, word: &[Piece]) -> Values {
        let mut all = vec![Vec::new()];
        for (number, piece) in word.iter().enumerate() {
            let parts = self.piece(piece, number == 0);
            // The last field goes on where the next piece begins.
            all = pairs(&all, &parts, |begin, part| {
                let mut joined = begin.to_vec();
                let mut rest = part.iter();
                match (joined.last_mut(), rest.next()) {
                    (Some(open), Some(first)) => open.push_str(first),
                    (None, Some(first)) => joined.push(first.clone()),
                    (_, None) => {}
                }
                joined.extend(rest.cloned());
                joined
            });
        }
        all
    }

    fn piece(&mut self, piece: &Piece, is_first: bool) -> Values {
        let one = |text: String| vec![vec![text]];
        match piece {
            Piece::Text(text, true) => one(escaped(text)),
            Piece::Text(text, false) if is_first && text.starts_with('~') => one(self.home(text)),
            Piece::Text(text, false) => one(text.clone()),
            Piece::Variable(variable) => self.variable(variable),
            Piece::Output(inner, quoted) => {
                let fields = match self.substituted(inner) {
                    Stream::Texts(lines) => lines,
                    Stream::Found(number) => vec![format!("{FOUND}{number}{FOUND}")],
                    Stream::None | Stream::Unknown => vec![ANYTHING.to_string()],
                };
                if *quoted {
                    one(fields.join("\n"))
                } else {
                    vec![split(&fields)]
                }
            }
            Piece::Process(inner) => {
                let printed = self.substituted(inner);
                self.pipes.push(printed);
                one(format!("{PIPE}{}", self.pipes.len() - 1))
            }
            Piece::Array(_) | Piece::Unknown => one(ANYTHING.to_string()),
        }
    }

    /// `~`, `~/…`, `~user/…`
    fn home(&self, text: &str) -> String {
        let (name, rest) = text[1..].split_at(text[1..].find('/').unwrap_or(text.len() - 1));
        let home = if name.is_empty() {
            self.state
                .get("HOME")
                .and_then(|values| values.into_iter().flatten().next())
        } else {
            Some(self.machine.home(name).to_string_lossy().into_owned())
        };
        format!("{}{rest}", home.unwrap_or_else(|| ANYTHING.to_string()))
    }

    fn variable(&mut self, variable: &Variable) -> Values {
        let known = match variable.name.as_str() {
            "0" if self.state.zero.is_some() => {
                self.state.zero.clone().map(|zero| vec![vec![zero]])
            }
            "0" | "BASH_SOURCE" => Some(vec![vec![escaped(&self.path.to_string_lossy())]]),
            name => self.state.get(name).or_else(|| self.of_array(name)),
        };
        let anything = || vec![vec![ANYTHING.to_string()]];
        let values = match (&variable.form, known) {
            (Form::Plain, known) => known.unwrap_or_else(anything),
            (Form::Else(_), Some(known))
                if known.iter().all(|fields| !fields.concat().is_empty()) =>
            {
                known
            }
            (Form::Else(word), _) | (Form::Given(word), Some(_)) => {
                self.other(word, variable.quoted)
            }
            (Form::Given(word), None) => {
                let mut values = self.other(word, variable.quoted);
                values.push(Vec::new());
                values
            }
            (
                Form::Cut {
                    at_end,
                    longest,
                    pattern,
                },
                Some(known),
            ) => {
                let pattern = self.other(pattern, false);
                let pattern = pattern.into_iter().flatten().next().unwrap_or_default();
                // `${f%/*}` is the directory of a file.
                let is_dir = *at_end && !longest && pattern == "/*";
                let mut each = |text: &String| match is_dir.then(|| self.above(text)).flatten() {
                    Some(dir) => dir,
                    None => cut(text, &pattern, *at_end, *longest),
                };
                known
                    .iter()
                    .map(|fields| fields.iter().map(&mut each).collect())
                    .collect()
            }
            (Form::Changed(how), Some(known))
                if how.starts_with(':') && is_list(&variable.name) =>
            {
                self.slices(&variable.name, &known, how)
                    .unwrap_or_else(anything)
            }
            (Form::Changed(how), Some(known)) => all_changed(&known, how),
            (Form::Cut { .. } | Form::Changed(_), None) => anything(),
        };
        // A list without a word is one value that has none.
        let values = if values.is_empty() {
            vec![Vec::new()]
        } else {
            values
        };
        match (variable.quoted, variable.name.as_str()) {
            (true, "*") => values
                .into_iter()
                .map(|fields| vec![fields.join(" ")])
                .collect(),
            (true, _) => values,
            (false, _) => values.iter().map(|fields| split(fields)).collect(),
        }
    }

    /// What `${@:2}` and its like take of a list; none where nobody knows that.
    fn slices(&self, name: &str, lists: &Values, how: &str) -> Option<Values> {
        let array = name.strip_suffix("[@]");
        let each = lists.iter().map(|words| {
            // A pattern, or the result of a search, may be several words or none.
            if !words.iter().all(|word| is_known(word)) {
                return None;
            }
            let Some(array) = array else {
                // The first argument has the number 1, and 0 is what the script is called.
                let zero = self.state.zero.clone();
                let zero = zero.unwrap_or_else(|| escaped(&self.path.to_string_lossy()));
                return sliced(&[&[zero], &words[..]].concat(), how);
            };
            // Where keys leave numbers out, or are no numbers, a place is not that of a word.
            let is_counted = self.state.keyed(array).all(|(key, values)| {
                let word = key.parse().ok().and_then(|at: usize| words.get(at));
                word.is_some_and(|word| values.iter().any(|one| one[..] == [word.clone()]))
            });
            is_counted.then(|| sliced(words, how))?
        });
        Some(limited(each.collect::<Option<_>>()?))
    }

    /// One of an array of which nobody knows the key is any of it; what is no array has one value alone.
    fn of_array(&self, name: &str) -> Option<Values> {
        let (array, key) = name.split_once('[')?;
        let all = self.state.get(&format!("{array}[@]"));
        let all = all.or_else(|| self.state.get(array))?;
        if key == "@]" {
            return Some(all);
        }
        let each = all.into_iter().flatten().map(|one| vec![one]);
        Some(limited(each.collect()))
    }

    /// The word that stands for a variable.
    fn other(&mut self, text: &str, quoted: bool) -> Values {
        let mut all = vec![Vec::new()];
        for word in words(text) {
            let parts = if quoted {
                self.values(&word)
            } else {
                self.fields(&word)
            };
            all = pairs(&all, &parts, |begin, part| [begin, part].concat());
        }
        all
    }
}

/// Whether it is all of the arguments, or all of an array.
fn is_list(name: &str) -> bool {
    matches!(name, "@" | "*") || name.ends_with("[@]")
}

/// All of these values, each changed in the same way; what is not known without running it may be anything.
fn all_changed(values: &Values, how: &str) -> Values {
    let each = |text: &String| {
        let is_known = !text.contains([ANYTHING, FOUND]);
        let new = changed(&unescaped(text), how).filter(|_| is_known);
        new.map_or_else(|| ANYTHING.to_string(), |new| escaped(&new))
    };
    let values = values.iter();
    let values = values.map(|fields| fields.iter().map(each).collect());
    limited(values.collect())
}

/// Each of the first values with each of the second ones.
fn pairs(
    first: &Values,
    second: &Values,
    join: impl Fn(&[String], &[String]) -> Vec<String>,
) -> Values {
    let all = first
        .iter()
        .flat_map(|begin| second.iter().map(|part| join(begin, part)))
        .take(MEANINGS_MAX + 1);
    limited(all.collect())
}

/// Values where they are not quoted: split at blanks, and patterns.
fn split(fields: &[String]) -> Vec<String> {
    let words = fields.iter().flat_map(|field| field.split_whitespace());
    words.map(unescaped).collect()
}

/// A text without the part at one end that matches.
fn cut(text: &str, pattern: &str, at_end: bool, longest: bool) -> String {
    if text.contains([ANYTHING, FOUND]) {
        return ANYTHING.to_string();
    }
    let mut places: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    // From the end that is cut, and from the other one where as much as possible goes.
    if at_end != longest {
        places.reverse();
    }
    let fits = |part: &str| matches(pattern.as_bytes(), part.as_bytes(), FIND);
    for at in places {
        let (begin, end) = text.split_at(at);
        if at_end && fits(end) {
            return begin.to_owned();
        }
        if !at_end && fits(begin) {
            return end.to_owned();
        }
    }
    text.to_owned()
}
