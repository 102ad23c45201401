//! Which modules a finder may make that a package adds (`sys.meta_path`), and whether a function that a package tells
//! its own name may make any: by what their texts say.

use std::sync::{Arc, PoisonError};

use memchr::memmem;

use super::declines::{Finders, Own};
use super::index::{Place, is_within};
use super::moment::Moment;
use super::resolve::World;
use super::slice::of_finders;
use super::steps::Source;
use crate::model::RelPath;
use crate::python::imports::textual;
use crate::python::text::decoded;

/// What a finder has that Python asks for modules.
const FINDS: [&str; 2] = ["def find_spec", "def find_module"];
/// Signs that it asks for the name before it makes anything.
const ASKS: [&str; 5] = [" in ", ".get(", "startswith(", " == ", " != "];
/// Signs that it looks into directories, where it may find what nobody names.
const LOOKS: [&str; 8] = [
    "os.path",
    "listdir",
    "Path(",
    "PathFinder.",
    "FileFinder(",
    "from_file_location",
    "iter_modules",
    "zip",
];

impl<'a> World<'a> {
    /// Whether the finder of a source may make a module (`x/y`): one below that source, if it asks for its own name,
    /// and one of which it names the whole or the beginning. Others are told what to make, so some source of the
    /// package names it.
    pub(super) fn finder_makes(&self, path: &RelPath, text: &str, module: &str) -> bool {
        let elsewhere;
        let (path, text) = if FINDS.iter().any(|word| text.contains(word)) {
            (path, text)
        } else {
            match self.finder_from(path, text) {
                Some((from, other)) => {
                    elsewhere = other;
                    (from, &elsewhere[..])
                }
                // A finder of which nothing is known may make anything.
                None => return true,
            }
        };
        let finders = self.finders(path, text);
        if self.declines(path, &finders, module) {
            return false;
        }
        let text = &finders.part[..];
        let own = self.own_name(path);
        let above = own.rsplit_once('/').map_or(&own[..], |(above, _)| above);
        let own = if text.contains("__package__") || text.contains("rpartition") {
            above
        } else {
            &own
        };
        let is_below = is_within(module, own) && asks_itself(text);
        is_below || names_beginning(text, module) || self.is_told(path, module)
    }

