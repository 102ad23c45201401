//! Words, operators and redirections of a script (POSIX.1-2024, "Shell Command Language" 2.2, 2.3, 2.6, 2.7).

use super::{Piece, Redirect, Word};

/// Words after which a command may begin.
const BEGINNING: [&str; 10] = [
    "if", "then", "else", "elif", "while", "until", "do", "{", "!", "for",
];

/// A word, an operator or a redirection, with its line from 1.
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Word(Word),
    /// `;` is a new line as well, and `&`.
    Operator(&'static str),
    Redirect(Redirect),
}

/// All of a script.
pub(super) fn tokens(script: &str) -> Vec<Token> {
    // Control characters are our own signs for what is not known (`script/`).
    let plain = |c: char| {
        if matches!(c, '\u{1}'..='\u{5}') {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut lexer = Lexer {
        text: script.chars().map(plain).collect(),
        at: 0,
        line: 1,
        found: Vec::new(),
        documents: Vec::new(),
        in_array: false,
    };
    lexer.run();
    lexer.found
}

/// A text that stands in the script, until a line of its own ends it.
struct Document {
    end: String,
    /// Whether nothing in it is expanded.
    quoted: bool,
    tabs: bool,
    /// Which token it is.
    token: usize,
}

pub(super) struct Lexer {
    text: Vec<char>,
    pub(super) at: usize,
    line: usize,
    found: Vec<Token>,
    documents: Vec<Document>,
    /// Whether the words of an array are read: they hold no other one.
    pub(super) in_array: bool,
}

impl Lexer {
    pub(super) fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn push(&mut self, line: usize, kind: Kind) {
        self.found.push(Token { line, kind });
    }

    fn operator(&mut self, sign: &'static str) {
        self.at += sign.len();
        self.push(self.line, Kind::Operator(sign));
    }

    /// Whether a command may begin here.
    pub(super) fn is_begin(&self) -> bool {
        match self.found.last().map(|token| &token.kind) {
            None | Some(Kind::Operator(_)) => true,
            Some(Kind::Word(word)) => {
                matches!(&word[..], [Piece::Text(text, false)]
                    if BEGINNING.contains(&text.as_str()))
            }
            Some(Kind::Redirect(_)) => false,
        }
    }

    fn run(&mut self) {
        while let Some(next) = self.peek(0) {
            match (next, self.peek(1)) {
                (' ' | '\t' | '\r', _) => self.at += 1,
                ('\\', Some('\n')) => {
                    self.next();
                    self.next();
                }
                ('\n', _) => {
                    self.push(self.line, Kind::Operator(";"));
                    self.next();
                    self.read_documents();
                }
                ('#', _) => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                (';', Some(';')) => {
                    self.operator(";;");
                    self.at += usize::from(self.peek(0) == Some('&'));
                }
                (';', Some('&')) => {
                    self.operator(";;");
                }
                ('&', Some('&')) => self.operator("&&"),
                ('|', Some('|')) => self.operator("||"),
                ('|', _) => {
                    self.operator("|");
                    self.at += usize::from(self.peek(0) == Some('&'));
                }
                ('&', Some('>')) => {
                    self.at += 1;
                    self.redirection();
                }
                (';' | '&', _) => self.operator(";"),
                ('(', Some('(')) if self.is_begin() && self.arithmetic() => {}
                ('(', _) => self.operator("("),
                (')', _) => self.operator(")"),
                ('<' | '>', Some('(')) => {
                    let line = self.line;
                    self.at += 2;
                    let inner = self.until_closed();
                    self.push(line, Kind::Word(vec![Piece::Process(inner)]));
                }
                ('<' | '>', _) => self.redirection(),
                _ => {
                    let line = self.line;
                    let word = self.word();
                    // A number before a redirection belongs to it.
                    let is_number = match &word[..] {
                        [Piece::Text(text, false)] => text.chars().all(|c| c.is_ascii_digit()),
                        _ => false,
                    };
                    if !(is_number && matches!(self.peek(0), Some('<' | '>'))) {
                        self.push(line, Kind::Word(word));
                    }
                }
            }
        }
    }

    /// `((…))`, of which only that it is there matters.
    fn arithmetic(&mut self) -> bool {
        let (at, line) = (self.at, self.line);
        self.at += 1;
        let inner = self.until_closed_from(0);
        if inner.ends_with(')') {
            self.push(line, Kind::Word(vec![Piece::Text("((".to_owned(), false)]));
            return true;
        }
        (self.at, self.line) = (at, line);
        false
    }

    fn redirection(&mut self) {
        let line = self.line;
        let mut signs = String::new();
        while let Some(sign @ ('<' | '>' | '&' | '|')) = self.peek(0) {
            signs.push(sign);
            self.at += 1;
        }
        let tabs = signs == "<<" && self.peek(0) == Some('-');
        self.at += usize::from(tabs);
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let word = match (self.peek(0), self.peek(1)) {
            (Some('<' | '>'), Some('(')) => {
                self.at += 2;
                vec![Piece::Process(self.until_closed())]
            }
            _ => self.word(),
        };
        let is_number = |word: &Word| match &word[..] {
            [Piece::Text(text, false)] => text.chars().all(|c| c.is_ascii_digit() || c == '-'),
            _ => false,
        };
        let redirect = match signs.as_str() {
            "<" | "<>" => Redirect::In(word),
            "<<<" => Redirect::Text(word),
            "<<" => {
                let quoted = word
                    .iter()
                    .any(|piece| matches!(piece, Piece::Text(_, true)));
                let end = word.iter().map(|piece| match piece {
                    Piece::Text(text, _) => text.as_str(),
                    _ => "",
                });
                self.documents.push(Document {
                    end: end.collect(),
                    quoted,
                    tabs,
                    token: self.found.len(),
                });
                Redirect::Text(Word::new())
            }
            ">" | ">|" => Redirect::Out(word),
            ">&" | "&>" if !is_number(&word) => Redirect::Out(word),
            _ => return,
        };
        self.push(line, Kind::Redirect(redirect));
    }

    fn read_documents(&mut self) {
        for document in std::mem::take(&mut self.documents) {
            let mut body = String::new();
            while self.peek(0).is_some() {
                let mut line = String::new();
                while let Some(next) = self.next().filter(|next| *next != '\n') {
                    line.push(next);
                }
                let bare = if document.tabs {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if bare.trim_end_matches('\r') == document.end {
                    break;
                }
                body.push_str(bare);
                body.push('\n');
            }
            let word = if document.quoted {
                vec![Piece::Text(body, true)]
            } else {
                quoted(&body)
            };
            if let Some(token) = self.found.get_mut(document.token) {
                token.kind = Kind::Redirect(Redirect::Text(word));
            }
        }
    }
}

/// A text in which variables count and nothing else: that of a here-document.
fn quoted(text: &str) -> Word {
    let mut lexer = Lexer {
        text: text.chars().collect(),
        at: 0,
        line: 1,
        found: Vec::new(),
        documents: Vec::new(),
        in_array: false,
    };
    let mut word = Word::new();
    lexer.in_quotes(&mut word, None);
    word
}
