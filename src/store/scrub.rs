//! Scrub: reads packs back, every byte of them, and says what is not as it was written.
//!
//! Two looks at each pack, both in parallel. The whole must have the digest that is its name: no bit of it changed. And
//! each frame must decompress to just the objects that the table lists, each with the content that its name says. So a
//! pack is found too that is as it was written, but was written wrong.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::BuildHasherDefault;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::error::Error;
use super::frame::{self, HEADER_LEN, Part};
use super::objects::FirstBytes;
use super::pack::FramePlace;
use super::packs::Packs;
use super::segment::{SEGMENT_LEN, Segments, segment_value};
use super::wire::Malformed;
use crate::disk::PathError;
use crate::model::Digest;
use crate::monitor::{Monitor, Status};

/// A set of digests.
pub(crate) type Digests = HashSet<Digest, BuildHasherDefault<FirstBytes>>;

/// Something that is wrong with a file of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// The file, from the store: `packs/…`, `snapshots/…`, `index.db`.
    pub file: String,
    /// From which byte on.
    pub offset: Option<u64>,
    /// What was found.
    pub what: String,
}

/// What was read back.
#[derive(Debug, Default)]
pub(crate) struct Scrubbed {
    /// How many packs, how many of their frames, and the stored bytes of those.
    pub(crate) packs: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// What is wrong.
    pub(crate) flaws: Vec<Flaw>,
    /// Whether some of it could not be read at all.
    pub(crate) unread: bool,
    /// The packs whose table could not be read. Another look may succeed, and their rows may still lead to what they
    /// hold.
    pub(crate) untold: BTreeSet<String>,
    /// The packs that have a flaw, with the frames of each that are good all the same.
    pub(crate) bad: BTreeMap<String, Vec<GoodFrame>>,
    /// The packs that were read to the last byte and are what their names say.
    pub(crate) whole: BTreeSet<String>,
    /// Objects of which a copy can be had, wherever it lies.
    pub(crate) good: Digests,
    /// Those of them of which no copy lies in a pack without a flaw.
    pub(crate) frail: Digests,
}

/// A frame that can be had back, with its objects.
#[derive(Clone, Debug)]
pub(crate) struct GoodFrame {
    pub(crate) place: FramePlace,
    pub(crate) parts: Vec<Part>,
}

/// One pack and the frames of it that are to be read.
struct Job {
    name: String,
    size: u64,
    frames: Vec<(FramePlace, Vec<Part>)>,
}

/// What one look came to.
enum Seen {
    Frame(usize, GoodFrame),
    Whole(usize),
    Flaw(usize, Option<u64>, Bad),
}

/// What is wrong, and whether that is because it could not be read.
struct Bad {
    what: String,
    unread: bool,
}

impl From<Malformed> for Bad {
    fn from(bad: Malformed) -> Self {
        Self {
            what: bad.0.to_owned(),
            unread: false,
        }
    }
}

impl From<PathError> for Bad {
    fn from(error: PathError) -> Self {
        Self {
            what: words(&error),
            unread: true,
        }
    }
}

/// An error with what caused it, in one line.
fn words(error: &dyn std::error::Error) -> String {
    match (error.source(), error.to_string()) {
        (Some(cause), text) => format!("{text}: {cause}"),
        (None, text) => text,
    }
}

impl Packs {
    /// Reads back of each pack the share of frames that `choose` returns (0 to 1) for when it was written, in seconds
    /// since 1970. Tells before how much that is, where it has a price.
    pub(crate) fn scrub(
        &self,
        choose: impl Fn(i64) -> f64,
        seed: u64,
        tells_cost: bool,
        monitor: &dyn Monitor,
    ) -> Result<Scrubbed, Error> {
        let mut done = Scrubbed::default();
        let mut jobs = Vec::new();
        let mut looks = Vec::new();
        let listed = self.list()?;
        let total = listed.iter().map(|pack| pack.size).sum();
        monitor.phase("verifying", 0, total);
        for pack in listed {
            let share = choose(pack.written);
            let job = self.job(pack.name, pack.size, &mut done)?;
            let sampled = |place: &FramePlace| draw(&job.name, place.offset, seed) < share;
            let number = jobs.len();
            if share > 0.0 {
                done.packs += 1;
            }
            if share >= 1.0 {
                looks.push((number, None));
            }
            for (at, (place, parts)) in job.frames.iter().enumerate() {
                if sampled(place) {
                    looks.push((number, Some(at)));
                } else {
                    done.good.extend(parts.iter().map(|part| part.id));
                }
            }
            jobs.push(job);
        }
        if tells_cost {
            let bytes = |(number, at): &(usize, Option<usize>)| match at {
                None => jobs[*number].size,
                Some(at) => u64::from(jobs[*number].frames[*at].0.len),
            };
            let (packs, bytes) = (done.packs, looks.iter().map(bytes).sum());
            monitor.status(Status::Fetches { packs, bytes });
        }
        let seen: Vec<Seen> = looks
            .into_par_iter()
            .filter(|_| !monitor.cancelled())
            .map(|(number, at)| self.look(number, &jobs[number], at, monitor))
            .collect();
        if monitor.cancelled() {
            return Err(Error::Interrupted);
        }
        Ok(sort_by_pack(done, &jobs, seen))
    }

