//! The command that installs anew what is damaged. The venv tells every pin, and who installed it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::{Audit, Check, Package, TreeKind};
use crate::python::dist::normalized;
use crate::python::layout::python_in;

/// The command as its arguments, past every cache: by uv where that installed all that is damaged, else by pip, from
/// outside where the venv's own is damaged or there is none; into a directory that pip filled, by pip. None where no
/// damaged distribution can be installed again, or no installer can work since the interpreter of the venv is damaged
/// itself.
pub(super) fn reinstall(venv: &Path, audit: &Audit) -> Option<Vec<String>> {
    let damage = audit
        .damage()
        .filter_map(|finding| finding.package.as_deref());
    let damaged: BTreeSet<String> = damage.map(normalized).collect();
    let is_damaged = |package: &&Package| damaged.contains(&normalized(&package.name));
    let known = |package: &&Package| !package.editable && !package.requirement().starts_with('#');
    let packages = audit.packages.iter().filter(is_damaged).filter(known);
    let packages: Vec<&Package> = packages.collect();
    if packages.is_empty() || !is_installable(audit) || audit.kind == TreeKind::Conda {
        return None;
    }
    let python = python_in(venv).to_string_lossy().into_owned();
    let is_by_uv = |package: &&Package| package.installer.as_deref() == Some("uv");
    let has_pip = audit
        .packages
        .iter()
        .any(|package| normalized(&package.name) == "pip");
    let target = venv.to_string_lossy();
    let words: Vec<&str> = if audit.kind == TreeKind::Target {
        let flags = ["--upgrade", "--no-deps", "--no-cache-dir"];
        let pip = ["python3", "-m", "pip", "install", "--target", &target];
        [&pip[..], &flags].concat()
    } else if packages.iter().all(is_by_uv) {
        let flags = ["--reinstall", "--no-deps", "--no-cache", "--link-mode=copy"];
        [&["uv", "pip", "install", "--python", &python][..], &flags].concat()
    } else {
        let flags = [
            "install",
            "--force-reinstall",
            "--no-deps",
            "--no-cache-dir",
        ];
        let pip: &[&str] = if has_pip && !damaged.contains("pip") {
            &[&python, "-m", "pip"]
        } else {
            &["python3", "-m", "pip", "--python", &python]
        };
        [pip, &flags].concat()
    };
    let words = words.into_iter().map(str::to_owned);
    let pins = packages.iter().map(|package| package.requirement());
    Some(words.chain(pins).collect())
}

/// Whether the interpreter of a venv starts and is the one that it should be: every installer asks it where to install.
pub(super) fn is_installable(audit: &Audit) -> bool {
    !audit.damage().any(|finding| match finding.check {
        // Another of its names may be damaged, by which no installer calls it.
        Check::Interpreter => finding.path.is_none(),
        Check::StartupBroken | Check::SiteMissing => true,
        _ => false,
    })
}
