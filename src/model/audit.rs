//! What an audit knows of a venv: its packages, its interpreter, and what is wrong with it.

use serde::{Deserialize, Serialize};

use super::change::Sharing;
use super::diagnosis::Diagnosis;
use super::installed::{Interpreter, Package, TreeKind};
use super::path::RelPath;

/// What was looked for. The name in text and JSON is in kebab-case. The order says which are damage: all before
/// `RecordAbsent` (`is_damage`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The interpreter cannot run, or is not the one that the venv was made for.
    Interpreter,
    /// The directory of the packages is gone, or cannot be reached.
    SiteMissing,
    /// All distributions are gone that the last baseline has.
    PackagesGone,
    /// The record of a distribution is gone that the last baseline has, and files of it stay behind.
    RecordGone,
    /// A file that RECORD lists is gone.
    FileMissing,
    /// A file has no byte left, though RECORD says that it should have some.
    FileEmptied,
    /// A file has the size that RECORD says, and ends in NUL bytes where it should not.
    FileZeroFilled,
    /// The content of a file is not what RECORD says.
    FileAltered,
    /// A file cannot be read.
    FileUnreadable,
    /// METADATA is gone, empty or makes no sense.
    MetadataUnreadable,
    /// RECORD is empty or makes no sense.
    RecordUnreadable,
    /// An installer was killed after it put a distribution aside, and nothing complete stands in its place.
    Interrupted,
    /// A module of a package is gone that the package itself needs.
    ImportUnresolved,
    /// A module fails when it is imported.
    ImportFailed,
    /// Bytecode that Python would load and cannot use.
    BytecodeBroken,
    /// Bytecode that Python would load and that was made from other source.
    BytecodeStale,
    /// A file among the packages that Python reads at each start, and cannot read: it does not start.
    StartupBroken,
    /// An archive of modules that is cut or damaged.
    ArchiveBroken,
    /// Scripts that name the interpreter of another venv, which is there: they work on that one.
    ScriptForeign,
    /// A script that nobody may run, or something that only root may read.
    Mode,
    /// There is no RECORD, so nothing is known of the files.
    RecordAbsent,
    /// A source outside of the venv, from which it imports, is gone.
    SourceGone,
    /// An interpreter that scripts name is gone.
    ScriptInterpreter,
    /// A script whose distribution is gone.
    ScriptOrphaned,
    /// Commands that a distribution names have no script, and its RECORD lists none.
    ScriptMissing,
    /// Configuration that a distribution brought was rewritten since.
    ConfigChanged,
    /// Sources are gone, and bytecode stands in their places.
    SourcesStripped,
    /// Links into a cache stand where RECORD lists files.
    FileLinked,
    /// A module is not there that no import from outside leads to.
    ImportUnreached,
    /// A module is not there that is imported lazily, so that its first use fails.
    ImportLazy,
    /// Something that an interrupted installer left.
    Leftover,
    /// Code that runs at each start of Python and that no distribution lists.
    StartupCode,
    /// A line that Python tells an error of at each start.
    StartupError,
    /// Something is mounted over what stands there: it is not looked at.
    Mounted,
    /// Another venv in this one.
    VenvInside,
    /// A distribution is installed twice.
    Duplicate,
    /// Two distributions list one file.
    TwoOwners,
    /// A requirement that is not met.
    RequirementUnmet,
    /// A distribution does not support this Python.
    RequiresPython,
    /// A distribution was built for another interpreter or machine.
    Incompatible,
}

impl Check {
    /// Whether it means that something is broken, and not only unusual.
    pub fn is_damage(self) -> bool {
        self < Self::RecordAbsent
    }

