//! What seems to be missing and counts only where something says that it was there once.

use super::Found;
use super::resolve::World;
use crate::model::{Doubt, Finding, RelPath};
use crate::python::bytecode::{is_bytecode, source_of};
use crate::python::dist::Hash;

/// A finding that counts where a module (`x/y`) was there once; `near` is a file of the distribution that it was of.
pub(super) fn doubt(
    world: &World<'_>,
    near: &RelPath,
    module: &str,
    finding: Finding,
) -> Option<Doubt> {
    let site = near.as_bytes();
    let site = &site[..site.len() - world.index.below(near)?.len()];
    let path = |rest: &str| RelPath::new(&[site, module.as_bytes(), rest.as_bytes()].concat()).ok();
    let suffixes = world.subject.interpreter.map(|facts| &facts.suffixes);
    let forms = [".py", "/__init__.py"].into_iter();
    let forms = forms.chain(suffixes.into_iter().flatten().map(String::as_str));
    Some(Doubt {
        finding,
        info: world.subject.dists.owner(near)?.info.clone(),
        paths: forms.map(path).collect::<Option<_>>()?,
        by_times: true,
    })
}

/// Makes findings of the doubts that the list of files decides: installers that compile list what they compiled, and
/// whoever takes away a module and its row forgets that.
pub(super) fn settle(world: &World<'_>, mut found: Found) -> Found {
    let (settled, doubts) = found
        .doubts
        .into_iter()
        .partition(|doubt| lists_bytecode(world, doubt));
    found.doubts = doubts;
    let settled: Vec<Doubt> = settled;
    found.findings.extend(settled.into_iter().map(|doubt| {
        let text = format!("{}; RECORD has a row of its bytecode", doubt.finding.text);
        Finding {
            text,
            ..doubt.finding
        }
    }));
    found
}

/// Whether the distribution lists bytecode that its installer made of one of the sources that are in doubt.
fn lists_bytecode(world: &World<'_>, doubt: &Doubt) -> bool {
    let dist = world.subject.dists.info_owner(&doubt.info);
    let Some((_, record)) = dist.and_then(|dist| dist.record.as_ref()) else {
        return false;
    };
    // What a wheel brings has a hash.
    let mut made = record
        .rows
        .iter()
        .filter(|row| row.hash == Hash::None && is_bytecode(&row.path));
    made.any(|row| source_of(&row.path).is_some_and(|source| doubt.paths.contains(&source)))
}
