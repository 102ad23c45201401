//! What people put among the packages by hand: modules of their own and lists of paths, which no distribution lists. No
//! index has them, so they are carried over as they stand.

use super::live::Live;
use super::outcome::Planned;
use super::remains::{brings, is_nobodys, version};
use crate::audit::is_valid_python;
use crate::audit::needs::Rules;
use crate::model::RelPath;
use crate::python::dist::normalized;
use crate::tree::hash::read_file;

/// What is longer was not written by hand.
const LEN_MAX: u64 = 1 << 20;

/// Such files of a venv. A module is one where it is whole source, and nothing tells that a distribution brings it: no
/// package that is planned, no table of import names, and no version that it tells of itself.
pub(super) fn carried(live: &Live, planned: &[Planned]) -> Vec<RelPath> {
    let rules = Rules::with(&[]).unwrap_or_default();
    let names: Vec<String> = planned.iter().map(|one| normalized(&one.name)).collect();
    let sites = &live.dists.layout.sites;
    let is_own = |path: &&RelPath| {
        let is_top = path.parent().is_some_and(|dir| sites.contains(&dir));
        let content = || read_file(&live.root, path, LEN_MAX).filter(|text| !text.is_empty());
        let name = String::from_utf8_lossy(path.name());
        match name.rsplit_once('.') {
            Some((_, "pth")) if is_top => content().is_some_and(|text| names_paths(&text)),
            Some((module, "py")) if is_top && !is_nobodys(module) => {
                let is_brought = !rules.bring(module).is_empty()
                    || names.iter().any(|name| brings(&rules, name, module));
                !is_brought
                    && version(live, path).is_none()
                    && content().is_some_and(|text| is_valid_python(&text))
            }
            _ => false,
        }
    };
    live.left_behind().iter().filter(is_own).cloned().collect()
}

/// Whether a list of paths names nothing but paths: lines that begin with `import` are code (docs.python.org, `site`).
fn names_paths(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let is_code = |line: &str| line.starts_with("import ") || line.starts_with("import\t");
    !text.lines().any(is_code) && !text.contains('\0')
}
