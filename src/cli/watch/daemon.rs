//! The guard at work: one thread decides, all that takes long happens in others and comes back as what happened.

use std::sync::mpsc::{Receiver as Ear, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use venv_snap::model::Shown;
use venv_snap::report::metrics::guard::{self, Round};
use venv_snap::report::{json, text};
use venv_snap::watch::{
    Guard, Healed, Input, Letter, Memory, Moment, News, Order, Rules, shared_files,
};
use venv_snap::witness::CatchUp;

use super::super::error::Failure;
use super::super::exit::Exit;
use super::super::limits::aside;
use super::super::session::Session;
use super::super::when;
use super::calls::Calls;
use super::clock;
use super::figures::Figures;
use super::happened::Happened;
use super::jobs::{self, Program};
use super::keeper::{self, Keeper};
use super::outbox::Outbox;
use super::seen::Seen;
use super::stood;
use super::systemd::Systemd;

/// How it works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    /// One round, and no more.
    pub(super) once: bool,
    /// Nothing is changed and nobody told.
    pub(super) dry_run: bool,
}

/// Where nothing is due, the loop turns so often.
const LONG: Duration = Duration::from_hours(1);

pub(super) struct Daemon<'a> {
    session: &'a Session<'a>,
    rules: Rules,
    program: Program,
    mode: Mode,
    pub(super) guards: Vec<Guard>,
    outbox: Outbox,
    figures: Figures,
    seen: Seen,
    keeper: Keeper<'a>,
    systemd: Systemd,
    /// Whom to ask whether all was told that happened; nobody where nothing can be heard.
    catch_up: Option<CatchUp>,
    speaker: Sender<Happened>,
    ear: Ear<Happened>,
    calls: Calls,
}

