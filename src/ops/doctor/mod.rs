//! `doctor`: what to know of a machine before anything is rebuilt on it, above all who sweeps there. Read-only, but for
//! a temporary file of its own that never has a name.

mod machine;
mod place;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::context::Context;
use super::error::Error;
use crate::sweep::{Machine, Root, Sweepers, Venv};

/// What `doctor` is told.
#[derive(Clone, Debug, Default)]
pub struct DoctorOptions {
    /// Venvs, or other directories that must stay whole; resolved.
    pub places: Vec<PathBuf>,
    /// Scripts, and directories of them, that somebody starts.
    pub look_in: Vec<PathBuf>,
    /// Below which directory the schedules and the state of the machine lie: `/`, or another one to look at.
    pub root: PathBuf,
    /// Caches of installers.
    pub caches: Vec<PathBuf>,
    /// Other programs that have the name of this one.
    pub namesakes: Vec<PathBuf>,
}

/// How it stands with one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing is wrong with it.
    Good,
    /// Something is wrong with it.
    Bad,
    /// Nobody can tell from here.
    Unknown,
}

impl State {
    /// The word that people and JSON have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sign {
    /// Which thing: `room`, `mount`, `errors` …
    pub topic: &'static str,
    /// How it stands.
    pub state: State,
    /// Of which place, where it is one.
    pub place: Option<PathBuf>,
    /// What was seen, or why nothing can be told.
    pub text: String,
}

impl Sign {
    fn new(topic: &'static str, state: State, text: impl Into<String>) -> Self {
        Self {
            topic,
            state,
            place: None,
            text: text.into(),
        }
    }

    fn at(self, place: &Path) -> Self {
        Self {
            place: Some(place.to_owned()),
            ..self
        }
    }
}

/// What `doctor` found.
#[derive(Debug)]
pub struct DoctorOutcome {
    /// The places that were looked at.
    pub places: Vec<PathBuf>,
    /// All things, in the order in which they are told.
    pub signs: Vec<Sign>,
    /// Who sweeps.
    pub sweepers: Sweepers,
    /// How long it took.
    pub took: Duration,
}

impl DoctorOutcome {
    /// Whether anything is wrong.
    pub fn is_bad(&self) -> bool {
        let is_bad = |sign: &Sign| sign.state == State::Bad;
        self.signs.iter().any(is_bad) || !self.sweepers.found.is_empty()
    }
}

/// Looks at a machine.
pub fn doctor(
    context: &Context<'_>,
    options: &DoctorOptions,
    zone: &TimeZone,
) -> Result<DoctorOutcome, Error> {
    let start = Instant::now();
    let root = Root(options.root.clone());
    let mut signs = Vec::new();
    for place in &options.places {
        signs.extend(place::signs(place, context.now));
        context.go_on()?;
    }
    signs.extend(machine::signs(&root, options));
    context.go_on()?;
    context.monitor.phase("looking who sweeps", 0, 0);
    // Schedules call places by their names below the root that is looked at.
    let venvs: Vec<Venv> = options
        .places
        .iter()
        .map(|place| {
            // One that is no part of that machine has its links on this one.
            let own = place.strip_prefix(&options.root).is_ok();
            let here = Root(PathBuf::from("/"));
            Venv::look(if own { &root } else { &here }, place, &root.called(place))
        })
        .collect();
    context.go_on()?;
    let scripts = options.look_in.iter().map(|path| root.called(path));
    let scripts: Vec<PathBuf> = scripts.collect();
    let sweepers = Machine::new(&root, context.now, zone).sweepers(&venvs, &scripts);
    Ok(DoctorOutcome {
        places: options.places.clone(),
        signs,
        sweepers,
        took: start.elapsed(),
    })
}
