//! The demo's own small packages, laid out as an installer would: sources, empty markers, dist-info with RECORD.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The packages. Each imports its `core` at once, as click does.
pub(super) const NAMES: [&str; 4] = ["parcel", "ledger", "lantern", "harbour"];

/// Writes all packages into a site-packages directory.
pub(super) fn install(site: &Path) -> io::Result<()> {
    NAMES.iter().try_for_each(|name| install_one(site, name))
}

/// Builds a wheel of each package in a directory, which is made.
pub(super) fn build(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for name in NAMES {
        let path = dir.join(format!("{name}-1.0.0-py3-none-any.whl"));
        let mut wheel = ZipWriter::new(fs::File::create(path)?);
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (path, content) in files(name) {
            // A wheel has no INSTALLER: whoever installs the wheel writes that file.
            if !path.ends_with("/INSTALLER") {
                wheel.start_file(path, stored)?;
                wheel.write_all(content.as_bytes())?;
            }
        }
        wheel.finish()?;
    }
    Ok(())
}

fn install_one(site: &Path, name: &str) -> io::Result<()> {
    for (path, content) in files(name) {
        let path = site.join(path);
        fs::create_dir_all(path.parent().unwrap_or(site))?;
        fs::write(path, content)?;
    }
    Ok(())
}

/// All files of a package, RECORD last.
fn files(name: &str) -> Vec<(String, String)> {
    let info = format!("{name}-1.0.0.dist-info");
    let mut files = vec![
        (
            format!("{name}/__init__.py"),
            format!("from .core import answer\nfrom .shapes import area\n\nNAME = {name:?}\n"),
        ),
        (format!("{name}/core.py"), source(name, "answer", 60)),
        (format!("{name}/shapes.py"), source(name, "area", 90)),
        (format!("{name}/py.typed"), String::new()),
        (format!("{name}/plugins/__init__.py"), String::new()),
    ];
    for number in 0..6 {
        files.push((
            format!("{name}/plugins/plugin_{number}.py"),
            source(name, "run", 30 + number),
        ));
    }
    files.push((
        format!("{info}/METADATA"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"),
    ));
    files.push((
        format!("{info}/WHEEL"),
        "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            .to_owned(),
    ));
    files.push((format!("{info}/INSTALLER"), "demo\n".to_owned()));
    let mut record = String::new();
    for (path, content) in &files {
        let hash = BASE64URL_NOPAD.encode(&Sha256::digest(content.as_bytes()));
        let _ = writeln!(record, "{path},sha256={hash},{}", content.len());
    }
    let _ = writeln!(record, "{info}/RECORD,,");
    files.push((format!("{info}/RECORD"), record));
    files
}

/// A module that is valid Python, of some length, and defines one function.
fn source(package: &str, function: &str, lines: usize) -> String {
    let mut text = format!(
        "\"\"\"Part of {package}.\"\"\"\n\n\ndef {function}(value=1):\n    total = value\n"
    );
    for number in 0..lines {
        let _ = writeln!(text, "    total += {number} * len({package:?})");
    }
    text.push_str("    return total\n");
    text
}
