//! Tables of pages: one row for each thing, and on a narrow page they scroll by themselves, by keyboard too.

use maud::{Markup, html};

/// What stands above a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head<'a> {
    /// Over words.
    Text(&'a str),
    /// Over numbers, which stand to the right.
    Number(&'a str),
}

/// A table with these columns, which `label` names for who does not see it.
pub(super) fn table(label: &str, heads: &[Head<'_>], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label=(label) {
            table {
                thead { tr { @for head in heads {
                    @match head {
                        Head::Text(title) => th scope="col" { (title) },
                        Head::Number(title) => th.number scope="col" { (title) },
                    }
                } } }
                tbody { (rows) }
            }
        }
    }
}
