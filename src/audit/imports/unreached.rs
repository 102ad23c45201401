//! Modules that are missing where no import from outside leads: backends of other platforms, helpers of tests,
//! templates. Wheels have many of these that never were whole, so they count only where something says that the
//! module was there once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::doubts::doubt;
use super::exits::Missing;
use super::moment::Moment;
use super::resolve::World;
use super::suspects::Suspect;
use super::{Found, finding, line};
use crate::model::{Check, Entry};

/// What is said for a module that is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Its bytecode stands where Python would have put it.
    Bytecode,
    /// Nobody knows what the distribution had.
    NoList,
    /// The list of files never had it, or its absence is told already.
    Nothing,
}

/// Tells of missing modules beside those that are damage already (`told`).
pub(super) fn check(
    world: &World<'_>,
    suspects: &[Suspect<'_>],
    told: &BTreeSet<Missing>,
) -> Found {
    let mut findings = Vec::new();
    let mut doubts = Vec::new();
    let is_known = |missing: &Missing| {
        let module = missing.module.replace('.', "/");
        told.iter().any(|one| one.module == missing.module)
            || world.makers.name(world, &Moment::default(), &module)
            || world.makers.give(world, &module)
            || world.is_filled(&Moment::default(), &module)
    };
    let in_doubt = |missing: &Missing| {
        let text = line(missing, "which is not there");
        let lost = finding(world.subject, Check::ImportUnresolved, &missing.file, text);
        doubt(
            world,
            &missing.file,
            &missing.module.replace('.', "/"),
            lost,
        )
    };
    let mut tell = |missing: &Arc<Missing>, by_bytecode: Check, by_doubt: Check, what: &str| {
        if is_known(missing) {
            return;
        }
        let (check, more) = match word(world, missing) {
            Word::Bytecode => (by_bytecode, "; its bytecode is there"),
            Word::NoList => (by_doubt, ""),
            Word::Nothing => return doubts.extend(in_doubt(missing)),
        };
        let text = line(missing, &format!("which is not there{what}{more}"));
        findings.push(finding(world.subject, check, &missing.file, text));
    };
    for suspect in suspects {
        if let Some(lacks) = &suspect.lacks {
            tell(lacks, Check::ImportUnresolved, Check::ImportUnreached, "");
        }
        for missing in &suspect.heads {
            let what = "; a function begins with it";
            tell(
                missing,
                Check::ImportUnreached,
                Check::ImportUnreached,
                what,
            );
        }
        for missing in &suspect.lazy {
            let what = "; its first use fails";
            tell(missing, Check::ImportLazy, Check::ImportLazy, what);
        }
    }
    // Under a condition that nobody knows, only other evidence says that it was there.
    for missing in suspects.iter().flat_map(|suspect| &suspect.may_lack) {
        if !is_known(missing) {
            doubts.extend(in_doubt(missing));
        }
    }
    findings.sort_by(|a, b| (&a.path, &a.text).cmp(&(&b.path, &b.text)));
    findings.dedup_by(|a, b| a.path == b.path && a.text == b.text);
    doubts.sort_by(|a, b| a.paths.cmp(&b.paths));
    doubts.dedup_by(|a, b| a.paths == b.paths);
    Found { findings, doubts }
}

fn word(world: &World<'_>, missing: &Missing) -> Word {
    let module = missing.module.replace('.', "/");
    let dir = module.rsplit_once('/').map_or("", |(dir, _)| dir);
    let name = module.rsplit('/').next().unwrap_or(&module);
    let subject = world.subject;
    let compiled = |entry: &Entry| {
        let below = world.index.below(&entry.path)?;
        let rest = below.strip_prefix(dir.as_bytes())?;
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        let rest = rest
            .strip_prefix(b"__pycache__/")?
            .strip_prefix(name.as_bytes())?;
        (rest.starts_with(b".") && rest.ends_with(b".pyc")).then_some(())
    };
    if subject
        .manifest
        .entries()
        .iter()
        .any(|entry| compiled(entry).is_some())
    {
        return Word::Bytecode;
    }
    let list = subject
        .dists
        .owner(&missing.file)
        .and_then(|dist| dist.record.as_ref());
    match list {
        // A list that has rows which make no sense may have had the module in one of them.
        Some((_, record)) if record.bad == 0 => Word::Nothing,
        _ => Word::NoList,
    }
}
