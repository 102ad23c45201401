//! Follows what is executed when a module is imported, without running anything: what surely fails, and for want of
//! what. However deep sources lead, the work has an end (promise 8).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::exits::{Exits, Failure};
use super::index::Place;
use super::moment::Moment;
use super::resolve::{World, ancestors};
use super::steps::{Catch, Kind, Source, Step, Try};
use crate::model::RelPath;

/// So deep statements and modules are followed into each other; what lies deeper counts as unknown.
const DEPTH_MAX: usize = 6_000;
/// So many statements are followed for all roots together; all others count as unknown.
pub(super) const WORK_MAX: usize = 4_000_000;
/// Functions that call each other are followed so far.
const CALLS_MAX: usize = 6;

/// Which modules are followed; all others come to their end.
pub(super) struct Lead<'a> {
    /// Modules that may lead to a suspect.
    pub(super) to_suspects: HashSet<&'a RelPath>,
    /// Modules that may lead to any import that finds nothing: those count where a handler waits.
    pub(super) to_failures: HashSet<&'a RelPath>,
}

impl<'a> Lead<'a> {
    fn follows(&self, is_guarded: bool) -> &HashSet<&'a RelPath> {
        if is_guarded {
            &self.to_failures
        } else {
            &self.to_suspects
        }
    }
}

/// One evaluation.
pub(super) struct Evaluator<'w, 'a> {
    pub(super) world: &'w World<'a>,
    /// None to look at one module alone: of all that it imports only what is missing is known.
    pub(super) lead: Option<&'w Lead<'a>>,
    /// Modules that count as there although they are not, since they were told already.
    pub(super) told: HashSet<String>,
    done: HashMap<(&'a RelPath, bool), Exits>,
    pub(super) moment: Moment<'a>,
    depth: usize,
    pub(super) work: usize,
}

/// What is known where a statement stands.
#[derive(Clone, Copy)]
pub(super) struct Here<'s, 'a> {
    pub(super) file: &'a RelPath,
    source: &'s Source,
    /// Whether a handler waits for failures of imports.
    pub(super) is_guarded: bool,
    /// What a handler around the statement caught.
    caught: Option<(Kind, &'s Failure)>,
    pub(super) calls: usize,
}

impl<'s, 'a> Here<'s, 'a> {
    /// The beginning of a module, which nobody guards.
    pub(super) fn of(file: &'a RelPath, source: &'s Source) -> Self {
        Self {
            file,
            source,
            is_guarded: false,
            caught: None,
            calls: 0,
        }
    }
}

impl<'w, 'a> Evaluator<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, lead: Option<&'w Lead<'a>>) -> Self {
        Self {
            world,
            lead,
            told: HashSet::new(),
            done: HashMap::new(),
            moment: Moment::default(),
            depth: 0,
            work: 0,
        }
    }

    /// Takes a module for one that is there, from now on.
    pub(super) fn tell(&mut self, module: &str) {
        self.told.insert(module.to_owned());
        self.done.clear();
    }

    /// How an import of a module (`x/y`) by somebody else ends.
    pub(super) fn root(&mut self, module: &str) -> Exits {
        let mut exits = Exits::on();
        for above in ancestors(module).chain([module]) {
            exits = exits.then(|| match self.executed(above, false) {
                Some(path) => self.module(path, false),
                None => Exits::on(),
            });
        }
        exits
    }

