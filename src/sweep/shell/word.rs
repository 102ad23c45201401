//! The words of a script, with what is expanded in them (POSIX.1-2024, "Shell Command Language" 2.2, 2.5, 2.6).

use super::lexer::Lexer;
use super::{Form, Piece, Variable, Word};
use crate::sweep::glob::{END, EXTENDED, OR};

impl Lexer {
    pub(super) fn word(&mut self) -> Word {
        let mut word = Word::new();
        while let Some(next) = self.peek(0) {
            match next {
                '(' => {
                    let last = match word.last() {
                        Some(Piece::Text(text, false)) => text.chars().last(),
                        _ => None,
                    };
                    match last {
                        Some('=') if !self.in_array => {
                            self.at += 1;
                            self.in_array = true;
                            word.push(self.array());
                            self.in_array = false;
                        }
                        // A pattern of Bash that names what does not match.
                        Some('?' | '*' | '+' | '@') => self.extended(&mut word),
                        Some('!') if !self.is_begin() => self.extended(&mut word),
                        _ => break,
                    }
                }
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(next) => add(&mut word, next, true),
                    }
                }
                '\'' => {
                    self.next();
                    word.push(Piece::Text(String::new(), true));
                    while let Some(next) = self.next().filter(|c| *c != '\'') {
                        add(&mut word, next, true);
                    }
                }
                '"' => {
                    self.next();
                    word.push(Piece::Text(String::new(), true));
                    self.in_quotes(&mut word, Some('"'));
                }
                '$' | '`' => self.expansion(&mut word, false),
                _ => {
                    self.next();
                    add(&mut word, next, false);
                }
            }
        }
        if word.is_empty() && matches!(self.peek(0), Some('&' | '|')) {
            self.at += 1;
        }
        word
    }

    fn extended(&mut self, word: &mut Word) {
        self.at += 1;
        let inner = self.until_closed();
        // The sign before the bracket belongs to the pattern.
        let mut sign = None;
        if let Some(Piece::Text(text, false)) = word.last_mut() {
            sign = text.pop();
        }
        // A pattern within, or one that only a running shell knows, is not read.
        let is_plain = !inner.contains(['$', '`', '"', '\'', '\\', '(', '/', '{']);
        match sign {
            Some(sign) if is_plain => {
                let inner = inner.replace('|', &OR.to_string());
                word.push(Piece::Text(format!("{EXTENDED}{sign}{inner}{END}"), false));
            }
            _ => word.push(Piece::Unknown),
        }
    }

    fn array(&mut self) -> Piece {
        let mut words = Vec::new();
        while let Some(next) = self.peek(0) {
            match next {
                ')' => {
                    self.at += 1;
                    break;
                }
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' => {
                    self.next();
                }
                _ => words.push(self.word()),
            }
        }
        Piece::Array(words)
    }

    /// What stands in double quotes, up to their end.
    pub(super) fn in_quotes(&mut self, word: &mut Word, end: Option<char>) {
        while let Some(next) = self.peek(0) {
            match next {
                next if Some(next) == end => {
                    self.next();
                    break;
                }
                '\\' if matches!(self.peek(1), Some('"' | '\\' | '$' | '`' | '\n')) => {
                    self.next();
                    if let Some(next) = self.next().filter(|c| *c != '\n') {
                        add(word, next, true);
                    }
                }
                '$' | '`' => self.expansion(word, true),
                _ => {
                    self.next();
                    add(word, next, true);
                }
            }
        }
    }

    fn expansion(&mut self, word: &mut Word, quoted: bool) {
        if self.next() == Some('`') {
            let mut inner = String::new();
            while let Some(next) = self.next().filter(|c| *c != '`') {
                let is_escape = next == '\\' && matches!(self.peek(0), Some('`' | '\\' | '$'));
                inner.extend(if is_escape { self.next() } else { Some(next) });
            }
            return word.push(Piece::Output(inner, quoted));
        }
        let plain = |name: String| {
            let form = Form::Plain;
            Piece::Variable(Variable { name, form, quoted })
        };
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                self.at += 1;
                self.until_closed();
                word.push(Piece::Unknown);
            }
            Some('(') => {
                self.at += 1;
                let inner = self.until_closed();
                word.push(Piece::Output(inner, quoted));
            }
            Some('{') => {
                self.at += 1;
                let inner = self.until_brace();
                word.push(braced(&inner, quoted));
            }
            Some('\'') if !quoted => {
                // `$'…'`: escapes as in C, of which those of a text matter here.
                self.next();
                word.push(Piece::Text(String::new(), true));
                while let Some(next) = self.next().filter(|c| *c != '\'') {
                    let next = match (next, self.peek(0)) {
                        ('\\', Some('n')) => self.next().map(|_| '\n'),
                        ('\\', Some('t')) => self.next().map(|_| '\t'),
                        ('\\', Some('0')) => self.next().map(|_| '\n'),
                        ('\\', Some(_)) => self.next(),
                        _ => Some(next),
                    };
                    if let Some(next) = next {
                        add(word, next, true);
                    }
                }
            }
            Some('"') if !quoted => {}
            Some(first) if first.is_alphabetic() || first == '_' => {
                let mut name = String::new();
                while let Some(next) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(next);
                    self.at += 1;
                }
                word.push(plain(name));
            }
            Some(first) if first.is_ascii_digit() || "@*#".contains(first) => {
                self.at += 1;
                word.push(plain(first.to_string()));
            }
            Some(first) if "?$!-".contains(first) => {
                self.at += 1;
                word.push(Piece::Unknown);
            }
            _ => word.push(Piece::Text("$".to_owned(), true)),
        }
    }

    /// What `${` holds, which may itself hold braces.
    fn until_brace(&mut self) -> String {
        let (mut depth, mut inner) = (1, String::new());
        while let Some(next) = self.next() {
            match next {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            inner.push(next);
        }
        inner
    }

    /// The text up to the bracket that closes the one just read, without that bracket.
    pub(super) fn until_closed(&mut self) -> String {
        self.until_closed_from(1)
    }

    pub(super) fn until_closed_from(&mut self, depth: usize) -> String {
        let (mut depth, mut inner, mut quote) = (depth.max(1), String::new(), None);
        while let Some(next) = self.next() {
            match (next, quote) {
                ('\\', None | Some('"')) => {
                    inner.push(next);
                    inner.extend(self.next());
                    continue;
                }
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

fn add(word: &mut Word, next: char, quoted: bool) {
    match word.last_mut() {
        Some(Piece::Text(text, was)) if *was == quoted => text.push(next),
        _ => word.push(Piece::Text(next.to_string(), quoted)),
    }
}

/// What stands in `${…}`; forms that are not read are known to a running shell alone.
fn braced(inner: &str, quoted: bool) -> Piece {
    let is_sign = inner.starts_with(['@', '*', '#']);
    let end = if is_sign {
        Some(1)
    } else {
        inner.find(|c: char| !c.is_alphanumeric() && c != '_')
    };
    let (name, rest) = inner.split_at(end.unwrap_or(inner.len()));
    // One of an array is a variable by itself, and all of it is another one. A key that is not known is `?`.
    let (name, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((key, rest)) => {
            let key = key.trim_matches(['"', '\'']);
            let key = match key {
                "@" | "*" => "@",
                key if key.contains(['$', '`']) => "?",
                key => key,
            };
            (format!("{name}[{key}]"), rest)
        }
        None => (name.to_owned(), rest),
    };
    let starts = |signs: [&str; 2]| signs.iter().find_map(|sign| rest.strip_prefix(sign));
    let form = if rest.is_empty() || starts([":?", "?"]).is_some() {
        Some(Form::Plain)
    } else if let Some(word) = starts([":-", "-"]).or_else(|| starts([":=", "="])) {
        Some(Form::Else(word.to_owned()))
    } else if let Some(word) = starts([":+", "+"]) {
        Some(Form::Given(word.to_owned()))
    } else if rest.starts_with(['%', '#']) {
        let sign = &rest[..1];
        let longest = rest[1..].starts_with(sign);
        Some(Form::Cut {
            at_end: sign == "%",
            longest,
            pattern: rest[1 + usize::from(longest)..].to_owned(),
        })
    } else if rest.starts_with([',', '^', '/', ':']) {
        Some(Form::Changed(rest.to_owned()))
    } else {
        None
    };
    let known = form.filter(|_| !name.is_empty() && (name != "#" || rest.is_empty()));
    known.map_or(Piece::Unknown, |form| {
        Piece::Variable(Variable { name, form, quoted })
    })
}
