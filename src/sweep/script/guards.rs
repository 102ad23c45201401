//! Guards: in loops such as `[ "$i" = venv ] && continue`, where each value is followed by itself, so they are
//! decided; and those that ask for a venv that is there, such as `[ -d /srv/app/.venv ] && exit`.

use std::path::Path;

use super::steps::is_known;
use super::streams::Stream;
use super::{COMMANDS_MAX, Ended, FOUND, MEANINGS_MAX, Reader};
use crate::sweep::glob::{ANYTHING, FIND, matches};
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::regexes::{Syntax, compile};
use crate::sweep::shell::{Kind, List, Next, Piece, Word};

/// What stands in each venv.
const CONFIG: &str = "pyvenv.cfg";

/// Loops within loops have no more values of which each is followed by itself.
const INNER_MAX: usize = 8;

impl Reader<'_> {
    /// The values that a loop goes through, with what patterns stand for; none where nobody knows one of them.
    pub(super) fn known_each(&self, each: &[Vec<String>]) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for word in each.iter().flatten() {
            match self.spread(word) {
                Some(names) => all.extend(names),
                None if !is_known(word) => return None,
                None => all.push(word.clone()),
            }
        }
        Some(all)
    }

    /// Whether each of so many values is followed by itself: where it matters, and does not take too long.
    pub(super) fn is_followed_each(&self, count: usize, body: &List) -> bool {
        let max = if self.fixed.is_empty() {
            MEANINGS_MAX
        } else {
            INNER_MAX
        };
        let commands = self
            .commands
            .saturating_add(count.saturating_mul(size(body)));
        (1..=max).contains(&count) && asks(body) && commands < COMMANDS_MAX / 2
    }

    /// A loop, value by value.
    pub(super) fn one_by_one(
        &mut self,
        name: &str,
        each: Vec<String>,
        body: &List,
        input: &Stream,
    ) -> Stream {
        let mut printed = Stream::None;
        let outer = self.fixed.clone();
        for one in each {
            self.state.set(name, vec![vec![one]]);
            self.fixed.clone_from(&outer);
            self.fixed.push(name.to_owned());
            printed = printed.and(self.list(body, input));
            let ended = std::mem::replace(&mut self.ended, Ended::No);
            if !matches!(ended, Ended::No | Ended::Continue) {
                break;
            }
        }
        self.fixed = outer;
        self.status = None;
        printed
    }

    /// Notes whether a variable depends on a value of a loop that is followed by itself.
    pub(super) fn depends(&mut self, name: &str, value: &Word) {
        if self.fixed.is_empty() {
            return;
        }
        let is_fixed = self.asks_fixed(std::slice::from_ref(value));
        self.fixed.retain(|one| one != name);
        if is_fixed {
            self.fixed.push(name.to_owned());
        }
    }

    /// Whether a test holds that asks for the value of a loop, or only for files; none where nobody knows.
    pub(super) fn tested(&mut self, words: &[Word]) -> Option<bool> {
        let first = plain(words.first()?);
        if !matches!(first, "[" | "[[" | "test") {
            return None;
        }
        let is_followed = self.asks_fixed(&words[1..]);
        let is_pattern = first == "[[";
        let end = words.len() - usize::from(first != "test");
        // `-o` and `||` bind less than `-a` and `&&`.
        let any = words
            .get(1..end)?
            .split(|word| matches!(plain(word), "-o" | "||"));
        let mut whole = Some(false);
        for all in any {
            let mut holds = Some(true);
            for one in all.split(|word| matches!(plain(word), "-a" | "&&")) {
                let one = if is_followed {
                    self.compared(one, is_pattern)
                } else {
                    self.stands(one)
                };
                holds = match (holds, one) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
            }
            whole = match (whole, holds) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        whole
    }

    fn compared(&mut self, words: &[Word], is_pattern: bool) -> Option<bool> {
        match words {
            [not, rest @ ..] if plain(not) == "!" => {
                self.compared(rest, is_pattern).map(|holds| !holds)
            }
            [left, sign, right] if plain(sign) == "=~" => {
                let left = self.known(left)?;
                let right = unescaped(&self.one_field(right)?);
                let regex = compile(&right, Syntax::Extended, false, false)?;
                Some(regex.is_match(left.as_bytes()))
            }
            [left, sign, right] => {
                let left = self.known(left)?;
                let right = if is_pattern {
                    self.one_field(right)?
                } else {
                    escaped(&self.known(right)?)
                };
                let is_same = matches(right.as_bytes(), left.as_bytes(), FIND);
                match plain(sign) {
                    "=" | "==" => Some(is_same),
                    "!=" => Some(!is_same),
                    _ => None,
                }
            }
            [sign, word] => {
                let word = self.known(word)?;
                match plain(sign) {
                    "-z" => Some(word.is_empty()),
                    "-n" => Some(!word.is_empty()),
                    sign => self.is_there(sign, &word).then_some(true),
                }
            }
            _ => None,
        }
    }

    /// Whether a test asks for a venv that is there now, or for something in one; none where nobody knows. Of what else
    /// is there nobody knows whether it stays until the script runs, and where a venv went there is nothing to lose.
    fn stands(&mut self, words: &[Word]) -> Option<bool> {
        match words {
            [not, rest @ ..] if plain(not) == "!" => self.stands(rest).map(|holds| !holds),
            [sign, word] => {
                let word = self.known(word)?;
                let place = unescaped(&self.place(&escaped(&word)));
                let place = Path::new(&place);
                let mut dirs = place.ancestors();
                let is_of_venv = dirs.any(|dir| self.machine.root.exists(&dir.join(CONFIG)));
                (is_of_venv && self.is_there(plain(sign), &word)).then_some(true)
            }
            _ => None,
        }
    }

    /// Whether there is such a file now, which the script has not removed before. One that is not there may come until
    /// it runs.
    fn is_there(&self, sign: &str, word: &str) -> bool {
        let place = unescaped(&self.place(&escaped(word)));
        let (root, place) = (&self.machine.root, Path::new(&place));
        let mut steps = self.found.steps.iter();
        if steps.any(|one| one.removal.comes_to(place)) {
            return false;
        }
        match sign {
            "-e" => root.meta(place).is_some(),
            "-f" => root.meta(place).is_some_and(|meta| meta.is_file()),
            "-d" => root.meta(place).is_some_and(|meta| meta.is_dir()),
            "-x" => root.is_program(place),
            "-L" | "-h" => root.is_link(place),
            _ => false,
        }
    }

    /// The commands of the way that a `case` takes, where it takes none without any; none where nobody knows.
    pub(super) fn chosen(&mut self, word: &Word, all: &[(Vec<Word>, List)]) -> Option<List> {
        if !self.asks_fixed(std::slice::from_ref(word)) {
            return None;
        }
        let text = self.known(word)?;
        for (patterns, body) in all {
            for pattern in patterns {
                let pattern = self.one_field(pattern)?;
                if matches(pattern.as_bytes(), text.as_bytes(), FIND) {
                    return Some(body.clone());
                }
            }
        }
        Some(List::default())
    }

    /// The one text for which a word stands; none where there may be another one.
    fn known(&mut self, word: &Word) -> Option<String> {
        let values = self.values(word);
        let [fields] = &values[..] else {
            return None;
        };
        let text = fields.concat();
        is_known(&text).then(|| unescaped(&text))
    }

    /// The one pattern for which a word stands.
    fn one_field(&mut self, word: &Word) -> Option<String> {
        let values = self.fields(word);
        let [fields] = &values[..] else {
            return None;
        };
        let pattern = fields.concat();
        (!pattern.contains([ANYTHING, FOUND])).then_some(pattern)
    }

    /// Whether words depend on values of loops that are followed by themselves. What else they depend on has to be
    /// known; without such a value a script is not followed so closely that its tests could be decided.
    fn asks_fixed(&self, words: &[Word]) -> bool {
        let mut asks = false;
        for piece in words.iter().flatten() {
            match piece {
                Piece::Text(..) => {}
                Piece::Variable(variable) => asks |= self.fixed.contains(&variable.name),
                Piece::Output(inner, _) => {
                    let is_named = |name: &String| {
                        inner.contains(&format!("${name}")) || inner.contains(&format!("${{{name}"))
                    };
                    asks |= self.fixed.iter().any(is_named);
                }
                Piece::Process(_) | Piece::Array(_) | Piece::Unknown => return false,
            }
        }
        asks
    }
}

