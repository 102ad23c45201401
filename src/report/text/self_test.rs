//! `self-test`: what it means for a restore, then one line for each thing that was tried.

use std::io::{self, Write};

use super::Style;
use super::words::{coloured, took};
use super::wrap::Wrapped;
use crate::model::{Class, Shown};
use crate::ops::{Attribute, Exchange, Fence, Grade, Links, SelfTestOutcome, Sync, Trial};

/// Writes what a self-test found.
pub fn self_test(out: &mut dyn Write, outcome: &SelfTestOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let means = match outcome.grade() {
        Grade::Good => "a restore has all that it needs",
        Grade::Less => "a restore works, with less than it could have,",
        Grade::Bad => "a restore does not work as it promises",
    };
    let (place, took) = (Shown::path(&outcome.place), took(outcome.took));
    writeln!(out, "{means} in {place} (tried in {took})")?;
    for trial in &outcome.trials {
        let (grade, text) = (trial.grade(), text(trial));
        let word = format!("{:<5}", grade.as_str());
        let word = match grade {
            Grade::Good => word,
            Grade::Less => coloured(&word, Class::Drift, style),
            Grade::Bad => coloured(&word, Class::Damage, style),
        };
        writeln!(out, "{word} {}: {}", trial.name(), Shown(text.as_bytes()))?;
    }
    Ok(())
}

/// What came of a trial, in a sentence.
pub(in crate::report) fn text(trial: &Trial) -> String {
    match trial {
        Trial::Exchange(Ok(way)) => exchange(*way).to_owned(),
        Trial::Sync(Ok(Sync::Kept)) => {
            "what is written and synced is read back from the disk as it was".to_owned()
        }
        Trial::Sync(Ok(Sync::NoDisk)) => {
            "this file system is memory: what is restored here is gone after a restart".to_owned()
        }
        Trial::Sync(Ok(Sync::Changed)) => {
            "what was written and synced came back otherwise: trust nothing that is stored here"
                .to_owned()
        }
        Trial::Links(Ok(links)) => self::links(*links).to_owned(),
        Trial::Attributes(Ok(lacking)) => attributes(lacking),
        Trial::Fence(Ok(fence)) => self::fence(*fence).to_owned(),
        Trial::Exchange(Err(error))
        | Trial::Sync(Err(error))
        | Trial::Links(Err(error))
        | Trial::Attributes(Err(error))
        | Trial::Fence(Err(error)) => format!("{error}: {}", error.source),
    }
}

fn exchange(way: Exchange) -> &'static str {
    match way {
        Exchange::OneStep => {
            "two directories change places in one step, so there is a whole venv at every moment"
        }
        Exchange::TwoRenames => {
            "directories do not change places in one step here: two renames do it, and between them there is no venv"
        }
    }
}

fn links(links: Links) -> &'static str {
    match (links.hard, links.reflinks) {
        (true, true) => {
            "good files are taken over as copies that share their blocks; hard links work as well"
        }
        (true, false) => "good files are taken over as hard links, which takes no room",
        (false, true) => {
            "good files are taken over as copies that share their blocks; there are no hard links"
        }
        (false, false) => {
            "no file can be taken over, neither by a hard link nor by sharing blocks: each is written anew"
        }
    }
}

fn attributes(lacking: &[Attribute]) -> String {
    if lacking.is_empty() {
        return "modes, owners, times to the nanosecond and extended attributes are kept"
            .to_owned();
    }
    let names = lacking.iter().map(|one| match one {
        Attribute::Mode => "modes",
        Attribute::Owner => "owners",
        Attribute::Times => "times to the nanosecond",
        Attribute::LinkTimes => "times of symbolic links",
        Attribute::Xattrs => "extended attributes",
    });
    let names = names.collect::<Vec<_>>().join(", ");
    format!("this place does not keep {names}: a restore does without, and says so")
}

fn fence(fence: Fence) -> &'static str {
    match fence {
        Fence::Holds => {
            "the kernel keeps a restore within its directories: a write outside of them was refused"
        }
        Fence::Absent => {
            "this kernel has no Landlock: nothing but the program itself keeps a restore within its directories"
        }
        Fence::Leaks => {
            "the kernel was told to refuse writes outside of a directory, and let one through"
        }
        Fence::Untried => "it was not tried, since the system grants no further thread",
    }
}
