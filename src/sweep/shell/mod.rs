//! Scripts read as a shell would read them: into commands of words, with what joins them. Nothing is expanded here
//! (POSIX.1-2024, "Shell Command Language" 2.2 to 2.10; Bash's arrays, `[[`, `<(` and `<<<`).

mod braces;
mod lexer;
mod parser;
mod word;

use std::rc::Rc;

pub(super) use braces::braces;

/// A part of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Text, and whether it is quoted: then it has no patterns.
    Text(String, bool),
    /// The value of a variable.
    Variable(Variable),
    /// What a command prints, and whether it is quoted.
    Output(String, bool),
    /// A file that a command writes, or reads: `<(…)`.
    Process(String),
    /// The words of an array.
    Array(Vec<Word>),
    /// Something else that only a running shell knows.
    Unknown,
}

/// A variable where its value is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Variable {
    /// A name, a number, or `@`, `*`, `#`.
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) quoted: bool,
}

/// What is made of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Plain,
    /// `${NAME:-word}` and its like: what stands for it where it is not set.
    Else(String),
    /// `${NAME:+word}`: what stands for it where it is set.
    Given(String),
    /// `${NAME%pattern}`, `${NAME##pattern}` …
    Cut {
        at_end: bool,
        longest: bool,
        pattern: String,
    },
    /// `${NAME,,}`, `${NAME/old/new}`, `${NAME:begin:len}`: what stands behind the name.
    Changed(String),
}

/// A word.
pub(super) type Word = Vec<Piece>;

/// What joins a command to the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// A new line, `;` or `&`.
    Plain,
    /// `|`
    Pipe,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Node {
    /// From 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
    pub(super) redirects: Vec<Redirect>,
    pub(super) next: Next,
    /// Whether it counts as failed where it succeeds: `!`.
    pub(super) negated: bool,
}

/// Commands one after the other.
pub(super) type List = Rc<Vec<Node>>;

/// What a command is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Simple(Vec<Word>),
    /// `{ …; }`
    Group(List),
    /// `( … )`
    Apart(List),
    Function(String, List),
    /// Conditions with what is done then; an `else` has none.
    If(Vec<(List, List)>),
    /// The words are those of the script itself where none are given.
    For(String, Option<Vec<Word>>, List),
    While(List, List),
    /// What is compared, and the patterns of each way with its commands.
    Case(Word, Vec<(Vec<Word>, List)>),
    /// What is nested too deep to be read.
    TooDeep,
}

/// Where a command reads or writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Redirect {
    /// `< word`
    In(Word),
    /// A text that stands in the script.
    Text(Word),
    /// `> word`, which empties a file first.
    Out(Word),
}

/// The commands of a script, in its order.
pub(super) fn parse(script: &str) -> List {
    Rc::new(parser::parse(lexer::tokens(script)))
}

/// The words of a line of which nothing is a command.
pub(super) fn words(line: &str) -> Vec<Word> {
    let tokens = lexer::tokens(line).into_iter();
    tokens
        .filter_map(|token| match token.kind {
            lexer::Kind::Word(word) => Some(word),
            _ => None,
        })
        .collect()
}