    /// Whether it means that the venv does not work, be it damaged or not.
    pub fn is_failure(self) -> bool {
        self.is_damage()
            || matches!(
                self,
                Self::SourceGone | Self::ScriptInterpreter | Self::ScriptOrphaned
            )
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        let was_changed = matches!(
            self,
            Self::ScriptMissing
                | Self::ConfigChanged
                | Self::SourcesStripped
                | Self::Leftover
                | Self::StartupCode
                | Self::Duplicate
        );
        match (self.is_failure(), was_changed) {
            (true, _) => Severity::Damage,
            (false, true) => Severity::Drift,
            (false, false) => Severity::Notice,
        }
    }

    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::SiteMissing => "site-missing",
            Self::PackagesGone => "packages-gone",
            Self::RecordGone => "record-gone",
            Self::FileMissing => "file-missing",
            Self::FileEmptied => "file-emptied",
            Self::FileZeroFilled => "file-zero-filled",
            Self::FileAltered => "file-altered",
            Self::FileUnreadable => "file-unreadable",
            Self::MetadataUnreadable => "metadata-unreadable",
            Self::RecordUnreadable => "record-unreadable",
            Self::Interrupted => "interrupted",
            Self::ImportUnresolved => "import-unresolved",
            Self::ImportFailed => "import-failed",
            Self::BytecodeBroken => "bytecode-broken",
            Self::BytecodeStale => "bytecode-stale",
            Self::StartupBroken => "startup-broken",
            Self::ArchiveBroken => "archive-broken",
            Self::ScriptForeign => "script-foreign",
            Self::Mode => "mode",
            Self::RecordAbsent => "record-absent",
            Self::SourceGone => "source-gone",
            Self::ScriptInterpreter => "script-interpreter",
            Self::ScriptOrphaned => "script-orphaned",
            Self::ScriptMissing => "script-missing",
            Self::ConfigChanged => "config-changed",
            Self::SourcesStripped => "sources-stripped",
            Self::FileLinked => "file-linked",
            Self::ImportUnreached => "import-unreached",
            Self::ImportLazy => "import-lazy",
            Self::Leftover => "leftover",
            Self::StartupCode => "startup-code",
            Self::StartupError => "startup-error",
            Self::Mounted => "mounted",
            Self::VenvInside => "venv-inside",
            Self::Duplicate => "duplicate",
            Self::TwoOwners => "two-owners",
            Self::RequirementUnmet => "requirement-unmet",
            Self::RequiresPython => "requires-python",
            Self::Incompatible => "incompatible",
        }
    }
}

/// How much a finding means, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Severity {
    /// Worth to be known; healthy venvs have it.
    Notice,
    /// Somebody changed the venv since it was installed, and nothing is broken by that.
    Drift,
    /// Something is broken, or gone that the venv uses.
    #[default]
    Damage,
}

impl Severity {
    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Drift => "drift",
            Self::Damage => "damage",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// The distribution, by its normalized name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RelPath>,
    /// What is wrong, for people; without the path and the package.
    pub text: String,
    /// The size in bytes that the file should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_size: Option<u64>,
    /// The size that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Who shares the damaged inode, if it has more than one name.
    #[serde(flatten)]
    pub sharing: Option<Sharing>,
    /// The cache (lossy) that the content lies in, where a link leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
    /// Why it is accepted, if the configuration accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Finding {
    /// A finding that names neither file nor package yet.
    pub fn new(check: Check, text: impl Into<String>) -> Self {
        Self {
            check,
            package: None,
            path: None,
            text: text.into(),
            expected_size: None,
            size: None,
            sharing: None,
            behind: None,
            accepted: None,
        }
    }

    /// The same finding, of a distribution (by its normalized name).
    #[must_use]
    pub fn in_package(mut self, package: &str) -> Self {
        self.package = Some(package.to_owned());
        self
    }

    /// The same finding, of a file.
    #[must_use]
    pub fn at(mut self, path: &RelPath) -> Self {
        self.path = Some(path.clone());
        self
    }

    /// Whether it makes the venv a damaged one.
    pub fn is_damage(&self) -> bool {
        self.check.is_damage() && self.accepted.is_none()
    }
}

