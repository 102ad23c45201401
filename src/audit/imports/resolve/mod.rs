//! Where the name of a module leads, and whether a module gives a name.

mod makers;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::cython;
use super::declines::Own;
use super::guard::Python;
use super::index::{Index, Place, is_within};
use super::moment::Moment;
use super::reading::read;
use super::steps::Source;
use super::tops::{Top, Tops};
use super::wanted::Wanted;
use crate::audit::Subject;
use crate::model::RelPath;
use crate::python::text::decoded;
use makers::Makers;

/// Modules that pip leaves out of what it bundles.
const TRIMMED: [&str; 2] = ["pip/_vendor/pygments", "pip/_vendor/rich"];
/// Names under which packages make modules at run time that are no files of theirs.
const MADE_AT_RUN_TIME: [&str; 2] = ["extern", "moves"];
/// Star imports are followed so far.
const STARS_MAX: usize = 12;

/// Where a module is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found<'a> {
    /// It is this source.
    Source(&'a RelPath),
    /// It is there, and nothing is known of what is in it.
    Opaque,
    /// Nobody knows whether it is there.
    Unknown,
    /// It is not there; whether it belongs to what is installed.
    Missing(bool),
}

/// A source that is parsed when it is first asked for, by one thread.
type Parsed = Arc<OnceLock<Option<Arc<Source>>>>;

/// All modules that can be imported.
pub(super) struct World<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) index: Index<'a>,
    pub(super) tops: Tops<'a>,
    pub(super) python: Python,
    pub(super) sources: Mutex<HashMap<&'a RelPath, Parsed>>,
    pub(super) makers: Makers,
    owners: Mutex<HashMap<String, Option<String>>>,
    bundled: Mutex<HashMap<String, bool>>,
    /// Whether extensions were compiled from the sources beside them.
    pub(super) compiled: Mutex<HashMap<RelPath, bool>>,
    /// The finders of sources.
    pub(super) finders: Mutex<HashMap<RelPath, Arc<Own>>>,
}

impl<'a> World<'a> {
    pub(super) fn new(subject: &'a Subject<'a>) -> Self {
        let suffixes = subject.interpreter.map_or(&[][..], |facts| &facts.suffixes);
        let python = Python::new(subject.interpreter);
        Self {
            subject,
            index: Index::new(subject.manifest, &subject.dists.layout.sites, suffixes),
            tops: Tops::new(subject, &python),
            python,
            sources: Mutex::default(),
            makers: Makers::default(),
            owners: Mutex::default(),
            bundled: Mutex::default(),
            compiled: Mutex::default(),
            finders: Mutex::default(),
        }
    }

    /// What a source does; none where that cannot be told.
    pub(super) fn source(&self, path: &'a RelPath) -> Option<Arc<Source>> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = Arc::clone(sources.entry(path).or_default());
        drop(sources);
        source.get_or_init(|| self.parse(path)).clone()
    }

    fn parse(&self, path: &RelPath) -> Option<Arc<Source>> {
        let bytes = (self.subject.read)(path)?;
        if path.name().ends_with(b".pyx") {
            return Some(Arc::new(cython::read(&bytes)));
        }
        let below = self.index.below(path).unwrap_or_default();
        let below = String::from_utf8_lossy(below).replace('/', ".");
        let module = below.trim_end_matches(".py").trim_end_matches(".__init__");
        let is_init = path.name() == b"__init__.py";
        read(&bytes, &self.python, module, is_init).map(Arc::new)
    }

    /// The module that an import names, as a path (`x/y`); empty where it leads out of all packages.
    pub(super) fn base(&self, importer: &RelPath, level: u32, module: &str) -> String {
        let mut base = String::new();
        if level > 0 {
            let Some(mut dir) = self.index.package(importer).filter(|dir| !dir.is_empty()) else {
                return base;
            };
            for _ in 1..level {
                match dir.rsplit_once('/') {
                    Some((above, _)) => dir = above,
                    None => return base,
                }
            }
            base.push_str(dir);
        }
        for part in module.split('.').filter(|part| !part.is_empty()) {
            if !base.is_empty() {
                base.push('/');
            }
            base.push_str(part);
        }
        base
    }

