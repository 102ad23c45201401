//! What the words of a script stand for, as far as that is known without running it (POSIX.1-2024, "Shell Command
//! Language" 2.6).

use super::state::{Values, limited};
use super::streams::Stream;
use super::{FOUND, MEANINGS_MAX, Reader};
use crate::sweep::glob::{ANYTHING, FIND, matches};
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::shell::{Form, Piece, Variable, Word, words};

/// Braces are spread in words of so many letters.
const SPREAD_MAX: usize = 4_096;

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
                let fields = match self.inner(inner, None, &Stream::None) {
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
                self.inner(inner, None, &Stream::None);
                one(ANYTHING.to_string())
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
            "0" | "BASH_SOURCE" => Some(vec![vec![escaped(&self.path.to_string_lossy())]]),
            name => self.state.get(name),
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
                let each = |text: &String| cut(text, &pattern, *at_end, *longest);
                known
                    .iter()
                    .map(|fields| fields.iter().map(each).collect())
                    .collect()
            }
            (Form::Cut { .. }, None) => anything(),
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

/// A letter that is not quoted, or a piece.
#[derive(Clone)]
enum Unit {
    Letter(char),
    Piece(Piece),
}

/// `a{b,c}d` as `abd` and `acd`, `a{1..3}` as `a1`, `a2`, `a3`; all other words as they are.
pub(in crate::sweep) fn braces(word: &Word) -> Vec<Word> {
    let mut units = Vec::new();
    for piece in word {
        match piece {
            Piece::Text(text, false) => units.extend(text.chars().map(Unit::Letter)),
            piece => units.push(Unit::Piece(piece.clone())),
        }
    }
    if units.len() > SPREAD_MAX {
        return vec![word.clone()];
    }
    let all = spread(&units);
    all.into_iter()
        .take(MEANINGS_MAX)
        .map(|units| packed(&units))
        .collect()
}

fn spread(units: &[Unit]) -> Vec<Vec<Unit>> {
    let is = |unit: &Unit, sign: char| matches!(unit, Unit::Letter(letter) if *letter == sign);
    for (open, _) in units.iter().enumerate().filter(|(_, unit)| is(unit, '{')) {
        let (mut depth, mut cuts) = (0_usize, vec![open]);
        let end = units.iter().enumerate().skip(open).find_map(|(at, unit)| {
            if is(unit, '{') {
                depth += 1;
            } else if is(unit, '}') {
                depth -= 1;
            } else if is(unit, ',') && depth == 1 {
                cuts.push(at);
            }
            (depth == 0).then_some(at)
        });
        let Some(end) = end else {
            return vec![units.to_vec()];
        };
        let parts = if cuts.len() > 1 {
            cuts.push(end);
            cuts.windows(2)
                .map(|two| units[two[0] + 1..two[1]].to_vec())
                .collect()
        } else {
            range(&units[open + 1..end])
        };
        if parts.is_empty() {
            continue;
        }
        let rests = spread(&units[end + 1..]);
        let parts = parts.iter().flat_map(|part| spread(part));
        let all = parts.flat_map(|part| {
            let begin = [&units[..open], &part[..]].concat();
            rests
                .iter()
                .map(move |rest| [&begin[..], &rest[..]].concat())
                .collect::<Vec<_>>()
        });
        return all.take(MEANINGS_MAX).collect();
    }
    vec![units.to_vec()]
}

/// `1..5` or `a..c`.
fn range(units: &[Unit]) -> Vec<Vec<Unit>> {
    let letters = units.iter().map(|unit| match unit {
        Unit::Letter(letter) => Some(*letter),
        Unit::Piece(_) => None,
    });
    let text: Option<String> = letters.collect();
    let text = text.unwrap_or_default();
    let Some((from, to)) = text.split_once("..") else {
        return Vec::new();
    };
    let written = |text: String| text.chars().map(Unit::Letter).collect();
    if let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) {
        let all = from.min(to)..=from.max(to);
        return all
            .take(MEANINGS_MAX)
            .map(|number| written(number.to_string()))
            .collect();
    }
    match (from.as_bytes(), to.as_bytes()) {
        ([from], [to]) => (*from..=*to)
            .map(|byte| written(char::from(byte).to_string()))
            .collect(),
        _ => Vec::new(),
    }
}

fn packed(units: &[Unit]) -> Word {
    let mut word = Word::new();
    for unit in units {
        match (unit, word.last_mut()) {
            (Unit::Letter(letter), Some(Piece::Text(text, false))) => text.push(*letter),
            (Unit::Letter(letter), _) => word.push(Piece::Text(letter.to_string(), false)),
            (Unit::Piece(piece), _) => word.push(piece.clone()),
        }
    }
    word
}
