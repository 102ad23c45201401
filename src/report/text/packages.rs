//! What became of packages.

use std::io::{self, Write};

use crate::model::{PackageChange, PackageState, Shown};

/// Writes one line for each package that changed version, came or went. Damaged ones are told by their files.
pub(super) fn write(out: &mut dyn Write, packages: &[PackageChange]) -> io::Result<()> {
    for package in packages {
        if package.state != PackageState::Damaged || package.expected != package.actual {
            writeln!(out, "{}", line(package))?;
        }
    }
    Ok(())
}

/// `click upgraded 8.1.7 -> 8.2.0`.
pub(in crate::report) fn line(package: &PackageChange) -> String {
    format!("{} {}", Shown(package.name.as_bytes()), became(package))
}

/// `upgraded 8.1.7 -> 8.2.0`.
pub(super) fn became(package: &PackageChange) -> String {
    let shown = |version: &Option<String>| {
        version
            .as_ref()
            .map_or_else(|| "-".to_owned(), |text| Shown(text.as_bytes()).to_string())
    };
    let versions = match (&package.expected, &package.actual) {
        (Some(old), Some(new)) if old == new => shown(&package.actual),
        (Some(_), Some(_)) => format!("{} -> {}", shown(&package.expected), shown(&package.actual)),
        (Some(_), None) => shown(&package.expected),
        (None, _) => shown(&package.actual),
    };
    format!("{} {versions}", package.state.as_str())
}
