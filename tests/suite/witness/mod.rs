//! The witness: whether each change is told, and whether it is named rightly who made it.

mod culprits;
mod places;
mod scene;
mod sightings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use venv_snap::model::Who;
use venv_snap::witness::{Event, What, Witness};

use crate::support::faults::{is_root, skipped};

/// A change is told within this; a busy machine needs far more than the witness itself.
const SOON: Duration = Duration::from_mins(1);

/// Whether it can be told who changes files; tells aloud if not.
fn can_name(witness: &Witness, count: usize) -> bool {
    if let Some(why) = witness.nameless() {
        assert!(!is_root(), "{why}");
        skipped(count, "claims of who changed files: not root");
        return false;
    }
    true
}

/// One change, as the tests look at it.
#[derive(Debug)]
struct Seen {
    root: PathBuf,
    path: String,
    what: What,
    who: Option<Arc<Who>>,
}

/// All changes until one is there that is wanted.
#[track_caller]
fn until(witness: &mut Witness, wanted: impl Fn(&Seen) -> bool) -> Vec<Seen> {
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < SOON {
        for event in witness.next(Duration::from_millis(200)) {
            let Event::Changed {
                root,
                path,
                what,
                who,
                ..
            } = event
            else {
                panic!("{event:?}");
            };
            let path = String::from_utf8_lossy(path.as_bytes()).into_owned();
            all.push(Seen {
                root,
                path,
                what,
                who,
            });
        }
        if all.iter().any(&wanted) {
            return all;
        }
    }
    panic!("not told within {SOON:?}: {all:#?}");
}

/// What is told of one path, until that is there.
#[track_caller]
fn of(witness: &mut Witness, path: &str, what: What) -> Seen {
    let mut all = until(witness, |seen| seen.path == path && seen.what == what);
    let at = all
        .iter()
        .position(|seen| seen.path == path && seen.what == what);
    all.swap_remove(at.unwrap())
}

/// What is told of all that has happened by now.
fn rest(witness: &mut Witness) -> Vec<Event> {
    let (answer, answered) = channel();
    witness.catch_up().ask(answer);
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < SOON {
        for event in witness.next(Duration::from_millis(200)) {
            match event {
                Event::CaughtUp { answer } => answer.send(()).unwrap(),
                event => all.push(event),
            }
        }
        if answered.try_recv().is_ok() {
            return all;
        }
    }
    panic!("not caught up within {SOON:?}: {all:#?}");
}

fn start(root: &Path) -> Witness {
    Witness::start(&[root.to_owned()]).unwrap()
}
