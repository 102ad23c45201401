//! Scripts split as a shell would split them: into simple commands of words, with what stands between them. Nothing
//! is expanded here (POSIX.1-2024, "Shell Command Language" 2.3 to 2.9).

/// A part of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Text, and whether it is quoted: then it has no patterns.
    Text(String, bool),
    /// A variable, and what stands for it where it is not set.
    Variable(String, Option<String>),
    /// What a command prints.
    Output(String),
    /// Something else that only a running shell knows.
    Unknown,
}

/// A word.
pub(super) type Word = Vec<Piece>;

/// What stands after a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// A new line, `;` or `&`.
    Plain,
    /// `|`
    Pipe,
    /// `&&` or `||`
    Maybe,
    /// `)`, which also ends the patterns of a `case`.
    Closed,
    /// `(`
    Opened,
}

/// A simple command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Simple {
    /// From 1.
    pub(super) line: usize,
    pub(super) words: Vec<Word>,
    pub(super) end: End,
}

/// The simple commands of a script, in its order.
pub(super) fn split(script: &str) -> Vec<Simple> {
    let mut lexer = Lexer {
        text: script.chars().collect(),
        at: 0,
        line: 1,
        words: Vec::new(),
        begin: 1,
        found: Vec::new(),
        documents: Vec::new(),
    };
    lexer.run();
    lexer.found
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    line: usize,
    words: Vec<Word>,
    /// The line of the first word.
    begin: usize,
    found: Vec<Simple>,
    /// The ends of here-documents that begin with the next line.
    documents: Vec<String>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn end(&mut self, end: End) {
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() || matches!(end, End::Opened | End::Closed) {
            self.found.push(Simple {
                line: self.begin,
                words,
                end,
            });
        }
    }

    fn run(&mut self) {
        while let Some(next) = self.peek(0) {
            match next {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.peek(1) == Some('\n') => {
                    self.next();
                    self.next();
                }
                '\n' => {
                    self.next();
                    self.end(End::Plain);
                    self.skip_documents();
                }
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                ';' => {
                    self.at += 1;
                    self.end(End::Plain);
                }
                '&' | '|' => {
                    self.at += 1;
                    let is_twice = self.peek(0) == Some(next);
                    self.at += usize::from(is_twice || next == '|' && self.peek(0) == Some('&'));
                    if next == '&' && self.peek(0) == Some('>') {
                        continue;
                    }
                    self.end(match (next, is_twice) {
                        (_, true) => End::Maybe,
                        ('|', _) => End::Pipe,
                        _ => End::Plain,
                    });
                }
                '(' => {
                    self.at += 1;
                    self.end(End::Opened);
                }
                ')' => {
                    self.at += 1;
                    self.end(End::Closed);
                }
                '<' | '>' => self.redirection(),
                _ => {
                    if self.words.is_empty() {
                        self.begin = self.line;
                    }
                    let word = self.word();
                    // A number before a redirection belongs to it.
                    let is_number = match &word[..] {
                        [Piece::Text(text, false)] => text.chars().all(|c| c.is_ascii_digit()),
                        _ => false,
                    };
                    if !(is_number && matches!(self.peek(0), Some('<' | '>'))) {
                        self.words.push(word);
                    }
                }
            }
        }
        self.end(End::Plain);
    }

    /// A redirection with its word, which is no argument.
    fn redirection(&mut self) {
        let mut signs = String::new();
        while let Some(sign @ ('<' | '>' | '&' | '-' | '|')) = self.peek(0) {
            signs.push(sign);
            self.at += 1;
        }
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        if self.peek(0) == Some('(') {
            self.at += 1;
            self.until_closed();
            self.words.push(vec![Piece::Unknown]);
            return;
        }
        if signs.ends_with('-') && !signs.starts_with("<<") {
            return;
        }
        let word = self.word();
        if signs.starts_with("<<") && signs != "<<<" {
            let text = word.iter().map(|piece| match piece {
                Piece::Text(text, _) => text.as_str(),
                _ => "",
            });
            self.documents.push(text.collect());
        }
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            while self.peek(0).is_some() {
                let mut line = String::new();
                while let Some(next) = self.next() {
                    if next == '\n' {
                        break;
                    }
                    line.push(next);
                }
                if line.trim_start_matches('\t') == end {
                    break;
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Word::new();
        let text = |word: &mut Word, next: char, quoted: bool| match word.last_mut() {
            Some(Piece::Text(text, was)) if *was == quoted => text.push(next),
            _ => word.push(Piece::Text(next.to_string(), quoted)),
        };
        while let Some(next) = self.peek(0) {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(next) => text(&mut word, next, true),
                    }
                }
                '\'' => {
                    self.next();
                    word.push(Piece::Text(String::new(), true));
                    while let Some(next) = self.next().filter(|c| *c != '\'') {
                        text(&mut word, next, true);
                    }
                }
                '"' => {
                    self.next();
                    word.push(Piece::Text(String::new(), true));
                    while let Some(next) = self.peek(0) {
                        match next {
                            '"' => {
                                self.next();
                                break;
                            }
                            '\\' if matches!(self.peek(1), Some('"' | '\\' | '$' | '`' | '\n')) => {
                                self.next();
                                if let Some(next) = self.next().filter(|c| *c != '\n') {
                                    text(&mut word, next, true);
                                }
                            }
                            '$' | '`' => self.expansion(&mut word),
                            _ => {
                                self.next();
                                text(&mut word, next, true);
                            }
                        }
                    }
                }
                '$' | '`' => self.expansion(&mut word),
                _ => {
                    self.next();
                    text(&mut word, next, false);
                }
            }
        }
        word
    }

    fn expansion(&mut self, word: &mut Word) {
        if self.next() == Some('`') {
            let mut inner = String::new();
            while let Some(next) = self.next().filter(|c| *c != '`') {
                inner.push(next);
            }
            return word.push(Piece::Output(inner));
        }
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                self.at += 1;
                self.until_closed();
                word.push(Piece::Unknown);
            }
            Some('(') => {
                self.at += 1;
                let inner = self.until_closed();
                word.push(Piece::Output(inner));
            }
            Some('{') => {
                self.at += 1;
                let mut inner = String::new();
                while let Some(next) = self.next().filter(|c| *c != '}') {
                    inner.push(next);
                }
                word.push(braced(&inner));
            }
            Some(first) if first.is_alphabetic() || first == '_' => {
                let mut name = String::new();
                while let Some(next) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(next);
                    self.at += 1;
                }
                word.push(Piece::Variable(name, None));
            }
            Some(first) if first.is_ascii_digit() || "@*#?$!-".contains(first) => {
                self.at += 1;
                word.push(Piece::Unknown);
            }
            _ => word.push(Piece::Text("$".to_owned(), true)),
        }
    }

    /// The text up to the bracket that closes the one just read, without that bracket.
    fn until_closed(&mut self) -> String {
        let (mut depth, mut inner, mut quote) = (1, String::new(), None);
        while let Some(next) = self.next() {
            match (next, quote) {
                (_, Some(open)) if next == open => quote = None,
                ('\'' | '"', None) => quote = Some(next),
                ('(', None) => depth += 1,
                (')', None) => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
            inner.push(next);
        }
        inner
    }
}

