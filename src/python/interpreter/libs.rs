//! For which versions of Python a venv has packages, held against the interpreter that it has.

use super::Facts;
use crate::model::{Entry, Manifest};
use crate::python::layout::lib_prefix;
use crate::python::pyvenv::minor;

/// The versions for which the venv has packages.
pub(super) fn libs(manifest: &Manifest, prefix: &str) -> Vec<(u32, u32)> {
    let lib = |entry: &Entry| {
        let text = std::str::from_utf8(entry.path.as_bytes()).ok()?;
        minor(
            text.strip_prefix(prefix)
                .filter(|rest| !rest.contains('/'))?,
        )
    };
    manifest.entries().iter().filter_map(lib).collect()
}

/// How the path of the directory begins in which an interpreter looks for packages; its version follows.
pub(super) fn lib(facts: &Facts) -> &'static str {
    lib_prefix(&facts.known.implementation)
}

/// Compares the version of the interpreter with what the venv was made for.
pub(super) fn versions(facts: &mut Facts, manifest: &Manifest, stated: Option<String>) {
    let Some(found) = minor(&facts.known.version).filter(|_| facts.known.alive) else {
        return;
    };
    if let Some(stated) = stated.filter(|stated| minor(stated).is_some_and(|v| v != found)) {
        facts.blame_config(format!(
            "it is Python {}, but the venv was made for {stated} (pyvenv.cfg)",
            facts.known.version
        ));
    }
    let lib = lib(facts);
    let libs = libs(manifest, lib);
    let is_known = matches!(facts.known.implementation.as_str(), "cpython" | "pypy");
    if !libs.is_empty() && !libs.contains(&found) && is_known {
        let shown: Vec<String> = libs.iter().map(|(a, b)| format!("{lib}{a}.{b}")).collect();
        facts.problems.push(format!(
            "it is Python {}, which looks in {lib}{}.{}, but the packages lie in {}",
            facts.known.version,
            found.0,
            found.1,
            shown.join(", ")
        ));
    }
}
/// What an interpreter is that does not write its name into `pyvenv.cfg`: `PyPy` where the packages lie as it wants
/// them.
pub(super) fn default_implementation(manifest: &Manifest) -> &'static str {
    if libs(manifest, "lib/pypy").is_empty() {
        "CPython"
    } else {
        "PyPy"
    }
}
