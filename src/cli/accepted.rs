//! Findings that a project accepts: `snap.toml`, or `[tool.venv-snap]` of `pyproject.toml`, in the directory of the
//! venv.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use serde::Deserialize;
use venv_snap::Accept;
use venv_snap::Site;
use venv_snap::model::Shown;

use super::error::Failure;

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    accept: Vec<Accept>,
}

/// A longer file is refused: no configuration of a project has so many bytes.
const BYTES_MAX: u64 = 4 << 20;

/// The rules for a venv: of `snap.toml` beside it, else of `pyproject.toml` beside it.
pub(crate) fn rules(site: &Site) -> Result<Vec<Accept>, Failure> {
    let dir = site.path().parent().unwrap_or(Path::new("/"));
    let own = dir.join("snap.toml");
    if let Some(text) = read(&own)? {
        let rules = toml::from_str(&text).map_err(|error| wrong(&own, &reason(&error, &text)))?;
        return sound(&own, rules);
    }
    let project = dir.join("pyproject.toml");
    let Some(text) = read(&project)? else {
        return Ok(Vec::new());
    };
    let mut table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => return Err(wrong(&project, &reason(&error, &text))),
    };
    let ours = match table.remove("tool") {
        Some(toml::Value::Table(mut tools)) => tools.remove("venv-snap"),
        _ => None,
    };
    match ours {
        Some(ours) => {
            let rules = ours
                .try_into()
                .map_err(|error: toml::de::Error| wrong(&project, error.message()))?;
            sound(&project, rules)
        }
        None => Ok(Vec::new()),
    }
}

/// Reads a file; none where there is none. Whoever may write beside the venv may have put anything there, so a pipe is
/// not waited for, and a device is not read.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        let shown = Shown::path(path);
        Failure::not_done(format!("cannot read '{shown}': {why}"))
    };
    let at_once = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, at_once, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(failed(&std::io::Error::from(error))),
        Ok(file) => File::from(file),
    };
    let meta = file.metadata().map_err(|error| failed(&error))?;
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(failed(&"it is no regular file of at most 4 MiB"));
    }
    let mut text = String::new();
    match file.take(BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(wrong(path, "it is no UTF-8")),
        Err(error) => Err(failed(&error)),
    }
}

/// What is wrong with a text, and in which line. The line itself is not shown: the file may be a link to one that only
/// this process may read.
fn reason(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        ),
        None => error.message().to_owned(),
    }
}

fn sound(path: &Path, rules: Rules) -> Result<Vec<Accept>, Failure> {
    match rules.accept.iter().find(|rule| !rule.is_sound()) {
        Some(_) => Err(wrong(
            path,
            "an [[accept]] needs a reason and one of check, package and path",
        )),
        None => Ok(rules.accept),
    }
}

fn wrong(path: &Path, why: &str) -> Failure {
    Failure::usage(
        format!("'{}' makes no sense: {}", Shown::path(path), why.trim()),
        "docs/cli.md, \"Accepted findings\", shows the form",
    )
}
