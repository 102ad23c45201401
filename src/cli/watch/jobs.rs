//! What a guard has done, each in a thread of its own: the program itself looks and heals as a child, so that whatever
//! it takes is given back with its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use venv_snap::watch::{
    Ask, Found, Gone, Guarded, Healed, Input, Mended, OnUpgrade, Order, Place, Receiver, Service,
    Verdict, failed_import, found_by_audit, found_by_comparison, found_by_rehearsal,
    installer_at_work, unmet_requirements,
};
use venv_snap::witness::CatchUp;

use super::super::exit::Exit;
use super::child::{Ended, run};
use super::http;

/// How this program is started again.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) store: PathBuf,
    /// The store, where it is a directory of this host.
    pub(super) dir: Option<PathBuf>,
}

/// How long a look, a heal or a save may take: a store on a slow disk is no reason to give up.
const PATIENCE: Duration = Duration::from_hours(1);
/// How long a service may take to be started.
const RESTART_PATIENCE: Duration = Duration::from_mins(2);
/// How long what was found waits until all is told that happened before.
const CATCH_UP_PATIENCE: Duration = Duration::from_secs(10);
/// How long a look waits for whoever holds store or venv.
const LOCK_WAIT: &str = "20";

impl Program {
    fn run(&self, args: &[&str], venv: &Path, patience: Duration) -> Result<Ended, String> {
        let mut words: Vec<OsString> = vec!["--store".into(), self.store.clone().into()];
        words.extend(["--json", "-q", "--lock-wait", LOCK_WAIT].map(Into::into));
        words.extend(args.iter().map(Into::into));
        // An argument that begins with a dash is no option behind this.
        words.extend(["--".into(), venv.into()]);
        // The child must not speak to systemd in the name of the guard.
        let mut command = Command::new(&self.path);
        command
            .args(words)
            .current_dir("/")
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC");
        run(&mut command, "", patience).map_err(|error| format!("it cannot be started: {error}"))
    }

    fn look(&self, rules: &Guarded, known: &Place, full: bool, despite: bool) -> Input {
        let venv = &rules.path;
        let at_work = installer_at_work(venv);
        if at_work.is_some() && !despite {
            return Input::AtWork;
        }
        let (place, gone) = Place::of(venv);
        let found = match gone {
            Some(gone) => self.rehearse(venv, gone),
            None => self.compare(venv, full),
        };
        let saves = rules.policy.on_upgrade == OnUpgrade::Save;
        let found = found.and_then(|found| {
            let is_asked = saves && found.verdict == Verdict::Upgraded;
            let unmet = is_asked
                .then(|| self.unmet(venv, &found.moved))
                .transpose()?;
            let unmet = unmet.unwrap_or_default();
            Ok(Found { unmet, ..found })
        });
        match found {
            Ok(found) => Input::Found(Found {
                at_work,
                is_beside: gone.is_some() && known.beside(venv).is_some(),
                place,
                gone,
                ..found
            }),
            Err(why) => Input::NotFound(why),
        }
    }

    /// What a venv is that stands there.
    fn compare(&self, venv: &Path, full: bool) -> Result<Found, String> {
        let args: &[&str] = if full {
            &["diff"]
        } else {
            &["diff", "--quick"]
        };
        let was_there = self.has_store();
        let ended = self.run(args, venv, PATIENCE)?;
        if has_no_snapshot(&ended) {
            return self.audit(venv, was_there);
        }
        told(&ended, found_by_comparison)
    }

    /// What a venv was of which nothing is left: what would be put there. Where no directory would hold it, or no
    /// baseline has it, nothing can be.
    fn rehearse(&self, venv: &Path, gone: Gone) -> Result<Found, String> {
        if gone == Gone::Parent {
            return Ok(Found::whole(0, 0));
        }
        let was_there = self.has_store();
        let ended = self.run(&["restore", "--heal", "--dry-run"], venv, PATIENCE)?;
        if has_no_snapshot(&ended) {
            self.needs_store(was_there)?;
            return Ok(Found::whole(0, 0));
        }
        told(&ended, found_by_rehearsal)
    }

    /// Whether the store is there, as far as that can be seen.
    fn has_store(&self) -> bool {
        self.dir.as_ref().is_none_or(|dir| dir.exists())
    }

    fn needs_store(&self, was_there: bool) -> Result<(), String> {
        if was_there && self.has_store() {
            return Ok(());
        }
        Err(format!("the store '{}' is not there", self.store.display()))
    }

    /// What can be told without a baseline. A store that is not there, or came only meanwhile, may have a baseline, so
    /// that is an error.
    fn audit(&self, venv: &Path, was_there: bool) -> Result<Found, String> {
        self.needs_store(was_there)?;
        told(&self.run(&["check"], venv, PATIENCE)?, found_by_audit)
    }

    /// What an upgrade that may become a baseline lacks.
    fn unmet(&self, venv: &Path, moved: &[String]) -> Result<Vec<String>, String> {
        let audited = self.run(&["check"], venv, PATIENCE)?;
        told(&audited, |answer| unmet_requirements(answer, moved))
    }

    fn import(&self, venv: &Path, patience: Duration) -> Result<(), String> {
        let ended = self.run(&["check", "--import"], venv, patience)?;
        match told(&ended, failed_import)? {
            None => Ok(()),
            Some(failed) => Err(failed),
        }
    }