/// A word as a text, without what a shell would put there.
pub(super) fn text(word: &Word) -> String {
    let pieces = word.iter().map(|piece| match piece {
        Piece::Text(text, _) => text.as_str(),
        _ => "",
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &Word) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text, _) => text.clone(),
            Piece::Variable(variable) => format!("<{}>", variable.name),
            Piece::Output(inner, _) => format!("<({inner})>"),
            Piece::Process(inner) => format!("<<({inner})>"),
            Piece::Array(words) => words.iter().map(shown).collect::<Vec<_>>().join("+"),
            Piece::Unknown => "<?>".to_owned(),
        };
        word.iter().map(piece).collect()
    }

    /// Commands as `a b`, what they are within in brackets.
    fn tree(list: &List) -> String {
        let node = |node: &Node| {
            let text = match &node.kind {
                Kind::Simple(words) => words.iter().map(shown).collect::<Vec<_>>().join(" "),
                Kind::Group(inner) => format!("{{{}}}", tree(inner)),
                Kind::Apart(inner) => format!("({})", tree(inner)),
                Kind::Function(name, inner) => format!("{name}={}", tree(inner)),
                Kind::If(all) => {
                    let all = all
                        .iter()
                        .map(|(test, then)| format!("{}?{}", tree(test), tree(then)));
                    format!("[{}]", all.collect::<Vec<_>>().join(":"))
                }
                Kind::For(name, words, inner) => {
                    let words = words
                        .as_ref()
                        .map(|all| all.iter().map(shown).collect::<Vec<_>>());
                    format!(
                        "{name}:{}[{}]",
                        words.unwrap_or_default().join(","),
                        tree(inner)
                    )
                }
                Kind::While(test, inner) => format!("while {}[{}]", tree(test), tree(inner)),
                Kind::Case(_, all) => {
                    let all = all.iter().map(|(_, inner)| tree(inner));
                    all.collect::<Vec<_>>().join("/")
                }
                Kind::TooDeep => "...".to_owned(),
            };
            let redirects = node.redirects.iter().map(|one| match one {
                Redirect::In(word) => format!("<{}", shown(word)),
                Redirect::Text(word) => format!("<<{}", shown(word)),
                Redirect::Out(word) => format!(">{}", shown(word)),
            });
            let next = match node.next {
                Next::Plain => ";",
                Next::Pipe => "|",
                Next::And => "&",
                Next::Or => "/",
            };
            text + &redirects.collect::<String>() + next
        };
        list.iter().map(node).collect()
    }

    #[test]
    fn scripts_are_read_as_a_shell_reads_them() {
        for (script, read) in [
            ("rm -rf '/srv/a b'/*", "rm -rf /srv/a b/*;"),
            ("a \"$X/b\" ${Y:-c}d # e", "a <X>/b <Y>d;"),
            ("a >/dev/null 2>&1 && b < c", "a>/dev/null&b<c;"),
            ("a \\\n b\nc", "a b;c;"),
            ("x=$(find / -name 'a)') y", "x=<(find / -name 'a)')> y;"),
            ("cat <<EOF\nrm $X\nEOF\nb", "cat<<rm <X>\n;b;"),
            ("a <<-'E' | b\n\t$x\n\tE\nc", "a<<$x\n|b;c;"),
            ("a | xargs -0 rm; (cd b && c)", "a|xargs -0 rm;(cd b&c;);"),
            ("echo a#b 'unclosed", "echo a#b unclosed;"),
            ("f() { a; }\nf", "f=a;;f;"),
            ("function f {\n a\n}", "f=a;;"),
            (
                "if a; then b; elif c; then d; else e; fi",
                "[a;?b;:c;?d;:?e;];",
            ),
            ("for f in a b; do rm $f; done", "f:a,b[rm <f>;];"),
            ("for f\ndo rm $f; done <x", "f:[rm <f>;]<x;"),
            ("a | while read f; do b; done", "a|while read f;[b;];"),
            ("case $1 in a|b) c;; *) d; esac; e", "c;/d;;e;"),
            ("case $1 in (a) case b in c) d;; esac ;; esac", "d;;;"),
            ("[[ $a < b && ( c ) ]] && d", "[[ <a> b && ( c ) ]]&d;"),
            ("((a > 1)) && b", "((&b;"),
            ("a=(b 'c d') e", "a=b+c d e;"),
            ("a < <(b c) >(d)", "a <<(d)><<<(b c)>;"),
            ("! a || b &", "a/b;"),
            ("a 2> b >> c >| d", "a>b>d;"),
            ("a <<< \"$b\"", "a<<<b>;"),
            ("`a`; $(b); \"$(c \")\")\"", "<(a)>;<(b)>;<(c \")\")>;"),
        ] {
            assert_eq!(tree(&parse(script)), read, "{script}");
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
            "if ",
            "{ ",
            "f() ",
            "case a in b) c;; esac",
            "for ",
            "while a; do ",
            "[[ ",
            "a=(",
            "<(",
        ] {
            let _ = parse(&hostile.repeat(500));
        }
    }
}
