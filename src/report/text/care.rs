//! `verify`, `forget`, `undelete`, `pin` and `prune`: the care of a store.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, count, number, size, snapshot, took};
use super::wrap::Wrapped;
use crate::model::{Class, Shown};
use crate::ops::{
    Chosen, ForgetOutcome, Hurt, PinOutcome, Pinning, PruneOutcome, Repaired, UndeleteOutcome,
    VerifyOutcome,
};
use crate::store::{Flaw, Gap, Hole};

/// So many findings and holes are shown unless all are asked for.
const SHOWN: usize = 10;

/// Writes what a verify found: first whether all is well.
pub fn verify(out: &mut dyn Write, outcome: &VerifyOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    writeln!(out, "{}", verdict(outcome, style))?;
    some(out, &outcome.flaws, style, "finding", |out, flaw| {
        writeln!(out, "{}", flaw_line(flaw))
    })?;
    for name in &outcome.lost {
        let name = Shown(name.as_bytes());
        writeln!(out, "quarantine/{name}: a snapshot that was lost")?;
    }
    for id in &outcome.missing {
        let name = id.to_hex();
        writeln!(
            out,
            "snapshots/{name}: this file is gone, though nobody gave the snapshot up"
        )?;
    }
    match &outcome.repaired {
        Some(repaired) => repair(out, repaired, style),
        None => hurts(out, &outcome.hurt, style),
    }
}

fn verdict(outcome: &VerifyOutcome, style: &Style) -> String {
    let read = format!(
        "{} in {} of {} read back, {} known, {}",
        count(outcome.frames, "frame"),
        size(outcome.bytes),
        count(outcome.packs, "pack"),
        count(outcome.objects, "good object"),
        took(outcome.took),
    );
    if outcome.is_clean() {
        let all = count(outcome.snapshots, "snapshot");
        return match outcome.repaired {
            Some(_) => format!("repaired: the store is whole ({read})"),
            None if !outcome.needless.is_empty() => {
                let packs = count(outcome.needless.len() as u64, "damaged pack");
                format!("{all} whole; {packs} of which nothing is needed ({read})")
            }
            None if outcome.complete => format!("no damage found, {all} whole ({read})"),
            // A part says nothing of any whole snapshot.
            None => format!("no damage found in the part that was looked at ({read})"),
        };
    }
    let (flaws, all) = (outcome.flaws.len() as u64, outcome.snapshots);
    let of_all = |hurt: usize| format!("{} of {}", number(hurt as u64), count(all, "snapshot"));
    let mut parts = match &outcome.repaired {
        Some(repaired) => vec![format!("{} still hurt", of_all(repaired.hurt.len()))],
        None if flaws == 0 && outcome.hurt.is_empty() => Vec::new(),
        None => vec![
            count(flaws, "finding"),
            format!("{} hurt", of_all(outcome.hurt.len())),
        ],
    };
    for (ids, what) in [
        (outcome.lost.len(), "lost"),
        (outcome.missing.len(), "missing"),
    ] {
        if ids > 0 {
            parts.push(format!("{} {what}", number(ids as u64)));
        }
    }
    if outcome.unread {
        parts.push("not all could be read".to_owned());
    }
    let word = coloured("damaged", Class::Damage, style);
    format!("{word}: {} ({read})", parts.join(", "))
}

fn flaw_line(flaw: &Flaw) -> String {
    let file = Shown(flaw.file.as_bytes()).to_string();
    let what = Shown(flaw.what.as_bytes()).to_string();
    match flaw.offset {
        Some(offset) => format!("{file} (byte {offset}): {what}"),
        None => format!("{file}: {what}"),
    }
}

fn hurts(out: &mut dyn Write, hurt: &[Hurt], style: &Style) -> io::Result<()> {
    for one in hurt {
        let holes = count(one.holes.len() as u64, "hole");
        writeln!(out, "{} has {holes}", snapshot(&one.chosen, style))?;
        some(out, &one.holes, style, "hole", |out, hole| {
            writeln!(out, "  {}", hole_line(hole))
        })?;
    }
    Ok(())
}

/// A place that is missing, for people.
pub(super) fn hole_line(hole: &Hole) -> String {
    let path = if hole.path.is_root() {
        ".".to_owned()
    } else {
        hole.path.to_string()
    };
    let id = &hole.object.to_hex()[..12];
    match hole.gap {
        Gap::File => format!("{path}  (object {id})"),
        Gap::Directory => format!("{path}/  and all below it (object {id})"),
        Gap::Document => format!("its audit; the tree is not touched by that (object {id})"),
    }
}

