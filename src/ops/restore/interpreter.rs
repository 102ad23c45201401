//! A venv of another host needs the interpreter that it had there: what it is called by in the tree is followed to this
//! host and asked before anything is changed.

use std::path::{Path, PathBuf};

use super::target::Target;
use super::{Refusal, Run};
use crate::disk::rooted::Rooted;
use crate::model::plain::plain;
use crate::model::{Interpreter, Manifest, Node, RelPath};
use crate::ops::contents::TEXT_MAX;
use crate::ops::error::Error;
use crate::ops::list::readable;
use crate::python::interpreter::here::{Here, home, look_here};
use crate::python::layout::pythons;
use crate::python::pyvenv::{config_path, minor};
use crate::tree::Site;

/// So many links are followed at most, as the kernel does.
const LINKS_MAX: usize = 40;

impl Run<'_> {
    /// Refuses a venv of another host whose interpreter is not here, or is another one. Nothing is refused if the
    /// person forces the restore or wants only a part, or if the interpreter did not run on the other host either.
    pub(super) fn admit_interpreter(&self, target: &Target, place: &Site) -> Result<(), Error> {
        let snapshot = &self.chosen.snapshot;
        let is_asked = self.verb == Some("restore") && self.options.part.is_whole();
        if snapshot.venv.host == self.context.host || !is_asked || self.options.force {
            return Ok(());
        }
        let document = snapshot.document.and_then(|id| readable(self.store, id));
        let saved = document.and_then(|known| known.audit?.interpreter);
        let Some(saved) = saved.filter(|saved| saved.alive) else {
            return Ok(());
        };
        if let Some(outside) = leads_outside(&target.manifest, place.path()) {
            let above = place.path().parent().unwrap_or(place.path());
            admit(&saved, outside, &Rooted::open(above)?)?;
        }
        match self.config(target).and_then(|config| home(&config)) {
            Some(home) if std::fs::metadata(&home).is_err_and(|error| is_absent(&error)) => {
                Err(Refusal::NoInterpreter(home).into())
            }
            _ => Ok(()),
        }
    }

    /// What `pyvenv.cfg` will say.
    fn config(&self, target: &Target) -> Option<Vec<u8>> {
        let path = config_path();
        if let Some(content) = target.rewritten.get(&path) {
            return Some(content.clone());
        }
        let digest = target.manifest.get(&path)?.digest()?;
        self.store.objects.read_at_most(&digest, TEXT_MAX).ok()
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

/// Holds what stands on this host against what was there.
fn admit(saved: &Interpreter, path: PathBuf, asked_by: &Rooted) -> Result<(), Error> {
    let here = match look_here(asked_by, &path) {
        Here::Nothing => return Err(Refusal::NoInterpreter(path).into()),
        Here::Broken(why) => return Err(Refusal::BrokenInterpreter { path, why }.into()),
        Here::Unknown => return Ok(()),
        Here::Answered(here) => here,
    };
    // What one of the two does not say is no difference.
    let agree = |here: &str, saved: &str| here.is_empty() || saved.is_empty() || here == saved;
    let soabi = |python: &Interpreter| python.soabi.clone().unwrap_or_default();
    let same = minor(&here.version) == minor(&saved.version)
        && agree(&here.implementation, &saved.implementation)
        && agree(&here.platform, &saved.platform)
        && agree(&soabi(&here), &soabi(saved));
    if same {
        return Ok(());
    }
    let told = |python: &Interpreter| {
        let soabi = python.soabi.as_ref().unwrap_or(&python.platform);
        let text = format!("{} {} {soabi}", python.implementation, python.version);
        text.trim().to_owned()
    };
    Err(Refusal::OtherInterpreter {
        path,
        here: told(&here),
        saved: told(saved),
    }
    .into())
}

/// Where the interpreter of a tree at `place` lies, if that is outside of it.
fn leads_outside(manifest: &Manifest, place: &Path) -> Option<PathBuf> {
    let mut at: RelPath = pythons().find(|path| manifest.get(path).is_some())?;
    for _ in 0..LINKS_MAX {
        let Node::Symlink(text) = &manifest.get(&at)?.node else {
            return None;
        };
        let text = Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(text));
        let above = place.join(at.as_path());
        let goal = plain(&above.parent()?.join(text));
        match goal.strip_prefix(place) {
            Err(_) => return Some(goal),
            Ok(inside) => at = RelPath::new(inside.as_os_str().as_encoded_bytes()).ok()?,
        }
    }
    None
}
