//! `verify`: the whole store is read back; with `--repair` it is mended as far as can be.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::context::Context;
use super::error::Error;
use super::repair::{Look, Repaired, repair};
use super::snapshot::{Hurt, hurt};
use super::sources::Sources;
use crate::model::{Digest, SnapshotId};
use crate::store::{self, Catalog, Flaw, Location, NotInBucket, Reach, Scrubbed, Store, pack_file};

/// What a verify is told. A repair looks at everything: what was not read cannot be called good.
#[derive(Clone, Debug)]
pub enum VerifyOptions {
    /// Change nothing but marks: later saves do not rely on packs that were found damaged.
    Look {
        /// Read only this share of the frames, from 0 to 1, drawn anew each time.
        sample: Option<f64>,
        /// Read only packs that were written since then.
        since: Option<Timestamp>,
    },
    /// Mend what is wrong.
    Repair {
        /// Where else than in the known venvs lost content may still be: trees, and other stores.
        from: Vec<Location>,
    },
}

/// What a verify found.
#[derive(Debug)]
pub struct VerifyOutcome {
    /// How many packs were read,
    pub packs: u64,
    /// how many frames of them,
    pub frames: u64,
    /// and the bytes of those as stored.
    pub bytes: u64,
    /// How many objects are good, in all packs.
    pub objects: u64,
    /// How many snapshots there are.
    pub snapshots: u64,
    /// Whether all was read, and not a part that was asked for.
    pub complete: bool,
    /// What is wrong with files of the store.
    pub flaws: Vec<Flaw>,
    /// Files of `flaws` of which no snapshot needs anything, in a bucket, where nothing can be repaired at once.
    pub needless: BTreeSet<String>,
    /// The snapshots that are hurt by it.
    pub hurt: Vec<Hurt>,
    /// Whether something could not be read at all.
    pub unread: bool,
    /// What was mended.
    pub repaired: Option<Repaired>,
    /// Snapshots that were lost: their files lie in quarantine, under these names, until somebody removes them.
    pub lost: Vec<String>,
    /// Snapshots that nobody gave up and of which the files are gone.
    pub missing: Vec<SnapshotId>,
    /// How long it took.
    pub took: Duration,
}

impl VerifyOutcome {
    /// Whether all is well now.
    pub fn is_clean(&self) -> bool {
        let repaired = self.repaired.as_ref();
        self.lost.is_empty()
            && self.missing.is_empty()
            && match repaired {
                Some(repaired) if repaired.header_alone => {
                    self.hurt.is_empty() && !self.unread && self.flaws.len() == 1
                }
                // What could not be read may be well or not.
                Some(repaired) => repaired.hurt.is_empty() && !self.unread,
                None => {
                    let hurts = |flaw: &Flaw| !self.needless.contains(&flaw.file);
                    !self.flaws.iter().any(hurts) && self.hurt.is_empty()
                }
            }
    }
}

/// Reads the store back.
pub fn verify(context: &Context<'_>, options: &VerifyOptions) -> Result<VerifyOutcome, Error> {
    let start = Instant::now();
    let (sample, since, from) = match options {
        VerifyOptions::Look { sample, since } => (*sample, *since, None),
        VerifyOptions::Repair { from } => (None, None, Some(from)),
    };
    let from = from.map(|from| Sources::open(context, from)).transpose()?;
    let header = if from.is_some() {
        Store::remake_header(&context.store, context.lock_wait, context.monitor)?
    } else {
        None
    };
    let in_bucket = context.store.bucket().is_some();
    if from.is_some() && in_bucket && header.is_none() {
        Store::refuse_elsewhere(&context.store, NotInBucket::Mended)?;
    }
    let store = context.open()?;
    store.snapshots.read_anew();
    store.snapshots.enrol_all()?;
    let alone = from.as_ref().filter(|_| !in_bucket);
    let alone = alone.map(|from| store.alone(context.monitor).map(|alone| (alone, from)));
    let alone = alone.transpose()?;
    let (look, mut flaws) = look(context, &store, sample, since)?;
    flaws.extend(header.iter().map(|what| Flaw {
        file: "venv-snap.json".to_owned(),
        offset: None,
        what: what.to_string(),
    }));
    let hurt = hurt(&store, &look.catalog, &look.reach)?;
    let complete = sample.is_none() && since.is_none();
    let needless = if complete && hurt.is_empty() {
        needless(context, &store, &look)?
    } else {
        BTreeSet::new()
    };
    let mut outcome = VerifyOutcome {
        packs: look.scrubbed.packs,
        frames: look.scrubbed.frames,
        bytes: look.scrubbed.bytes,
        objects: look.scrubbed.good.len() as u64,
        snapshots: look.catalog.snapshots.len() as u64,
        complete,
        unread: look.scrubbed.unread || look.catalogs().any(Catalog::unread),
        flaws,
        needless,
        hurt,
        repaired: None,
        lost: look.lost.clone(),
        missing: store.snapshots.missing()?,
        took: start.elapsed(),
    };
    if from.is_some() && in_bucket {
        outcome.repaired = Some(Repaired::header_alone());
    }
    if let Some((alone, from)) = alone.filter(|_| !outcome.is_clean()) {
        let repaired = repair(context, &store, &alone, &look, &outcome.hurt, from)?;
        outcome.repaired = Some(Repaired {
            header: header.is_some(),
            ..repaired
        });
        outcome.lost = store
            .snapshots
            .lost([&*store.snapshots.catalog()?, &*store.snapshots.forgotten()?])?;
        outcome.missing = store.snapshots.missing()?;
        outcome.took = start.elapsed();
    }
    Ok(outcome)
}

