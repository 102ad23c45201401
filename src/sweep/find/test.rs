//! The tests of an expression, and whether an entry fulfils them.

use std::collections::HashSet;

use regex::bytes::Regex;

use super::Action;
use crate::sweep::glob::{FIND, Rules, matches};
use crate::sweep::target::{Clock, Kind, Target};

/// A test or an action.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Always,
    Never,
    Unknown,
    /// Whatever the case of letters, where the flag is set; as those that follow.
    Name(String, bool),
    Path(String, bool),
    LinkTo(String, bool),
    Regex(Regex),
    NameRegex(Regex),
    Type(Vec<Kind>),
    /// What a link leads to.
    LeadsTo(Vec<Option<Kind>>),
    Age(Clock, Size, i64),
    Newer(Clock, When),
    Size(Size, u64),
    Empty,
    User(Size),
    Group(Size),
    /// One that is none of these users.
    NoUser(HashSet<u32>),
    NoGroup(HashSet<u32>),
    Links(Size),
    Inode(Size),
    Mode(Bits, u32),
    Prune,
    Act(Action, Option<bool>),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    /// Both are done, and the second one counts: `,`.
    Each(Box<Test>, Box<Test>),
}

/// A time, in seconds since 1970 or before the search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    At(i64),
    Ago(i64),
}

/// How bits of a mode are compared: all of them as they are, all of the given ones, any of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bits {
    Same,
    All,
    Any,
}

/// `+n`, `n` or `-n`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size(std::cmp::Ordering, i64);

impl Size {
    pub(super) fn parse(text: &str) -> Option<Self> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (order, digits) = match text.as_bytes().first()? {
            b'+' => (Greater, &text[1..]),
            b'-' => (Less, &text[1..]),
            _ => (Equal, text),
        };
        Some(Self(order, digits.parse().ok()?))
    }

    pub(super) fn only(value: u32) -> Self {
        Self(std::cmp::Ordering::Equal, value.into())
    }

    fn fits(self, value: i64) -> bool {
        value.cmp(&self.1) == self.0
    }
}

/// An entry while it is looked at.
pub(super) struct Entry<'e> {
    pub(super) target: &'e Target,
    /// How the search calls it.
    pub(super) printed: &'e dyn Fn() -> Vec<u8>,
    pub(super) now: i64,
    /// Whether a link counts as what it leads to, and only one that leads nowhere as a link.
    pub(super) follows: bool,
}

/// What was done with an entry.
pub(super) struct Acts {
    wanted: Action,
    /// Whether what is asked for was done with it.
    pub(super) does: bool,
    pub(super) prunes: bool,
}

impl Acts {
    pub(super) fn new(wanted: Action) -> Self {
        Self {
            wanted,
            does: false,
            prunes: false,
        }
    }
}

impl Test {
    pub(super) fn and(self, right: Self) -> Self {
        Self::And(Box::new(self), Box::new(right))
    }

    /// Whether an action is a part of it.
    pub(super) fn has(&self, action: Action) -> bool {
        match self {
            Self::Act(one, _) => *one == action,
            Self::Not(inner) => inner.has(action),
            Self::And(left, right) | Self::Or(left, right) | Self::Each(left, right) => {
                left.has(action) || right.has(action)
            }
            _ => false,
        }
    }

    /// Whether an entry fulfils it; none where nobody knows. What is done with it is noted.
    pub(super) fn eval(&self, entry: &Entry<'_>, acts: &mut Acts) -> Option<bool> {
        match self {
            Self::Not(inner) => inner.eval(entry, acts).map(|truth| !truth),
            Self::And(left, right) => match left.eval(entry, acts) {
                Some(false) => Some(false),
                Some(true) => right.eval(entry, acts),
                None => right.maybe(entry, acts).filter(|truth| !truth),
            },
            Self::Or(left, right) => match left.eval(entry, acts) {
                Some(true) => Some(true),
                Some(false) => right.eval(entry, acts),
                None => right.maybe(entry, acts).filter(|truth| *truth),
            },
            Self::Each(left, right) => {
                left.eval(entry, acts);
                right.eval(entry, acts)
            }
            Self::Prune => {
                acts.prunes = true;
                Some(true)
            }
            Self::Act(action, truth) => {
                acts.does |= *action == acts.wanted;
                *truth
            }
            Self::Unknown => None,
            test => Some(test.holds(entry)),
        }
    }

    /// The same where nobody knows whether it is asked. What it does counts, but nothing is pruned that may be kept.
    fn maybe(&self, entry: &Entry<'_>, acts: &mut Acts) -> Option<bool> {
        let prunes = acts.prunes;
        let truth = self.eval(entry, acts);
        acts.prunes = prunes;
        truth
    }

    fn holds(&self, entry: &Entry<'_>) -> bool {
        let target = entry.target;
        let rules = |any_case: bool| Rules { any_case, ..FIND };
        let fits =
            |pattern: &str, text: &[u8], any: bool| matches(pattern.as_bytes(), text, rules(any));
        match self {
            Self::Name(pattern, any) => fits(pattern, target.name(), *any),
            Self::Path(pattern, any) => fits(pattern, &(entry.printed)(), *any),
            Self::LinkTo(pattern, any) => target
                .link
                .as_ref()
                .filter(|_| !entry.follows || target.leads_to.is_none())
                .is_some_and(|to| fits(pattern, to, *any)),
            Self::Regex(regex) => regex.is_match(&(entry.printed)()),
            Self::NameRegex(regex) => regex.is_match(target.name()),
            Self::Type(kinds) if entry.follows => {
                kinds.contains(&target.leads_to.unwrap_or(Kind::Link))
            }
            Self::Type(kinds) => kinds.contains(&target.kind),
            // What is not followed otherwise is asked for by this test, and the other way round.
            Self::LeadsTo(kinds) if entry.follows => {
                kinds.contains(&Some(target.kind).filter(|kind| *kind != Kind::Link))
            }
            Self::LeadsTo(kinds) => kinds.contains(&target.leads_to),
            Self::Age(clock, size, unit) => {
                size.fits((entry.now - target.time(*clock)).div_euclid(*unit))
            }
            Self::Newer(clock, When::At(than)) => target.time(*clock) > *than,
            Self::Newer(clock, When::Ago(seconds)) => target.time(*clock) > entry.now - seconds,
            Self::Size(size, unit) => {
                target.kind == Kind::File && size.fits(target.size.div_ceil(*unit) as i64)
            }
            // With an empty directory nothing of a venv is lost.
            Self::Empty => target.kind == Kind::File && target.size == 0,
            Self::User(uid) => uid.fits(target.uid.into()),
            Self::Group(gid) => gid.fits(target.gid.into()),
            Self::NoUser(known) => !known.contains(&target.uid),
            Self::NoGroup(known) => !known.contains(&target.gid),
            Self::Links(size) => size.fits(target.links as i64),
            Self::Inode(size) => size.fits(target.inode as i64),
            Self::Mode(Bits::Same, bits) => target.mode & 0o7777 == *bits,
            Self::Mode(Bits::All, bits) => target.mode & bits == *bits,
            Self::Mode(Bits::Any, bits) => *bits == 0 || target.mode & bits != 0,
            Self::Never => false,
            _ => true,
        }
    }
}
