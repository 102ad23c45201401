//! What the words of a script stand for, as far as that is known without running it: a word may stand for several.

use std::path::Path;

use super::{FOUND, MEANINGS_MAX, Reader};
use crate::sweep::find::Find;
use crate::sweep::shell::{Piece, Simple, Word, split};

impl Reader<'_> {
    /// The words of a command, each with all that it may be; none for one that nobody knows.
    pub(super) fn expanded(&mut self, simple: &Simple) -> Vec<Vec<String>> {
        let words = simple.words.iter().map(|word| self.meanings(word));
        words.collect()
    }

    pub(super) fn meanings(&mut self, word: &Word) -> Vec<String> {
        let mut all = vec![String::new()];
        for (number, piece) in word.iter().enumerate() {
            let parts = match piece {
                Piece::Text(text, true) => vec![escaped(text)],
                Piece::Text(text, false)
                    if number == 0 && (text == "~" || text.starts_with("~/")) =>
                {
                    match self.variables.get("HOME").and_then(|all| all.first()) {
                        Some(home) => vec![format!("{home}{}", &text[1..])],
                        None => return Vec::new(),
                    }
                }
                Piece::Text(text, false) => braces(text),
                Piece::Variable(name, default) => match (self.variables.get(name), default) {
                    (Some(values), _) => values.clone(),
                    (None, Some(default)) => vec![default.trim_matches(['"', '\'']).to_owned()],
                    (None, None) => return Vec::new(),
                },
                Piece::Output(inner) => match self.output(inner) {
                    Some(text) => vec![text],
                    None => return Vec::new(),
                },
                Piece::Unknown => return Vec::new(),
            };
            let pairs = all
                .iter()
                .flat_map(|begin| parts.iter().map(move |part| format!("{begin}{part}")));
            all = pairs.take(MEANINGS_MAX).collect();
        }
        all
    }

    /// What a command prints: for a search, the word that stands for its result; none where nobody knows.
    pub(super) fn output(&mut self, inner: &str) -> Option<String> {
        let commands = split(inner);
        let simple = commands.first()?;
        let words: Option<Vec<String>> = self
            .expanded(simple)
            .into_iter()
            .map(|all| all.into_iter().next())
            .collect();
        let words = unescaped(words?);
        match words.first()?.rsplit('/').next()? {
            "find" => {
                self.searches
                    .push(Find::parse(&words[1..], self.cwd.as_deref()?));
                Some(format!("{FOUND}{}", self.searches.len() - 1))
            }
            "pwd" => Some(self.cwd.as_ref()?.to_string_lossy().into_owned()),
            "echo" => Some(words[1..].join(" ")),
            "dirname" => {
                let path = Path::new(words.get(1)?);
                Some(path.parent()?.to_string_lossy().into_owned())
            }
            _ => None,
        }
    }

    /// Takes assignments before a command, or alone.
    pub(super) fn assign(&mut self, written: &[Word], words: &mut Vec<Vec<String>>) {
        let skipped = written.len() - words.len();
        let mut number = skipped;
        loop {
            let Some(Piece::Text(text, false)) = written.get(number).and_then(|word| word.first())
            else {
                return;
            };
            if matches!(text.as_str(), "export" | "local" | "readonly" | "declare")
                && written.get(number).is_some_and(|word| word.len() == 1)
            {
                words.remove(0);
                number += 1;
                continue;
            }
            let Some((name, _)) = text.split_once('=') else {
                return;
            };
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return;
            }
            let values = words.remove(0);
            let bare = |value: String| {
                value
                    .split_once('=')
                    .map_or(String::new(), |(_, value)| value.to_owned())
            };
            if values.is_empty() {
                self.variables.remove(name);
            } else {
                self.variables
                    .insert(name.to_owned(), values.into_iter().map(bare).collect());
            }
            number += 1;
        }
    }

    /// `for NAME in WORD…`
    pub(super) fn loop_over(&mut self, words: &[Vec<String>]) {
        let Some(name) = words.get(1).and_then(|all| all.first()) else {
            return;
        };
        let rest = words.get(3..).unwrap_or_default();
        if rest.iter().any(Vec::is_empty) {
            self.variables.remove(name);
        } else {
            let all = rest.iter().flatten().take(MEANINGS_MAX).cloned();
            self.variables.insert(name.clone(), all.collect());
        }
    }
}

/// A word that is one plain text.
pub(super) fn plain(word: &Word) -> Option<String> {
    match &word[..] {
        [Piece::Text(text, false)] => Some(text.clone()),
        _ => None,
    }
}

/// Quoted text, of which no sign is a pattern.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "*?[]\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Words without the backslashes before signs that are no patterns.
pub(super) fn unescaped(words: Vec<String>) -> Vec<String> {
    let bare = |word: String| {
        let mut out = String::with_capacity(word.len());
        let mut letters = word.chars();
        while let Some(c) = letters.next() {
            if c == '\\' {
                out.extend(letters.next());
            } else {
                out.push(c);
            }
        }
        out
    };
    words.into_iter().map(bare).collect()
}

/// `a{b,c}d` as `abd` and `acd`, one pair of braces after the other.
pub(super) fn braces(text: &str) -> Vec<String> {
    let found = text.find('{').and_then(|open| {
        let end = open + text[open..].find('}')?;
        text[open..end].contains(',').then_some((open, end))
    });
    let Some((open, end)) = found else {
        return vec![text.to_owned()];
    };
    let parts = text[open + 1..end].split(',');
    let rest = braces(&text[end + 1..]);
    let all = parts.flat_map(|part| {
        rest.iter()
            .map(move |rest| format!("{}{part}{rest}", &text[..open]))
    });
    all.take(MEANINGS_MAX).collect()
}
