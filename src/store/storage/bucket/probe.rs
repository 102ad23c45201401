//! Tries out what a server promises. What is written for that lies under `probe/` and is removed.

use std::ops::Range;
use std::thread;

use bytes::Bytes;

use super::objects::{Failed, Put};
use super::{Area, BucketStorage, TRIES};
use crate::disk::PathError;
use crate::store::storage::probe::{Probe, Promises};

/// How many create one object at once, and how often.
const RIVALS: usize = 8;
const ROUNDS: usize = 4;
/// The length of the object of which parts are read.
const PARTS_LEN: usize = 4096;

impl BucketStorage {
    /// Tries the server; once more where an answer told nothing of its promises. `token` is in no other probe.
    pub(super) fn try_out(&self, token: &str) -> Result<Probe, PathError> {
        let mut pause = self.pause;
        for attempt in 1..TRIES {
            match self.try_once(&format!("{token}-{attempt}")) {
                Err(error) if !error.is_denied() => thread::sleep(pause),
                done => return done,
            }
            pause *= 2;
        }
        self.try_once(token)
    }

    fn try_once(&self, token: &str) -> Result<Probe, PathError> {
        let dir = self.key(Area::Top, "probe");
        let mut keys = Vec::new();
        let mut key = |what: &str, round: usize| {
            let key = format!("{dir}/{token}-{what}-{round}");
            keys.push(key.clone());
            key
        };
        let tried = || -> Result<Probe, Failed> {
            let (mut creates_once, mut seen_at_once, mut clock) = (true, true, 0);
            for round in 0..ROUNDS {
                creates_once &= self.creates_once(&key("once", round))?;
                let seen = self.is_seen_at_once(&dir, &key("seen", round))?;
                seen_at_once &= seen.is_some();
                clock = seen.unwrap_or(clock);
            }
            let promises = Promises {
                creates_once,
                seen_at_once,
                ranges: self.gives_parts(&key("parts", 0))?,
            };
            Ok(Probe { promises, clock })
        }();
        let cleared = self.steadily(|| self.objects.delete(keys.clone()));
        let failed = |failed| self.error("try out", Area::Top, "probe", &failed);
        let probe = tried.map_err(failed)?;
        cleared.map_err(failed)?;
        Ok(probe)
    }

    /// Whether of several who create an object with contents of their own just one succeeds, and a later one does not.
    fn creates_once(&self, key: &str) -> Result<bool, Failed> {
        let create = |number: usize| {
            let content = Bytes::from(format!("rival {number}"));
            match self.objects.put(key, &[content], Put::New) {
                Ok(()) => Ok(true),
                Err(Failed::Exists) => Ok(false),
                Err(failed) => Err(failed),
            }
        };
        let answers: Vec<Result<bool, Failed>> = thread::scope(|scope| {
            let rivals = (0..RIVALS).map(|number| {
                let rival = move || create(number);
                // Without a thread they come one after the other.
                let thread = thread::Builder::new().spawn_scoped(scope, rival);
                thread.map_err(|_| create(number))
            });
            let rivals: Vec<_> = rivals.collect();
            let answers = rivals.into_iter().map(|rival| match rival {
                Ok(rival) => rival
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(answer) => answer,
            });
            answers.collect()
        });
        let mut winners = Vec::new();
        for (number, answer) in answers.into_iter().enumerate() {
            if answer? {
                winners.push(number);
            }
        }
        let there = self.steadily(|| self.objects.get(key, None, 64))?;
        let of = |number: usize| there == format!("rival {number}");
        let is_one = match winners.as_slice() {
            [one] => of(*one),
            // The one who won was not told so: the answer was lost, and asked for once more.
            [] => (0..RIVALS).any(of),
            _ => false,
        };
        Ok(is_one && !create(RIVALS)?)
    }

