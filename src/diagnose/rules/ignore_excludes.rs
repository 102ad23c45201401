//! Templates of `.gitignore` and `.dockerignore` name directories that are common inside packages: `lib/`, `build/`, `tests/`.

use std::collections::BTreeSet;

use super::{Case, PRECISION_MIN, SURVIVORS_MAX, files_are, of_kinds, share};
use crate::model::{Diagnosis, Kind, RelPath};

const NAMES: [&[u8]; 20] = [
    b"lib",
    b"lib64",
    b"build",
    b"dist",
    b"sdist",
    b"data",
    b"test",
    b"tests",
    b"logs",
    b"log",
    b"target",
    b"env",
    b"var",
    b"wheels",
    b"parts",
    b"eggs",
    b"downloads",
    b"tmp",
    b"bin",
    b"docs",
];
const RECALL_MIN: f64 = 0.9;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let missing = of_kinds(case, &[Kind::Missing]);
    let mut names = BTreeSet::new();
    let (mut would, mut survivors) = (0, Vec::new());
    for name in NAMES {
        let gone = missing
            .iter()
            .filter(|hurt| is_below(&hurt.path, name))
            .count();
        let all: Vec<&RelPath> = case
            .expected
            .iter()
            .map(|file| &file.path)
            .filter(|path| is_below(path, name))
            .collect();
        if gone > 0 && share(gone, all.len().max(gone)) >= RECALL_MIN {
            names.insert(name);
            would += all.len();
            let still = |path: &&&RelPath| !missing.iter().any(|hurt| hurt.path == ***path);
            survivors.extend(all.iter().filter(still).map(|path| (*path).clone()));
        }
    }
    let matched = missing
        .iter()
        .filter(|hurt| names.iter().any(|name| is_below(&hurt.path, name)));
    let dirs: BTreeSet<RelPath> = matched
        .clone()
        .filter_map(|hurt| hurt.path.parent())
        .collect();
    let count = matched.count();
    let precision = share(count, missing.len());
    // One directory alone may have gone for any reason.
    if precision < PRECISION_MIN || dirs.len() < 2 {
        return None;
    }
    let shown: Vec<String> = names
        .iter()
        .map(|name| format!("{}/", String::from_utf8_lossy(name)))
        .collect();
    survivors.truncate(SURVIVORS_MAX);
    Some(Diagnosis {
        rule: "ignore-file-excludes".to_owned(),
        text: format!(
            "{} missing: everything below directories named {}, as an ignore file (.gitignore, .dockerignore, a build's \
             exclude list) leaves out. Look at how the venv was copied.",
            files_are(count),
            shown.join(", ")
        ),
        explains: count,
        precision,
        recall: share(count, would.max(count)),
        survivors,
    })
}

/// Whether a file lies below a directory of that name inside site-packages.
fn is_below(path: &RelPath, name: &[u8]) -> bool {
    let parts: Vec<&[u8]> = path.parts().collect();
    let site = parts.iter().position(|part| part.ends_with(b"-packages"));
    site.is_some_and(|site| parts[site + 1..parts.len().max(site + 2) - 1].contains(&name))
}
