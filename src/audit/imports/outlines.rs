//! The outlines of modules that were asked for a name, and what they tell together.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::index::Place;
use super::outline::Outline;
use super::resolve::World;
use crate::model::RelPath;

/// So many modules are asked for a name of a package that takes all names of them.
const STARS_MAX: usize = 32;

/// Each is looked through when it is first asked for.
#[derive(Default)]
pub(super) struct Outlines<'a>(Mutex<HashMap<&'a RelPath, Arc<OnceLock<Outline>>>>);

impl<'a> Outlines<'a> {
    fn of(&self, world: &World<'a>, file: &'a RelPath) -> Arc<OnceLock<Outline>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outline = Arc::clone(known.entry(file).or_default());
        drop(known);
        outline.get_or_init(|| Outline::of(&(world.subject.read)(file).unwrap_or_default()));
        outline
    }

    /// Whether a package surely gives a name to an importer, or it cannot be known that it does not, since it takes all
    /// names of what has no source. Most do, and no more has to be known of those.
    pub(super) fn give(
        &self,
        world: &World<'a>,
        importer: &RelPath,
        init: &'a RelPath,
        name: &str,
    ) -> bool {
        let package = world.index.package(init).unwrap_or_default();
        let (mut seen, mut todo) = (HashSet::new(), vec![init]);
        while let Some(file) = todo.pop().filter(|_| seen.len() < STARS_MAX) {
            let outline = self.of(world, file);
            let Some(outline) = outline.get().filter(|_| seen.insert(file)) else {
                continue;
            };
            let base = |level, module: &str| world.base(file, level, module);
            if file != init && !outline.shows(name) {
                continue;
            }
            if outline.gives(name, |level, module| base(level, module) == package) {
                return true;
            }
            // What the importer itself takes has not come yet.
            for (level, module) in outline.stars.iter().filter(|_| file != importer) {
                match world.index.place(&base(*level, module)) {
                    Place::Package(source) | Place::Module(source) => todo.push(source),
                    _ => return true,
                }
            }
        }
        false
    }
}
