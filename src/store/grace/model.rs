//! The rules of `grace.rs` in histories of three hosts that save, forget, bring back and prune, one request at a time
//! and in any order, with pauses of any length between. Whatever happens: what was acknowledged can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fate, GRACE_SECONDS_MIN, Known, may_commit};

type Objects = BTreeSet<u8>;
/// A pack has the name of its content: its objects, and what makes it unlike any other.
type Name = (Objects, u64);
/// Snapshots as they were listed.
type Snapshots = BTreeMap<u64, Objects>;

/// A bug that the model has to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bug {
    None,
    /// A save relies on packs that are marked.
    ReliesOnMarked,
    /// A pack goes without a second look whether it is needed.
    LooksOnce,
    /// A save commits however long it took.
    NeverGivesUp,
    /// A new pack may be the same as one that is marked.
    SameName,
    /// What only a snapshot needs that is dropped now may go with it.
    DropsAtOnce,
    /// A pack goes at once.
    NoGrace,
    /// What is brought back leaves the place where it was.
    Moves,
}

/// The bucket.
#[derive(Default)]
struct Bucket {
    now: i64,
    packs: BTreeMap<Name, i64>,
    marks: BTreeMap<Name, i64>,
    snapshots: BTreeMap<u64, Objects>,
    forgotten: BTreeMap<u64, (Objects, i64)>,
}

/// What a host does, from one request to the next.
enum Host {
    Idle,
    /// It saves: when it listed, the packs that were marked then.
    Lists(i64, BTreeSet<Name>),
    /// It listed the packs: when it began, what was marked, the objects that it relies on.
    Packs(i64, BTreeSet<Name>, Objects),
    /// All that it needs is there, as far as it knows.
    Commits(i64, Objects),
    /// It forgets a snapshot, which is in both places now: since when.
    Forgets(i64, u64),
    /// It brings one back: when it began, what it read. It stays in the other place.
    BringsBack(i64, u64, Objects),
    /// With [`Bug::Moves`] it takes the snapshot from the other place.
    BroughtBack(u64),
    /// The owner prunes: the time, and what was listed so far.
    Listed(i64, BTreeMap<Name, i64>, Snapshots),
    /// The same with what is forgotten.
    ListedForgotten(i64, BTreeMap<Name, i64>, Snapshots, Snapshots),
    Prunes(Vec<Request>),
}

/// A request of the owner that changes something.
enum Request {
    DropForgotten(u64),
    DeletePack(Name),
    DeleteMark(Name),
    PutMark(Name),
    PutPack(Name),
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

struct Model {
    bucket: Bucket,
    hosts: [Host; 3],
    dice: Dice,
    bug: Bug,
    names: u64,
    /// Of a roll from 0 to 7: below the first it saves, below the second it forgets, below the third it brings back.
    shares: (u64, u64, u64),
}

impl Model {
    fn new(seed: u64, bug: Bug) -> Self {
        Self {
            bucket: Bucket::default(),
            hosts: [Host::Idle, Host::Idle, Host::Idle],
            dice: Dice(seed),
            bug,
            names: 0,
            // In every other history snapshots come and go all the time.
            shares: if seed.is_multiple_of(2) {
                (3, 5, 6)
            } else {
                (1, 4, 7)
            },
        }
    }

