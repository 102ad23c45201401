//! How a single import ends: where its module and its names lead at the moment of it.

use super::evaluate::{Evaluator, Here};
use super::exits::{Exits, Failure, Missing};
use super::index::Place;
use super::resolve::{Found, ancestors};
use super::steps::Kind;
use super::wanted::Wanted;

/// Names that a namespace package has too.
const OF_NAMESPACES: [&str; 6] = [
    "__doc__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
];

impl<'a> Evaluator<'_, 'a> {
    /// How one import ends.
    pub(super) fn import(&mut self, here: Here<'_, 'a>, wanted: &Wanted) -> Exits {
        let base = self.world.base(here.file, wanted.level, &wanted.module);
        if base.is_empty() {
            return Exits::failing(Kind::Name, Failure::default());
        }
        // From where a function is called is not known.
        let line = if here.calls == 0 {
            wanted.line
        } else {
            usize::MAX
        };
        self.moment.at(here.file, Some(line));
        let mut exits = Exits::on();
        for module in ancestors(&base).chain([base.as_str()]) {
            exits = exits.then(|| self.load(here, wanted, module));
        }
        for name in &wanted.names {
            exits = exits.then(|| self.take(here, wanted, &base, name));
        }
        if wanted.star {
            exits = exits.then(|| self.take_all(here, wanted, &base));
        }
        exits
    }

    fn load(&mut self, here: Here<'_, 'a>, wanted: &Wanted, module: &str) -> Exits {
        match self.world.find_for(&self.moment, here.file, module) {
            Found::Source(path) => self.module(path, here.is_guarded),
            Found::Opaque => match self.executed(module, here.is_guarded) {
                Some(path) => self.module(path, here.is_guarded),
                None => Exits::on(),
            },
            Found::Unknown => Exits::unknown(),
            Found::Missing(own) => self.missing(here, wanted, Kind::Module, module, own),
        }
    }

    fn missing(
        &self,
        here: Here<'_, 'a>,
        wanted: &Wanted,
        kind: Kind,
        module: &str,
        own: bool,
    ) -> Exits {
        if !own {
            return Exits::failing(kind, Failure::default());
        }
        if self.told.contains(module) {
            return Exits::on();
        }
        let makers = &self.world.makers;
        let is_made = || {
            makers.name(self.world, &self.moment, module)
                || kind == Kind::Name
                    && (makers.give(self.world, module)
                        || self.world.is_filled(&self.moment, module))
        };
        if self.lead.is_some() && is_made() {
            return Exits::unknown();
        }
        let missing = Missing {
            file: here.file.clone(),
            line: wanted.line,
            module: module.replace('/', "."),
        };
        Exits::failing(kind, Failure::of(missing))
    }

    /// Takes one name of a module: one that it gives, or else a module inside it.
    fn take(&mut self, here: Here<'_, 'a>, wanted: &Wanted, base: &str, name: &str) -> Exits {
        let module = format!("{base}/{name}");
        let is_there = self.world.index.place(&module) != Place::Nothing;
        match self.world.index.place(base) {
            Place::Package(init) => match self.world.gives(&self.moment, init, name) {
                Some(true) => Exits::on(),
                // Whoever has a module of a name gives that under it.
                None | Some(false) if is_there => self.load(here, wanted, &module),
                Some(false) => match self.world.find_for(&self.moment, here.file, &module) {
                    Found::Missing(own) => self.missing(here, wanted, Kind::Name, &module, own),
                    _ => Exits::unknown(),
                },
                None => match self.world.late(init, name) {
                    Some(inner) => self.load(here, wanted, &inner).then(Exits::unknown),
                    None => Exits::unknown(),
                },
            },
            Place::Namespace if is_there => self.load(here, wanted, &module),
            Place::Namespace if OF_NAMESPACES.contains(&name) => Exits::on(),
            Place::Namespace => match self.world.find_for(&self.moment, here.file, &module) {
                Found::Missing(own) => self.missing(here, wanted, Kind::Name, &module, own),
                _ => Exits::unknown(),
            },
            // What it does not give may have been made by others.
            Place::Module(file) => match self.world.gives(&self.moment, file, name) {
                Some(true) => Exits::on(),
                _ => Exits::unknown(),
            },
            Place::Opaque | Place::Nothing => Exits::unknown(),
        }
    }

    /// Takes all names of a module. What a package lists in `__all__` and does not give is a module inside it.
    fn take_all(&mut self, here: Here<'_, 'a>, wanted: &Wanted, base: &str) -> Exits {
        let Place::Package(init) = self.world.index.place(base) else {
            return Exits::on();
        };
        let source = self.world.source(init);
        let all = source.as_ref().and_then(|source| source.names.all.as_ref());
        let mut exits = Exits::on();
        for name in all.into_iter().flatten() {
            exits = exits.then(|| self.take(here, wanted, base, name));
        }
        exits
    }
}
