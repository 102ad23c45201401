//! Uses of names that others give, in expressions: what is called with which texts, and what calls import.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt};
use ruff_text_size::Ranged;

use super::{Form, Looker, Strength, Use};
use crate::audit::imports::dotted::dotted;
use crate::audit::imports::statements::{line_at, named};
use crate::audit::imports::texts::{Named, named_by};
use crate::audit::imports::wanted::Wanted;

/// Uses of names and calls in expressions.
pub(super) struct Uses<'l, 'a> {
    pub(super) looker: &'l mut Looker<'a>,
    pub(super) strength: Strength,
}

impl<'e> Visitor<'e> for Uses<'_, '_> {
    fn visit_stmt(&mut self, _: &'e Stmt) {}

    fn visit_expr(&mut self, expr: &'e Expr) {
        match expr {
            Expr::Call(call) => {
                self.looker.call(call, self.strength);
                walk_expr(self, expr);
            }
            Expr::Lambda(_) => {
                let before = self.strength;
                self.strength = before.min(Strength::Called);
                walk_expr(self, expr);
                self.strength = before;
            }
            Expr::Name(_) | Expr::Attribute(_) => {
                let Some(name) = dotted(expr) else {
                    return walk_expr(self, expr);
                };
                if let Some(symbol) = self.looker.meaning(&name) {
                    let line = line_at(self.looker.text, expr.start().to_usize());
                    self.looker.found.uses.push(Use {
                        line,
                        symbol,
                        is_guarded: self.strength == Strength::Guarded,
                        ..Use::default()
                    });
                }
            }
            _ => walk_expr(self, expr),
        }
    }
}

impl Looker<'_> {
    fn call(&mut self, call: &ExprCall, strength: Strength) {
        let line = line_at(self.text, call.start().to_usize());
        let name = dotted(&call.func);
        let meaning = name.as_ref().and_then(|name| self.meaning(name));
        let full = meaning.clone().or_else(|| name.clone()).unwrap_or_default();
        let last = full.rsplit('.').next().unwrap_or_default();
        if matches!(last, "import_module" | "__import__") {
            if let Some(what) = named(call, line, self.is_init) {
                self.want(what, strength, Form::Import);
            }
        } else if let Some((found, module)) = named_by(&full, call) {
            let (form, strength) = match found {
                Named::Module => (Form::Text, strength),
                // Who asks for a version mostly bears that there is none.
                Named::Distribution if self.tries > 0 => (Form::Distribution, Strength::Guarded),
                Named::Distribution => (Form::Distribution, strength),
            };
            let what = Wanted {
                line,
                module,
                ..Wanted::default()
            };
            self.want(what, strength, form);
        }
        let symbol = match (meaning, &*call.func) {
            (Some(meaning), _) => meaning,
            (None, Expr::Attribute(method)) => format!(".{}", method.attr),
            _ => return,
        };
        let text = |expr: &Expr| match expr {
            Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
            _ => None,
        };
        let words = &call.arguments.keywords;
        let values = call
            .arguments
            .args
            .iter()
            .chain(words.iter().map(|word| &word.value));
        let is_off = |value: &Expr| match value {
            Expr::BooleanLiteral(value) => !value.value,
            Expr::NoneLiteral(_) => true,
            _ => false,
        };
        let words = words.iter().filter(|word| !is_off(&word.value));
        self.found.uses.push(Use {
            line,
            symbol,
            texts: values.filter_map(text).collect(),
            keywords: words
                .filter_map(|word| Some(word.arg.as_ref()?.to_string()))
                .collect(),
            is_guarded: strength == Strength::Guarded,
        });
    }
}