fn repair(out: &mut dyn Write, repaired: &Repaired, style: &Style) -> io::Result<()> {
    let mut line = |text: String| writeln!(out, "{text}");
    if repaired.header {
        line("made the header of the store anew".to_owned())?;
    }
    if repaired.salvaged > 0 {
        let objects = count(repaired.salvaged, "object");
        line(format!("saved {objects} from damaged packs"))?;
    }
    if repaired.healed > 0 {
        let from: Vec<String> = repaired
            .healed_from
            .iter()
            .map(|path| Shown::path(path).to_string())
            .collect();
        let objects = count(repaired.healed, "object");
        line(format!("healed {objects} from {}", from.join(", ")))?;
    }
    for name in &repaired.mended {
        line(format!("put one flipped bit of snapshots/{name} right"))?;
    }
    for id in &repaired.brought {
        line(format!("brought the file of {id} back from another store"))?;
    }
    for name in &repaired.quarantined {
        let name = Shown(name.as_bytes());
        line(format!("moved {name} to quarantine/"))?;
    }
    for chosen in &repaired.whole_again {
        line(format!("{} is whole again", snapshot(chosen, style)))?;
    }
    hurts(out, &repaired.hurt, style)?;
    if repaired.hurt.is_empty() {
        return Ok(());
    }
    let partial = style.options.partial;
    writeln!(out, "what is left of them restores with {partial}")
}

/// Writes some of a list, and how many more there are.
fn some<T>(
    out: &mut dyn Write,
    list: &[T],
    style: &Style,
    what: &str,
    mut write: impl FnMut(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    let shown = if style.verbose { list.len() } else { SHOWN };
    for one in list.iter().take(shown) {
        write(out, one)?;
    }
    match list.len().saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(
            out,
            "  and {} more ({} shows them)",
            count(more as u64, what),
            style.options.verbose
        ),
    }
}

/// Writes what is forgotten, and why the others stay.
pub fn forget(out: &mut dyn Write, outcome: &ForgetOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    for (chosen, why) in &outcome.kept {
        writeln!(
            out,
            "keep    {} of {}  {}",
            snapshot(chosen, style),
            venv(chosen),
            why.join(", ")
        )?;
    }
    for chosen in &outcome.forgotten {
        writeln!(
            out,
            "forget  {} of {}",
            snapshot(chosen, style),
            venv(chosen)
        )?;
    }
    let forgotten = count(outcome.forgotten.len() as u64, "snapshot");
    if outcome.dry_run {
        return writeln!(out, "{forgotten} would be forgotten; nothing was changed");
    }
    writeln!(
        out,
        "{forgotten} forgotten; prune frees the space, until then undelete brings them back"
    )
}

/// The venv of a snapshot.
fn venv(chosen: &Chosen) -> String {
    Shown::path(&chosen.snapshot.venv.path()).to_string()
}

/// Writes what came back, or what could.
pub fn undelete(out: &mut dyn Write, outcome: &UndeleteOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    for chosen in &outcome.restored {
        writeln!(
            out,
            "{} of {} is back",
            snapshot(chosen, style),
            venv(chosen)
        )?;
    }
    for (chosen, whole) in &outcome.forgotten {
        let state = if *whole { "" } else { "  (pruned in part)" };
        writeln!(
            out,
            "{} of {}{state}",
            snapshot(chosen, style),
            venv(chosen)
        )?;
    }
    if outcome.restored.is_empty() && outcome.forgotten.is_empty() {
        writeln!(out, "no forgotten snapshots")?;
    }
    Ok(())
}

/// Writes what was pinned or unpinned.
pub fn pin(
    out: &mut dyn Write,
    pinning: Pinning,
    outcome: &PinOutcome,
    style: &Style,
) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    for id in &outcome.given_up {
        writeln!(out, "snapshot {id}, of which the file is gone, is given up")?;
    }
    for (chosen, changed) in &outcome.done {
        let what = match (pinning, changed) {
            (Pinning::Pin, true) => "is pinned",
            (Pinning::Pin, false) => "was pinned already",
            (Pinning::Unpin, true) => "is pinned no more",
            (Pinning::Unpin, false) => "was not pinned",
        };
        writeln!(out, "{} {what}", snapshot(chosen, style))?;
    }
    Ok(())
}

/// Writes what a prune freed.
pub fn prune(out: &mut dyn Write, outcome: &PruneOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let freed = outcome.before.saturating_sub(outcome.after);
    let (would, done) = if outcome.dry_run {
        ("would free about", "; nothing was changed")
    } else {
        ("freed", "")
    };
    writeln!(
        out,
        "{would} {}: {} and {} gone, {} deleted, {} rewritten ({} → {}){done}",
        size(freed),
        count(outcome.snapshots, "forgotten snapshot"),
        count(outcome.objects, "object"),
        count(outcome.deleted, "pack"),
        number(outcome.rewritten),
        size(outcome.before),
        size(outcome.after),
    )?;
    if outcome.marked > 0 {
        let packs = count(outcome.marked, "pack");
        writeln!(
            out,
            "{packs} are marked, and go with a prune after their grace"
        )?;
    }
    if outcome.spared > 0 || outcome.waste > 0 {
        writeln!(
            out,
            "{} and {} that nothing needs stay for now; {} spares nothing recent",
            count(outcome.spared, "forgotten snapshot"),
            size(outcome.waste),
            style.options.no_grace,
        )?;
    }
    Ok(())
}
