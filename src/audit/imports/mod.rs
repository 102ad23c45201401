//! Imports inside installed packages that lead nowhere. RECORD cannot tell these where an installer rewrote it to match what
//! it had (`research`: uv drops the rows of members that a wheel lacks).
//!
//! Only what a package needs of itself counts, and only what runs whenever the module is imported, or first of all whenever a
//! function is called: nothing in `try`, `if` or `with`, and in a function nothing behind one. A cheap look at the lines comes
//! first; a file is parsed only where a line leads nowhere.

mod modules;
mod statements;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Subject;
use crate::model::{Check, Finding, RelPath};
use crate::python::imports::{Import, textual};
use modules::Modules;
use statements::{Confirmed, confirmed};

/// Modules that packages make at run time, and those that pip trims from what it bundles.
const MADE_AT_RUN_TIME: [&str; 2] = ["extern", "moves"];
const TRIMMED: [&str; 2] = ["pip/_vendor/pygments", "pip/_vendor/rich"];

/// Checks the imports of every module that is installed.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let sites = subject.dists.sites.iter();
    sites.flat_map(|site| check_site(subject, site)).collect()
}

fn check_site(subject: &Subject<'_>, site: &RelPath) -> Vec<Finding> {
    let modules = Modules::new(subject.manifest, site, subject.read);
    let files: Vec<&RelPath> = subject
        .manifest
        .entries()
        .iter()
        .filter(|entry| entry.size().is_some_and(|size| size > 0))
        .map(|entry| &entry.path)
        .filter(|path| path.is_within(site) && is_module(path, site))
        .collect();
    files
        .par_iter()
        .flat_map_iter(|path| check_file(subject, &modules, path))
        .collect()
}

/// Whether Python would import a file under a plain name. Tests are allowed to be incomplete.
fn is_module(path: &RelPath, site: &RelPath) -> bool {
    const TESTS: [&[u8]; 5] = [b"tests", b"test", b"testing", b"_tests", b"__pycache__"];
    let Some(stem) = path.as_bytes().strip_suffix(b".py") else {
        return false;
    };
    let below = stem.get(site.as_bytes().len() + 1..).unwrap_or_default();
    below.split(|&b| b == b'/').all(|part| {
        let plain = part
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80);
        plain && !TESTS.contains(&part)
    })
}

fn check_file(subject: &Subject<'_>, modules: &Modules<'_>, path: &RelPath) -> Vec<Finding> {
    let is_suspicious = |import: &Import| lost(modules, path, import, true).is_some();
    // What the scan had in hand is not read a second time.
    if let Some(imports) = (subject.imports)(path)
        && !imports.iter().any(is_suspicious)
    {
        return Vec::new();
    }
    let Some(source) = (subject.read)(path) else {
        return Vec::new();
    };
    if !textual(&source).any(|import| is_suspicious(&import)) {
        return Vec::new();
    }
    let owner = subject.dists.owner(path).map(|dist| dist.name.clone());
    let finding = |(line, module): (usize, String)| {
        let text = format!("line {line} imports {module}, which is not there");
        Finding {
            package: owner.clone(),
            ..Finding::new(Check::ImportUnresolved, text).at(path)
        }
    };
    let lost = |Confirmed {
                    line,
                    import,
                    always,
                }| { Some((line, lost(modules, path, &import, always)?)) };
    let mut found: Vec<(usize, String)> = confirmed(&source).into_iter().filter_map(lost).collect();
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().map(finding).collect()
}

/// The module that an import does not find, if any. Of an import that may never run only the module counts, and not the
/// names: a package may have made those meanwhile.
fn lost(
    modules: &Modules<'_>,
    importer: &RelPath,
    import: &Import,
    always: bool,
) -> Option<String> {
    // What other packages have is their affair: an optional part may well import what this venv does not need. Most imports are of
    // that kind, and an absolute one shows it before anything is put together.
    let top = import.module.split('.').find(|part| !part.is_empty());
    if import.level == 0 && !modules.is_own(importer, top?) {
        return None;
    }
    let base = modules.base(importer, import)?;
    let top = base.split('/').next().unwrap_or_default();
    let is_foreign = import.level > 0 && !modules.is_own(importer, top);
    if is_foreign || excused(&base) {
        return None;
    }
    let shown = |path: &str| path.replace('/', ".");
    if !modules.has(&base) {
        return (!modules.parent_is_lively(&base)).then(|| shown(&base));
    }
    if !always {
        return None;
    }
    let own = modules.is_init_of(importer, &base);
    let is_lost = |name: &&String| !modules.gives(&base, name, own);
    let lost = import.names.iter().filter(is_lost);
    let mut lost = lost.map(|name| format!("{base}/{name}"));
    let lost = lost.find(|path| !excused(path))?;
    Some(shown(&lost))
}

/// Whether a module, as a path below the site, is known to be made at run time or left out.
fn excused(module: &str) -> bool {
    let trimmed = TRIMMED.iter().any(|name| {
        module
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    trimmed
        || module
            .split('/')
            .skip(1)
            .any(|part| MADE_AT_RUN_TIME.contains(&part))
}

#[cfg(test)]
mod tests;