impl<'a> Daemon<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        rules: Rules,
        program: Program,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let (speaker, ear) = channel();
        let now = clock::now();
        let context = &session.context;
        // A guard that only looks leaves no figures behind.
        let figures = if mode.once || mode.dry_run {
            Figures::none(now)
        } else {
            Figures::open(&rules.metrics, now)?
        };
        let mut daemon = Self {
            session,
            mode,
            guards: Vec::new(),
            outbox: Outbox::default(),
            figures,
            seen: Seen::default(),
            keeper: Keeper::new(
                session.ui,
                // A store in a bucket may have no place on this host. Its name then leads nowhere: that is told, and
                // nothing is healed.
                context
                    .store
                    .on_this_host()
                    .unwrap_or_else(|| context.store.name().to_owned()),
                context.host.clone(),
                mode.dry_run,
            ),
            systemd: Systemd::new(now),
            catch_up: None,
            // A dry run calls nobody.
            calls: Calls::new(rules.ping.clone().filter(|_| !mode.dry_run), now),
            rules,
            program,
            speaker,
            ear,
        };
        daemon.remember(now)?;
        Ok(daemon)
    }

    /// From now on the daemon hears what happens. With `catch_up` it can ask whether that was all.
    pub(super) fn hears(&mut self, catch_up: Option<CatchUp>) {
        self.catch_up = catch_up;
    }

    /// Where threads speak to this one.
    pub(super) fn speaker(&self) -> Sender<Happened> {
        self.speaker.clone()
    }

    /// Takes up what was kept, if the keeper can read it.
    fn remember(&mut self, now: Moment) -> Result<(), Failure> {
        let knew = self.keeper.knows();
        let kept = self.keeper.open(now)?;
        // Guards are made at the start, and once more when what was kept becomes readable for the first time.
        if !self.guards.is_empty() && (knew || !self.keeper.knows()) {
            return Ok(());
        }
        let by = kept
            .as_ref()
            .map_or(0, |kept| kept.offset(&clock::boot(), now, when::now()));
        let booted = kept.as_ref().is_some_and(|kept| kept.boot != clock::boot());
        let (mut venvs, letters) =
            kept.map_or_else(Default::default, |kept| (kept.venvs, kept.letters));
        for letter in letters
            .into_iter()
            .filter(|letter| letter.receiver < self.rules.receivers.len())
        {
            self.outbox.add(Letter { due: now, ..letter });
        }
        let guards = self.rules.venvs.iter().map(|rules| {
            let memory = venvs.remove(&*rules.path.to_string_lossy());
            let memory = memory.map_or_else(|| Memory::new(now), |memory| memory.moved(by));
            let memory = if booted { memory.after_boot() } else { memory };
            let memory = stood::known(self.session, &rules.path, memory);
            Guard::new(rules.clone(), memory, now)
        });
        self.guards = guards.collect();
        Ok(())
    }

    /// Guards until it is told to end.
    pub(super) fn run(&mut self) -> Result<Exit, Failure> {
        Systemd::ready();
        loop {
            let now = clock::now();
            if self.keeper.due().is_some_and(|due| now >= due) {
                self.remember(now)?;
                self.keep();
            }
            for number in 0..self.guards.len() {
                if self.guards[number].due() <= now {
                    self.tell(number, Input::Tick);
                }
            }
            self.send(now);
            self.calls.make(now, &self.speaker);
            self.systemd.alive(now);
            if self.figures.are_due(now) {
                self.publish(now);
            }
            if self.mode.once && self.is_done(now) {
                self.keep();
                return Ok(Exit::Done);
            }
            let wait = self.due(now).since(now);
            match self.ear.recv_timeout(wait) {
                Ok(Happened::End) => {
                    Systemd::ends();
                    self.keep();
                    return Ok(Exit::Done);
                }
                Ok(happened) => self.take(happened)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    fn is_done(&self, now: Moment) -> bool {
        self.guards.iter().all(|guard| guard.is_idle(now)) && self.outbox.is_done()
    }

    /// When something is to be done next.
    fn due(&self, now: Moment) -> Moment {
        let mut due = now.after(LONG);
        let guards = self.guards.iter().map(Guard::due);
        let others = [
            self.outbox.due(),
            self.keeper.due(),
            self.systemd.due(),
            self.calls.due(),
        ];
        for one in guards.chain(others.into_iter().flatten()) {
            due = due.min(one);
        }
        due
    }

    fn take(&mut self, happened: Happened) -> Result<(), Failure> {
        match happened {
            Happened::To(number, input) => {
                let input = self.known(input)?;
                // The heal of this one parts its files from those of the others, so they are told before.
                if let Input::Found(found) = &input
                    && self.guards[number].concerns_others(found)
                {
                    self.tell_others(number, &found.damage.paths);
                }
                self.tell(number, input);
            }
            Happened::Saw(number, path, who) => self.seen.add(number, path, &who),
            Happened::ToAll(input) => {
                for number in 0..self.guards.len() {
                    self.tell(number, input.clone());
                }
            }
            Happened::Sent(id, sent) => {
                if let Err(why) = &sent {
                    self.session.ui.alert(&format!(
                        "an alert did not arrive and is sent again: {}",
                        Shown(why.as_bytes())
                    ));
                }
                if self.outbox.ended(id, sent.is_ok(), clock::now()) {
                    self.session
                        .ui
                        .alert("an alert that did not arrive for hours is given up");
                }
                self.keep();
            }
            Happened::Called(called) => self.calls.ended(self.session.ui, called),
            Happened::End => {}
        }
        Ok(())
    }

    /// Tells the others what was damaged in place in one venv.
    fn tell_others(&mut self, number: usize, paths: &[String]) {
        let venv = self.guards[number].rules().path.clone();
        for other in (0..self.guards.len()).filter(|other| *other != number) {
            let shared = shared_files(&venv, &self.guards[other].rules().path, paths);
            self.tell(other, Input::Shared(shared));
        }
    }

    /// What was found counts only where it is known what was done before. Without that nobody knows how often the venv
    /// was healed.
    fn known(&mut self, input: Input) -> Result<Input, Failure> {
        if self.keeper.knows() || !matches!(input, Input::Found(_)) {
            return Ok(input);
        }
        self.remember(clock::now())?;
        Ok(if self.keeper.knows() {
            input
        } else {
            Input::NotFound("what was done before cannot be read in the store".to_owned())
        })
    }

    /// Tells a guard what happened, remembers what follows from that, and has it done.
    fn tell(&mut self, number: usize, input: Input) {
        let matters = !matches!(
            input,
            Input::Changed { .. } | Input::Asked(_) | Input::Imported(_) | Input::Tick
        );
        let orders = self.guards[number].tell(clock::now(), input);
        let acts = |order: &Order| {
            matches!(
                order,
                Order::Heal | Order::Restart | Order::Save | Order::Announce(_)
            )
        };
        let keeps = matters || orders.iter().any(acts);
        for order in &orders {
            if let Order::Announce(news) = order {
                self.announce(number, news);
            }
        }
        // What follows is on the disk before anything is done, so the guard after a crash knows of it.
        if keeps {
            self.keep();
        }
        for order in orders
            .into_iter()
            .filter(|order| !matches!(order, Order::Announce(_)))
        {
            self.begin(number, order);
        }
    }

    fn begin(&mut self, number: usize, order: Order) {
        let rules = self.guards[number].rules().clone();
        if matches!(order, Order::Look { .. } | Order::Heal) && !self.mode.dry_run {
            self.seen.keep(self.session, number, &rules.path);
        }
        if self.mode.dry_run {
            let venv = Shown::path(&rules.path);
            // A dry run changes nothing. The guard gets the answer that nothing was to be done.
            let instead = match order {
                Order::Heal => Some(("heal", Input::Healed(Healed::Nothing))),
                Order::Restart => Some(("start the service of", Input::Restarted(Ok(())))),
                _ => None,
            };
            if let Some((what, input)) = instead {
                self.session.ui.note(&format!("would {what} '{venv}'"));
                let _ = self.speaker.send(Happened::To(number, input));
                return;
            }
        }
        let (program, speaker) = (self.program.clone(), self.speaker.clone());
        let catch_up = self.catch_up.clone();
        let known = self.guards[number].memory().place.clone();
        aside(move || {
            let input = jobs::perform(&program, &rules, &known, &order, catch_up.as_ref());
            let _ = speaker.send(Happened::To(number, input));
        });
    }

    /// Tells people, and hands letters to the outbox.
    fn announce(&mut self, number: usize, news: &News) {
        let venv = &self.guards[number].rules().path;
        let document = json::alert(news, &self.session.context.host, venv, when::now());
        let line = text::alert_line(news, venv);
        if self.mode.once {
            self.session.ui.note(&line);
        } else {
            let said = if self.session.json { &document } else { &line };
            // A reader that is gone is no reason to stop guarding.
            let _ = self.session.answer(|out, _| writeln!(out, "{said}"));
        }
        if self.mode.dry_run {
            return;
        }
        for receiver in 0..self.rules.receivers.len() {
            let letter = Letter {
                receiver,
                body: document.clone(),
                failures: 0,
                due: clock::now(),
            };
            if self.outbox.add(letter) {
                self.session
                    .ui
                    .alert("too many alerts wait for a receiver: the oldest is given up");
            }
        }
    }

    fn send(&mut self, now: Moment) {
        for (id, letter) in self.outbox.take_due(now) {
            let receiver = self.rules.receivers[letter.receiver].clone();
            let speaker = self.speaker.clone();
            aside(move || {
                let sent = jobs::deliver(&receiver, &letter.body);
                let _ = speaker.send(Happened::Sent(id, sent));
            });
        }
    }

    fn keep(&mut self) {
        let venvs = self.guards.iter().map(|guard| {
            let path = guard.rules().path.to_string_lossy().into_owned();
            (path, guard.memory().clone())
        });
        let kept = keeper::kept(venvs, self.outbox.letters());
        self.keeper.keep(&kept, clock::now());
        self.publish(clock::now());
    }

    fn publish(&mut self, now: Moment) {
        if !self.figures.are_wanted() {
            return;
        }
        let path = |guard: &Guard| guard.rules().path.to_string_lossy().into_owned();
        let venvs = self.guards.iter();
        let venvs: Vec<(String, &Memory)> =
            venvs.map(|guard| (path(guard), guard.memory())).collect();
        let metrics = guard::guard(&Round {
            venvs: &venvs,
            waiting: self.outbox.letters().len(),
            moment: now,
            now: when::now(),
            version: env!("CARGO_PKG_VERSION"),
        });
        self.figures.publish(&metrics, self.session.ui, now);
    }
}
