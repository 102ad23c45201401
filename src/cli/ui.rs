//! The only writer to the terminal beside the answer itself: progress, status, warnings, errors; all on stderr.

use std::io::Write;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use venv_snap::monitor::{EntryWarning, Monitor, RestoreWarning, Status, Warning};
use venv_snap::report::text;

use super::error::Failure;
use super::signals::Signals;

/// Before that long nobody knows how long a phase takes.
const KNOWN_AFTER: Duration = Duration::from_secs(2);

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loudness {
    Quiet,
    Normal,
    Verbose,
}

/// The terminal.
pub(crate) struct Ui {
    loudness: Loudness,
    json: bool,
    signals: Signals,
    phase: Mutex<Option<Phase>>,
}

/// What runs now, and how much of it is done.
struct Phase {
    bar: ProgressBar,
    total: Total,
    files: u64,
    files_total: u64,
}

/// The unit in which it is known how much a phase has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Total {
    Bytes(u64),
    Files(u64),
    Unknown,
}

impl Total {
    fn of(files: u64, bytes: u64) -> Self {
        match (files, bytes) {
            (0, 0) => Self::Unknown,
            (files, 0) => Self::Files(files),
            (_, bytes) => Self::Bytes(bytes),
        }
    }

    /// What is drawn; where nobody knows how many files there are, what else is known.
    fn template(self, files: u64) -> &'static str {
        match self {
            Self::Bytes(_) if files == 0 => {
                "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes}{left}"
            }
            Self::Bytes(_) => {
                "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes}, {prefix} files{left}"
            }
            Self::Files(_) => "{msg} {wide_bar} {prefix} files{left}",
            Self::Unknown if files == 0 => "{msg} {spinner} {elapsed}",
            Self::Unknown => "{msg} {spinner} {decimal_bytes}, {prefix} files, {elapsed}",
        }
    }

    fn style(self, files: u64) -> Option<ProgressStyle> {
        let style = ProgressStyle::with_template(self.template(files)).ok()?;
        let left = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Of what was hardly begun nobody knows how long it takes.
            if state.pos() > 0 && state.elapsed() > KNOWN_AFTER {
                let _ = write!(out, ", {:#} left", HumanDuration(state.eta()));
            }
        };
        Some(style.with_key("left", left))
    }

    fn length(self) -> Option<u64> {
        match self {
            Self::Bytes(length) | Self::Files(length) => Some(length),
            Self::Unknown => None,
        }
    }
}

/// `120/9525`, or how many there were so far.
fn files_of(done: u64, total: u64) -> String {
    match total {
        0 => done.to_string(),
        total => format!("{done}/{total}"),
    }
}

impl Ui {
    pub(crate) fn new(loudness: Loudness, json: bool, signals: Signals) -> Self {
        Self {
            loudness,
            json,
            signals,
            phase: Mutex::new(None),
        }
    }

    /// What tells whether the person asked to stop.
    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Writes an error in its three parts, or as one JSON object.
    pub(crate) fn error(&self, failure: &Failure) {
        self.clear();
        let mut out = anstream::stderr().lock();
        // Nobody is left to tell if even this fails.
        let _ = if self.json {
            write_json_error(&mut out, failure)
        } else {
            write_error(&mut out, failure)
        };
    }

    /// Tells which venv or snapshot was chosen, and other things that are good to know.
    pub(crate) fn note(&self, text: &str) {
        if self.loudness != Loudness::Quiet {
            self.line("status", text);
        }
    }

    /// Warns of something.
    pub(crate) fn alert(&self, text: &str) {
        self.line("warning", text);
    }

    /// Tells what to do next.
    pub(crate) fn hint(&self, text: &str) {
        if self.loudness != Loudness::Quiet {
            self.line("hint", text);
        }
    }

    /// Removes the progress bar, so that an answer can be written.
    pub(crate) fn clear(&self) {
        if let Some(phase) = self.phase().take() {
            phase.bar.finish_and_clear();
        }
    }