    /// The source that is executed for a module, if it is followed at all.
    pub(super) fn executed(&self, module: &str, is_guarded: bool) -> Option<&'a RelPath> {
        let source = self.world.index.executed(module)?;
        let follows = |lead: &Lead<'a>| lead.follows(is_guarded).contains(source);
        self.lead
            .is_none_or(follows)
            .then(|| self.world.executed(module))?
    }

    /// How the import of a source ends.
    pub(super) fn module(&mut self, path: &'a RelPath, is_guarded: bool) -> Exits {
        let Some(lead) = self.lead else {
            return Exits::unknown();
        };
        if !lead.follows(is_guarded).contains(path) || self.moment.is_within(path) {
            return Exits::on();
        }
        if let Some(known) = self.done.get(&(path, is_guarded)) {
            return known.clone();
        }
        if self.depth > DEPTH_MAX || self.work > WORK_MAX {
            return Exits::unknown();
        }
        let Some(source) = self.world.source(path) else {
            return Exits::unknown();
        };
        self.moment.at(path, Some(0));
        let here = Here {
            is_guarded,
            ..Here::of(path, &source)
        };
        let mut exits = self.body(here, &source.body);
        exits.goes |= exits.returns || exits.breaks;
        (exits.returns, exits.breaks) = (false, false);
        self.moment.at(path, None);
        self.done.insert((path, is_guarded), exits.clone());
        exits
    }

    pub(super) fn body(&mut self, here: Here<'_, 'a>, steps: &[Step]) -> Exits {
        if self.depth > DEPTH_MAX || self.work > WORK_MAX {
            return Exits::unknown();
        }
        self.depth += 1;
        let mut exits = Exits::on();
        for step in steps {
            if !exits.goes {
                break;
            }
            self.work += 1;
            exits = exits.then(|| self.step(here, step));
        }
        self.depth -= 1;
        exits
    }

    fn step(&mut self, here: Here<'_, 'a>, step: &Step) -> Exits {
        match step {
            Step::Import(wanted) => self.import(here, wanted),
            Step::Either(arms) => {
                let ends = arms.iter().map(|arm| self.body(here, arm));
                ends.reduce(Exits::or).unwrap_or_else(Exits::on)
            }
            Step::Try(one) => self.tried(here, one),
            Step::Loop(body, once) => {
                let mut exits = self.body(here, body);
                exits.goes |= exits.breaks;
                exits.breaks = false;
                if *once { exits } else { exits.or(Exits::on()) }
            }
            Step::Raise(kind) => raise(here, *kind),
            Step::Break => Exits {
                breaks: true,
                ..Exits::default()
            },
            Step::Return => Exits {
                returns: true,
                ..Exits::default()
            },
            Step::Call(name, line) => self.call(here, name, *line),
        }
    }

    fn call(&mut self, here: Here<'_, 'a>, name: &str, line: usize) -> Exits {
        if here.calls == 0 {
            // What the call does to the module is not done yet.
            self.moment.at(here.file, Some(line - 1));
        }
        let inside = Here {
            calls: here.calls + 1,
            caught: None,
            ..here
        };
        if let Some(steps) = here.source.functions.get(name) {
            return self.called(inside, steps);
        }
        let Some((file, source)) = self.giver(here, name) else {
            return Exits::on();
        };
        let inside = Here {
            file,
            source: &source,
            ..inside
        };
        let Some(steps) = source.functions.get(name) else {
            return Exits::on();
        };
        let exits = self.called(inside, steps);
        // A function that would fail whenever it is called was not read as it is meant.
        if exits.surely_fails() && exits.convicted().is_none() {
            return Exits::unknown();
        }
        exits
    }

    fn called(&mut self, inside: Here<'_, 'a>, steps: &[Step]) -> Exits {
        if inside.calls > CALLS_MAX {
            return Exits::unknown();
        }
        let line = self.moment.line(inside.file);
        let mut exits = self.body(inside, steps);
        self.moment.at(inside.file, line);
        exits.goes |= exits.returns || exits.breaks;
        (exits.returns, exits.breaks) = (false, false);
        exits
    }

    /// The module of which a module took a function, if there is but one and it may lead to a suspect.
    fn giver(&self, here: Here<'_, 'a>, name: &str) -> Option<(&'a RelPath, Arc<Source>)> {
        let lead = self.lead?;
        let names = &here.source.names;
        let [wanted] = &names.taken.get(name)?[..] else {
            return None;
        };
        let base = self.world.base(here.file, wanted.level, &wanted.module);
        let (Place::Package(file) | Place::Module(file)) = self.world.index.place(&base) else {
            return None;
        };
        if names.bound.contains(name) || !lead.to_suspects.contains(file) {
            return None;
        }
        Some((file, self.world.source(file)?))
    }

    fn tried(&mut self, here: Here<'_, 'a>, one: &Try) -> Exits {
        let waits = |(catch, _): &(Catch, _)| catch[0] != Some(false) || catch[1] != Some(false);
        let inside = Here {
            is_guarded: here.is_guarded || one.handlers.iter().any(waits),
            ..here
        };
        let mut body = self.body(inside, &one.body);
        let sure = body.convicted().cloned().map(|missing| Failure {
            missing: Some(missing),
            always: true,
        });
        let mut failures = std::mem::take(&mut body.fails);
        // What may have failed before does not matter where the body fails in any case.
        if let Some(sure) = sure {
            let others = failures.iter_mut().flatten();
            for other in others.filter(|other| other.missing.is_none()) {
                *other = sure.clone();
            }
        }
        let may_fail = failures.iter().any(Option::is_some);
        let can_end = body.goes || body.breaks || body.returns;
        let mut ends: Vec<Exits> = Vec::new();
        if can_end || !may_fail {
            ends.push(body.then(|| self.body(here, &one.otherwise)));
        }
        // What else may be raised is not followed; a handler that waits for it may be where it goes on (trio).
        let others = one
            .handlers
            .iter()
            .filter(|(catch, _)| !may_fail && catch[2] != Some(false));
        for (_, steps) in others {
            let exits = self.body(here, steps);
            ends.extend((!exits.surely_fails()).then_some(exits));
        }
        for (kind, failure) in Kind::ALL.into_iter().zip(failures) {
            if let Some(failure) = failure {
                self.handled(here, one, kind, &failure, &mut ends);
            }
        }
        let exits = ends.into_iter().reduce(Exits::or).unwrap_or_else(Exits::on);
        if one.finally.is_empty() {
            return exits;
        }
        let last = self.body(here, &one.finally);
        let mut both = exits;
        if last.goes {
            let more = Exits {
                goes: false,
                ..last
            };
            let goes = both.goes;
            both = both.or(more);
            both.goes = goes;
            both
        } else {
            last
        }
    }

    /// The ways on from a failure in the body of a `try`.
    fn handled(
        &mut self,
        here: Here<'_, 'a>,
        one: &Try,
        kind: Kind,
        failure: &Failure,
        ends: &mut Vec<Exits>,
    ) {
        for (catch, steps) in &one.handlers {
            let takes = catch[kind as usize];
            if takes == Some(false) {
                continue;
            }
            // What a handler tries in the place of what is gone fails also for want of what is not installed (lmdb).
            let inside = Here {
                caught: Some((kind, failure)),
                is_guarded: here.is_guarded || failure.missing.is_some(),
                ..here
            };
            let mut exits = self.body(inside, steps);
            for failed in exits.fails.iter_mut().flatten() {
                // What failed first is the reason for what a handler then does in vain, and where it raises that again.
                if failed.missing.is_none() || failed.missing == failure.missing {
                    *failed = failure.clone();
                }
            }
            ends.push(exits);
            if takes == Some(true) {
                return;
            }
        }
        ends.push(Exits::failing(kind, failure.clone()));
    }
}

fn raise(here: Here<'_, '_>, kind: Option<Kind>) -> Exits {
    match (here.caught, kind) {
        (Some((was, failure)), kind) => Exits::failing(kind.unwrap_or(was), failure.clone()),
        (None, kind) => Exits::failing(kind.unwrap_or(Kind::Other), Failure::default()),
    }
}