    /// Reads the table of a pack, or finds its frames where there is none.
    fn job(&self, name: String, size: u64, done: &mut Scrubbed) -> Result<Job, Error> {
        let mut flaw = |offset: Option<u64>, what: String| {
            done.flaws.push(Flaw {
                file: pack_file(&name),
                offset,
                what,
            });
            done.bad.entry(name.clone()).or_default();
        };
        if Digest::from_hex(&name).is_err() {
            flaw(None, "no pack has such a name".to_owned());
        }
        let table = match self.read_table(&name, size) {
            Ok((table, _)) => table,
            Err(error @ (Error::TooNew { .. } | Error::Interrupted)) => return Err(error),
            Err(error) => {
                let unread = matches!(error, Error::Path(_));
                flaw(None, words(&error));
                done.unread |= unread;
                if unread {
                    done.untold.insert(name.clone());
                }
                self.search_frames(&name, size)
                    .map(|rest| rest.table)
                    .unwrap_or_default()
            }
        };
        let mut frames = table.into_frames();
        for (_, parts) in &mut frames {
            // An empty object begins where the next one does.
            parts.sort_unstable_by_key(|part| (part.start, part.len));
        }
        Ok(Job { name, size, frames })
    }

    /// Looks at one frame of a pack, or at the whole of it.
    fn look(&self, number: usize, job: &Job, at: Option<usize>, monitor: &dyn Monitor) -> Seen {
        let Some(at) = at else {
            return match self.digest_of(job) {
                Ok(digest) if digest.to_hex() == job.name => Seen::Whole(number),
                Ok(_) => Seen::Flaw(
                    number,
                    None,
                    Malformed("its bytes do not fit its name").into(),
                ),
                Err(error) => Seen::Flaw(number, None, error.into()),
            };
        };
        let (place, parts) = &job.frames[at];
        monitor.advance(0, place.len.into());
        match self.check_frame(&job.name, place, parts) {
            Ok(()) => Seen::Frame(
                number,
                GoodFrame {
                    place: *place,
                    parts: parts.clone(),
                },
            ),
            Err(bad) => Seen::Flaw(number, Some(place.offset), bad),
        }
    }

    fn check_frame(&self, name: &str, place: &FramePlace, listed: &[Part]) -> Result<(), Bad> {
        let bytes = self.frame(name, place)?;
        let (header, body) = bytes
            .split_at_checked(HEADER_LEN)
            .ok_or(Malformed("a frame is cut short"))?;
        let raw = frame::open(header, body)?;
        if raw.len() != place.raw_len as usize || frame::parts(&raw)? != listed {
            return Err(Malformed("a frame does not hold what the table says").into());
        }
        Ok(())
    }

    /// The BLAKE3 of a pack, its segments hashed in parallel.
    fn digest_of(&self, job: &Job) -> Result<Digest, PathError> {
        let piece = |number: u64| {
            let offset = number * SEGMENT_LEN as u64;
            let len = (job.size - offset).min(SEGMENT_LEN as u64) as usize;
            self.range(&job.name, offset, len)
        };
        if job.size <= SEGMENT_LEN as u64 {
            return Ok(Digest::of(&piece(0)?));
        }
        let values: Result<Vec<Digest>, PathError> = (0..job.size.div_ceil(SEGMENT_LEN as u64))
            .into_par_iter()
            .map(|number| Ok(segment_value(&piece(number)?, number as u32)))
            .collect();
        Ok(
            Segments::new(job.size, values?)
                .map_or(Digest::from_bytes([0; 32]), |all| all.digest()),
        )
    }
}

/// Sorts what was seen by pack: of a pack with a flaw, only single frames are good.
fn sort_by_pack(mut done: Scrubbed, jobs: &[Job], seen: Vec<Seen>) -> Scrubbed {
    let mut frames = Vec::new();
    for one in seen {
        match one {
            Seen::Whole(number) => {
                done.whole.insert(jobs[number].name.clone());
            }
            Seen::Frame(number, frame) => frames.push((number, frame)),
            Seen::Flaw(number, offset, Bad { what, unread }) => {
                let name = &jobs[number].name;
                done.unread |= unread;
                done.flaws.push(Flaw {
                    file: pack_file(name),
                    offset,
                    what,
                });
                done.bad.entry(name.clone()).or_default();
            }
        }
    }
    done.whole.retain(|name| !done.bad.contains_key(name));
    for (number, frame) in frames {
        done.frames += 1;
        done.bytes += u64::from(frame.place.len);
        match done.bad.get_mut(&jobs[number].name) {
            Some(good) => good.push(frame),
            None => done.good.extend(frame.parts.iter().map(|part| part.id)),
        }
    }
    let of_bad = done.bad.values().flatten().flat_map(|frame| &frame.parts);
    let of_bad = of_bad.map(|part| part.id);
    done.frail = of_bad.filter(|id| !done.good.contains(id)).collect();
    done.good.extend(&done.frail);
    done.flaws
        .sort_by(|a, b| (&a.file, a.offset).cmp(&(&b.file, b.offset)));
    done
}

/// The name of a pack in findings.
pub(crate) fn pack_file(name: &str) -> String {
    format!("packs/{name}")
}

/// A number from 0 to 1 that belongs to a frame and a seed: which frames a sample takes.
fn draw(pack: &str, offset: u64, seed: u64) -> f64 {
    let text = format!("{seed} {pack} {offset}");
    let mut first = [0; 8];
    first.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(first) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_takes_about_its_share_and_another_seed_takes_others() {
        let taken = |seed| -> Vec<u64> {
            (0..1000)
                .filter(|&offset| draw("pack", offset, seed) < 0.1)
                .collect()
        };
        assert!((60..150).contains(&taken(1).len()));
        assert_ne!(taken(1), taken(2));
    }
}