    fn phase(&self) -> std::sync::MutexGuard<'_, Option<Phase>> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one line, or with `--json` one object on a line: all that is written there can be read by programs.
    fn line(&self, kind: &str, text: &str) {
        let write = || {
            let mut out = anstream::stderr().lock();
            let _ = match kind {
                kind if self.json => venv_snap::report::json::message(&mut out, kind, text),
                "status" => write_line(&mut out, text),
                kind => write_line(&mut out, &format!("{kind}: {text}")),
            };
        };
        match self.phase().as_ref() {
            Some(phase) => phase.bar.suspend(write),
            None => write(),
        }
    }
}

/// Writes an error as one JSON object.
pub(crate) fn write_json_error(out: &mut dyn Write, failure: &Failure) -> std::io::Result<()> {
    let audit = failure.audit.as_deref();
    venv_snap::report::json::error(
        out,
        &failure.message,
        &failure.causes,
        failure.hint.as_deref(),
        failure.exit.code().into(),
        audit.map(|audit| (audit, failure.venv.as_deref())),
    )
}

/// How wide a page is: as `COLUMNS` says, else as the terminal is; none for a pipe.
pub(super) fn columns(of: impl AsFd) -> Option<usize> {
    let said = std::env::var("COLUMNS").ok();
    let said = said.and_then(|text| text.parse().ok());
    let terminal = || Some(usize::from(rustix::termios::tcgetwinsize(of).ok()?.ws_col));
    let is_one = |columns: &usize| *columns > 0;
    said.filter(is_one).or_else(|| terminal().filter(is_one))
}

/// Writes a text, in as many lines as it takes on the page.
fn write_line(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    let Some(width) = columns(std::io::stderr()) else {
        return writeln!(out, "{text}");
    };
    let mut lines = text.split('\n');
    lines.try_for_each(|line| writeln!(out, "{}", text::wrapped(line, width)))
}

fn write_error(out: &mut dyn Write, failure: &Failure) -> std::io::Result<()> {
    write_line(out, &format!("error: {}", failure.message))?;
    for cause in &failure.causes {
        write_line(out, &format!("  caused by: {cause}"))?;
    }
    match &failure.hint {
        Some(hint) => write_line(out, &format!("hint: {hint}")),
        None => Ok(()),
    }
}

impl Monitor for Ui {
    fn phase(&self, name: &'static str, files_total: u64, bytes_total: u64) {
        if self.loudness == Loudness::Quiet {
            return;
        }
        self.clear();
        let total = Total::of(files_total, bytes_total);
        // Draws only on a terminal; and what takes but a blink is over before the first tick.
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(total.length(), target);
        if let Some(style) = total.style(files_total) {
            bar.set_style(style);
        }
        // None of these calls draws, so the first drawing has all of them.
        let bar = bar.with_message(name).with_prefix(files_of(0, files_total));
        // The ticks come from a thread of their own, which the system may not grant.
        if !bar.is_hidden() && super::limits::startable(1) == 1 {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        *self.phase() = Some(Phase {
            bar,
            total,
            files: 0,
            files_total,
        });
    }

    fn advance(&self, files: u64, bytes: u64) {
        let mut phase = self.phase();
        if let Some(phase) = phase.as_mut().filter(|phase| !phase.bar.is_hidden()) {
            // A phase of unknown length shows how many files are done from the first one on; before, only how long it
            // takes.
            let is_first = phase.total == Total::Unknown && phase.files == 0 && files > 0;
            if let Some(style) = Total::Unknown.style(files).filter(|_| is_first) {
                phase.bar.set_style(style);
            }
            phase.files += files;
            let told = files_of(phase.files, phase.files_total);
            phase.bar.set_prefix(told);
            phase.bar.inc(match phase.total {
                Total::Files(_) => files,
                Total::Bytes(_) | Total::Unknown => bytes,
            });
        }
    }

    fn read(&self, _files: u64, _bytes: u64) {}

    fn warn(&self, warning: Warning<'_>) {
        // The option that changes what is warned of stands behind the words.
        let option = match warning {
            Warning::Entry(EntryWarning::PrivilegesLeftOut(_)) => " without --preserve-special",
            Warning::Restore(RestoreWarning::LeftGone(_)) => "; --only NAME brings one back",
            _ => "",
        };
        self.alert(&(text::warning(warning) + option));
    }

    fn status(&self, status: Status<'_>) {
        self.note(&text::doing(status));
    }

    fn cancelled(&self) -> bool {
        self.signals.caught().is_some()
    }
}
