//! Options and operands of a command, as `getopt_long(3)` reads them.

use super::quotes::unescaped;

/// What a command is given.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Names with their dashes, in the order in which they are given, and the values of those that have one.
    given: Vec<(String, Option<String>)>,
    /// What is no option; patterns of a shell.
    pub(super) operands: Vec<String>,
    /// The number of the word at which the operands begin.
    pub(super) begin: usize,
}

impl Options {
    /// Reads all words; operands may stand between options. `valued` are options of which a value follows,
    /// with blanks between them.
    pub(super) fn all(words: &[String], valued: &str) -> Self {
        Self::read(words, valued, false)
    }

    /// Reads words up to the first operand, which begins another command.
    pub(super) fn leading(words: &[String], valued: &str) -> Self {
        Self::read(words, valued, true)
    }

    fn read(words: &[String], valued: &str, stops: bool) -> Self {
        let mut options = Self::default();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let plain = unescaped(word);
            if plain == "--" {
                at += 1;
                break;
            }
            if !plain.starts_with('-') || plain == "-" {
                if stops {
                    break;
                }
                options.operands.push(word.clone());
                at += 1;
                continue;
            }
            at += 1;
            let wants = options.take(&plain, valued);
            if wants {
                let value = words.get(at).map(|word| unescaped(word));
                at += 1;
                if let Some(last) = options.given.last_mut() {
                    last.1 = value;
                }
            }
        }
        options.begin = at.min(words.len());
        options
            .operands
            .extend(words[options.begin..].iter().cloned());
        options
    }

    /// Takes one word of options. Whether its value is the next word.
    fn take(&mut self, word: &str, valued: &str) -> bool {
        if is_one(valued, word) {
            self.given.push((word.to_owned(), None));
            return true;
        }
        if word.starts_with("--") {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word, None),
            };
            self.given.push((name.to_owned(), value));
            return false;
        }
        for (at, sign) in word.char_indices().skip(1) {
            let name = format!("-{sign}");
            let rest = &word[at + sign.len_utf8()..];
            if is_one(valued, &name) {
                let value = (!rest.is_empty()).then(|| rest.to_owned());
                let wants = value.is_none();
                self.given.push((name, value));
                return wants;
            }
            self.given.push((name, None));
        }
        false
    }

    /// Whether one of these is given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.given
            .iter()
            .any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The values of these, in the order in which they are given.
    pub(super) fn values(&self, names: &[&str]) -> Vec<String> {
        let fit = self
            .given
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        fit.filter_map(|(_, value)| value.clone()).collect()
    }

    /// The last value of these.
    pub(super) fn value(&self, names: &[&str]) -> Option<String> {
        self.values(names).pop()
    }

    /// The last value of those with blanks between them.
    pub(super) fn value_of(&self, names: &str) -> Option<String> {
        let mut fit = self
            .given
            .iter()
            .rev()
            .filter(|(name, _)| is_one(names, name));
        fit.find_map(|(_, value)| value.clone())
    }

    /// All options with their values.
    pub(super) fn given(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.given
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

/// Whether a name is one of those with blanks between them.
pub(super) fn is_one(names: &str, name: &str) -> bool {
    names.split_whitespace().any(|one| one == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_their_values_however_they_are_written() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for text in [
            "-rn5 a b",
            "-r -n 5 a b",
            "-r --number 5 a b",
            "-r --number=5 a b",
            "a -n 5 -r b",
            "-rn5 -- a b",
        ] {
            let options = Options::all(&words(text), "-n --number");
            assert_eq!(
                options.value(&["-n", "--number"]).as_deref(),
                Some("5"),
                "{text}"
            );
            assert!(options.has(&["-r"]), "{text}");
            assert_eq!(options.operands, ["a", "b"], "{text}");
        }
        let leading = Options::leading(&words("-n 5 -q rm -n x"), "-n");
        assert_eq!((leading.begin, leading.operands.len()), (3, 3));
    }
}
