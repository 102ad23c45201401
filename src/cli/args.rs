//! The command line as clap declares it. What each flag means is said here, and nowhere else, for help, man page and
//! completions.

mod cache;
mod check;
mod deps;
mod doctor;
mod rebuild;
mod transport;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueHint};
use venv_snap::model::{Label, SnapshotRef};

pub(crate) use cache::{Cache, CacheCheck, CacheOf, CacheQuarantine, CacheRelease, CacheVerb};
pub(crate) use check::Check;
pub(crate) use deps::Deps;
pub(crate) use doctor::Doctor;
pub(crate) use rebuild::{By, Rebuild};
pub(crate) use transport::{Copy, Export, Import};

/// Saves known-good Python venvs, names to the byte what is wrong with a live one, and restores it atomically and
/// durably.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Before a deploy: save. In an incident: diff, then restore.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    // The variables are read in place.rs: clap would tell of them in a usage as if somebody had given the option.
    #[arg(long, global = true, help = "The store [default: /var/lib/venv-snap for root, else venv-snap in the user's data directory] [env: VENV_SNAP_STORE]", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Global options")]
    pub(crate) store: Option<PathBuf>,
    /// Answer as one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Say nothing but the answer, warnings and errors
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    #[arg(long, global = true, help = "How long to wait for another process that holds store or venv, in seconds [default: 30] [env: VENV_SNAP_LOCK_WAIT]", value_name = "SECONDS", value_parser = seconds, help_heading = "Global options")]
    pub(crate) lock_wait: Option<Duration>,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text
        .trim_end_matches('s')
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| "not a number of seconds that one can wait".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Save a venv as a snapshot
    Save(Save),
    /// Check a venv without any snapshot: its files, requirements, imports and interpreter
    Check(Check),
    /// Name every dependency that an application lacks, in one pass, each with the line that wants it
    Deps(Deps),
    /// Look at the machine before anything is rebuilt on it: room, disks, memory, and who sweeps files away here
    Doctor(Doctor),
    /// Check the caches of pip, uv, poetry, pdm and virtualenv, and move what is bad out of their way
    Cache(Cache),
    /// Show what differs between a snapshot and a venv, or between two snapshots, byte by byte
    Diff(Diff),
    /// Restore a venv from a snapshot: verified first, exchanged in one step, and what it replaces is saved
    Restore(Restore),
    /// Bring back what the last restore replaced; can itself be undone
    Undo(Undo),
    /// Make a venv anew without a snapshot, past every cache: what RECORD proves is taken over, the rest is fetched
    Rebuild(Rebuild),
    /// List the snapshots
    List(List),
    /// Show one snapshot
    Show(Show),
    /// List what a snapshot holds
    Ls(Ls),
    /// Write the content of a file of a snapshot to standard output
    Cat(Cat),
    /// Tell what happened: saves and restores
    Log(Log),
    /// Tell of an incident as one Markdown file: what was found, what probably did it, what was restored
    Report(Report),
    /// Write a snapshot as a plain tar, which GNU tar, bsdtar and Python unpack
    Export(Export),
    /// Make a snapshot of a tar: one that 'export' wrote, or any tar of a venv
    Import(Import),
    /// Copy snapshots to another store, sending only what it lacks
    Copy(Copy),
    /// Show what the store holds and takes
    Stats,
    /// Read the whole store back, and name every snapshot and path that damage in it hurts
    Verify(Verify),
    /// Keep snapshots for ever, whatever retention says
    Pin(Pin),
    /// Let retention decide over pinned snapshots again
    Unpin(Pin),
    /// Take snapshots from the list, by name or by what is to be kept
    Forget(Forget),
    /// Bring forgotten snapshots back, or list those that can be
    Undelete(Undelete),
    /// Free the space of what no snapshot needs any more
    Prune(Prune),
    /// Make the index of the store anew from its packs
    RebuildIndex,
    /// See it work: builds a small venv, saves it, damages it as in a real outage, shows the damage, restores it
    Demo(Demo),
    /// Print the completions for a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Save {
    /// The venv [default: the active one, else the nearest .venv or venv]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    /// A name to find it by: @LABEL; many snapshots may carry the same one
    #[arg(short, long)]
    pub(crate) label: Option<Label>,
    /// Free text
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// Keep it for ever
    #[arg(long)]
    pub(crate) pin: bool,
    /// Save it even if it is damaged, cannot be read or never holds still; it is no baseline then
    #[arg(long)]
    pub(crate) force: bool,
    /// Save what links into an installer's cache lead to as files, so that a restore stands alone
    #[arg(long)]
    pub(crate) follow: bool,
    /// Read every file, also those whose times say that they did not change
    #[arg(long)]
    pub(crate) read_all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A venv and a snapshot, or two snapshots. An id of 4 or more hex digits, 'latest', 'latest~N' and '@label' are
    /// snapshots, all else is a path; write ./NAME for a path of such a form [default: the venv around against its
    /// newest baseline]
    #[arg(value_name = "VENV|SNAPSHOT", num_args = 0..=2, value_hint = ValueHint::DirPath)]
    pub(crate) sides: Vec<PathBuf>,
    /// Trust size and times of files that the last save saw, instead of reading every byte
    #[arg(long)]
    pub(crate) quick: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Restore {
    /// The venv; may be gone
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    /// Which snapshot: id, 'latest', 'latest~N', '@label' [default: the newest baseline of the venv]
    pub(crate) snapshot: Option<OsString>,
    /// Build it there, where nothing is yet, adapted to its new place
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) to: Option<PathBuf>,
    /// Put a snapshot of another venv in place of this one, without a question
    #[arg(long, conflicts_with = "to")]
    pub(crate) from_other: bool,
    /// Keep every byte, also where a file names the old place
    #[arg(long)]
    pub(crate) exact: bool,
    /// Restore only this distribution, or only paths inside the venv that match; may be given several times
    #[arg(long, value_name = "PKG|GLOB", conflicts_with = "to")]
    pub(crate) only: Vec<String>,
    /// Mend the damage alone, and leave upgraded, added and removed packages as they are
    #[arg(long, conflicts_with_all = ["to", "only"])]
    pub(crate) heal: bool,
    #[command(flatten)]
    pub(crate) how: How,
    /// Also restore FIFOs, devices, set-user-id bits and file capabilities
    #[arg(long)]
    pub(crate) preserve_special: bool,
}

