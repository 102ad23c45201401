//! `drill`: proves that baselines can be brought back, by bringing them back. Each is restored where nothing is, in a
//! directory that goes again, and looked at there: the venv itself is only looked at.
//!
//! 1. A restore builds it from the store alone, reads it back, and makes it durable, as at 3 a.m. (`room.rs` is where).
//! 2. It is audited, its interpreter started, and every top-level module imported (`prove.rs`).
//! 3. It goes, and the log keeps what came of it (`newest.rs` reads that). What a kill leaves goes with the next drill
//!    in the same directory (promise 9).

mod newest;
mod outcome;
mod prove;
mod room;

use std::path::PathBuf;
use std::time::Instant;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::log::{Event, record};
use super::lookup::choose;
use super::restore::rehearse;
use super::status::known_venvs;
use crate::audit::Accept;
use crate::disk::rooted::Rooted;
use crate::store::Store;
use crate::tree::Site;

pub use newest::LastDrill;
pub(super) use newest::newest;
pub use outcome::{Drill, DrillOutcome, Drilled, Imports, NotImported, Proof, Unproved};

use room::Room;

/// What a drill is told.
#[derive(Clone, Debug)]
pub struct DrillOptions {
    /// The venvs, with the findings that are accepted in each; all of this host that the store knows where none is
    /// named.
    pub venvs: Vec<(Site, Vec<Accept>)>,
    /// The directory in which they are restored, resolved.
    pub into: PathBuf,
    /// Whether modules are imported, which runs code of the venv.
    pub import: bool,
}

/// Brings baselines back, one after the other, each to go again.
pub fn drill(context: &Context<'_>, options: &DrillOptions) -> Result<DrillOutcome, Error> {
    let start = Instant::now();
    let store = context.open()?;
    store.tidy(context.monitor)?;
    let into = Rooted::open_resolved(&options.into)?;
    for (site, _) in &options.venvs {
        room::refuse_inside(&into, site)?;
    }
    room::clear_left(&into)?;
    let mut venvs = Vec::new();
    for (site, accept) in &options.venvs {
        context.go_on()?;
        let drill = Rehearsal {
            context,
            store: &store,
            into: &into,
            site,
            accept,
            import: options.import,
        };
        venvs.push(drill.run()?);
    }
    Ok(DrillOutcome {
        into: into.path().to_owned(),
        venvs,
        took: start.elapsed(),
    })
}

/// The venvs of this host that the store knows, each where it stands or stood.
pub fn venvs_to_drill(context: &Context<'_>) -> Result<Vec<Site>, Error> {
    let known = known_venvs(context)?;
    // Where the directory around it is gone as well, it is still known by its path.
    Ok(known.iter().map(|path| Site::known(path)).collect())
}

/// The drill of one venv.
struct Rehearsal<'a> {
    context: &'a Context<'a>,
    store: &'a Store,
    into: &'a Rooted,
    site: &'a Site,
    accept: &'a [Accept],
    import: bool,
}

impl Rehearsal<'_> {
    fn run(&self) -> Result<Drilled, Error> {
        let start = Instant::now();
        let (context, venv) = (self.context, self.context.venv_id(self.site));
        let (baseline, newer) = match choose(context, self.store, &venv, None) {
            Ok((baseline, newer)) => (Some(baseline), newer),
            Err(Error::NoBaseline { .. }) => (None, None),
            Err(error) => return Err(error),
        };
        let drill = match &baseline {
            None => Drill::NoBaseline,
            Some(chosen) => self.drill_one(chosen)?,
        };
        let drilled = Drilled {
            venv: self.site.path().to_owned(),
            baseline,
            newer,
            drill,
            took: start.elapsed(),
        };
        self.note(&drilled);
        Ok(drilled)
    }

    /// Brings one baseline back, looks at it, and removes it again.
    fn drill_one(&self, chosen: &Chosen) -> Result<Drill, Error> {
        let room = match Room::create(self.context, self.into, self.site) {
            Ok(room) => room,
            Err(error) => return self.failed(error),
        };
        let brought = rehearse(self.context, self.store, chosen.clone(), &room.place);
        let drill = match brought {
            Ok(restored) => match prove::prove(self, &room, restored) {
                Ok(proof) => Drill::Brought(Box::new(proof)),
                Err(error) => self.failed(error)?,
            },
            Err(error) => self.failed(error)?,
        };
        match room.remove() {
            Ok(()) => Ok(drill),
            Err(error) => Ok(Drill::NotTried(error.into())),
        }
    }

    /// What an error says of the baseline: that it cannot be had, or nothing.
    fn failed(&self, error: Error) -> Result<Drill, Error> {
        match error {
            Error::Interrupted => Err(error),
            error if outcome::is_of_store(&error, self.store.path()) => Ok(Drill::Lost(error)),
            error => Ok(Drill::NotTried(error)),
        }
    }

    /// Writes into the log what came of it, where it came to something.
    fn note(&self, drilled: &Drilled) {
        let Some(baseline) = &drilled.baseline else {
            return;
        };
        let proved = match &drilled.drill {
            Drill::NotTried(_) | Drill::NoBaseline => return,
            Drill::Brought(proof) if proof.is_good() && !proof.is_whole() => return,
            Drill::Brought(proof) => proof.is_good(),
            Drill::Lost(_) => false,
        };
        let event = Event {
            time: self.context.now,
            verb: Event::DRILL.to_owned(),
            venv: self.context.venv_id(self.site),
            snapshot: baseline.id,
            incident: None,
            label: None,
            changed: None,
            took_ms: Some(drilled.took.as_millis() as u64),
            lacks: Vec::new(),
            file_system: None,
            proved: Some(proved),
        };
        record(self.store, &event, self.context.monitor);
    }
}