/// `${NAME}`, `${NAME:-else}`; all other forms are known to a running shell alone.
fn braced(inner: &str) -> Piece {
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, rest) = inner.split_at(end.unwrap_or(inner.len()));
    let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
    let is_must = rest.starts_with(":?") || rest.starts_with('?');
    if name.is_empty() || !rest.is_empty() && default.is_none() && !is_must {
        return Piece::Unknown;
    }
    Piece::Variable(name.to_owned(), default.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(script: &str) -> Vec<Vec<String>> {
        let word = |word: &Word| {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text, _) => text.clone(),
                Piece::Variable(name, _) => format!("<{name}>"),
                Piece::Output(inner) => format!("<({inner})>"),
                Piece::Unknown => "<?>".to_owned(),
            };
            word.iter().map(piece).collect::<String>()
        };
        let all = split(script)
            .into_iter()
            .filter(|one| !one.words.is_empty());
        all.map(|one| one.words.iter().map(word).collect())
            .collect()
    }

    #[test]
    fn words_are_those_of_a_shell() {
        for (script, words) in [
            (
                "rm -rf '/srv/a b'/*",
                &[&["rm", "-rf", "/srv/a b/*"][..]][..],
            ),
            ("a \"$X/b\" ${Y:-c}d # e", &[&["a", "<X>/b", "<Y>d"]]),
            ("a >/dev/null 2>&1 && b < c", &[&["a"], &["b"]]),
            ("a \\\n b\nc", &[&["a", "b"], &["c"]]),
            (
                "x=$(find / -name 'a)') y",
                &[&["x=<(find / -name 'a)')>", "y"]],
            ),
            ("cat <<EOF\nrm -rf /\nEOF\nb", &[&["cat"], &["b"]]),
            (
                "a | xargs -0 rm; (cd b && c)",
                &[&["a"], &["xargs", "-0", "rm"], &["cd", "b"], &["c"]],
            ),
            ("echo a#b 'unclosed", &[&["echo", "a#b", "unclosed"]]),
        ] {
            assert_eq!(plain(script), words, "{script}");
        }
        for hostile in [
            "\"$(",
            "`",
            "${",
            "((((",
            "<<",
            "a\\",
            "$",
            "'",
            ")(",
            "case a in b) c;; esac",
        ] {
            let _ = split(&hostile.repeat(500));
        }
    }
}
