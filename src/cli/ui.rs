//! The only writer to the terminal beside the answer itself: progress, status, warnings, errors; all on stderr.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use venv_snap::monitor::{Monitor, Warning};

use super::error::Failure;
use super::signals::Signals;

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
    bar: Mutex<Option<ProgressBar>>,
    files: AtomicU64,
}

const WITH_TOTAL: &str =
    "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes}, {prefix} files, {eta} left";
const WITHOUT_TOTAL: &str = "{msg} {spinner} {decimal_bytes}, {prefix} files, {elapsed}";

impl Ui {
    pub(crate) fn new(loudness: Loudness, json: bool, signals: Signals) -> Self {
        Self {
            loudness,
            json,
            signals,
            bar: Mutex::new(None),
            files: AtomicU64::new(0),
        }
    }

    /// Writes an error in its three parts, or as one JSON object.
    pub(crate) fn error(&self, failure: &Failure) {
        self.clear();
        let mut out = anstream::stderr().lock();
        // Nobody is left to tell if even this fails.
        let _ = if self.json {
            let Failure {
                message,
                causes,
                hint,
                exit,
                audit,
                venv,
            } = failure;
            venv_snap::report::json::error(
                &mut out,
                message,
                causes,
                hint.as_deref(),
                exit.code().into(),
                audit.as_deref().map(|audit| (audit, venv.as_deref())),
            )
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

    /// Tells what to do next.
    pub(crate) fn hint(&self, text: &str) {
        if self.loudness != Loudness::Quiet {
            self.line("hint", text);
        }
    }

    /// Removes the progress bar, so that an answer can be written.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one line, or with `--json` one object on a line: all that is written there can be read by programs.
    fn line(&self, kind: &str, text: &str) {
        let write = || {
            let mut out = anstream::stderr().lock();
            let _ = match kind {
                kind if self.json => venv_snap::report::json::message(&mut out, kind, text),
                "status" => writeln!(out, "{text}"),
                kind => writeln!(out, "{kind}: {text}"),
            };
        };
        match self.bar().as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

fn write_error(out: &mut dyn Write, failure: &Failure) -> std::io::Result<()> {
    writeln!(out, "error: {}", failure.message)?;
    for cause in &failure.causes {
        writeln!(out, "  caused by: {cause}")?;
    }
    match &failure.hint {
        Some(hint) => writeln!(out, "hint: {hint}"),
        None => Ok(()),
    }
}

impl Monitor for Ui {
    fn phase(&self, name: &'static str, _files_total: u64, bytes_total: u64) {
        if self.loudness == Loudness::Quiet {
            return;
        }
        self.clear();
        self.files.store(0, Ordering::Relaxed);
        // Draws only on a terminal; and what takes but a blink is over before the first tick.
        let bar = ProgressBar::with_draw_target(
            Some(bytes_total),
            ProgressDrawTarget::stderr_with_hz(10),
        );
        let template = if bytes_total > 0 {
            WITH_TOTAL
        } else {
            WITHOUT_TOTAL
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name);
        bar.set_prefix("0");
        // It is a thread of its own.
        if super::limits::startable(1) == 1 {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        *self.bar() = Some(bar);
    }

    fn advance(&self, files: u64, bytes: u64) {
        let done = self.files.fetch_add(files, Ordering::Relaxed) + files;
        if let Some(bar) = self.bar().as_ref().filter(|bar| !bar.is_hidden()) {
            bar.set_prefix(done.to_string());
            bar.inc(bytes);
        }
    }

    fn read(&self, _files: u64, _bytes: u64) {}

    fn warn(&self, text: &str) {
        self.line("warning", text);
    }

    fn advise(&self, warning: &Warning) {
        self.warn(&match warning {
            Warning::PrivilegesLeftOut { .. } => format!("{warning} without --preserve-special"),
            Warning::LeftGone { .. } => format!("{warning}; --only NAME brings one back"),
        });
    }

    fn status(&self, text: &str) {
        if self.loudness != Loudness::Quiet {
            self.line("status", text);
        }
    }

    fn cancelled(&self) -> bool {
        self.signals.caught().is_some()
    }
}
