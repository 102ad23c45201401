//! The command line as clap declares it. What each flag means is said here, and nowhere else, for help, man page and
//! completions.

mod cache;
mod care;
mod check;
mod deps;
mod diff;
mod discover;
mod doctor;
mod drill;
mod global;
mod rebuild;
mod remote;
mod save;
mod schedule;
mod self_test;
mod status;
mod transport;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use venv_snap::model::Label;

pub(crate) use cache::{Cache, CacheCheck, CacheOf, CacheQuarantine, CacheRelease, CacheVerb};
pub(crate) use care::{Forget, Pin, Prune, Undelete, Verify};
pub(crate) use check::Check;
pub(crate) use deps::Deps;
pub(crate) use diff::Diff;
pub(crate) use discover::{Discover, Format};
pub(crate) use doctor::Doctor;
pub(crate) use drill::Drill;
pub(crate) use global::Global;
pub(super) use global::seconds;
pub(crate) use rebuild::{By, Rebuild};
pub(crate) use remote::{Remote, RemoteVerb};
pub(crate) use save::Save;
pub(crate) use schedule::{Job, Schedule};
pub(crate) use self_test::SelfTest;
pub(crate) use status::Status;
pub(crate) use transport::{Copy, Export, Import};
pub(crate) use watch::Watch;

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how every venv stands: sound, damaged, drifted, gone, unsaved; since when; its newest baseline
    Status(Status),
    /// Find all Python environments of this host, what is in them, and what uses them
    Discover(Discover),
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
    /// Guard venvs: see damage within a second, tell who did it, heal what is proved, start the service again
    Watch(Watch),
    /// Prove that baselines can be brought back: restores each to a place that goes again, and tries it there
    Drill(Drill),
    /// Show, install or remove what has this host save, check, verify, forget, drill and guard by itself
    Schedule(Schedule),
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
    /// Make a store in a bucket that hosts share, and try whether its server keeps what they rely on
    Remote(Remote),
    /// Prove on this host, in a directory that goes again, what a restore needs
    SelfTest(SelfTest),
    /// See it work: builds a small venv, saves it, damages it as in a real outage, shows the damage, restores it
    Demo(Demo),
    /// Print the completions for a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Of one command alone, such as 'restore' or 'cache check'
        command: Vec<String>,
    },
    /// Print the version
    Version,
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
    /// Only those of a host: by its name, or the first 4 or more digits of its id
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Only those of a role
    #[arg(long)]
    pub(crate) role: Option<Label>,
    /// Only those that were made since then: a date, or a length of time such as 7d
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<String>,
    /// Only the newest N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

/// A snapshot, and the venv by which 'latest' and '@label' are understood.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id, 'latest', 'latest~N' or '@label'
    pub(crate) snapshot: String,
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
    pub(crate) snapshot: String,
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
    pub(crate) incident: Option<String>,
    /// Write a page to look at into this file, in one step; '-' for standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) of: Of,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Show the way back of a venv that nobody saved (needs uv, or a Python with ensurepip)
    #[arg(long)]
    pub(crate) no_snapshot: bool,
    /// Keep the demo's venv and store, to look around in
    #[arg(long)]
    pub(crate) keep: bool,
}