    /// A number that no other has.
    fn fresh(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// The snapshots of which something is gone.
    fn broken(&self) -> Option<u64> {
        let there: Objects = self
            .bucket
            .packs
            .keys()
            .flat_map(|(all, _)| all)
            .copied()
            .collect();
        let mut snapshots = self.bucket.snapshots.iter();
        snapshots
            .find(|(_, needs)| !needs.is_subset(&there))
            .map(|(id, _)| *id)
    }

    /// One request of one host.
    fn step(&mut self) {
        self.bucket.now += match self.dice.roll(12) {
            0 => self.dice.roll(30 * 3600) as i64,
            1..4 => self.dice.roll(3 * 3600) as i64,
            _ => self.dice.roll(60) as i64,
        };
        let who = self.dice.roll(3) as usize;
        let host = std::mem::replace(&mut self.hosts[who], Host::Idle);
        self.hosts[who] = match host {
            Host::Idle => self.begin(who),
            Host::Lists(..) | Host::Packs(..) | Host::Commits(..) => self.save(host),
            Host::Forgets(since, id) => {
                if may_commit(self.bucket.now - since) {
                    self.bucket.snapshots.remove(&id);
                }
                Host::Idle
            }
            Host::BringsBack(since, id, needs) => {
                if !may_commit(self.bucket.now - since) {
                    return;
                }
                self.bucket.snapshots.insert(id, needs);
                match self.bug {
                    Bug::Moves => Host::BroughtBack(id),
                    _ => Host::Idle,
                }
            }
            Host::BroughtBack(id) => {
                self.bucket.forgotten.remove(&id);
                Host::Idle
            }
            Host::Listed(now, marks, listed) => {
                let forgotten = self.bucket.forgotten.clone().into_iter();
                let forgotten = forgotten.map(|(id, (needs, _))| (id, needs)).collect();
                Host::ListedForgotten(now, marks, listed, forgotten)
            }
            Host::ListedForgotten(now, marks, mut listed, forgotten) => {
                listed.extend(self.bucket.snapshots.clone());
                Host::Prunes(self.plan(now, &marks, (listed, forgotten)))
            }
            Host::Prunes(mut requests) => {
                if let Some(request) = requests.pop() {
                    self.carry_out(request);
                    Host::Prunes(requests)
                } else {
                    Host::Idle
                }
            }
        };
    }

    fn any<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let which = self.dice.roll(all.len().max(1) as u64) as usize;
        all.get(which).cloned()
    }

    fn begin(&mut self, who: usize) -> Host {
        let now = self.bucket.now;
        let (saves, forgets, brings_back) = self.shares;
        match self.dice.roll(8) {
            one if one < saves => Host::Lists(now, self.bucket.marks.keys().cloned().collect()),
            one if one < forgets => {
                let all: Vec<_> = self.bucket.snapshots.clone().into_iter().collect();
                let Some((id, needs)) = self.any(&all) else {
                    return Host::Idle;
                };
                self.bucket.forgotten.insert(id, (needs, now));
                Host::Forgets(now, id)
            }
            one if one < brings_back => {
                let all: Vec<_> = self.bucket.forgotten.clone().into_iter().collect();
                let Some((id, (needs, _))) = self.any(&all) else {
                    return Host::Idle;
                };
                Host::BringsBack(now, id, needs)
            }
            _ if who == 0 => Host::Listed(
                now,
                self.bucket.marks.clone(),
                self.bucket.snapshots.clone(),
            ),
            _ => Host::Idle,
        }
    }

    fn save(&mut self, host: Host) -> Host {
        match host {
            Host::Lists(since, marks) => {
                let packs = self.bucket.packs.keys();
                let is_relied =
                    |pack: &&Name| self.bug == Bug::ReliesOnMarked || !marks.contains(*pack);
                let has = packs
                    .filter(is_relied)
                    .flat_map(|(all, _)| all)
                    .copied()
                    .collect();
                Host::Packs(since, marks, has)
            }
            Host::Packs(since, marks, has) => {
                let count = self.dice.roll(4) + 1;
                let wants: Objects = (0..count).map(|_| self.dice.roll(9) as u8).collect();
                let lacks: Objects = wants.difference(&has).copied().collect();
                if !lacks.is_empty() {
                    let unlike = if marks.is_empty() || self.bug == Bug::SameName {
                        0
                    } else {
                        self.fresh()
                    };
                    let now = self.bucket.now;
                    // A pack that is there stays as it is.
                    self.bucket.packs.entry((lacks, unlike)).or_insert(now);
                }
                Host::Commits(since, wants)
            }
            Host::Commits(since, wants) => {
                if may_commit(self.bucket.now - since) || self.bug == Bug::NeverGivesUp {
                    let id = self.fresh();
                    self.bucket.snapshots.insert(id, wants);
                }
                Host::Idle
            }
            other => other,
        }
    }

    /// The forgotten snapshots of which the grace is over.
    fn over(&self, now: i64, listed: &Snapshots, forgotten: Snapshots) -> Vec<u64> {
        let is_over = |id: &u64| {
            // When it was forgotten is asked for now, and not taken from the listing.
            let since = self.bucket.forgotten.get(id).map(|(_, since)| *since);
            let is_old = since.is_some_and(|since| now - since >= GRACE_SECONDS_MIN);
            is_old && !listed.contains_key(id)
        };
        forgotten.into_keys().filter(is_over).collect()
    }

