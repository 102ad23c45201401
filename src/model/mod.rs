//! The nouns, without any I/O: what a snapshot is made of, what a difference is.

pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod compare;
pub(crate) mod diagnosis;
pub(crate) mod digest;
pub(crate) mod document;
pub(crate) mod entry;
pub(crate) mod extent;
pub(crate) mod installed;
pub(crate) mod module;
pub(crate) mod packages;
pub(crate) mod path;
pub(crate) mod segment;
pub(crate) mod shortfall;
pub(crate) mod snapref;
pub(crate) mod snapshot;
pub(crate) mod text;

pub use audit::{Audit, Audited, Check, Finding, Unread};
pub use change::{Change, Class, Detail, Kind, NormalUse};
pub use diagnosis::{CacheEntry, Diagnosis, Installer};
pub use digest::Digest;
pub use document::{Deed, Document, Followed, IncidentReport, Seen};
pub use entry::{Entry, Manifest, Meta, Node, Special, Time};
pub use installed::{Interpreter, Package};
pub use module::is_module_name;
pub use packages::{PackageChange, PackageState};
pub use path::{BadPath, RelPath};
pub use shortfall::{Lack, LeftOut};
pub use snapref::{BadRef, SnapshotRef};
pub use snapshot::{Label, Purpose, Snapshot, SnapshotId, Totals, VenvId};
pub use text::Shown;
