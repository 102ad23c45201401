//! Findings that a project accepts: `snap.toml`, or `[tool.venv-snap]` of `pyproject.toml`, in the directory of the venv.

use std::io::ErrorKind;
use std::path::Path;

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

/// The rules for a venv: of `snap.toml` beside it, else of `pyproject.toml` beside it.
pub(crate) fn rules(site: &Site) -> Result<Vec<Accept>, Failure> {
    let dir = site.path().parent().unwrap_or(Path::new("/"));
    let own = dir.join("snap.toml");
    if let Some(text) = read(&own)? {
        let rules = toml::from_str(&text).map_err(|error| wrong(&own, &error.to_string()))?;
        return sound(&own, rules);
    }
    let project = dir.join("pyproject.toml");
    let Some(text) = read(&project)? else {
        return Ok(Vec::new());
    };
    let mut table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => return Err(wrong(&project, &error.to_string())),
    };
    let ours = match table.remove("tool") {
        Some(toml::Value::Table(mut tools)) => tools.remove("venv-snap"),
        _ => None,
    };
    match ours {
        Some(ours) => {
            let rules = ours
                .try_into()
                .map_err(|error: toml::de::Error| wrong(&project, &error.to_string()))?;
            sound(&project, rules)
        }
        None => Ok(Vec::new()),
    }
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(wrong(path, "it is no UTF-8")),
        Err(error) => {
            let shown = Shown::path(path);
            Err(Failure::not_done(format!("cannot read '{shown}': {error}")))
        }
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
