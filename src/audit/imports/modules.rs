//! Which modules a site-packages directory holds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Manifest, Node, RelPath};
use crate::python::dist::Read;
use crate::python::imports::Import;

/// What the text of a package's `__init__.py` says.
struct Init {
    /// How often each word occurs; not counted where it is lively.
    words: HashMap<String, u32>,
    /// Whether it may have names that its text does not show.
    lively: bool,
    /// Whether it may make modules inside itself: a name that it gives by `__getattr__` is none, and cannot be imported from.
    makes_modules: bool,
}

/// The modules of one site.
pub(super) struct Modules<'a> {
    site: &'a RelPath,
    read: Read<'a>,
    /// Paths below the site without their suffix; packages by their directory.
    known: HashSet<Vec<u8>>,
    /// Directories.
    dirs: HashSet<Vec<u8>>,
    inits: Mutex<HashMap<String, Option<Arc<Init>>>>,
}

impl<'a> Modules<'a> {
    pub(super) fn new(manifest: &Manifest, site: &'a RelPath, read: Read<'a>) -> Self {
        let mut modules = Self {
            site,
            read,
            known: HashSet::new(),
            dirs: HashSet::new(),
            inits: Mutex::default(),
        };
        for entry in manifest.entries() {
            if !entry.path.is_within(site) || entry.path == *site {
                continue;
            }
            let below = &entry.path.as_bytes()[site.as_bytes().len() + 1..];
            let name = entry.path.name();
            let stem = match &entry.node {
                Node::Dir => {
                    modules.dirs.insert(below.to_vec());
                    Some(below.to_vec())
                }
                // A link may be to a package, and so may be what cannot be looked into.
                Node::Symlink(_) | Node::Unreadable(_) if !name.contains(&b'.') => {
                    Some(below.to_vec())
                }
                _ => stem(below, name),
            };
            if let Some(stem) = stem {
                modules.known.insert(stem);
            }
        }
        modules
    }

    /// The module that an import goes to, as a path below the site (`x/y`); none where it leads out of the site.
    pub(super) fn base(&self, importer: &RelPath, import: &Import) -> Option<String> {
        let mut base = String::new();
        if import.level > 0 {
            let mut dir = importer.parent_bytes();
            for _ in 1..import.level {
                dir = (dir.len() > self.site.as_bytes().len()).then_some(dir)?;
                dir = &dir[..dir.iter().rposition(|&b| b == b'/')?];
            }
            let below = dir.get(self.site.as_bytes().len() + 1..);
            base.push_str(&String::from_utf8_lossy(below.unwrap_or_default()));
        }
        let parts = import.module.split('.').filter(|part| !part.is_empty());
        for part in parts {
            if !base.is_empty() {
                base.push('/');
            }
            base.push_str(part);
        }
        (!base.is_empty()).then_some(base)
    }

    /// Whether a top-level name is the package in which the importing file lies. A namespace has no `__init__.py` and is shared
    /// by many distributions, so it is nobody's own.
    pub(super) fn is_own(&self, importer: &RelPath, top: &str) -> bool {
        let below = importer.as_bytes().get(self.site.as_bytes().len() + 1..);
        let below = below.and_then(|below| below.strip_prefix(top.as_bytes()));
        below.is_some_and(|rest| rest.starts_with(b"/"))
            && self.known.contains(format!("{top}/__init__").as_bytes())
    }

    pub(super) fn has(&self, module: &str) -> bool {
        self.known.contains(module.as_bytes())
    }

    /// Whether a file is the `__init__.py` of a package.
    pub(super) fn is_init_of(&self, file: &RelPath, package: &str) -> bool {
        let below = file.as_bytes().get(self.site.as_bytes().len() + 1..);
        let below = below.and_then(|below| below.strip_prefix(package.as_bytes()));
        below == Some(b"/__init__.py")
    }

    /// Whether a package above a module may have made it at run time, as a plain module above it certainly did.
    pub(super) fn parent_is_lively(&self, module: &str) -> bool {
        let ends = module.match_indices('/').map(|(end, _)| end);
        ends.map(|end| &module[..end]).any(|above| {
            let is_plain = self.has(above) && !self.dirs.contains(above.as_bytes());
            is_plain || self.init(above).is_some_and(|init| init.makes_modules)
        })
    }

    /// Whether a module gives a name: as a module inside it, or by its own text. Of what is no package, nothing is known.
    /// A package that imports a name of itself does not give that name by saying so.
    pub(super) fn gives(&self, module: &str, name: &str, own: bool) -> bool {
        // Every module has __file__, __name__ and their like.
        if name.starts_with("__")
            || !self.dirs.contains(module.as_bytes())
            || self.known.contains(format!("{module}/{name}").as_bytes())
        {
            return true;
        }
        match self.init(module) {
            None => true,
            Some(init) => {
                init.lively || init.words.get(name).copied().unwrap_or(0) > u32::from(own)
            }
        }
    }

    fn init(&self, package: &str) -> Option<Arc<Init>> {
        let lock = || self.inits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(package) {
            return known.clone();
        }
        let path = [
            self.site.as_bytes(),
            b"/",
            package.as_bytes(),
            b"/__init__.py",
        ]
        .concat();
        let source = RelPath::new(&path).ok().and_then(|path| (self.read)(&path));
        let init = source.map(|source| Arc::new(Init::new(&source)));
        lock().insert(package.to_owned(), init.clone());
        init
    }
}

impl Init {
    fn new(source: &[u8]) -> Self {
        let text = String::from_utf8_lossy(source);
        let says = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
        let makes_modules = says(&["sys.modules", "meta_path", "__path__"]);
        let lively = makes_modules || says(&["__getattr__", "import *", "lazy", "globals()"]);
        let mut words = HashMap::new();
        if !lively {
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                match words.get_mut(word) {
                    Some(count) => *count += 1,
                    None => drop(words.insert(word.to_owned(), 1)),
                }
            }
        }
        Self {
            words,
            lively,
            makes_modules,
        }
    }
}

/// The module path of a file: `x/y` of `x/y.py`, `x/y.cpython-311-x86_64-linux-gnu.so` and `x/y.pyc`.
fn stem(below: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let dir = &below[..below.len() - name.len()];
    let module = match name {
        _ if name.ends_with(b".py") || name.ends_with(b".pyc") => {
            &name[..name.iter().rposition(|&b| b == b'.')?]
        }
        _ if name.ends_with(b".so") => &name[..name.iter().position(|&b| b == b'.')?],
        _ => return None,
    };
    Some([dir, module].concat())
}
