//! The modules of a venv as an application sees them from outside.

use super::index::Place;
use super::resolve::{Found, World};
use super::wanted::Wanted;
use super::wants::{Looked, There, look};
use crate::audit::Subject;

/// Where the import of a module by an application leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Leads {
    /// To something that is there.
    There,
    /// Nobody knows.
    Unknown,
    /// To nothing: this module is not there, and nothing that is installed brought it.
    Absent(String),
    /// To nothing, though what is installed should have it.
    Lost(String),
}

/// What can be imported from a venv.
pub(crate) struct Outside<'a>(World<'a>);

impl<'a> Outside<'a> {
    pub(crate) fn new(subject: &'a Subject<'a>) -> Self {
        Self(World::new(subject))
    }

    /// Looks at a source of the application; none where it is no valid Python.
    pub(crate) fn look(&self, source: &[u8], is_init: bool, there: &There<'_>) -> Option<Looked> {
        look(source, &self.0.python, is_init, there)
    }

    /// Where an absolute import leads.
    pub(crate) fn leads(&self, wanted: &Wanted) -> Leads {
        let base = wanted.module.replace('.', "/");
        let found = self.module(&base);
        if found != Leads::There || self.0.index.place(&base) != Place::Namespace {
            return found;
        }
        // What is taken of a namespace is a module of its own.
        let mut names = wanted.names.iter();
        let gone = names.find_map(|name| {
            let inner = format!("{base}/{name}");
            (self.0.index.place(&inner) == Place::Nothing).then_some(inner)
        });
        gone.map_or(Leads::There, |inner| Leads::Absent(inner.replace('/', ".")))
    }

    /// Where the name of a module leads, or of something in one.
    pub(crate) fn text_leads(&self, text: &str) -> Leads {
        let top = text.split('.').next().unwrap_or_default();
        match self.module(top) {
            Leads::Absent(_) => Leads::Absent(text.to_owned()),
            other => other,
        }
    }

    fn module(&self, module: &str) -> Leads {
        let shown = || module.replace('/', ".");
        match self.0.find_module(module) {
            Found::Source(_) | Found::Opaque => Leads::There,
            Found::Unknown => Leads::Unknown,
            Found::Missing(true) => Leads::Lost(shown()),
            Found::Missing(false) => Leads::Absent(shown()),
        }
    }
}
