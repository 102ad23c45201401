//! Calls and what may happen at them: which calls a command makes, and how strace is told to hurt one.

use std::collections::{BTreeMap, BTreeSet};

/// What happens at a call.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    Kill,
    /// Once, or from then on.
    Error(&'static str, bool),
}

/// A changing call: its name, and which call of that name it is in its thread, from 1.
#[derive(Clone)]
pub(crate) struct Point {
    pub(crate) call: String,
    pub(crate) number: usize,
    /// Whether it only opens what is there.
    pub(crate) reads: bool,
}

impl Fault {
    pub(crate) fn injection(self, point: &Point) -> String {
        let Point { call, number, .. } = point;
        match self {
            Self::Kill => format!("{call}:signal=KILL:when={number}"),
            Self::Error(name, false) => format!("{call}:error={name}:when={number}"),
            Self::Error(name, true) => format!("{call}:error={name}:when={number}+"),
        }
    }

    /// Whether a call may end so.
    pub(crate) fn fits(self, point: &Point) -> bool {
        let call = &point.call;
        match self {
            Self::Error("EMFILE", _) => call == "openat",
            Self::Error("EACCES", _) => !call.contains("write") && !call.contains("sync"),
            Self::Error("EIO", _) => true,
            Self::Kill | Self::Error(..) => !point.reads,
        }
    }
}

/// The points in a log of strace: the n-th call of its name in its thread. What is opened outside of `root` does not
/// count.
pub(crate) fn points(log: &str, root: &str) -> Vec<Point> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: BTreeSet<(String, usize, bool)> = BTreeSet::new();
    let mut loaded = 0;
    for line in log.lines().filter(|line| !line.contains("resumed>")) {
        let parts = line.split_once(' ').and_then(|(thread, rest)| {
            let (call, rest) = rest.trim().split_once('(')?;
            Some((thread, call, rest))
        });
        let Some((thread, call, rest)) = parts else {
            continue;
        };
        let count = counts.entry((thread, call)).or_default();
        *count += 1;
        let elsewhere = rest.contains(", \"/") && !rest.contains(root);
        if call == "openat" && !elsewhere && loaded == 0 {
            loaded = *count;
        }
        // Until it opens the first of its own files the program is being loaded. Opens with smaller numbers do not
        // count, in whichever thread they are.
        if call != "openat" || !elsewhere && *count >= loaded {
            let reads = call == "openat" && !rest.contains("O_CREAT");
            found.insert((call.to_owned(), *count, reads));
        }
    }
    let point = |(call, number, reads)| Point {
        call,
        number,
        reads,
    };
    found.into_iter().map(point).collect()
}
