//! The part of a source that decides which modules its finders make: their classes, what these use, and who names
//! them. The rest of the source may do with its own name what it likes.

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use crate::audit::python::parse;

/// So often what is used is looked through for what it uses in turn.
const ROUNDS_MAX: usize = 8;

/// One statement at the top of a source.
struct Block {
    text: String,
    /// Names that it binds.
    names: Vec<String>,
    is_finder: bool,
}

/// The part of a source that decides about the modules of its finders; the whole source where that cannot be told.
pub(super) fn of_finders(text: &str) -> String {
    let found = parse(text.as_bytes(), |parsed, text| {
        let body = &parsed.syntax().body;
        let blocks: Vec<Block> = body.iter().map(|one| block(one, text)).collect();
        parsed.has_valid_syntax().then(|| select(&blocks))
    });
    found.flatten().unwrap_or_else(|| text.to_owned())
}

fn select(blocks: &[Block]) -> String {
    let mut chosen: Vec<bool> = blocks.iter().map(|block| block.is_finder).collect();
    for _ in 0..ROUNDS_MAX {
        let uses = |name: &str| {
            let mut used = blocks.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
            used.any(|(block, _)| has_word(&block.text, name))
        };
        let more: Vec<bool> = blocks
            .iter()
            .zip(&chosen)
            .map(|(block, chosen)| {
                *chosen || block.names.iter().any(|name| decides(name) && uses(name))
            })
            .collect();
        if more == chosen {
            break;
        }
        chosen = more;
    }
    let finders = blocks.iter().filter(|block| block.is_finder);
    let finders: Vec<&String> = finders.flat_map(|block| &block.names).collect();
    let names_one = |block: &Block| {
        let names = |name: &&String| has_word(&block.text, name);
        block.text.contains("meta_path") || finders.iter().any(names)
    };
    let blocks = blocks.iter().zip(chosen);
    let parts = blocks.filter(|(block, chosen)| *chosen || names_one(block));
    let parts: Vec<&str> = parts.map(|(block, _)| &block.text[..]).collect();
    parts.join("\n")
}

/// Whether what a name stands for decides which modules there are. A loader comes after that is decided, and so does
/// what is logged.
fn decides(name: &str) -> bool {
    const LOGS: [&str; 4] = ["log", "logger", "warn", "warnings"];
    let lower = name.to_lowercase();
    !lower.ends_with("loader") && !LOGS.contains(&lower.trim_start_matches('_'))
}

fn block(statement: &Stmt, text: &str) -> Block {
    let range = std::ops::Range::<usize>::from(statement.range());
    let text = without_texts(text.get(range).unwrap_or_default());
    let mut bound = Bound(Vec::new());
    bound.visit_stmt(statement);
    Block {
        names: bound.0,
        is_finder: text.contains("def find_spec") || text.contains("def find_module"),
        text,
    }
}

/// Source without its long texts, which mention what they do not use.
fn without_texts(source: &str) -> String {
    let mut found = String::new();
    let mut rest = source;
    loop {
        let begins = ["\"\"\"", "'''"].map(|sign| (rest.find(sign), sign));
        let begins = begins
            .into_iter()
            .filter_map(|(at, sign)| Some((at?, sign)));
        let Some((at, sign)) = begins.min() else {
            found.push_str(rest);
            return found;
        };
        found.push_str(&rest[..at]);
        let inner = &rest[at + sign.len()..];
        match inner.find(sign) {
            Some(end) => rest = &inner[end + sign.len()..],
            None => return source.to_owned(),
        }
    }
}

/// The names that a statement binds outside of functions and classes.
struct Bound(Vec<String>);

impl<'a> Visitor<'a> for Bound {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.0.push(function.name.to_string()),
            Stmt::ClassDef(class) => self.0.push(class.name.to_string()),
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => self.0.push(name.id.to_string()),
            // `TABLE["x"] = …` adds to what TABLE stands for.
            Expr::Subscript(part) if part.ctx == ExprContext::Store => {
                if let Expr::Name(name) = &*part.value {
                    self.0.push(name.id.to_string());
                }
            }
            _ => {}
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