/// The damaged packs of a store in a bucket, if all that snapshots need, also forgotten ones, is good elsewhere. They
/// have to be marked, so that nobody relies on them from now on.
fn needless(context: &Context<'_>, store: &Store, look: &Look) -> Result<BTreeSet<String>, Error> {
    let Scrubbed {
        bad, good, frail, ..
    } = &look.scrubbed;
    if !store.is_of_bucket() || bad.is_empty() {
        return Ok(BTreeSet::new());
    }
    let marked = store.suspects.names(context.monitor);
    if look.scrubbed.unread || !bad.keys().all(|name| marked.contains(name)) {
        return Ok(BTreeSet::new());
    }
    let is_elsewhere = |id: &Digest| good.contains(id) && !frail.contains(id);
    if !look.reach.missing.is_empty() || !look.reach.needed.iter().all(is_elsewhere) {
        return Ok(BTreeSet::new());
    }
    let forgotten = look.forgotten.snapshots.iter().map(|(_, one)| one);
    let reach = Reach::walk(&store.objects, forgotten, is_elsewhere)?;
    if !reach.missing.is_empty() {
        return Ok(BTreeSet::new());
    }
    Ok(bad.keys().map(|name| pack_file(name)).collect())
}

fn look(
    context: &Context<'_>,
    store: &Store,
    sample: Option<f64>,
    since: Option<Timestamp>,
) -> Result<(Look, Vec<Flaw>), Error> {
    let rows = store.index_flaws(context.monitor)?;
    let (catalog, forgotten) = (store.snapshots.catalog()?, store.snapshots.forgotten()?);
    store.load_all(&crate::monitor::Silent::default())?;
    let since = since.map_or(i64::MIN, Timestamp::as_second);
    let share = sample.unwrap_or(1.0);
    let choose = |written: i64| if written < since { 0.0 } else { share };
    let seed = context.now.as_microsecond() as u64;
    let scrubbed = store.scrub(choose, seed, context.monitor)?;
    let good = |id: &Digest| scrubbed.good.contains(id);
    let corrupt = catalog.damaged.iter();
    let corrupt = corrupt.filter(|(_, error)| matches!(**error, store::Error::Corrupt { .. }));
    let corrupt: Vec<&str> = corrupt.map(|(name, _)| name.as_str()).collect();
    store.suspects.mark(&scrubbed, &corrupt, context.monitor);
    let reach = Reach::walk(
        &store.objects,
        catalog.snapshots.iter().map(|(_, one)| one),
        good,
    )?;
    let mut flaws = scrubbed.flaws.clone();
    for (area, found) in [("snapshots", &catalog), ("forgotten", &forgotten)] {
        for (name, error) in &found.damaged {
            flaws.push(Flaw {
                file: format!("{area}/{name}"),
                offset: None,
                what: super::error::reason(error),
            });
        }
    }
    // No row can agree with a damaged pack, and in a bucket the index is this host's alone.
    let tells_more =
        |(pack, _): &(String, Flaw)| !store.is_of_bucket() || !scrubbed.bad.contains_key(pack);
    let rows = rows.into_iter().filter(tells_more);
    let (lying_rows, more): (Vec<_>, Vec<_>) = rows.unzip();
    flaws.extend(more);
    let lost = store.snapshots.lost([&catalog, &forgotten])?;
    let look = Look {
        catalog,
        forgotten,
        scrubbed,
        reach,
        lost,
        lying_rows,
    };
    Ok((look, flaws))
}