/// How a tree is replaced.
#[derive(Clone, Copy, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct How {
    /// Change nothing, show what would be done
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Share no file with the tree that is replaced
    #[arg(long)]
    pub(crate) copy: bool,
    /// Keep the replaced tree beside the venv
    #[arg(long)]
    pub(crate) keep_old: bool,
    /// Exchange the trees even if nothing differs
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave out what the store has lost and say what that is, instead of refusing
    #[arg(long)]
    pub(crate) partial: bool,
    /// Go on without a question where something is lost that no snapshot keeps
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The venv
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this venv
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
}

/// A snapshot, and the venv by which 'latest' and '@label' are understood.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id, 'latest', 'latest~N' or '@label'
    pub(crate) snapshot: SnapshotRef,
    /// Print a requirements file of its packages instead
    #[arg(long)]
    pub(crate) freeze: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Whose 'latest' and '@label' are meant [default: the active venv, else the nearest .venv or venv]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// Id, 'latest', 'latest~N' or '@label'
    pub(crate) snapshot: SnapshotRef,
    /// Only what lies at or below this path inside the venv
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Cat {
    /// SNAPSHOT:PATH, such as latest:pyvenv.cfg
    #[arg(value_name = "SNAPSHOT:PATH")]
    pub(crate) file: OsString,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// The venv [default: the active one, else the nearest .venv or venv, else all]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) venv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The incident snapshot [default: that of the last restore]
    pub(crate) incident: Option<SnapshotRef>,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Read only this share of the store, drawn anew each time, such as 10%
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "repair")]
    pub(crate) sample: Option<f64>,
    /// Read only packs that were written since then: a date, or a length of time such as 1d
    #[arg(long, value_name = "WHEN", conflicts_with = "repair")]
    pub(crate) since: Option<String>,
    /// Save what is left of damaged packs, take lost content from live venvs, move the rest to quarantine
    #[arg(long)]
    pub(crate) repair: bool,
    /// Also look here for lost content; may be given several times
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "repair")]
    pub(crate) from: Vec<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => Err("not a share from above 0% to 100%".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// Id, 'latest', 'latest~N' or '@label'
    #[arg(value_name = "SNAPSHOT", required = true)]
    pub(crate) snapshots: Vec<SnapshotRef>,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// These snapshots: id, 'latest', 'latest~N' or '@label'
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<SnapshotRef>,
    /// Of each venv, keep the newest N saves
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_last: u32,
    /// Keep the newest save of each of the last N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_hourly: u32,
    /// The same for days
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_daily: u32,
    /// The same for weeks
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_weekly: u32,
    /// The same for months
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_monthly: u32,
    /// The same for years
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep_yearly: u32,
    /// Keep what is not older than this, counted from the newest snapshot of the venv: 30d, 6mo
    #[arg(long, value_name = "TIME", value_parser = super::when::span)]
    pub(crate) keep_within: Option<jiff::Span>,
    /// Keep saves with this label; may be given several times
    #[arg(long, value_name = "LABEL")]
    pub(crate) keep_label: Vec<Label>,
    /// Change nothing, show what would be forgotten and why the rest stays
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Undelete {
    /// Ids of forgotten snapshots [default: list them]
    #[arg(value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<SnapshotRef>,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Remove nothing that was written or forgotten more recently than this; 0 spares nothing
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = super::when::span)]
    pub(crate) grace: jiff::Span,
    /// Change nothing, tell what would be freed
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the demo's venv and store, to look around in
    #[arg(long)]
    pub(crate) keep: bool,
}
