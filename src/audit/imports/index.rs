//! Which modules the site-packages directories hold. Several of one venv count as one.

use std::collections::HashMap;

use crate::model::{Manifest, Node, RelPath};

/// Packages of tests.
pub(super) const TESTS: [&str; 3] = ["tests", "test", "_tests"];

/// All that stands under one module path.
#[derive(Clone, Copy, Debug, Default)]
struct Spot<'a> {
    is_dir: bool,
    source: Option<&'a RelPath>,
    /// Source of Cython.
    cython: Option<&'a RelPath>,
    /// An extension that the interpreter loads.
    extension: Option<&'a RelPath>,
    /// An extension module, or something that cannot be looked into, such as a link.
    is_opaque: bool,
    /// Bytecode beside the place of its source, which Python takes where there is no source.
    is_bytecode: bool,
}

/// What Python would import under a module path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place<'a> {
    /// A package by its `__init__.py`.
    Package(&'a RelPath),
    /// A plain module by its source.
    Module(&'a RelPath),
    /// Something without source.
    Opaque,
    /// A directory without `__init__.py`.
    Namespace,
    Nothing,
}

/// The modules of all sites.
#[derive(Debug)]
pub(super) struct Index<'a> {
    sites: &'a [RelPath],
    /// By paths below the sites without their suffix: `x/y`, `x/__init__`.
    spots: HashMap<&'a [u8], Spot<'a>>,
    /// All sources, in the order of the manifest; those of Cython beside their extension come last.
    pub(super) sources: Vec<&'a RelPath>,
}

impl<'a> Index<'a> {
    /// Reads a manifest. `suffixes` are those of the extension modules that the interpreter loads; where it did not
    /// answer there are none, and all count.
    pub(super) fn new(manifest: &'a Manifest, sites: &'a [RelPath], suffixes: &[String]) -> Self {
        let mut index = Self {
            sites,
            spots: HashMap::new(),
            sources: Vec::new(),
        };
        for entry in manifest.entries() {
            let path = &entry.path;
            let Some(below) = index.below(path).filter(|below| !below.is_empty()) else {
                continue;
            };
            let name = path.name();
            match &entry.node {
                Node::Dir => index.spot(below).is_dir = true,
                // A link may be to a package, and so may be what cannot be looked into.
                Node::Symlink(_) | Node::Unreadable(_) => {
                    let stem = stem(below, name, suffixes).map_or(below, |(stem, _)| stem);
                    index.spot(stem).is_opaque = true;
                }
                _ => match stem(below, name, suffixes) {
                    Some((stem, Form::Source)) => {
                        index.spot(stem).source = Some(path);
                        index.sources.push(path);
                    }
                    Some((stem, Form::Extension)) => {
                        let spot = index.spot(stem);
                        spot.is_opaque = true;
                        spot.extension = Some(path);
                    }
                    Some((stem, Form::Cython)) => index.spot(stem).cython = Some(path),
                    Some((stem, Form::Bytecode)) => index.spot(stem).is_bytecode = true,
                    None => {}
                },
            }
        }
        let compiled = index.spots.values().filter(|spot| spot.extension.is_some());
        let mut of_cython: Vec<&RelPath> = compiled.filter_map(|spot| spot.cython).collect();
        of_cython.sort();
        index.sources.extend(of_cython);
        index
    }

