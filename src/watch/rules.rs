//! What a guard is told to do: which venvs, how each is looked at, what may be done about it, and who is told.

use std::path::PathBuf;
use std::time::Duration;

/// All rules of one guard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The venvs that are guarded; each path stands there once.
    pub venvs: Vec<Guarded>,
    /// Who is told.
    pub receivers: Vec<Receiver>,
    /// Who notices that the guard itself is gone.
    pub ping: Option<Ping>,
    /// Where its figures are to be had.
    pub metrics: Metrics,
}

/// One venv that is guarded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guarded {
    /// Its absolute path.
    pub path: PathBuf,
    /// What runs from it.
    pub service: Option<Service>,
    /// How that service is asked whether it is well.
    pub health: Option<Health>,
    /// How its imports are tried.
    pub imports: Option<Imports>,
    /// The time between two readings of every byte.
    pub integrity_every: Duration,
    /// What may be done.
    pub policy: Policy,
}

/// How a service is started again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// A unit of systemd.
    Unit(String),
    /// A program with its arguments; success is that it ends with 0.
    Command(Vec<String>),
}

/// How a service is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// What is asked.
    pub ask: Ask,
    /// The time between two questions.
    pub every: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Whom to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// An answer with a status of 200 to 299 is good.
    Url(String),
    /// An end with 0 is good.
    Command(Vec<String>),
}

/// How imports are tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imports {
    /// The time between two trials.
    pub every: Duration,
    /// How long all of them may take.
    pub timeout: Duration,
}

/// What may be done about a venv.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Whether damage is mended, or only told.
    pub heals: bool,
    /// How many heals, and how many restarts, there may be within the window.
    pub heals_max: u32,
    /// The window in which they are counted.
    pub window: Duration,
    /// So many failures in a row count as a failure; fewer are passed over.
    pub failures: u32,
    /// What an upgrade means.
    pub on_upgrade: OnUpgrade,
    /// How long it must be quiet after an installer, or after the venv was moved away or made anew, before what is
    /// there counts as its state.
    pub settle: Duration,
    /// After which time something that still is wrong is told again.
    pub reminder: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            heals: false,
            heals_max: 2,
            window: Duration::from_hours(1),
            failures: 3,
            on_upgrade: OnUpgrade::Tell,
            settle: Duration::from_mins(1),
            reminder: Duration::from_hours(4),
        }
    }
}

/// What is done about an upgrade.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnUpgrade {
    /// It is the next baseline, once it is sound and the service is well with it.
    Save,
    /// It is told.
    Tell,
}

/// Who is told of alerts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// A program that reads one JSON document from its standard input.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// How long it may run.
        timeout: Duration,
    },
    /// A server that takes the document as the body of a POST.
    Webhook {
        /// Where to.
        url: Secret,
        /// What stands in `Authorization: Bearer`.
        bearer: Option<Secret>,
        /// How long the whole exchange may take.
        timeout: Duration,
    },
}

/// A text that may be secret: it is read when it is used, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The text itself.
    Plain(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line of a credential of systemd, by its name (systemd.exec(5), `LoadCredential=`).
    Credential(String),
}

/// Nothing of a text that stands there itself is shown.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Credential(name) => f.debug_tuple("Credential").field(name).finish(),
        }
    }
}

/// A server that expects to be called while the guard lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ping {
    /// Where to.
    pub url: Secret,
    /// The time between two calls.
    pub every: Duration,
}

/// Where figures are to be had.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    /// A file that the textfile collector of Prometheus' `node_exporter` reads.
    pub textfile: Option<PathBuf>,
    /// A port of the loopback address.
    pub port: Option<u16>,
}
