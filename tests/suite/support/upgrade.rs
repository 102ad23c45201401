//! A distribution of two versions, the older one installed by pip and saved.

use std::path::PathBuf;

use crate::support::Sandbox;
use crate::support::wheel::{build, pip, two_versions, venv_with_pip};

/// A venv with version 1.0 of a package, saved; and the wheels of both versions.
pub(crate) fn saved() -> (Sandbox, PathBuf, PathBuf) {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let (old, new) = two_versions(&sandbox.path("wheels"));
    pip(&sandbox.venv(), &["install", old.to_str().unwrap()]);
    sandbox.ok(&["save", "venv"]);
    (sandbox, old, new)
}

/// Installs a distribution that no snapshot has.
pub(crate) fn add(sandbox: &Sandbox) {
    let added = build(
        &sandbox.path("wheels"),
        "addon",
        "3.1",
        &[("addon/__init__.py", "z = 1\n")],
        &[],
    );
    pip(&sandbox.venv(), &["install", added.to_str().unwrap()]);
}
