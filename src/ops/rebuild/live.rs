//! The broken venv: what stands there, and what of it is proved.

use super::script::is_as_written;
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Check, Finding, Manifest, Node, Package, RelPath};
use crate::ops::audit::Audited;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::python::dist::{Dist, Dists, Form, Hash};
use crate::python::hashes::{Hashes, HashesOnly};
use crate::python::made::Made;
use crate::python::pyvenv::config_path;
use crate::tree::hash::read_file;
use crate::tree::scan::{Scan, scan};
use crate::tree::stat_cache::StatCache;

/// A venv that was read and audited.
pub(super) struct Live {
    pub(super) root: Rooted,
    pub(super) scan: Scan,
    pub(super) dists: Dists,
    pub(super) audit: Audit,
    pub(super) made: Made,
}

/// No `pyvenv.cfg` has more bytes than this.
const CONFIG_MAX: u64 = 1 << 20;

impl Live {
    /// Reads what stands there, whatever its state is.
    pub(super) fn read(context: &Context<'_>, root: Rooted) -> Result<Self, Error> {
        let sink = HashesOnly::default();
        let scan = scan(&root, &StatCache::default(), &sink, context.monitor)?;
        context.go_on()?;
        context.monitor.phase("auditing", 0, 0);
        let hashes: &Hashes = &sink.0;
        let audited = Audited {
            root: &root,
            scan: &scan,
            hashes: Some(hashes),
        };
        let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
        let audit = audited.audit(&dists, &interpreter);
        let config = read_file(&root, &config_path(), CONFIG_MAX).unwrap_or_default();
        let mut made = Made::parse(&config);
        // Where the file is damaged, the name of the directory of packages still tells the version.
        let lib = dists.layout.sites.first().and_then(version_of);
        made.version = made.version.or(lib);
        Ok(Self {
            root,
            scan,
            dists,
            audit,
            made,
        })
    }

    /// Each distribution, and what the audit says of it.
    pub(super) fn installed(&self) -> impl Iterator<Item = (&Dist, &Package)> {
        self.dists.all.iter().zip(&self.audit.packages)
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.scan.manifest()
    }

    /// The files of a distribution that are taken over: all of them, where each is proved. Bytecode is left to Python.
    /// Otherwise an error says why not.
    pub(super) fn proved(&self, dist: &Dist) -> Result<Vec<RelPath>, &'static str> {
        let Some((record, rows)) = &dist.record else {
            return Err("it has no RECORD");
        };
        if dist.form != Form::DistInfo || dist.metadata.is_none() || !dist.unread.is_empty() {
            return Err("its metadata is damaged");
        }
        if dist.unfinished.is_some() {
            return Err("its install was not finished");
        }
        if rows.bad > 0 || rows.outside > 0 {
            return Err("its RECORD lists what is not in the venv");
        }
        if self.dists.all_named(&dist.name).len() > 1 {
            return Err("it is installed twice");
        }
        let of_it = |finding: &&Finding| finding.package.as_deref() == Some(&dist.name);
        if self.audit.findings.iter().filter(of_it).any(hurts) {
            return Err("it is damaged");
        }
        let mut files = Vec::new();
        for row in rows
            .rows
            .iter()
            .filter(|row| !row.path.name().ends_with(b".pyc"))
        {
            let Some(entry) = self.manifest().get(&row.path) else {
                // A missing file that has a hash is a finding, and was refused above.
                continue;
            };
            let is_file = matches!(entry.node, Node::File { .. });
            let is_told = matches!(row.hash, Hash::Known(_))
                || row.path.is_within(&dist.info)
                || is_as_written(&self.root, dist, &row.path);
            match (is_file, is_told) {
                (true, true) => files.push(row.path.clone()),
                (false, _) if entry.node == Node::Dir => {}
                (false, _) => return Err("it has links in the places of files"),
                (true, false) => return Err("RECORD does not prove all its files"),
            }
        }
        if !files.contains(record) {
            files.push(record.clone());
        }
        Ok(files)
    }

    /// Files among the packages that no distribution lists, and so are not in a new venv.
    pub(super) fn left_behind(&self) -> Vec<RelPath> {
        let unowned = self.audit.unowned.iter();
        unowned
            .filter(|path| !path.name().ends_with(b".pyc"))
            .cloned()
            .collect()
    }
}

/// Whether a finding says that the files of a distribution are not those that its installer wrote, or not all.
fn hurts(finding: &Finding) -> bool {
    let harmless = matches!(
        finding.check,
        Check::BytecodeBroken
            | Check::BytecodeStale
            | Check::SourceGone
            | Check::ImportUnreached
            | Check::ImportLazy
            | Check::Leftover
            | Check::StartupCode
            | Check::StartupError
            | Check::RequirementUnmet
            | Check::RequiresPython
            | Check::ScriptInterpreter
    );
    !harmless
}

/// `3.11` of `lib/python3.11/site-packages`.
fn version_of(site: &RelPath) -> Option<String> {
    let lib = site.parts().nth(1)?;
    let version = lib.strip_prefix(b"python")?;
    String::from_utf8(version.to_vec()).ok()
}
