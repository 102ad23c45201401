//! The modules of an application: which name leads to which file, and how surely each is executed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::App;
use crate::audit::imports::wanted::Wanted;
use crate::audit::imports::wants::{Form, Looked, Strength};

/// The modules of an application, by number of their source.
pub(super) struct Modules {
    /// Several may have one name, each in a directory from which programs are started.
    by_name: HashMap<String, Vec<usize>>,
    /// Where each source stands.
    paths: Vec<PathBuf>,
    /// Directories with modules and without `__init__`.
    namespaces: HashSet<String>,
    /// Of each source the package in which its relative imports begin.
    packages: Vec<Option<String>>,
}

impl Modules {
    pub(super) fn index(app: &App) -> Self {
        let files: HashSet<&Path> = app.sources.iter().map(|(path, _)| path.as_path()).collect();
        let mut found = Self {
            by_name: HashMap::new(),
            paths: app.sources.iter().map(|(path, _)| path.clone()).collect(),
            namespaces: HashSet::new(),
            packages: vec![None; app.sources.len()],
        };
        for (number, (path, _)) in app.sources.iter().enumerate() {
            let mut roots: BTreeSet<&Path> = app.roots.iter().map(PathBuf::as_path).collect();
            roots.retain(|root| path.starts_with(root));
            // A script imports from its own directory, a package from the one above the outermost package.
            let mut dirs = path.ancestors().skip(1);
            let outside = dirs.find(|dir| !files.contains(dir.join("__init__.py").as_path()));
            roots.extend(outside);
            for root in roots {
                let Some(name) = path.strip_prefix(root).ok().and_then(dotted) else {
                    continue;
                };
                for (at, _) in name.match_indices('.') {
                    found.namespaces.insert(name[..at].to_owned());
                }
                let of_name = found.by_name.entry(name).or_default();
                if !of_name.contains(&number) {
                    of_name.push(number);
                }
            }
            found.packages[number] = outside.and_then(|root| package(path, root));
        }
        found
    }

    /// The absolute form of an import of a source; none where it leads out of all packages.
    pub(super) fn absolute(&self, source: usize, wanted: &Wanted) -> Option<Wanted> {
        if wanted.level == 0 {
            return Some(wanted.clone());
        }
        let mut base = self.packages.get(source)?.clone()?;
        for _ in 1..wanted.level {
            base = base
                .rsplit_once('.')
                .map_or("", |(above, _)| above)
                .to_owned();
        }
        let parts = [base.as_str(), wanted.module.as_str()];
        let module: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Some(Wanted {
            level: 0,
            module: module.join("."),
            ..wanted.clone()
        })
    }

    /// The source of a name: of several that which is nearest to the one that asks.
    fn of_name(&self, name: &str, from: Option<usize>) -> Option<usize> {
        let all = self.by_name.get(name)?;
        let Some(from) = from.and_then(|from| self.paths.get(from)) else {
            return all.first().copied();
        };
        let shared = |number: &&usize| {
            let pairs = self.paths[**number].iter().zip(from.iter());
            let shared = pairs.take_while(|(one, other)| one == other).count();
            // Of equals the first one counts.
            (shared, std::cmp::Reverse(**number))
        };
        all.iter().max_by_key(shared).copied()
    }

    /// The sources that an absolute import executes; none where it leads to no module of the application.
    pub(super) fn sources(&self, wanted: &Wanted) -> Option<Vec<usize>> {
        self.sources_from(wanted, None)
    }

    /// The same as seen from a source.
    fn sources_from(&self, wanted: &Wanted, from: Option<usize>) -> Option<Vec<usize>> {
        let module = wanted.module.as_str();
        let ends = module.match_indices('.').map(|(at, _)| at);
        let parts = ends.chain([module.len()]).map(|end| &module[..end]);
        let mut found: Vec<usize> = parts.filter_map(|part| self.of_name(part, from)).collect();
        let names = wanted.names.iter().map(|name| format!("{module}.{name}"));
        let inner: Vec<usize> = names.filter_map(|name| self.of_name(&name, from)).collect();
        // A directory without `__init__` gives way to whatever else has its name.
        let is_own = !found.is_empty() || !inner.is_empty();
        let is_bare = wanted.names.is_empty() && self.namespaces.contains(module);
        found.extend(inner);
        (is_own || is_bare).then_some(found)
    }

    /// How surely each source is executed; none for those to which nothing leads that was named.
    pub(super) fn reach(&self, app: &App, looked: &[Option<Looked>]) -> Vec<Option<Strength>> {
        let mut strengths = vec![None; app.sources.len()];
        let named = |path: &PathBuf| app.sources.iter().position(|(source, _)| source == path);
        let mut todo: Vec<(usize, Strength)> = Vec::new();
        let start = |module: &String| {
            let wanted = Wanted {
                module: module.clone(),
                ..Wanted::default()
            };
            self.sources(&wanted).unwrap_or_default()
        };
        let starts = app.starts.iter().flat_map(start);
        let starts = starts.chain(app.named.iter().filter_map(named));
        todo.extend(starts.map(|source| (source, Strength::Executed)));
        if todo.is_empty() {
            return vec![Some(Strength::Executed); app.sources.len()];
        }
        while let Some((source, strength)) = todo.pop() {
            if strengths[source] >= Some(strength) {
                continue;
            }
            strengths[source] = Some(strength);
            let wants = looked[source].iter().flat_map(|looked| &looked.wants);
            for want in wants.filter(|want| want.form != Form::Distribution) {
                let mut what = self.absolute(source, &want.what);
                if want.form == Form::Text {
                    what = what.map(|what| self.of_text(what));
                }
                let next = what
                    .and_then(|what| self.sources_from(&what, Some(source)))
                    .unwrap_or_default();
                todo.extend(
                    next.into_iter()
                        .map(|next| (next, strength.min(want.strength))),
                );
            }
        }
        strengths
    }

    /// The longest module of the application that a text begins with; its first part where there is none.
    fn of_text(&self, mut wanted: Wanted) -> Wanted {
        while !self.by_name.contains_key(&wanted.module) {
            let Some((above, _)) = wanted.module.rsplit_once('.') else {
                break;
            };
            wanted.module = above.to_owned();
        }
        wanted
    }

    /// Whether the first part of a name is the application's own.
    pub(super) fn has_top(&self, module: &str) -> bool {
        let top = module.split('.').next().unwrap_or_default();
        self.by_name.contains_key(top) || self.namespaces.contains(top)
    }
}

/// The dotted name of a file below a root.
fn dotted(path: &Path) -> Option<String> {
    let path = if path.file_name()? == "__init__.py" {
        path.parent()?.to_owned()
    } else {
        path.with_extension("")
    };
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts
        .map(|parts| parts.join("."))
        .filter(|name| !name.is_empty())
}

/// The package that holds a file.
fn package(path: &Path, root: &Path) -> Option<String> {
    let dir = path.parent()?.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = dir.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("."))
}
