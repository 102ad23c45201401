//! `rsync -C`: leaves out what CVS would ignore, among it every shared library and everything named `core` (rsync(1)).

use super::{Case, files_are, weigh};
use crate::model::{Diagnosis, RelPath};

const RECALL_MIN: f64 = 0.9;

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let fit = weigh(case, |path, _| is_excluded(path)).filter(|fit| fit.recall >= RECALL_MIN)?;
    let libraries = fit
        .matched
        .iter()
        .filter(|hurt| hurt.path.name().ends_with(b".so"))
        .count();
    let text = format!(
        "{} missing, {libraries} of them shared libraries: just what `rsync -C` (--cvs-exclude) leaves out, together with \
         everything named core. Copy the venv without -C.",
        files_are(fit.matched.len())
    );
    Some(fit.told("rsync-cvs-exclude", text))
}

fn is_excluded(path: &RelPath) -> bool {
    const PARTS: [&[u8]; 11] = [
        b"core", b"RCS", b"SCCS", b"CVS", b"CVS.adm", b"tags", b"TAGS", b".svn", b".git", b".hg",
        b".bzr",
    ];
    const ENDS: [&[u8]; 14] = [
        b".so", b".o", b".a", b".olb", b".obj", b".exe", b".old", b".orig", b".rej", b".bak",
        b".BAK", b".Z", b".elc", b".ln",
    ];
    path.parts().any(|part| PARTS.contains(&part))
        || ENDS.iter().any(|end| path.name().ends_with(end))
}
