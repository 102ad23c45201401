//! How much differs in each package: one row each, the worst first, then what no package owns.

use std::io::{self, Write};

use super::Style;
use super::packages::became;
use super::table::{table, write_table};
use super::words::{coloured, number};
use crate::model::{Change, PackageChange, Shown};
use crate::report::stat::{Row, rows};

/// Writes the table; nothing where nothing differs.
pub(super) fn write(
    out: &mut dyn Write,
    changes: &[Change],
    packages: &[PackageChange],
    style: &Style,
) -> io::Result<()> {
    let rows = rows(changes);
    if rows.is_empty() {
        return Ok(());
    }
    let header = ["package", "missing", "altered", "extra", "what"];
    let mut drawn = table(&header, &[1, 2, 3]);
    for row in &rows {
        drawn.add_row([
            name(row),
            number(row.missing),
            number(row.altered),
            number(row.extra),
            coloured(&what(row, packages), row.class, style),
        ]);
    }
    writeln!(out)?;
    write_table(out, &drawn, style)
}

/// A place that no package owns shows that by its path.
fn name(row: &Row) -> String {
    match &row.package {
        Some(package) => Shown(package.as_bytes()).to_string(),
        None if row.place.is_root() => Shown(&row.name).to_string(),
        None => format!("./{}", row.place),
    }
}

fn what(row: &Row, packages: &[PackageChange]) -> String {
    let package = packages
        .iter()
        .find(|one| Some(&one.name) == row.package.as_ref());
    package.map_or_else(|| row.class.as_str().to_owned(), became)
}
