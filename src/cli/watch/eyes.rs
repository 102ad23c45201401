//! Where a guard hears of changes. What is heard only says when to look and whom to suspect; what is true is told by
//! content.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use venv_snap::model::{RelPath, Who};
use venv_snap::watch::{Culprit, Input};
use venv_snap::witness::{CatchUp, Event, What, Witness};

use super::super::ui::Ui;
use super::happened::Happened;

/// How long a witness is waited for at a time: it is woken by what happens, not by this.
const LONG: Duration = Duration::from_hours(1);

/// Begins to listen for changes below some venvs, and gives whom to ask whether all was told by now. Where nothing can
/// be heard they are looked at by time, and there is nobody to ask.
pub(super) fn open(ui: &Ui, venvs: Vec<PathBuf>, speaker: Sender<Happened>) -> Option<CatchUp> {
    let mut witness = match Witness::start(&venvs) {
        Ok(witness) => witness,
        Err(error) => {
            blind(ui, &error, &speaker);
            return None;
        }
    };
    if let Some(nameless) = witness.nameless() {
        ui.note(&format!("who changes files is not known: {nameless}"));
    }
    let catch_up = witness.catch_up();
    let deaf = speaker.clone();
    let hears = std::thread::Builder::new().spawn(move || {
        let own = std::process::id();
        loop {
            for event in witness.next(LONG) {
                for one in happened(event, &venvs, own) {
                    if speaker.send(one).is_err() {
                        return;
                    }
                }
            }
        }
    });
    if let Err(error) = hears {
        blind(ui, &error, &deaf);
        return None;
    }
    Some(catch_up)
}

/// Says that nothing tells of changes.
fn blind(ui: &Ui, why: &dyn std::fmt::Display, speaker: &Sender<Happened>) {
    ui.alert(&format!(
        "changes cannot be heard of, so venvs are looked at by time: {why}"
    ));
    let _ = speaker.send(Happened::ToAll(Input::Blind));
}

/// What an event means for a guard; nothing where it was our own doing.
fn happened(event: Event, venvs: &[PathBuf], own: u32) -> Vec<Happened> {
    let number = |root: &Path| venvs.iter().position(|venv| venv == root);
    match event {
        Event::Lost { .. } => vec![Happened::ToAll(Input::Lost)],
        // Events that were told before this one are with the guard by now. Whoever asked may have ceased to wait.
        Event::CaughtUp { answer } => {
            let _ = answer.send(());
            Vec::new()
        }
        Event::Blind { root, .. } => {
            let told = number(&root).map(|number| Happened::To(number, Input::Blind));
            told.into_iter().collect()
        }
        Event::Changed {
            root,
            path,
            what,
            who,
            ..
        } => {
            let Some(number) = number(&root) else {
                return Vec::new();
            };
            if who.as_ref().is_some_and(|who| who.is_below(own)) {
                return Vec::new();
            }
            let noise = is_noise(&path);
            // A process that only makes something new takes nothing away. What it made is its own all the same, and no
            // more that of whoever was seen there before.
            let who = who.filter(|_| !noise && what != What::Attributes);
            let hurts = who.as_ref().filter(|_| what != What::Created);
            let by = hurts.map(|who| culprit(who, &path));
            let renamed = what == What::Moved && path.is_root();
            let renamed = renamed.then_some(Happened::To(number, Input::Renamed));
            let saw = who.map(|who| Happened::Saw(number, path, who));
            let changed = Happened::To(number, Input::Changed { by, noise });
            saw.into_iter().chain(renamed).chain([changed]).collect()
        }
    }
}

/// Whether it is bytecode, which Python rewrites by itself.
fn is_noise(path: &RelPath) -> bool {
    let bytes = path.as_bytes();
    bytes.ends_with(b"/__pycache__") || bytes.windows(13).any(|part| part == b"/__pycache__/")
}

fn culprit(who: &Who, path: &RelPath) -> Culprit {
    let command_line = who.image.argv.as_ref().map(venv_snap::model::Argv::line);
    let parents = who.parents.iter().filter_map(|parent| parent.image.line());
    let user = who
        .user
        .as_ref()
        .map(|user| user.name.clone().unwrap_or_else(|| user.uid.to_string()));
    Culprit {
        pid: Some(who.pid),
        program: who
            .image
            .program
            .clone()
            .unwrap_or_else(|| "an unknown process".to_owned()),
        command_line,
        parents: parents.collect(),
        unit: who
            .cron
            .clone()
            .map(|job| format!("cron: {job}"))
            .or_else(|| who.unit.clone()),
        user,
        certainty: who.certainty.as_str().to_owned(),
        files: 1,
        sample: vec![path.to_string()],
        paths: [path.to_string()].into(),
        and_more: false,
    }
}
