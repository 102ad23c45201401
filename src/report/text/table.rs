//! Tables without lines. Where the page is too narrow for one, what does not fit beside the first columns stands below
//! them, with the names of its columns; what is the same in every row stands once, at the end.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table};

use super::Style;
use super::wrap::wrapped;

/// A table without lines, with some columns aligned to the right.
pub(super) fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_header(header);
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Writes a table without the blanks that fill its last column.
pub(super) fn write_table(out: &mut dyn Write, table: &Table, style: &Style) -> io::Result<()> {
    let lines: Vec<String> = table.lines().map(|line| trimmed(&line)).collect();
    let is_wide = |width| lines.iter().any(|line| line.chars().count() > width);
    match style.wrap {
        Some(width) if is_wide(width) => folded(out, table, width),
        _ => lines.iter().try_for_each(|line| writeln!(out, "{line}")),
    }
}

fn trimmed(line: &str) -> String {
    let line = line.trim_end();
    line.strip_prefix(' ').unwrap_or(line).to_owned()
}

/// Each row in several lines.
fn folded(out: &mut dyn Write, table: &Table, width: usize) -> io::Result<()> {
    let text = |row: &comfy_table::Row| -> Vec<String> {
        row.cell_iter().map(comfy_table::Cell::content).collect()
    };
    let header = table.header().map(text).unwrap_or_default();
    let rows: Vec<Vec<String>> = table.row_iter().map(text).collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|at| {
            let cells = rows.iter().chain([&header]);
            let cells = cells.filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut taken = 0;
    let beside = widths.iter().take_while(|column| {
        taken += **column + 2;
        taken <= width + 2
    });
    let beside = beside.count().max(1);
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).take(beside);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let is_same = |at: usize| {
        rows.len() > 1 && at >= beside && rows.iter().all(|row| row.get(at) == rows[0].get(at))
    };
    let below = |row: &[String], same: bool| {
        let cells = header.iter().zip(row).enumerate().skip(beside);
        let cells = cells.filter(|&(at, (_, cell))| !cell.is_empty() && is_same(at) == same);
        let cells = cells.map(|(_, (name, cell))| format!("{name}: {cell}"));
        cells.collect::<Vec<_>>().join(", ")
    };
    writeln!(out, "{}", line(&header))?;
    for row in &rows {
        writeln!(out, "{}", line(row))?;
        let rest = below(row, false);
        if !rest.is_empty() {
            writeln!(out, "{}", wrapped(&format!("  {rest}"), width))?;
        }
    }
    let shared = rows.first().map(|row| below(row, true));
    match shared.filter(|shared| !shared.is_empty()) {
        Some(shared) => writeln!(out, "{}", wrapped(&format!("in each row: {shared}"), width)),
        None => Ok(()),
    }
}