    /// Where a module is, if all above it can be imported.
    pub(super) fn find_module(&self, module: &str) -> Found<'a> {
        self.find_at(&Moment::default(), module)
    }

    fn find_at(&self, moment: &Moment<'a>, module: &str) -> Found<'a> {
        match self.index.place(module) {
            Place::Package(source) | Place::Module(source) => Found::Source(source),
            Place::Opaque | Place::Namespace => Found::Opaque,
            Place::Nothing => self.absent(moment, module),
        }
    }

    /// The same for an importer: what is missing of a namespace belongs to the distribution that has modules right in
    /// it.
    pub(super) fn find_for(
        &self,
        moment: &Moment<'a>,
        importer: &RelPath,
        module: &str,
    ) -> Found<'a> {
        let found = self.find_at(moment, module);
        let is_own = || {
            let mut above: Vec<&str> = ancestors(module).collect();
            above.reverse();
            let there = above
                .into_iter()
                .find(|dir| self.index.place(dir) != Place::Nothing);
            let owner = there.and_then(|dir| self.namespace_owner(dir));
            let top = module.split('/').next().unwrap_or(module);
            let own = self.subject.dists.owner(importer).map(|dist| &dist.name);
            owner.is_some_and(|owner| Some(&owner) == own || self.tops.has_promised(top))
        };
        if found == Found::Missing(false) && module.contains('/') && is_own() {
            return Found::Missing(true);
        }
        found
    }

    /// The one distribution that has modules right in a directory without `__init__.py`.
    fn namespace_owner(&self, dir: &str) -> Option<String> {
        let is_shared = match self.index.place(dir) {
            Place::Namespace => true,
            Place::Package(init) => self.is_shared(init),
            _ => false,
        };
        if !is_shared || dir == "backports" {
            return None;
        }
        let lock = || self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(dir) {
            return known.clone();
        }
        let modules = self.index.inside(dir).into_iter();
        // Each distribution that shares a package has an `__init__` of its own.
        let modules = modules.filter(|module| !module.ends_with("/__init__"));
        let files = modules.filter_map(|module| match self.index.place(module) {
            Place::Module(file) => Some(file),
            _ => None,
        });
        let owners = files.map(|file| self.subject.dists.owner(file).map(|dist| &dist.name));
        let owners: HashSet<Option<&String>> = owners.collect();
        let mut owners = owners.into_iter();
        let owner = match (owners.next(), owners.next()) {
            (Some(only), None) => only.cloned(),
            _ => None,
        };
        lock().insert(dir.to_owned(), owner.clone());
        owner
    }

    fn absent(&self, moment: &Moment<'a>, module: &str) -> Found<'a> {
        let Some((parent, _)) = module.rsplit_once('/') else {
            return match self.tops.find_top(module) {
                Top::Found => Found::Opaque,
                Top::Unknown => Found::Unknown,
                Top::Lost => Found::Missing(true),
                Top::Absent if self.is_bundled(module) => Found::Unknown,
                Top::Absent => Found::Missing(false),
            };
        };
        match self.index.place(parent) {
            Place::Package(_) if self.may_be_made(moment, module) => Found::Unknown,
            Place::Package(init) if self.is_shared(init) => self.not_here(module),
            Place::Package(_) => Found::Missing(true),
            Place::Opaque if self.is_closed(parent) && !self.may_be_made(moment, module) => {
                Found::Missing(true)
            }
            // What a plain module does with its name, nobody else can tell.
            Place::Module(_) | Place::Opaque => Found::Unknown,
            Place::Namespace => self.not_in_namespace(moment, module, parent),
            Place::Nothing => self.absent(moment, parent),
        }
    }

    /// Whether a package holds a module of this name in a directory of its own and changes where Python looks
    /// (`setuptools/_vendor`).
    fn is_bundled(&self, name: &str) -> bool {
        let lock = || self.bundled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(name) {
            return *known;
        }
        let changes = |above: &str| match self.index.place(above) {
            Place::Package(init) => {
                let text = (self.subject.read)(init).unwrap_or_default();
                memchr::memmem::find(&text, b"sys.path").is_some()
            }
            _ => false,
        };
        let is_bundled = self
            .index
            .holding(name)
            .any(|dir| ancestors(dir).any(changes));
        lock().insert(name.to_owned(), is_bundled);
        is_bundled
    }

    /// A directory without `__init__.py` inside of a package is that package's; others are shared by whoever likes.
    fn not_in_namespace(&self, moment: &Moment<'a>, module: &str, parent: &str) -> Found<'a> {
        let mut above = ancestors(parent);
        let is_inside = above.any(|above| matches!(self.index.place(above), Place::Package(_)));
        if is_inside {
            return if self.may_be_made(moment, module) {
                Found::Unknown
            } else {
                Found::Missing(true)
            };
        }
        self.not_here(parent)
    }

    /// What is not in the sites, of a package of which another directory may hold a part.
    fn not_here(&self, module: &str) -> Found<'a> {
        match self
            .tops
            .find_top(module.split('/').next().unwrap_or(module))
        {
            Top::Found | Top::Unknown => Found::Unknown,
            Top::Lost | Top::Absent => Found::Missing(false),
        }
    }

    /// Whether other directories of the path may hold parts of a package.
    fn is_shared(&self, init: &'a RelPath) -> bool {
        self.source(init)
            .is_some_and(|source| source.names.is_shared)
    }

    /// Whether a package above a module may make it at run time, or have it elsewhere.
    fn may_be_made(&self, moment: &Moment<'a>, module: &str) -> bool {
        let is_source = |place: Place<'_>| matches!(place, Place::Package(_) | Place::Module(_));
        // If a source of such a name is there, it tells itself what it makes.
        let is_makers = |above: &str| {
            let name = above.rsplit('/').next().unwrap_or(above);
            above.contains('/')
                && MADE_AT_RUN_TIME.contains(&name)
                && !is_source(self.index.place(above))
        };
        if TRIMMED.iter().any(|name| is_within(module, name))
            || ancestors(module).chain([module]).any(is_makers)
        {
            return true;
        }
        let finds = |init: &RelPath| {
            let text = (self.subject.read)(init).unwrap_or_default();
            self.finder_makes(init, &decoded(&text), module)
        };
        let mut above = ancestors(module);
        above.any(|above| match self.index.place(above) {
            Place::Package(init) => self.source(init).is_none_or(|source| {
                let made = |name: &String| is_within(module, &name.replace('.', "/"));
                let renewed = |name: &String| {
                    made(name) && self.index.place(&name.replace('.', "/")) == Place::Nothing
                };
                moment.has_passed(init, source.names.modules_from)
                    || self.tells_maker(moment, init, &source)
                    || moment.has_passed(init, source.names.finders_from) && finds(init)
                    || source.names.made.iter().any(made)
                    || source.names.renewed.iter().any(renewed)
            }),
            Place::Namespace => false,
            _ => !self.is_closed(above),
        })
    }

    /// Whether a package gives a name, other than that of a module inside it; none where nobody knows.
    pub(super) fn gives(&self, moment: &Moment<'a>, init: &'a RelPath, name: &str) -> Option<bool> {
        // Every module has __file__, __name__ and their like.
        if name.starts_with("__") && name.ends_with("__") {
            return Some(true);
        }
        let source = self.source(init)?;
        let asks = Asks {
            package: self.index.package(init).unwrap_or_default(),
            name,
            moment,
        };
        let answers = source.names.answers.as_ref();
        let may_answer = moment.has_passed(init, source.names.getattr_from)
            && answers.is_none_or(|names| names.contains(name));
        if may_answer && !self.binds(init, &source, &asks) {
            return None;
        }
        self.gives_by(init, &asks, &mut HashSet::new())
    }

    fn gives_by(
        &self,
        file: &'a RelPath,
        asks: &Asks<'_, 'a>,
        seen: &mut HashSet<&'a RelPath>,
    ) -> Option<bool> {
        if !seen.insert(file) {
            return Some(false);
        }
        let source = self.source(file)?;
        if self.binds(file, &source, asks) {
            return Some(true);
        }
        let names = &source.names;
        // A star brings along what a `__getattr__` may know of it.
        let is_star = seen.len() > 1;
        if asks.moment.has_passed(file, names.open_from)
            || is_star && names.getattr_from.is_some()
            || seen.len() > STARS_MAX
        {
            return None;
        }
        let is_done = |star: &&Wanted| asks.moment.may_have_come_to(file, star.line);
        for star in names.stars.iter().filter(is_done) {
            let base = self.base(file, star.level, &star.module);
            let Found::Source(path) = self.find_module(&base) else {
                return None;
            };
            if self.hides(path, asks.name)? {
                continue;
            }
            if self.gives_by(path, asks, seen) != Some(false) {
                return None;
            }
        }
        Some(false)
    }

    /// Whether a module keeps a name from who takes all that it gives; none where it cannot be read.
    fn hides(&self, file: &'a RelPath, name: &str) -> Option<bool> {
        let source = self.source(file)?;
        let names = &source.names;
        Some(match &names.all {
            Some(all) => !all.iter().any(|one| one == name),
            None => !names.has_all && name.starts_with('_'),
        })
    }

    /// Whether the text of a module binds a name. A name that it takes of the very package that is asked does not
    /// count.
    fn binds(&self, file: &'a RelPath, source: &Source, asks: &Asks<'_, 'a>) -> bool {
        if source.names.bound.contains(asks.name) {
            return true;
        }
        source.names.taken.get(asks.name).is_some_and(|taken| {
            let from = |wanted: &Wanted| self.base(file, wanted.level, &wanted.module);
            taken.iter().any(|wanted| from(wanted) != asks.package)
        })
    }
}

/// A question for a name of a package.
struct Asks<'q, 'a> {
    package: &'q str,
    name: &'q str,
    moment: &'q Moment<'a>,
}

/// The packages above a module, the outermost first.
pub(super) fn ancestors(module: &str) -> impl Iterator<Item = &str> {
    module.match_indices('/').map(|(end, _)| &module[..end])
}
