//! Commands from words and operators (POSIX.1-2024, "Shell Command Language" 2.9, 2.10). A script with errors in it is
//! read as far as that goes: each word stands somewhere.

use std::rc::Rc;

use super::lexer::{Kind as Token, Token as Placed};
use super::{Kind, List, Next, Node, Piece, Redirect, Word};

/// Commands within commands are read so deep.
const DEPTH_MAX: usize = 60;

/// The commands of a script.
pub(super) fn parse(tokens: Vec<Placed>) -> Vec<Node> {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let mut all = Vec::new();
    while parser.at < parser.tokens.len() {
        all.extend(parser.list(&[]));
        // A bracket that nothing opened, or an end that nothing began.
        parser.at += 1;
    }
    all
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn operator(&self) -> Option<&'static str> {
        match self.tokens.get(self.at)?.kind {
            Token::Operator(sign) => Some(sign),
            _ => None,
        }
    }

    /// The next word, where it is plain text.
    fn plain(&self) -> Option<&str> {
        match &self.tokens.get(self.at)?.kind {
            Token::Word(word) => match &word[..] {
                [Piece::Text(text, false)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the next word is this one; it is behind then.
    fn takes(&mut self, text: &str) -> bool {
        let is_it = self.plain() == Some(text);
        self.at += usize::from(is_it);
        is_it
    }

    /// Whether the next operator is this one; it is behind then.
    fn takes_operator(&mut self, sign: &str) -> bool {
        let is_it = self.operator() == Some(sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn skip_lines(&mut self) {
        while self.takes_operator(";") {}
    }

    /// Commands up to one of these words, to `)`, or to `;;`, none of which is taken.
    fn list(&mut self, ends: &[&str]) -> Vec<Node> {
        let mut all: Vec<Node> = Vec::new();
        self.depth += 1;
        loop {
            self.skip_lines();
            if self.at >= self.tokens.len() || matches!(self.operator(), Some(")" | ";;")) {
                break;
            }
            if self.plain().is_some_and(|word| ends.contains(&word)) {
                break;
            }
            let from = self.at;
            let mut node = self.command();
            node.next = match self.operator() {
                Some("|") => Next::Pipe,
                Some("&&") => Next::And,
                Some("||") => Next::Or,
                _ => Next::Plain,
            };
            self.at += usize::from(node.next != Next::Plain || self.at == from);
            all.push(node);
        }
        self.depth -= 1;
        all
    }

    fn inner(&mut self, ends: &[&str]) -> List {
        Rc::new(self.list(ends))
    }

    fn command(&mut self) -> Node {
        let mut negated = false;
        while self.takes("!") {
            negated = !negated;
        }
        Node {
            negated,
            ..self.positive()
        }
    }

    fn positive(&mut self) -> Node {
        let Some(line) = self.tokens.get(self.at).map(|token| token.line) else {
            return Node {
                line: 1,
                kind: Kind::Simple(Vec::new()),
                redirects: Vec::new(),
                next: Next::Plain,
                negated: false,
            };
        };
        let kind = if self.depth > DEPTH_MAX {
            self.at += 1;
            Kind::TooDeep
        } else if self.takes_operator("(") {
            let inner = self.inner(&[]);
            self.takes_operator(")");
            Kind::Apart(inner)
        } else {
            match self.plain().map(str::to_owned).as_deref() {
                Some("{") => self.group(),
                Some("if") => self.conditions(),
                Some(word @ ("while" | "until")) => {
                    let is_until = word == "until";
                    self.at += 1;
                    let mut test = self.list(&["do"]);
                    if let Some(last) = test.last_mut().filter(|_| is_until) {
                        last.negated = !last.negated;
                    }
                    Kind::While(Rc::new(test), self.body())
                }
                Some("for" | "select") => self.each(),
                Some("case") => self.cases(),
                Some("function") => self.function(),
                _ => return self.simple(line),
            }
        };
        Node {
            line,
            kind,
            redirects: self.redirects(),
            next: Next::Plain,
            negated: false,
        }
    }

    fn group(&mut self) -> Kind {
        self.at += 1;
        let inner = self.inner(&["}"]);
        self.takes("}");
        Kind::Group(inner)
    }

    /// `do … done`
    fn body(&mut self) -> List {
        self.skip_lines();
        if self.plain() == Some("{") {
            return match self.group() {
                Kind::Group(inner) => inner,
                _ => List::default(),
            };
        }
        self.takes("do");
        let inner = self.inner(&["done"]);
        self.takes("done");
        inner
    }

    fn conditions(&mut self) -> Kind {
        self.at += 1;
        let mut all = Vec::new();
        loop {
            let test = self.inner(&["then"]);
            self.takes("then");
            let then = self.inner(&["elif", "else", "fi"]);
            all.push((test, then));
            if !self.takes("elif") {
                break;
            }
        }
        if self.takes("else") {
            all.push((List::default(), self.inner(&["fi"])));
        }
        self.takes("fi");
        Kind::If(all)
    }

    fn each(&mut self) -> Kind {
        self.at += 1;
        let name = self.plain().unwrap_or_default().to_owned();
        self.at += 1;
        self.skip_lines();
        let words = self.takes("in").then(|| {
            let mut words = Vec::new();
            while let Some(word) = self.word() {
                words.push(word);
            }
            words
        });
        Kind::For(name, words, self.body())
    }

    fn cases(&mut self) -> Kind {
        self.at += 1;
        let word = self.word().unwrap_or_default();
        self.skip_lines();
        self.takes("in");
        let mut all = Vec::new();
        loop {
            self.skip_lines();
            if self.at >= self.tokens.len() || self.takes("esac") {
                return Kind::Case(word, all);
            }
            let from = self.at;
            self.takes_operator("(");
            let mut patterns = Vec::new();
            loop {
                match self.word() {
                    Some(pattern) => patterns.push(pattern),
                    None if self.takes_operator("|") => {}
                    None => break,
                }
            }
            self.takes_operator(")");
            all.push((patterns, self.inner(&["esac"])));
            let is_over = !self.takes_operator(";;") && self.takes("esac");
            if is_over || self.at == from {
                return Kind::Case(word, all);
            }
        }
    }

    /// `function NAME { … }`
    fn function(&mut self) -> Kind {
        self.at += 1;
        let name = self.plain().unwrap_or_default().to_owned();
        self.at += 1;
        if self.takes_operator("(") {
            self.takes_operator(")");
        }
        Kind::Function(name, self.one())
    }

    /// The command that is the body of a function.
    fn one(&mut self) -> List {
        self.skip_lines();
        if self.at >= self.tokens.len() {
            return List::default();
        }
        self.depth += 1;
        let node = self.command();
        self.depth -= 1;
        match node.kind {
            Kind::Group(inner) if node.redirects.is_empty() => inner,
            _ => Rc::new(vec![node]),
        }
    }

    fn word(&mut self) -> Option<Word> {
        let Token::Word(word) = &mut self.tokens.get_mut(self.at)?.kind else {
            return None;
        };
        self.at += 1;
        Some(std::mem::take(word))
    }

    fn redirects(&mut self) -> Vec<Redirect> {
        let mut all = Vec::new();
        while let Some(Token::Redirect(one)) = self.tokens.get(self.at).map(|token| &token.kind) {
            all.push(one.clone());
            self.at += 1;
        }
        all
    }

    fn simple(&mut self, line: usize) -> Node {
        let mut words = Vec::new();
        let mut redirects = Vec::new();
        let is_test = self.plain() == Some("[[");
        while let Some(token) = self.tokens.get(self.at) {
            match &token.kind {
                Token::Word(_) => {
                    let is_end = self.plain() == Some("]]");
                    words.extend(self.word());
                    if is_test && is_end {
                        break;
                    }
                }
                // Signs within `[[ … ]]` compare.
                Token::Redirect(Redirect::In(word) | Redirect::Out(word)) if is_test => {
                    words.push(word.clone());
                    self.at += 1;
                }
                Token::Operator(sign) if is_test && *sign != ";" => {
                    words.push(vec![Piece::Text((*sign).to_owned(), false)]);
                    self.at += 1;
                }
                Token::Redirect(one) => {
                    redirects.push(one.clone());
                    self.at += 1;
                }
                Token::Operator("(") if words.len() == 1 && redirects.is_empty() => {
                    return self.named(line, &words[0]);
                }
                Token::Operator(_) => break,
            }
        }
        Node {
            line,
            kind: Kind::Simple(words),
            redirects,
            next: Next::Plain,
            negated: false,
        }
    }

    /// `NAME() { … }`, of which the name is read.
    fn named(&mut self, line: usize, word: &Word) -> Node {
        self.at += 1;
        let name = match &word[..] {
            [Piece::Text(name, false)] => name.clone(),
            _ => String::new(),
        };
        let kind = if self.takes_operator(")") {
            Kind::Function(name, self.one())
        } else {
            // Nothing that a shell would take.
            Kind::Apart(self.inner(&[]))
        };
        Node {
            line,
            kind,
            redirects: self.redirects(),
            next: Next::Plain,
            negated: false,
        }
    }
}
