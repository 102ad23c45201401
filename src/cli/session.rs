//! What every command has at hand: the store, the time, the terminal; and how an answer is written.

use std::cell::RefCell;
use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use jiff::tz::TimeZone;
use venv_snap::model::{BadRef, Label, Shown, SnapshotRef, shell_word};
use venv_snap::ops::{Chosen, Context, Error, fence, list};
use venv_snap::report::text::{Options, Style};
use venv_snap::{Location, Process, Site, Standing, VenvError};

use super::access;
use super::args::Global;
use super::error::Failure;
use super::exit::Exit;
use super::hint;
use super::nearest;
use super::place;
use super::ui::Ui;
use super::when;

/// One run of a command.
pub(crate) struct Session<'a> {
    pub(crate) ui: &'a Ui,
    pub(crate) context: Context<'a>,
    pub(crate) json: bool,
    verbose: bool,
    /// The answers so far, where they are kept instead of being written.
    kept: RefCell<Option<Vec<u8>>>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(ui: &'a Ui, global: Global) -> Result<Self, Failure> {
        let is_named = global.store.is_some();
        let store = place::store(global.store)?;
        // A store that another setting names needs no name in a command that is copied.
        let is_usual = || place::store(None).is_ok_and(|usual| usual == store);
        if is_named && !is_usual() {
            super::called::with_store(&store);
        }
        let context = Context {
            store: Location::new(store, access::access(global.cache_size, ui.signals())?),
            host: place::host()?,
            host_name: place::host_name(),
            now: when::now(),
            lock_wait: place::lock_wait(global.lock_wait)?,
            monitor: ui,
        };
        Ok(Self {
            ui,
            context,
            json: global.json,
            verbose: global.verbose,
            kept: RefCell::default(),
        })
    }

    /// From now on keeps what would be written as an answer.
    pub(crate) fn keep_answers(&self) {
        *self.kept.borrow_mut() = Some(Vec::new());
    }

    /// What was kept so far; from now on answers are written again.
    pub(crate) fn kept_answers(&self) -> Vec<u8> {
        self.kept.borrow_mut().take().unwrap_or_default()
    }

    /// Writes the answer. That nobody reads it to the end is no error.
    pub(crate) fn answer(
        &self,
        write: impl FnOnce(&mut dyn Write, &Style) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.answer_of(None, write)
    }

    /// Writes the answer about something that is done by now. Where the answer cannot be written, the error says what
    /// is done all the same.
    pub(crate) fn answer_of(
        &self,
        done: Option<&str>,
        write: impl FnOnce(&mut dyn Write, &Style) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.ui.clear();
        let style = style(self.verbose);
        if let Some(kept) = self.kept.borrow_mut().as_mut() {
            // Writing into memory does not fail.
            let _ = write(kept, &style);
            return Ok(());
        }
        let mut out = BufWriter::new(anstream::stdout().lock());
        match write(&mut out, &style).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                let done = done.map_or_else(String::new, |done| format!("{done}, but "));
                let message = format!("{done}cannot write the answer: {error}");
                Err(Failure::not_done(message))
            }
            Ok(()) => Ok(()),
        }
    }

    /// Keeps what follows within the directories around some venvs and the store, and starts the threads that work. No
    /// such thread may run before. Returns the processes that use the venv to be changed; none where the kernel has no
    /// Landlock.
    pub(crate) fn fence(&self, sites: &[&Site], preserve_special: bool) -> Option<Vec<Process>> {
        let using = fence(&self.context, sites, preserve_special);
        if using.is_none() && self.verbose {
            self.ui.note("this kernel has no Landlock: nothing but the program itself keeps it within its directories");
        }
        super::limits::start_threads();
        using
    }

    /// The venv that a person named to mean all its snapshots. A path at which no venv stands, and of which nothing was
    /// saved, is a mistake and not a venv without snapshots.
    pub(crate) fn saved_venv(&self, named: &Path) -> Result<Site, Failure> {
        let site = place::venv(Some(named), self.ui)?;
        if place::is_venv(&site) {
            return Ok(site);
        }
        let listing = list(&self.context, Some(&site));
        let listing = listing.map_err(|error| self.explain(error, Some(&site)))?;
        if !listing.is_known() {
            return Err(self.no_venv(&site, &listing.elsewhere));
        }
        Ok(site)
    }

    /// The failure for a path of which the store has nothing, and at which no venv stands.
    pub(crate) fn no_venv(&self, site: &Site, elsewhere: &[Chosen]) -> Failure {
        if !elsewhere.is_empty() {
            let message = format!(
                "there is no venv '{}', and no snapshot of one of this host",
                Shown::path(site.path())
            );
            return Failure {
                hint: Some(hint::of_others(site.path(), elsewhere)),
                exit: Exit::NoStore,
                ..Failure::not_done(message)
            };
        }
        let near = nearest::known(&self.context, site.path());
        let near = near.map(|near| format!("did you mean '{}'? ", Shown::path(&near)));
        let near = self.labelled(site.path()).or(near);
        let name = super::called();
        Failure {
            message: format!(
                "there is no venv '{}', and no snapshot of one",
                Shown::path(site.path())
            ),
            causes: Vec::new(),
            hint: Some(format!(
                "{}'{name} list' shows all that there is",
                near.unwrap_or_default()
            )),
            exit: Exit::NoStore,
            audit: None,
            venv: None,
        }
    }

    /// The failure for a text where a snapshot is expected, which has no form of a snapshot and is no path that is
    /// there.
    pub(crate) fn no_snapshot(&self, name: &Path, venv: &Path) -> Failure {
        let failure = Failure::from(Error::NoSnapshot {
            name: name.to_string_lossy().into_owned(),
            venv: Some(venv.to_owned()),
            elsewhere: Vec::new(),
        });
        let forms = "a snapshot is an id of 4 or more hex digits, 'latest', 'latest~N' or '@label'";
        let hint = failure.hint.clone().unwrap_or_default();
        let meant = self.meant(&name.to_string_lossy(), Some(venv));
        failure.with_hint(format!("{meant}{forms}; {hint}"))
    }

    /// The failure for a text that has no form of a snapshot.
    pub(crate) fn bad_name(&self, bad: &BadRef, text: &str, venv: Option<&Path>) -> Failure {
        let name = super::called();
        let meant = self.meant(text, venv);
        Failure::usage(
            bad.to_string(),
            format!("{meant}'{name} list' shows what there is"),
        )
    }

    /// The label that a person may have meant, as a question before a hint.
    fn meant(&self, text: &str, venv: Option<&Path>) -> String {
        let site = venv.and_then(|venv| Site::resolve(venv).ok());
        let label = nearest::label(&self.context, site.as_ref(), text);
        let question = |label: Label| format!("did you mean '@{}'? ", label.as_str());
        label.map_or_else(String::new, question)
    }

    /// The label that is written like the last part of a path at which nothing stands, as a question before a hint.
    pub(crate) fn labelled(&self, path: &Path) -> Option<String> {
        let text = path.file_name()?.to_str()?;
        let label = nearest::label(&self.context, None, text)?;
        let is_same = label.as_str().eq_ignore_ascii_case(text);
        is_same.then(|| format!("did you mean '@{}'? ", label.as_str()))
    }

    /// Parses the name of a snapshot. The venv is the one whose labels are proposed where the name is wrong.
    pub(crate) fn snapshot(&self, text: &str, venv: Option<&Path>) -> Result<SnapshotRef, Failure> {
        text.parse().map_err(|bad| self.bad_name(&bad, text, venv))
    }

    /// Parses the names of several snapshots.
    pub(crate) fn snapshots(
        &self,
        texts: &[String],
        venv: Option<&Path>,
    ) -> Result<Vec<SnapshotRef>, Failure> {
        texts.iter().map(|text| self.snapshot(text, venv)).collect()
    }

    /// Turns an error of an operation into what people see, with the store of somebody else who knows the venv.
    pub(crate) fn explain(&self, error: Error, site: Option<&Site>) -> Failure {
        let unknown = matches!(
            error,
            Error::NoBaseline { .. } | Error::Store(venv_snap::StoreError::NoStore(_))
        ) || matches!(&error, Error::NoSnapshot { name, .. } if !name.bytes().all(|b| b.is_ascii_hexdigit()));
        let unsaved = matches!(error, Error::NoBaseline { .. });
        if let Some(nowhere) = site.filter(|_| unsaved).and_then(|site| self.nowhere(site)) {
            return nowhere;
        }
        let others = site.filter(|_| matches!(error, Error::NothingToUndo(_)));
        if let Some(others) = others.and_then(|site| self.on_other_hosts(site)) {
            return Failure::from(error).with_hint(others);
        }
        let meant = match &error {
            Error::Venv(VenvError::NotFound(path)) => self.labelled(path).unwrap_or_default(),
            Error::NoSnapshot {
                name, elsewhere, ..
            } if elsewhere.is_empty() && name.starts_with('@') => {
                self.meant(name, site.map(Site::path))
            }
            _ => String::new(),
        };
        let mut failure = Failure::from(error);
        failure.hint = failure.hint.map(|hint| format!("{meant}{hint}"));
        let near = || {
            let site = site.filter(|site| unsaved && !self.knows(site))?;
            let near = nearest::known(&self.context, site.path())?;
            let hint = failure.hint.clone().unwrap_or_default();
            Some(format!(
                "did you mean '{}'? Else {hint}",
                Shown::path(&near)
            ))
        };
        match site.filter(|_| unknown).and_then(|site| {
            self.knowing_store(site)
                .or_else(near)
                .or_else(|| anew(&failure, site))
        }) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    /// Snapshots of the same path on other hosts, where there is none of this one, and how one is taken.
    pub(crate) fn on_other_hosts(&self, site: &Site) -> Option<String> {
        let listing = list(&self.quiet_context(), Some(site)).ok()?;
        let elsewhere = Some(listing.elsewhere).filter(|all| !all.is_empty());
        elsewhere.map(|all| hint::of_others(site.path(), &all))
    }

    /// The failure for a path at which nothing stands and of which nothing was saved: the hint to save it would help
    /// nobody. None for other paths.
    fn nowhere(&self, site: &Site) -> Option<Failure> {
        let listing = list(&self.quiet_context(), Some(site)).ok()?;
        if place::may_be_venv(site) || listing.is_known() || !listing.elsewhere.is_empty() {
            return None;
        }
        let failure = self.no_venv(site, &[]);
        let store = self.knowing_store(site);
        Some(failure.with_next(store))
    }

    /// Whether the store has anything of a venv, be it no baseline.
    fn knows(&self, site: &Site) -> bool {
        list(&self.quiet_context(), Some(site)).is_ok_and(|listing| listing.is_known())
    }

    /// The hint that the default store of another user knows the venv, or may know it; none where no such store does.
    fn knowing_store(&self, site: &Site) -> Option<String> {
        place::other_stores(site, self.context.store.name()).into_iter().find_map(|store| {
            let (shown, word) = (Shown::path(&store), shell_word(store.as_os_str().as_bytes()));
            let other = Context {
                store: Location::dir(&store),
                ..self.quiet_context()
            };
            match list(&other, Some(site)) {
                Ok(found) if !found.snapshots.is_empty() => Some(format!("the store '{shown}' knows this venv: \
                    --store {word}")),
                Err(Error::Path(error) | Error::Store(venv_snap::StoreError::Path(error))) if error.is_denied() => {
                    Some(format!("the store '{shown}' may know this venv, but may not be read: try as its owner"))
                }
                _ => None,
            }
        })
    }

    /// The context for a question beside the command itself: it waits for no lock.
    pub(crate) fn quiet_context(&self) -> Context<'a> {
        Context {
            store: self.context.store.clone(),
            host: self.context.host.clone(),
            host_name: self.context.host_name.clone(),
            now: self.context.now,
            lock_wait: std::time::Duration::ZERO,
            monitor: self.context.monitor,
        }
    }

    /// The venv by which names of snapshots are understood. An id needs none; the others must not mean just any venv.
    pub(crate) fn venv_of<'n>(
        &self,
        names: impl IntoIterator<Item = &'n SnapshotRef>,
        named: Option<&Path>,
    ) -> Result<Option<Site>, Failure> {
        let by_venv = |name: &&SnapshotRef| !matches!(name, SnapshotRef::Prefix(_));
        let Some(name) = names.into_iter().find(by_venv) else {
            return match named {
                Some(named) => place::venv(Some(named), self.ui).map(Some),
                None => Ok(None),
            };
        };
        let site = place::venv_around(named, self.ui)?;
        if site.is_none() {
            return Err(Failure::usage(
                format!("'{name}' of which venv?"),
                "name it with --venv DIR",
            ));
        }
        Ok(site)
    }
}

/// What a person types to get more.
const OPTIONS: Options = Options {
    verbose: "-v",
    freeze: "--freeze",
    json: "--json",
    only: "--only",
    partial: "--partial",
    no_grace: "--grace 0",
    undo: "undo",
};

/// How text is drawn here.
pub(crate) fn style(verbose: bool) -> Style {
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    Style {
        options: OPTIONS,
        wrap: super::ui::columns(std::io::stdout()),
        verbose,
        colour,
        zone: TimeZone::system(),
    }
}

/// The hint of a failure, and behind it the way without a snapshot; none where nothing of a venv stands at the path.
fn anew(failure: &Failure, site: &Site) -> Option<String> {
    let stands = site.standing() == Standing::Directory && place::may_be_venv(site);
    let hint = failure.hint.as_ref().filter(|_| stands)?;
    Some(format!("{hint}; {}", hint::anew(site.path())))
}

/// Findings or none.
pub(crate) fn findings(found: bool) -> Exit {
    if found { Exit::Findings } else { Exit::Done }
}
