//! `snap demo`: a newcomer's first minute, on a real venv in a directory of its own. Needs a python3 and nothing else.

mod packages;
mod without_snapshot;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use venv_snap::Location;
use venv_snap::Site;
use venv_snap::model::Shown;
use venv_snap::ops::{Context, DiffOptions, RestoreOptions, SaveOptions, diff_venv, restore, save};
use venv_snap::report::text;

use super::args::Demo;
use super::error::Failure;
use super::exit::Exit;
use super::session::style;
use super::ui::Ui;
use super::{place, program_name, when};

/// The demo's directory and what it has at hand.
struct Stage<'a> {
    ui: &'a Ui,
    venv: PathBuf,
    store: PathBuf,
    site_packages: PathBuf,
    /// Where wheels of its packages are built, if it needs them.
    wheels: PathBuf,
}

pub(crate) fn run(ui: &Ui, args: &Demo) -> Result<Exit, Failure> {
    let dir = tempfile::Builder::new()
        .prefix("venv-snap-demo.")
        .tempdir()
        .map_err(|error| failed("make a temporary directory", &error))?;
    let stage = Stage::set(ui, dir.path());
    let result = stage.and_then(|stage| {
        if args.no_snapshot {
            without_snapshot::play(&stage)
        } else {
            play(&stage)
        }
    });
    if args.keep {
        let kept = dir.keep();
        ui.note(&format!(
            "kept: venv and store are in '{}'",
            Shown::path(&kept)
        ));
    }
    result
}

fn play(stage: &Stage<'_>) -> Result<Exit, Failure> {
    stage.say("# a small venv with four packages, all of which import")?;
    stage.import(true)?;

    stage.prompt("save", "")?;
    let site = Site::resolve(&stage.venv)?;
    let saved = save(&stage.context(), &site, &SaveOptions::default())?;
    stage.show(|out, style| text::save(out, &saved, style))?;

    stage.say("\n# the outage: find -name 'core.*' -delete runs over it, and a full disk empties and cuts files")?;
    let hurt = stage.damage()?;
    stage.import(false)?;

    stage.prompt("diff", "")?;
    let found = diff_venv(&stage.context(), &site, &DiffOptions::default())?;
    stage.show(|out, style| text::diff(out, &found, false, style))?;
    let named = found
        .changes
        .iter()
        .filter(|change| change.class == venv_snap::model::Class::Damage)
        .count();
    if named != hurt {
        return Err(Failure::not_done(format!(
            "the demo damaged {hurt} files, but {named} were found"
        )));
    }

    stage.prompt("restore", "")?;
    let restored = restore(&stage.context(), &site, &RestoreOptions::default())?;
    stage.show(|out, style| text::restore(out, &restored, style))?;
    stage.import(true)?;
    let again = diff_venv(&stage.context(), &site, &DiffOptions::default())?;
    if !again.identical() {
        return Err(Failure::not_done("the demo's venv is not as it was saved"));
    }
    stage.say(&format!(
        "\nsaved in {}, compared in {}, restored in {}: on the disk, verified, in one exchange",
        millis(saved.took),
        millis(found.took),
        millis(restored.took)
    ))?;
    Ok(Exit::Done)
}

impl<'a> Stage<'a> {
    /// Makes the venv and installs the packages.
    fn set(ui: &'a Ui, dir: &Path) -> Result<Self, Failure> {
        let venv = dir.join("venv");
        let start = Instant::now();
        // Without pip it needs neither ensurepip, which Debian packages apart, nor a network.
        let made = Command::new("python3")
            .args(["-m", "venv", "--without-pip"])
            .arg(&venv)
            .stdin(Stdio::null())
            .output();
        let output = made.map_err(|error| failed("run python3, which the demo needs", &error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::not_done(format!(
                "python3 could not make a venv: {}",
                Shown(said.as_bytes())
            )));
        }
        let site_packages = find_site_packages(&venv)
            .ok_or_else(|| Failure::not_done("the new venv has no site-packages"))?;
        packages::install(&site_packages)
            .map_err(|error| failed("write the demo's packages", &error))?;
        ui.note(&format!("made a venv in {}", millis(start.elapsed())));
        Ok(Self {
            ui,
            venv,
            store: dir.join("store"),
            wheels: dir.join("wheels"),
            site_packages,
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            store: Location::dir(&self.store),
            // No other host uses this store, so the name of the host does in place of its machine-id.
            host: place::host_name(),
            host_name: place::host_name(),
            now: when::now(),
            lock_wait: Duration::ZERO,
            monitor: self.ui,
        }
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        self.show(|out, _| writeln!(out, "{text}"))
    }

    fn prompt(&self, verb: &str, rest: &str) -> Result<(), Failure> {
        self.say(&format!("\n$ {} {verb} venv{rest}", program_name()))
    }

    fn show(
        &self,
        write: impl FnOnce(&mut dyn Write, &text::Style) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.ui.clear();
        match write(&mut anstream::stdout().lock(), &style(false)) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(failed("write", &error))
            }
            _ => Ok(()),
        }
    }

    /// Imports all packages in the venv's own interpreter, and shows what it says. Writes no bytecode: Python would do
    /// so in a real venv as well, but here every line of the answer should be about the damage.
    fn import(&self, works: bool) -> Result<(), Failure> {
        let code = format!(
            "import {}; print('all packages import')",
            packages::NAMES.join(", ")
        );
        self.say(&format!(
            "\n$ venv/bin/python -c 'import {}'",
            packages::NAMES.join(", ")
        ))?;
        let output = Command::new(self.venv.join("bin/python"))
            .args(["-I", "-B", "-c", &code])
            .stdin(Stdio::null())
            .output();
        let output = output.map_err(|error| failed("run the venv's python", &error))?;
        if output.status.success() != works {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::not_done(format!(
                "the packages of the demo should {} now: {}",
                if works { "import" } else { "not import" },
                Shown(said.as_bytes())
            )));
        }
        let said = if works { output.stdout } else { output.stderr };
        let text = String::from_utf8_lossy(&said).into_owned();
        let last = text.lines().last().unwrap_or_default();
        self.say(&Shown(last.as_bytes()).to_string())
    }

    /// The damage of the incident: three `core.py` deleted (a fourth survives), others emptied and cut. Returns how
    /// many.
    fn damage(&self) -> Result<usize, Failure> {
        let spoil = || -> std::io::Result<usize> {
            for name in &packages::NAMES[..3] {
                fs::remove_file(self.site_packages.join(name).join("core.py"))?;
            }
            let empty = [
                "parcel/shapes.py",
                "harbour/plugins/plugin_1.py",
                "ledger/plugins/plugin_3.py",
            ];
            for path in empty {
                fs::File::create(self.site_packages.join(path))?;
            }
            let cut = ["harbour/shapes.py", "lantern/plugins/plugin_5.py"];
            for path in cut {
                let file = fs::OpenOptions::new()
                    .write(true)
                    .open(self.site_packages.join(path))?;
                file.set_len(file.metadata()?.len() / 2)?;
            }
            Ok(3 + empty.len() + cut.len())
        };
        spoil().map_err(|error| failed("damage the demo's venv", &error))
    }
}

fn find_site_packages(venv: &Path) -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir(venv.join("lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    versions.sort();
    versions
        .into_iter()
        .map(|version| version.join("site-packages"))
        .find(|path| path.is_dir())
}

fn failed(verb: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::not_done(format!("cannot {verb}: {error}"))
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