    /// The finders of a source.
    fn finders(&self, path: &RelPath, text: &str) -> Arc<Own> {
        let lock = || self.finders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return Arc::clone(known);
        }
        let name = self.own_name(path).replace('/', ".");
        let package = self.index.package(path).unwrap_or_default();
        let found = Arc::new(Own {
            part: of_finders(text),
            finders: Finders::read(text, &self.python, &name, &package.replace('/', ".")),
        });
        lock().insert(path.clone(), Arc::clone(&found));
        found
    }

    /// The module that a source is (`x/y`).
    fn own_name(&self, path: &RelPath) -> String {
        let below = self.index.below(path).unwrap_or_default();
        let below = String::from_utf8_lossy(below);
        let own = below.trim_end_matches(".py").trim_end_matches("/__init__");
        own.to_owned()
    }

    /// Whether no finder of a source makes a module, whatever else it does.
    fn declines(&self, path: &RelPath, own: &Own, module: &str) -> bool {
        let dir = path.parent();
        let is_beside = |name: &str| {
            let mut entries = self.subject.manifest.entries().iter();
            dir.as_ref().is_none_or(|dir| {
                entries.any(|entry| {
                    let file = entry.path.name();
                    entry.path.is_within(dir) && memmem::find(file, name.as_bytes()).is_some()
                })
            })
        };
        let dotted = module.replace('/', ".");
        let finders = own.finders.as_ref();
        finders.is_some_and(|finders| finders.decline(&dotted, &is_beside))
    }

    /// The source, with its text, of which the finder comes that another one adds, if that looks at names alone:
    /// `from .moving import F`, `sys.meta_path.append(F())`.
    fn finder_from(&self, path: &RelPath, text: &str) -> Option<(&'a RelPath, String)> {
        let mut adds = text.match_indices("meta_path.").filter_map(|(at, word)| {
            let rest = &text[at + word.len()..];
            let rest = rest
                .strip_prefix("append(")
                .or_else(|| rest.strip_prefix("insert(0,"))?;
            let rest = rest.trim_start();
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            Some(&rest[..end])
        });
        let (Some(class), None) = (adds.next(), adds.next()) else {
            return None;
        };
        let mut sources = self.index.sources.iter();
        let file = sources.find(|source| **source == path)?;
        let source = self.source(file)?;
        let [wanted] = &source.names.taken.get(class)?[..] else {
            return None;
        };
        let base = self.base(path, wanted.level, &wanted.module);
        let (Place::Package(from) | Place::Module(from)) = self.index.place(&base) else {
            return None;
        };
        let text = (self.subject.read)(from)?;
        let text = decoded(&text).into_owned();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let is_there = text.contains(&format!("class {class}"));
        (is_there && has(&FINDS) && has(&ASKS) && !has(&LOOKS)).then_some((from, text))
    }

    /// Whether a source of the same package that mentions a source with a finder has the whole name of a module as a
    /// text.
    fn is_told(&self, finder: &RelPath, module: &str) -> bool {
        let name = match finder.name().strip_suffix(b".py") {
            Some(b"__init__") | None => finder.parent().map(|dir| dir.name().to_vec()),
            Some(name) => Some(name.to_vec()),
        };
        let name = name.unwrap_or_default();
        let top = module.split('/').next().unwrap_or(module);
        let dotted = module.replace('/', ".");
        let quoted = ["\"", "'"].map(|quote| format!("{quote}{dotted}{quote}"));
        let mut sources = self.index.sources.iter();
        sources.any(|path| {
            let below = self.index.below(path).unwrap_or_default();
            let is_own = below
                .strip_prefix(top.as_bytes())
                .is_some_and(|rest| rest.starts_with(b"/"));
            let text = is_own.then(|| (self.subject.read)(path)).flatten();
            text.is_some_and(|text| {
                let has = |name: &String| memmem::find(&text, name.as_bytes()).is_some();
                memmem::find(&text, &name).is_some() && quoted.iter().any(has)
            })
        })
    }

    /// The module that a package imports where it is first asked for a name (`x/y`).
    pub(super) fn late(&self, init: &'a RelPath, name: &str) -> Option<String> {
        let source = self.source(init)?;
        let inner = source.late.get(name)?;
        let bare = inner.trim_start_matches('.');
        Some(self.base(init, (inner.len() - bare.len()) as u32, bare))
    }

    /// Whether a package is an extension that was compiled from the source beside it, and that source does nothing by
    /// which modules could be in it that are no files.
    pub(super) fn is_closed(&self, package: &str) -> bool {
        const SIGNS: [&str; 6] = [
            "sys.modules",
            "meta_path",
            "__path__",
            "ModuleType",
            "new_module",
            "exec(",
        ];
        let source = self.executed(package);
        let source = source.filter(|path| path.name().starts_with(b"__init__."));
        let text = source.and_then(|path| (self.subject.read)(path));
        text.is_some_and(|text| {
            let has = |sign: &&str| memmem::find(&text, sign.as_bytes()).is_some();
            !SIGNS.iter().any(has)
        })
    }

    /// Whether a package tells its own name to a function that may make modules in it, and has come to that.
    pub(super) fn tells_maker(&self, moment: &Moment<'_>, init: &RelPath, source: &Source) -> bool {
        let told = source.names.told.iter();
        let mut told = told.filter(|(line, _)| moment.has_passed(init, Some(*line)));
        told.any(|(_, function)| self.may_make(init, source, function))
    }

    /// Whether a function may make modules: it does not where the source that it comes from imports nothing but what
    /// Python has, and neither puts modules anywhere nor changes where they are looked for.
    fn may_make(&self, init: &RelPath, source: &Source, function: &str) -> bool {
        const SIGNS: [&str; 7] = [
            "modules[",
            "modules.update",
            "modules.setdefault",
            "meta_path",
            "path_hooks",
            "__path__ ",
            "__path__.",
        ];
        let Some([wanted]) = source.names.taken.get(function).map(|taken| &taken[..]) else {
            return true;
        };
        let base = self.base(init, wanted.level, &wanted.module);
        let (Place::Package(file) | Place::Module(file)) = self.index.place(&base) else {
            return true;
        };
        let Some(bytes) = (self.subject.read)(file) else {
            return true;
        };
        let is_pythons = |module: &str, level: u32| {
            let top = module.split('.').next().unwrap_or_default();
            level == 0 && self.index.place(top) == Place::Nothing
        };
        let text = decoded(&bytes);
        !text.contains(&format!("def {function}("))
            || SIGNS.iter().any(|sign| text.contains(sign))
            || textual(&bytes).any(|import| !is_pythons(&import.module, import.level))
    }
}

/// Whether a text asks for the name of its own module, and not for that of some object.
fn asks_itself(text: &str) -> bool {
    let mut words = ["__name__", "__package__", "__path__"].into_iter();
    words.any(|word| {
        let mut found = text.match_indices(word);
        found.any(|(at, _)| !text[..at].ends_with('.'))
    })
}

/// Whether a text has the whole name of a module, or that of a package above it, as a text of its own.
fn names_beginning(text: &str, module: &str) -> bool {
    let dotted = module.replace('/', ".");
    let ends = dotted.match_indices('.').map(|(end, _)| end);
    let mut names = ends.chain([dotted.len()]).map(|end| &dotted[..end]);
    names.any(|name| {
        let found = ["\"", "'"].map(|quote| {
            let whole = format!("{quote}{name}{quote}");
            let beginning = format!("{quote}{name}.");
            let is_comment = |at: usize| {
                let line = text[..at].rsplit('\n').next().unwrap_or_default();
                line.contains('#')
            };
            let begins = |at: usize| {
                let rest = &text[at + quote.len()..];
                let end = rest.find(quote).unwrap_or(rest.len());
                let said = rest[..end].trim_end_matches('.');
                is_within(&dotted.replace('.', "/"), &said.replace('.', "/"))
            };
            let mut whole = text.match_indices(&whole).map(|(at, _)| at);
            let mut beginning = text.match_indices(&beginning).map(|(at, _)| at);
            whole.any(|at| !is_comment(at)) || beginning.any(|at| begins(at) && !is_comment(at))
        });
        found.contains(&true)
    })
}