/// A word that is nothing but unquoted text.
fn plain(word: &Word) -> &str {
    match &word[..] {
        [Piece::Text(text, false)] => text,
        _ => "",
    }
}

/// Whether any of these commands decides what else is done.
fn asks(list: &List) -> bool {
    list.iter().any(|node| {
        matches!(node.next, Next::And | Next::Or)
            || match &node.kind {
                Kind::If(_) | Kind::Case(..) => true,
                Kind::Group(inner)
                | Kind::Apart(inner)
                | Kind::While(_, inner)
                | Kind::For(_, _, inner) => asks(inner),
                _ => false,
            }
    })
}

/// How many commands are followed of a list, at most.
fn size(list: &List) -> usize {
    let own = list.iter().map(|node| match &node.kind {
        Kind::Group(inner) | Kind::Apart(inner) => size(inner),
        Kind::While(test, inner) => size(inner)
            .saturating_mul(INNER_MAX)
            .saturating_add(size(test)),
        Kind::For(_, _, inner) => size(inner).saturating_mul(INNER_MAX),
        Kind::If(all) => {
            let all = all.iter().flat_map(|(test, then)| [size(test), size(then)]);
            all.fold(0, usize::saturating_add)
        }
        Kind::Case(_, all) => {
            let all = all.iter().map(|(_, arm)| size(arm));
            all.fold(0, usize::saturating_add)
        }
        _ => 1,
    });
    own.fold(1, usize::saturating_add)
}

/// The variable into which a loop reads each line, and the lines, where they are known.
pub(super) fn line_by_line(test: &List, input: &Stream) -> Option<(String, Vec<String>)> {
    let [node] = &test[..] else {
        return None;
    };
    let Kind::Simple(words) = &node.kind else {
        return None;
    };
    let plain = |word: &Word| match &word[..] {
        [Piece::Text(text, _)] => Some(text.clone()),
        _ => None,
    };
    let texts: Vec<String> = words.iter().filter_map(plain).collect();
    let at = texts.iter().position(|text| text == "read")?;
    let mut names = texts[at + 1..]
        .iter()
        .filter(|text| !text.starts_with('-') && !text.is_empty());
    let name = names.next().filter(|_| names.next().is_none())?;
    let Stream::Texts(lines) = input else {
        return None;
    };
    let all_known = lines.iter().all(|line| is_known(line));
    all_known.then(|| (name.clone(), lines.clone()))
}