/// Counts of an audit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Audited {
    /// Files that a RECORD lists with a hash that was checked.
    pub hashed: u64,
    /// Files that a RECORD lists without one that can be checked.
    pub unhashed: u64,
    /// Files that are empty and meant to be.
    pub empty: u64,
    /// Files in site-packages that nobody owns.
    pub unowned: u64,
    /// Bytecode files that were compared with what their source compiles to.
    #[serde(default)]
    pub compared: u64,
    /// How many files the tree has. A snapshot keeps that number itself, so the audit does not.
    #[serde(skip)]
    pub entries: u64,
}

/// Something that could not be looked at, so nothing is known of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unread {
    /// Its path.
    pub path: RelPath,
    /// Why it could not be looked at.
    pub reason: String,
}

/// Something that is damage if a module was there once, which the venv alone does not say.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Doubt {
    /// What is found then.
    pub(crate) finding: Finding,
    /// The info directory of the distribution to which the module would belong.
    pub(crate) info: RelPath,
    /// Where it would lie, one or the other.
    pub(crate) paths: Vec<RelPath>,
    /// Whether times may say that it was there. They do not tell which module it was.
    pub(crate) by_times: bool,
}

/// What an audit found out. A snapshot keeps it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// What kind of tree it is.
    #[serde(default, skip_serializing_if = "TreeKind::is_venv")]
    pub kind: TreeKind,
    /// The distributions, sorted by name.
    pub packages: Vec<Package>,
    /// The interpreter; none where the tree has none.
    pub interpreter: Option<Interpreter>,
    /// What is wrong, damage first.
    pub findings: Vec<Finding>,
    /// How much was looked at.
    pub counts: Audited,
    /// What probably did the damage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnosis: Vec<Diagnosis>,
    /// Files in site-packages that nobody owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unowned: Vec<RelPath>,
    /// The Pythons that scripts in `bin` name, by their whole paths; none where that was not looked at, or one is not
    /// UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_pythons: Option<Vec<String>>,
    /// What is damage only if a module was there once. Who has other evidence of that (a snapshot) decides at once; no
    /// snapshot keeps doubts.
    #[serde(skip)]
    pub(crate) doubts: Vec<Doubt>,
    /// What could not be looked at, sorted, each path once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
}

impl Audit {
    /// The findings that make the venv a damaged one.
    pub fn damage(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_damage())
    }

    /// What is gone that the venv uses elsewhere, so that it does not work though it is not damaged.
    pub fn gone(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| {
            let check = finding.check;
            check.is_failure() && !check.is_damage() && finding.accepted.is_none()
        })
    }

    /// Whether all could be looked at, none of it is damaged, and nothing is gone that it uses.
    pub fn is_clean(&self) -> bool {
        let mut failures = self.damage().chain(self.gone());
        failures.next().is_none() && self.unread.is_empty()
    }

    /// The same with the number of files, which only the snapshot keeps.
    #[must_use]
    pub fn with_entries(mut self, files: u64) -> Self {
        self.counts.entries = files;
        self
    }

    /// Adds what could not be looked at, unless it is known already.
    pub fn leave_unread(&mut self, path: &RelPath, reason: &str) {
        if let Err(at) = self.unread.binary_search_by(|one| one.path.cmp(path)) {
            let (path, reason) = (path.clone(), reason.to_owned());
            self.unread.insert(at, Unread { path, reason });
        }
    }

    /// Sorts the findings by kind, damage first, then by package and path. Accepted ones come last.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            (a.accepted.is_some(), a.check, &a.package, &a.path, &a.text).cmp(&(
                b.accepted.is_some(),
                b.check,
                &b.package,
                &b.path,
                &b.text,
            ))
        });
    }

    /// The requirements that install the same: `name==version`, or `name @ URL` of what came from elsewhere.
    pub fn freeze(&self) -> Vec<String> {
        self.packages.iter().map(Package::requirement).collect()
    }
}
