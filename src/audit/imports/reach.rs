//! Which modules may lead to others, by the look of their imports: more than really do, and never fewer.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::resolve::{World, ancestors};
use crate::model::RelPath;
use crate::python::imports::Import;

/// For each module those that may import it.
pub(super) struct Importers<'a>(HashMap<&'a RelPath, Vec<&'a RelPath>>);

impl<'a> Importers<'a> {
    /// Looks at the imports of all sources.
    pub(super) fn new(world: &World<'a>, looks: &[(&'a RelPath, Arc<[Import]>)]) -> Self {
        let mut importers: HashMap<&RelPath, Vec<&RelPath>> = HashMap::new();
        for (file, imports) in looks {
            let mut add = |module: &str| {
                if let Some(target) = world.index.executed(module) {
                    let known = importers.entry(target).or_default();
                    if known.last() != Some(file) {
                        known.push(file);
                    }
                }
            };
            for import in imports.iter() {
                let base = world.base(file, import.level, &import.module);
                if base.is_empty() {
                    continue;
                }
                ancestors(&base).for_each(&mut add);
                add(&base);
                for name in &import.names {
                    add(&format!("{base}/{name}"));
                }
            }
        }
        Self(importers)
    }

    /// All modules that may lead to one of these, and these.
    pub(super) fn leading(&self, to: impl Iterator<Item = &'a RelPath>) -> HashSet<&'a RelPath> {
        let mut found: HashSet<&RelPath> = to.collect();
        let mut todo: Vec<&RelPath> = found.iter().copied().collect();
        while let Some(file) = todo.pop() {
            for importer in self.0.get(file).into_iter().flatten() {
                if found.insert(importer) {
                    todo.push(importer);
                }
            }
        }
        found
    }
}