    fn spot(&mut self, stem: &'a [u8]) -> &mut Spot<'a> {
        self.spots.entry(stem).or_default()
    }

    /// Whether a source is a test, which is allowed to be incomplete.
    pub(super) fn is_test(&self, file: &RelPath) -> bool {
        let below = self.below(file).unwrap_or_default();
        let mut parts = below.split(|&b| b == b'/');
        parts.next_back();
        parts.any(|part| TESTS.iter().any(|name| name.as_bytes() == part))
    }

    /// A path below its site.
    pub(super) fn below<'p>(&self, path: &'p RelPath) -> Option<&'p [u8]> {
        self.sites.iter().find_map(|site| path.below(site))
    }

    /// The package in which a file's relative imports begin, as a path below the site; none for what is no module.
    /// That of `x/y.py` and of `x/__init__.py` is `x`, that of `y.py` is empty.
    pub(super) fn package<'p>(&self, file: &'p RelPath) -> Option<&'p str> {
        let below = std::str::from_utf8(self.below(file)?).ok()?;
        Some(below.rsplit_once('/').map_or("", |(dir, _)| dir))
    }

    /// What stands under a module path (`x/y`).
    pub(super) fn place(&self, module: &str) -> Place<'a> {
        let Some(spot) = self.spots.get(module.as_bytes()) else {
            return Place::Nothing;
        };
        if spot.is_dir
            && let Some(init) = self.spots.get([module, "/__init__"].concat().as_bytes())
        {
            match init {
                Spot {
                    is_opaque: true, ..
                } => return Place::Opaque,
                Spot {
                    source: Some(source),
                    ..
                } => return Place::Package(source),
                Spot {
                    is_bytecode: true, ..
                } => return Place::Opaque,
                _ => {}
            }
        }
        match spot {
            Spot {
                is_opaque: true, ..
            } => Place::Opaque,
            Spot {
                source: Some(source),
                ..
            } => Place::Module(source),
            Spot {
                is_bytecode: true, ..
            } => Place::Opaque,
            Spot { is_dir: true, .. } => Place::Namespace,
            _ => Place::Nothing,
        }
    }

    /// The source that is executed when a module is imported: its own, or that from which an extension was compiled,
    /// where that stands beside it under the same name. Python itself takes the extension there.
    pub(super) fn executed(&self, module: &str) -> Option<&'a RelPath> {
        match self.place(module) {
            Place::Package(source) | Place::Module(source) => return Some(source),
            Place::Opaque => {}
            Place::Namespace | Place::Nothing => return None,
        }
        let init = [module, "/__init__"].concat();
        let spots = [init.as_bytes(), module.as_bytes()];
        let mut spots = spots.into_iter().filter_map(|stem| self.spots.get(stem));
        // What is opaque is so for the first reason that there is.
        let spot = spots.find(|spot| spot.is_opaque || spot.is_bytecode)?;
        let source = spot.cython.or(spot.source);
        source.filter(|_| spot.extension.is_some())
    }

    /// The extension that is loaded for a module.
    pub(super) fn extension(&self, module: &str) -> Option<&'a RelPath> {
        let init = [module, "/__init__"].concat();
        let spots = [init.as_bytes(), module.as_bytes()];
        let mut spots = spots.into_iter().filter_map(|stem| self.spots.get(stem));
        spots.find_map(|spot| spot.extension)
    }

    /// All extensions that the interpreter loads, sorted.
    pub(super) fn extensions(&self) -> Vec<&'a RelPath> {
        let mut found: Vec<&RelPath> = self
            .spots
            .values()
            .filter_map(|spot| spot.extension)
            .collect();
        found.sort();
        found
    }

    /// The names right below the sites, each once.
    pub(super) fn tops(&self) -> impl Iterator<Item = &'a str> {
        let plain = |name: &&'a [u8]| !name.contains(&b'/');
        let names = self.spots.keys().copied().filter(plain);
        names.filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// The directories below the top ones that hold something of a name.
    pub(super) fn holding(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let suffix = [b"/", name.as_bytes()].concat();
        let dirs = self
            .spots
            .keys()
            .filter_map(move |path| path.strip_suffix(&suffix[..]));
        dirs.filter(|dir| dir.contains(&b'/'))
            .filter_map(|dir| std::str::from_utf8(dir).ok())
    }

    /// The names right below a directory.
    pub(super) fn inside(&self, dir: &str) -> Vec<&'a str> {
        let prefix = [dir, "/"].concat();
        let names = self.spots.keys().filter_map(|name| {
            let rest = name.strip_prefix(prefix.as_bytes())?;
            (!rest.contains(&b'/')).then_some(*name)
        });
        names
            .filter_map(|name| std::str::from_utf8(name).ok())
            .collect()
    }
}

/// Whether a module (`x/y`) is another one, or lies inside of it.
pub(super) fn is_within(module: &str, above: &str) -> bool {
    let rest = module.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

enum Form {
    Source,
    Cython,
    Extension,
    Bytecode,
}

/// The module path of a file: `x/y` of `x/y.py`, `x/y.cpython-311-x86_64-linux-gnu.so` and `x/y.pyc`.
fn stem<'a>(below: &'a [u8], name: &[u8], suffixes: &[String]) -> Option<(&'a [u8], Form)> {
    let less = |len: usize| &below[..below.len() - len];
    if name.ends_with(b".py") {
        return Some((less(3), Form::Source));
    }
    if name.ends_with(b".pyx") {
        return Some((less(4), Form::Cython));
    }
    if name.ends_with(b".pyc") {
        return Some((less(4), Form::Bytecode));
    }
    if !name.ends_with(b".so") {
        return None;
    }
    let suffix = &name[name.iter().position(|&b| b == b'.')?..];
    let fits = suffixes.is_empty() || suffixes.iter().any(|one| one.as_bytes() == suffix);
    fits.then(|| (less(suffix.len()), Form::Extension))
}
