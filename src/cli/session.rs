//! What every command has at hand: the store, the time, the terminal; and how an answer is written.

use std::io::{BufWriter, IsTerminal, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use venv_snap::model::{Label, Shown, SnapshotRef};
use venv_snap::ops::{Chosen, Context, Error, fence, list};
use venv_snap::report::text::Style;
use venv_snap::{Process, Site};

use super::args::Global;
use super::error::Failure;
use super::exit::Exit;
use super::nearest;
use super::place;
use super::ui::Ui;

/// One run of a command.
pub(crate) struct Session<'a> {
    pub(crate) ui: &'a Ui,
    pub(crate) context: Context<'a>,
    pub(crate) json: bool,
    verbose: bool,
}

impl<'a> Session<'a> {
    pub(crate) fn new(ui: &'a Ui, global: Global) -> Result<Self, Failure> {
        let context = Context {
            store: place::store(global.store)?,
            host: place::host(),
            now: Timestamp::now(),
            lock_wait: place::lock_wait(global.lock_wait)?,
            monitor: ui,
        };
        Ok(Self {
            ui,
            context,
            json: global.json,
            verbose: global.verbose,
        })
    }

    /// Writes the answer. That nobody reads it to the end is no error.
    pub(crate) fn answer(
        &self,
        write: impl FnOnce(&mut dyn Write, &Style) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.answer_of(None, write)
    }

    /// The same for what was done by now: it stays done where the answer cannot be written, and then that is told.
    pub(crate) fn answer_of(
        &self,
        done: Option<&str>,
        write: impl FnOnce(&mut dyn Write, &Style) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.ui.clear();
        let style = style(self.verbose);
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

    /// Keeps what follows within the directories around some venvs and the store. This thread must not have started
    /// others that work.
    pub(crate) fn fence(&self, sites: &[&Site], preserve_special: bool) -> Option<Vec<Process>> {
        let using = fence(&self.context, sites, preserve_special);
        if using.is_none() && self.verbose {
            self.ui.note("this kernel has no Landlock: nothing but the program itself keeps it within its directories");
        }
        super::limits::start_threads();
        using
    }

    /// A name of a venv that the store has nothing of, and where no venv stands either.
    pub(crate) fn no_venv(&self, site: &Site, elsewhere: &[Chosen]) -> Failure {
        if !elsewhere.is_empty() {
            let message = format!(
                "there is no venv '{}', and no snapshot of one of this host",
                Shown::path(site.path())
            );
            return Failure {
                hint: Some(super::error::of_others(site.path(), elsewhere)),
                exit: Exit::NoStore,
                ..Failure::not_done(message)
            };
        }
        let near = nearest::known(&self.context, site.path());
        let near = near.map(|near| format!("did you mean '{}'? ", Shown::path(&near)));
        let name = super::program_name();
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

    /// What stands where a snapshot is expected, and is neither one by its form nor a path that is there.
    pub(crate) fn no_snapshot(name: &std::path::Path, venv: &std::path::Path) -> Failure {
        let failure = Failure::from(Error::NoSnapshot {
            name: name.to_string_lossy().into_owned(),
            venv: Some(venv.to_owned()),
            elsewhere: Vec::new(),
        });
        let forms = "a snapshot is an id of 4 or more hex digits, 'latest', 'latest~N' or '@label'";
        let hint = failure.hint.clone().unwrap_or_default();
        let label = name.to_str().and_then(|text| Label::new(text).ok());
        let meant = label.map(|label| format!("did you mean '@{}'? ", label.as_str()));
        failure.with_hint(format!("{}{forms}; {hint}", meant.unwrap_or_default()))
    }

    /// Turns an error of an operation into what people see, with the store of somebody else who knows the venv.
    pub(crate) fn explain(&self, error: Error, site: Option<&Site>) -> Failure {
        let unknown = matches!(
            error,
            Error::NoBaseline { .. } | Error::Store(venv_snap::StoreError::NoStore(_))
        ) || matches!(&error, Error::NoSnapshot { name, .. } if !name.bytes().all(|b| b.is_ascii_hexdigit()));
        let unsaved = matches!(error, Error::NoBaseline { .. });
        let failure = Failure::from(error);
        let near = || {
            let near = nearest::known(&self.context, site.filter(|_| unsaved)?.path())?;
            let hint = failure.hint.clone().unwrap_or_default();
            Some(format!(
                "did you mean '{}'? Else {hint}",
                Shown::path(&near)
            ))
        };
        match site
            .filter(|_| unknown)
            .and_then(|site| self.knowing_store(site).or_else(near))
        {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    fn knowing_store(&self, site: &Site) -> Option<String> {
        place::other_stores(site, &self.context.store).into_iter().find_map(|store| {
            let shown = Shown::path(&store).to_string();
            let other = Context { store: store.clone(), host: self.context.host.clone(), ..self.quiet_context() };
            match list(&other, Some(site)) {
                Ok(found) if !found.snapshots.is_empty() => Some(format!("the store '{shown}' knows this venv: --store {shown}")),
                Err(Error::Path(error) | Error::Store(venv_snap::StoreError::Path(error))) if error.is_denied() => {
                    Some(format!("the store '{shown}' may know this venv, but may not be read: try as its owner"))
                }
                _ => None,
            }
        })
    }

    fn quiet_context(&self) -> Context<'a> {
        Context {
            store: self.context.store.clone(),
            host: self.context.host.clone(),
            now: self.context.now,
            lock_wait: std::time::Duration::ZERO,
            monitor: self.context.monitor,
        }
    }

    /// The venv by which names of snapshots are understood. An id needs none; the others must not mean just any venv.
    pub(crate) fn venv_of<'n>(
        &self,
        names: impl IntoIterator<Item = &'n SnapshotRef>,
        named: Option<&std::path::Path>,
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

/// How text is drawn here.
pub(crate) fn style(verbose: bool) -> Style {
    let said = std::env::var("COLUMNS").ok();
    let said = said
        .and_then(|text| text.parse().ok())
        .filter(|columns| *columns > 0);
    let terminal = || rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let terminal = || {
        terminal()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0)
    };
    let columns: Option<usize> = said.or_else(terminal);
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    Style {
        width: columns.unwrap_or(if std::io::stdout().is_terminal() {
            100
        } else {
            120
        }),
        wrap: columns,
        verbose,
        colour,
        zone: TimeZone::system(),
    }
}

/// Findings or none.
pub(crate) fn findings(found: bool) -> Exit {
    if found { Exit::Findings } else { Exit::Done }
}
