//! Whether an extension was compiled from the Python that stands beside it under its name: that may as well be what
//! another implementation uses in its place (backports-zstd).

use std::sync::PoisonError;

use memchr::memmem;

use super::index::Place;
use super::resolve::World;
use crate::model::RelPath;

/// What mypyc leaves in the extension of each module; the code itself is in one that they share.
const SHARED: &[u8] = b"__mypyc";

impl<'a> World<'a> {
    /// The source that is executed when a module is imported, as far as that is known for sure.
    pub(super) fn executed(&self, module: &str) -> Option<&'a RelPath> {
        let source = self.index.executed(module)?;
        match self.index.place(module) {
            Place::Opaque if !self.is_compiled_from(module, source) => None,
            _ => Some(source),
        }
    }

    /// Whether the extension of a module names a source, as compilers have it do for tracebacks.
    fn is_compiled_from(&self, module: &str, source: &RelPath) -> bool {
        // Source of Cython is for nothing else.
        if source.name().ends_with(b".pyx") {
            return true;
        }
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(source) {
            return *known;
        }
        let content = self.index.extension(module).and_then(self.subject.read);
        let is_it = content.is_some_and(|content| {
            let has = |sign: &[u8]| memmem::find(&content, sign).is_some();
            has(source.name()) || has(SHARED)
        });
        lock().insert(source.clone(), is_it);
        is_it
    }
}
