//! Packages before and after, as a table.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::facts::{number, or_dash, shown};
use super::table::{Head, table};
use crate::model::{PackageChange, PackageState};

/// One row for each package of `of` that is not as it was, the most damaged first. `before` and `after` are
/// the titles of the two versions.
pub(super) fn changed(of: &str, packages: &[PackageChange], before: &str, after: &str) -> Markup {
    let mut packages: Vec<&PackageChange> = packages.iter().collect();
    packages.sort_by_key(|package| Reverse(package.damaged));
    let heads = [
        Head::Text("package"),
        Head::Text("state"),
        Head::Text(before),
        Head::Text(after),
        Head::Number("damaged entries"),
    ];
    let rows = html! {
        @for package in packages {
            tr {
                th scope="row" { (shown(&package.name)) }
                td { (state(package.state)) }
                td { (or_dash(package.expected.as_deref(), shown)) }
                td { (or_dash(package.actual.as_deref(), shown)) }
                td.number { (number(package.damaged)) }
            }
        }
    };
    table(&format!("Packages of {of}"), &heads, &rows)
}

/// What became of a package.
pub(super) fn state(state: PackageState) -> Markup {
    let class = if state == PackageState::Damaged {
        "damage"
    } else {
        "drift"
    };
    html! { span.word.(class) { (state.as_str()) } }
}