    fn heal(&self, venv: &Path) -> Healed {
        let ended = match self.run(&["restore", "--heal"], venv, PATIENCE) {
            Ok(ended) => ended,
            Err(why) => return Healed::Failed(why),
        };
        match serde_json::from_slice::<Restored>(&ended.answer) {
            Ok(restored) if matches!(restored.mode.as_str(), "identical" | "left-alone") => {
                Healed::Nothing
            }
            Ok(restored) => Healed::Mended(Mended {
                incident: restored.incident,
                took: Duration::from_millis(restored.took_ms),
                left: u32::try_from(restored.left.len()).unwrap_or(u32::MAX),
            }),
            Err(_) => Healed::Failed(complaint(&ended)),
        }
    }

    fn save(&self, venv: &Path) -> Result<(), String> {
        // One that began since the look.
        if let Some(installer) = installer_at_work(venv) {
            return Err(format!("{installer} is at work"));
        }
        let note = "an upgrade that the guard found sound";
        let ended = self.run(&["save", "--note", note], venv, PATIENCE)?;
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(complaint(&ended))
        }
    }
}

/// Whether a command ended since there is no store, or no snapshot of the venv in it.
fn has_no_snapshot(ended: &Ended) -> bool {
    ended.code == Some(i32::from(Exit::NoStore.code()))
}

/// What of the answer of a restore is needed.
#[derive(Deserialize)]
struct Restored {
    mode: String,
    incident: Option<String>,
    took_ms: u64,
    left: Vec<serde::de::IgnoredAny>,
}

/// The answer, where there is one: also one that is not complete says what is wrong.
fn told<T>(
    ended: &Ended,
    read: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<T, String> {
    if ended.answer.is_empty() {
        return Err(complaint(ended));
    }
    read(&ended.answer).map_err(|error| format!("its answer is not understood: {error}"))
}

/// The message and the causes of an error that this program told in JSON; else the last line that it wrote.
fn complaint(ended: &Ended) -> String {
    #[derive(Deserialize)]
    struct Line {
        error: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        message: String,
        causes: Vec<String>,
    }
    let mut lines = ended.complaints.lines().rev();
    let error = lines.find_map(|line| serde_json::from_str::<Line>(line).ok());
    error.map_or_else(
        || ended.why(),
        |line| {
            let parts = [vec![line.error.message], line.error.causes].concat();
            parts.join(": ")
        },
    )
}

/// Does what is ordered, and tells how that went. Announcements are not done here. After a look it waits until the
/// witness has told all that happened meanwhile. The guard then knows who did it, and that the look was overtaken,
/// before it hears what the look found.
pub(super) fn perform(
    program: &Program,
    rules: &Guarded,
    known: &Place,
    order: &Order,
    catch_up: Option<&CatchUp>,
) -> Input {
    let venv = &rules.path;
    match order {
        Order::Look { full, despite } => {
            let found = program.look(rules, known, *full, *despite);
            // A witness that does not answer within that time is not waited for any longer.
            if let Some(catch_up) = catch_up {
                catch_up.wait(CATCH_UP_PATIENCE);
            }
            found
        }
        Order::Heal => Input::Healed(program.heal(venv)),
        Order::Save => Input::Saved(program.save(venv)),
        Order::Restart => Input::Restarted(rules.service.as_ref().map_or(Ok(()), restart)),
        Order::Ask => Input::Asked(rules.health.as_ref().map_or(
            Ok(()),
            |health| match &health.ask {
                Ask::Url(url) => http::get(url, health.timeout),
                Ask::Command(words) => succeeds(words, "", health.timeout),
            },
        )),
        Order::Import => {
            let patience = rules
                .imports
                .as_ref()
                .map_or(RESTART_PATIENCE, |imports| imports.timeout);
            Input::Imported(program.import(venv, patience))
        }
        Order::Announce(_) => Input::Tick,
    }
}

fn restart(service: &Service) -> Result<(), String> {
    match service {
        Service::Unit(unit) => {
            let words =
                ["systemctl", "--no-ask-password", "restart", "--", unit].map(str::to_owned);
            succeeds(&words, "", RESTART_PATIENCE)
        }
        Service::Command(words) => succeeds(words, "", RESTART_PATIENCE),
    }
}

/// Sends an alert to a receiver.
pub(super) fn deliver(receiver: &Receiver, body: &str) -> Result<(), String> {
    match receiver {
        Receiver::Command { words, timeout } => succeeds(words, body, *timeout),
        Receiver::Webhook {
            url,
            bearer,
            timeout,
        } => http::post(url, bearer.as_ref(), body, *timeout),
    }
}

fn succeeds(words: &[String], input: &str, patience: Duration) -> Result<(), String> {
    let Some((program, args)) = words.split_first() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir("/")
        .env_remove("NOTIFY_SOCKET")
        .env_remove("WATCHDOG_USEC");
    match run(&mut command, input, patience) {
        Ok(ended) if ended.code == Some(0) => Ok(()),
        Ok(ended) => Err(format!("'{program}': {}", ended.why())),
        Err(error) => Err(format!("'{program}' cannot be started: {error}")),
    }
}