    /// The requests of the owner. The one to be carried out first stands last.
    fn plan(
        &mut self,
        now: i64,
        marks: &BTreeMap<Name, i64>,
        (listed, forgotten): (Snapshots, Snapshots),
    ) -> Vec<Request> {
        let mut keep = listed.clone();
        keep.extend(forgotten.clone());
        let over = self.over(now, &listed, forgotten);
        // Somebody may be bringing them back, so what they need is needed until the next prune.
        if self.bug == Bug::DropsAtOnce {
            keep.retain(|id, _| !over.contains(id));
        }
        let mut requests: Vec<_> = over.into_iter().map(Request::DropForgotten).collect();
        let needed: Objects = keep.values().flatten().copied().collect();
        let packs = self.bucket.packs.clone();
        let unmarked = |pack: &&Name| !marks.contains_key(*pack);
        let elsewhere: Objects = packs
            .keys()
            .filter(unmarked)
            .flat_map(|(all, _)| all)
            .copied()
            .collect();
        let mut claimed = Objects::new();
        for (pack, written) in &packs {
            let live: Objects = pack.0.intersection(&needed).copied().collect();
            let marked = marks.get(pack).copied();
            let is_needed = match marked {
                Some(_) if self.bug == Bug::LooksOnce => false,
                Some(_) => !live.is_subset(&elsewhere),
                None => {
                    let own = live.difference(&claimed).count() > 0;
                    claimed.extend(&live);
                    own
                }
            };
            let known = Known {
                written: *written,
                marked,
                needed: is_needed,
            };
            match Fate::decide(known, now, GRACE_SECONDS_MIN) {
                Fate::Goes => requests.extend([
                    Request::DeletePack(pack.clone()),
                    Request::DeleteMark(pack.clone()),
                ]),
                Fate::Spared => requests.push(Request::DeleteMark(pack.clone())),
                Fate::Marked if self.bug == Bug::NoGrace => {
                    requests.push(Request::DeletePack(pack.clone()));
                }
                Fate::Marked => requests.push(Request::PutMark(pack.clone())),
                // A pack with waste is written anew without it.
                Fate::Stays
                    if marked.is_none()
                        && now - written >= GRACE_SECONDS_MIN
                        && live.len() < pack.0.len() =>
                {
                    let anew = (live, self.fresh());
                    requests.extend([Request::PutPack(anew), Request::PutMark(pack.clone())]);
                }
                Fate::Stays => {}
            }
        }
        requests.reverse();
        requests
    }

    fn carry_out(&mut self, request: Request) {
        let bucket = &mut self.bucket;
        match request {
            Request::DropForgotten(id) => drop(bucket.forgotten.remove(&id)),
            Request::DeletePack(pack) => drop(bucket.packs.remove(&pack)),
            Request::DeleteMark(pack) => drop(bucket.marks.remove(&pack)),
            Request::PutMark(pack) => drop(bucket.marks.insert(pack, bucket.now)),
            Request::PutPack(pack) => drop(bucket.packs.insert(pack, bucket.now)),
        }
    }
}

/// Runs histories of 150 requests. Returns the seed of the first in which something was lost, and how many packs went.
fn histories(count: u64, bug: Bug) -> (Option<u64>, u64) {
    let mut gone = 0;
    for seed in 0..count {
        let mut model = Model::new(seed, bug);
        for _ in 0..150 {
            let before = (model.bucket.packs.len(), model.bucket.snapshots.len());
            model.step();
            let after = (model.bucket.packs.len(), model.bucket.snapshots.len());
            gone += u64::from(after.0 < before.0);
            // Only what goes or is new can break anything.
            if (after.0 < before.0 || after.1 > before.1) && model.broken().is_some() {
                return (Some(seed), gone);
            }
        }
    }
    (None, gone)
}

#[test]
fn in_ten_thousand_histories_of_three_hosts_nothing_is_lost_and_packs_go() {
    let (lost, gone) = histories(10_000, Bug::None);
    assert_eq!(lost, None);
    assert!(gone > 1_000, "{gone} packs went");
}

#[test]
fn each_planted_bug_is_found() {
    for bug in [
        Bug::ReliesOnMarked,
        Bug::LooksOnce,
        Bug::NeverGivesUp,
        Bug::SameName,
        Bug::DropsAtOnce,
        Bug::NoGrace,
        Bug::Moves,
    ] {
        assert!(histories(10_000, bug).0.is_some(), "{bug:?}");
    }
}