    /// Whether the next request sees what was written, replaced and removed. If so: when the object was written, by the
    /// clock of the server, in seconds since 1970.
    fn is_seen_at_once(&self, dir: &str, key: &str) -> Result<Option<i64>, Failed> {
        let put = |content: &'static str| {
            self.steadily(|| self.objects.put(key, &[content.into()], Put::Over))
        };
        let listed = || {
            let all = self.steadily(|| self.objects.list(dir, None))?;
            Ok::<_, Failed>(all.into_iter().find(|one| one.key == key))
        };
        let read = || self.steadily(|| self.objects.get(key, None, 64));
        put("first")?;
        let is_there = read()? == "first";
        let Some(first) = listed()? else {
            return Ok(None);
        };
        put("another")?;
        let is_replaced = read()? == "another" && listed()?.is_some_and(|one| one.size == 7);
        self.steadily(|| self.objects.delete(vec![key.to_owned()]))?;
        let is_gone = listed()?.is_none() && read() == Err(Failed::Missing);
        Ok((is_there && is_replaced && is_gone).then_some(first.written))
    }

    /// Whether parts of an object are what stands there. A server that gives the whole object and no part of it answers
    /// in a way that the client does not take for one.
    fn gives_parts(&self, key: &str) -> Result<bool, Failed> {
        let whole: Vec<u8> = (0..PARTS_LEN).map(|at| (at / 7 % 251) as u8).collect();
        let content = Bytes::from(whole.clone());
        self.steadily(|| {
            self.objects
                .put(key, std::slice::from_ref(&content), Put::Over)
        })?;
        let max = PARTS_LEN as u64;
        let get =
            |part: Option<Range<u64>>| self.steadily(|| self.objects.get(key, part.clone(), max));
        let mut is_part = true;
        for part in [0..1, 100..300, PARTS_LEN - 10..PARTS_LEN] {
            is_part &= match get(Some(part.start as u64..part.end as u64)) {
                Ok(found) => found == whole[part],
                Err(Failed::Unknown(_) | Failed::Refused(_) | Failed::TooLong) => false,
                Err(failed) => return Err(failed),
            };
        }
        // Where not even the whole can be read, that is an error: it says nothing of parts.
        Ok(get(None)? == whole && is_part)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::store::storage::bucket::fake::FakeBucket;
    use crate::store::storage::bucket::objects::{Listing, Objects};

    /// A promise that is broken.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Lie {
        /// A condition is not looked at.
        Conditions,
        /// A listing does not know what was written last.
        Listings,
        /// What was removed is still read.
        Removals,
        /// A part is the whole.
        Parts,
        /// No answer to a question for a part is understood.
        NoParts,
    }

    #[derive(Debug)]
    struct Liar(Arc<FakeBucket>, Option<Lie>);

    impl Liar {
        fn storage(self) -> BucketStorage {
            let storage = BucketStorage::new(Path::new("s3://bucket/x"), "x", Arc::new(self), None);
            BucketStorage {
                pause: Duration::ZERO,
                ..storage
            }
        }
    }

    impl Objects for Liar {
        fn put(&self, key: &str, content: &[Bytes], put: Put) -> Result<(), Failed> {
            let is_blind = self.1 == Some(Lie::Conditions);
            self.0
                .put(key, content, if is_blind { Put::Over } else { put })
        }

        fn get(&self, key: &str, range: Option<Range<u64>>, max: u64) -> Result<Bytes, Failed> {
            if range.is_some() && self.1 == Some(Lie::NoParts) {
                return Err(Failed::Unknown("200".to_owned()));
            }
            let range = range.filter(|_| self.1 != Some(Lie::Parts));
            self.0.get(key, range, max)
        }

        fn head(&self, key: &str) -> Result<Listing, Failed> {
            self.0.head(key)
        }

        fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listing>, Failed> {
            let mut all = self.0.list(prefix, after)?;
            if self.1 == Some(Lie::Listings) {
                let last = all.iter().max_by_key(|one| one.written);
                let last = last.map(|one| one.key.clone());
                all.retain(|one| Some(&one.key) != last.as_ref());
            }
            Ok(all)
        }

        fn delete(&self, keys: Vec<String>) -> Result<(), Failed> {
            if self.1 == Some(Lie::Removals) && keys.len() == 1 {
                return Ok(());
            }
            self.0.delete(keys)
        }
    }

    #[test]
    fn each_broken_promise_is_found_out_and_nothing_is_left() {
        let all = Promises {
            creates_once: true,
            seen_at_once: true,
            ranges: true,
        };
        let not_seen = Promises {
            seen_at_once: false,
            ..all
        };
        let no_ranges = Promises {
            ranges: false,
            ..all
        };
        for (lie, found) in [
            (None, all),
            (
                Some(Lie::Conditions),
                Promises {
                    creates_once: false,
                    ..all
                },
            ),
            (Some(Lie::Listings), not_seen),
            (Some(Lie::Removals), not_seen),
            (Some(Lie::Parts), no_ranges),
            (Some(Lie::NoParts), no_ranges),
        ] {
            let bucket = Arc::new(FakeBucket::default());
            let storage = Liar(Arc::clone(&bucket), lie).storage();
            assert_eq!(storage.try_out("a").unwrap().promises, found, "{lie:?}");
            assert_eq!(bucket.list("x", None).unwrap(), [], "{lie:?}");
        }
    }

    #[test]
    fn a_server_that_cannot_be_tried_is_no_liar() {
        use crate::store::storage::bucket::fake::Fault;
        let denied = Failed::Denied("no".to_owned());
        for number in 0..12 {
            let bucket = Arc::new(FakeBucket::default());
            let well = std::iter::repeat_n(Fault::Well, number);
            bucket.fail(well.chain([Fault::Before(denied.clone())]));
            let error = Liar(bucket, None).storage().try_out("a").unwrap_err();
            assert!(error.is_denied(), "{number}: {error}");
        }
    }
}
