//! What sources of a package do to other modules of it, by the look of their texts: they put modules into
//! `sys.modules`, or give names to a package. All sources of the package are read for that, so it is asked last.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use memchr::memmem;

use super::World;
use crate::audit::imports::moment::Moment;
use crate::audit::imports::statements::line_at;
use crate::model::RelPath;
use crate::python::text::decoded;

/// What is known of top-level packages.
#[derive(Debug, Default)]
pub(in crate::audit::imports) struct Makers(Mutex<HashMap<String, Arc<Made>>>);

/// What the sources of one top-level package do, each found out when it is asked.
#[derive(Debug, Default)]
struct Made {
    puts: OnceLock<Vec<Puts>>,
    /// What gets a name from somebody else: `types.artifact`; `types.*` where the names are not known.
    given: OnceLock<HashSet<String>>,
}

/// A source that puts modules into `sys.modules`.
#[derive(Debug)]
struct Puts {
    path: RelPath,
    text: String,
    /// The first line that does so.
    line: usize,
    /// Whether it may put their names together.
    joins: bool,
    /// Whether it adds a finder whenever it is imported (toolz).
    finds: bool,
}

impl Makers {
    /// Whether a source of the same package puts a module (`x/y`) into `sys.modules` and has come to that: one that
    /// has its name as a text, or needs none.
    pub(in crate::audit::imports) fn name(
        &self,
        world: &World<'_>,
        moment: &Moment<'_>,
        module: &str,
    ) -> bool {
        let made = self.of_top(module);
        let puts = made.puts.get_or_init(|| {
            let puts = of_sources(world, module, Puts::read);
            puts.into_iter().flatten().collect()
        });
        let dotted = module.replace('/', ".");
        let last = module.rsplit('/').next().unwrap_or(module);
        let whole = ["\"", "'"].map(|quote| format!("{dotted}{quote}"));
        let ends = ["\"", "'"].map(|quote| format!(".{last}{quote}"));
        let parts = ["\"", "'"].map(|quote| format!("{quote}{last}{quote}"));
        let has = |text: &String, names: &[String]| names.iter().any(|name| text.contains(name));
        puts.iter().any(|one| {
            let text = &one.text;
            let is_named = has(text, &whole) || has(text, &ends) || one.joins && has(text, &parts);
            let has_begun = moment.line(&one.path).is_none_or(|now| now >= one.line);
            let finds = || one.finds && world.finder_makes(&one.path, text, module);
            has_begun && (is_named || finds())
        })
    }

    /// Whether a source of the same package gives a package a name from outside (google-cloud-aiplatform:
    /// `types.artifact = types.artifact_v1`): `x/types/artifact`.
    pub(in crate::audit::imports) fn give(&self, world: &World<'_>, module: &str) -> bool {
        let mut parts = module.rsplit('/');
        let (Some(name), Some(package)) = (parts.next(), parts.next()) else {
            return false;
        };
        let made = self.of_top(module);
        let given = made.given.get_or_init(|| {
            let given = of_sources(world, module, given);
            given.into_iter().flatten().collect()
        });
        given.contains(&format!("{package}.{name}")) || given.contains(&format!("{package}.*"))
    }

    /// The same before a module has come to a line for the first time: what stands further down there is not done yet.
    pub(in crate::audit::imports) fn give_before(
        &self,
        world: &World<'_>,
        module: &str,
        (taker, line): (&RelPath, usize),
    ) -> bool {
        if !self.give(world, module) {
            return false;
        }
        let mut parts = module.rsplit('/');
        let (Some(name), Some(package)) = (parts.next(), parts.next()) else {
            return false;
        };
        let wanted = [format!("{package}.{name}"), format!("{package}.*")];
        let mut sources = world
            .index
            .sources
            .iter()
            .filter(|path| world.is_of_top(path, module));
        sources.any(|path| {
            let bytes = (world.subject.read)(path).unwrap_or_default();
            let text = decoded(&bytes);
            let before = if *path == taker {
                let lines = text.split_inclusive('\n').take(line - 1);
                &text[..lines.map(str::len).sum::<usize>()]
            } else {
                &text
            };
            let given = given(path, before);
            wanted.iter().any(|one| given.contains(one))
        })
    }

    /// What is known of the package at the top, which whoever asks first finds out.
    fn of_top(&self, module: &str) -> Arc<Made> {
        let top = module.split('/').next().unwrap_or(module);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(top.to_owned()).or_default())
    }
}

/// Reads the sources of a package; no test makes what the package imports. They are read one after the other: a thread
/// of the pool waits for the evaluation, and it may be the only one.
fn of_sources<T>(world: &World<'_>, module: &str, read: impl Fn(&RelPath, &str) -> T) -> Vec<T> {
    let sources = world.index.sources.iter();
    let sources =
        sources.filter(|path| world.is_of_top(path, module) && !world.index.is_test(path));
    let each = sources.map(|path| {
        let bytes = (world.subject.read)(path).unwrap_or_default();
        read(path, &decoded(&bytes))
    });
    each.collect()
}

impl World<'_> {
    /// Whether a source belongs to the same top-level package as a module.
    fn is_of_top(&self, path: &RelPath, module: &str) -> bool {
        let top = module.split('/').next().unwrap_or(module);
        let below = self.index.below(path).unwrap_or_default();
        let rest = below.strip_prefix(top.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"/") || rest == b".py")
    }
}

impl Puts {
    fn read(path: &RelPath, text: &str) -> Option<Self> {
        const PUTS: [&str; 5] = [
            "sys.modules.update",
            "sys.modules.setdefault",
            "meta_path.append",
            "meta_path.insert",
            "meta_path =",
        ];
        const JOINS: [&str; 7] = [
            "__name__ +",
            "{__name__}",
            "__package__",
            ".join(",
            "\".\" +",
            "'.' +",
            "meta_path.",
        ];
        const HALVES: [&str; 4] = ["+ \".", "+ '.", ".\" +", ".' +"];
        // Most texts have none of it, and all of a package are looked through.
        if memmem::find(text.as_bytes(), b"sys.modules").is_none()
            && memmem::find(text.as_bytes(), b"meta_path").is_none()
        {
            return None;
        }
        // Names that stand there in full are found as they stand.
        let is_plain = |rest: &str| {
            rest.trim_start_matches(['(', '{', ' ', '\n'])
                .starts_with(['"', '\''])
        };
        let is_open = |word: &&str| {
            let mut uses = text.match_indices(*word);
            uses.any(|(at, _)| !is_plain(&text[at + word.len()..]))
        };
        let mut stored = text.match_indices("sys.modules[");
        let stored = stored.find(|(at, word)| stores(&text[at + word.len()..]));
        let words = PUTS.iter().filter_map(|word| text.find(word));
        let may_join = stored.is_some() || PUTS.iter().any(is_open);
        let first = words.chain(stored.map(|(at, _)| at)).min();
        let joins =
            || JOINS.iter().chain(&HALVES).any(|word| text.contains(word)) || text.contains(".{");
        first.map(|at| Self {
            path: path.clone(),
            text: text.to_owned(),
            line: line_at(text, at),
            joins: may_join && joins(),
            finds: text.contains("\nsys.meta_path."),
        })
    }
}

/// Whether a module is put under the key that a text begins with, but for one that takes the place of this one alone
/// (transformers).
fn stores(text: &str) -> bool {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += match c {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        depth == 0
    });
    let Some((key, rest)) = end.and_then(|end| Some((&text[..end], text.get(end + 1..)?))) else {
        return false;
    };
    let rest = rest.trim_start_matches(' ');
    key.trim() != "__name__" && rest.starts_with('=') && !rest.starts_with("==")
}

/// Whether the names of a module are only looked at by what follows them: `.values()`, `["x"]` (censys).
fn is_read(rest: &str) -> bool {
    const LOOKS: [&str; 5] = [".values(", ".items(", ".keys(", ".get(", ".copy("];
    let is_looked_at = || LOOKS.iter().any(|look| rest.starts_with(look));
    let is_item = || {
        let item = rest.strip_prefix('[');
        item.is_some_and(|item| item.contains(']') && !stores(item))
    };
    is_looked_at() || is_item()
}

/// Whether of a module that a text begins behind only one name is taken: `.__version__` (cassandra-driver).
fn is_attribute_read(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix('.') else {
        return false;
    };
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let rest = rest.trim_start_matches([' ', '\t']);
    let is_given = rest.starts_with('=') && !rest.starts_with("==");
    let may_give = name == "__dict__" || name.starts_with("__set") || rest.starts_with([':', '.']);
    !is_given && !may_give
}

/// What a text gives names: `a.types.artifact = 1`, `setattr(types, name, 1)`, `vars(types)`,
/// `fill(sys.modules["types"])`. Most texts have none of it, and all of a package are looked through.
fn given(path: &RelPath, text: &str) -> HashSet<String> {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let open = |dotted: &str| format!("{}.*", dotted.rsplit('.').next().unwrap_or(dotted));
    let mut given = HashSet::new();
    for call in ["setattr(", "vars("] {
        for at in memmem::find_iter(text.as_bytes(), call) {
            let rest = &text[at + call.len()..];
            let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
            given.insert(open(&rest[..end]));
        }
    }
    for at in memmem::find_iter(text.as_bytes(), "sys.modules[") {
        let rest = &text[at + "sys.modules[".len()..];
        let Some((key, rest)) = rest.split_once(']') else {
            continue;
        };
        // Whoever has the package may do anything to it.
        if rest.trim_start_matches(' ').starts_with('=') || is_attribute_read(rest) {
            continue;
        }
        match (key.trim(), path.parent()) {
            ("__package__", Some(dir)) => {
                given.insert(open(&String::from_utf8_lossy(dir.name())));
            }
            (name, _) => {
                given.insert(open(name.trim_matches(['"', '\''])));
            }
        }
    }
    let path_before = |end: usize| {
        let before = &text[..end];
        let start = before.rfind(|c| !is_path(c));
        let first = |at: usize| at + before[at..].chars().next().map_or(0, char::len_utf8);
        &before[start.map_or(0, first)..]
    };
    for at in memmem::find_iter(text.as_bytes(), ".__dict__") {
        let base = path_before(at);
        let before = text[..at - base.len()].trim_end_matches(' ');
        if !before.ends_with(" in") && !is_read(&text[at + ".__dict__".len()..]) {
            given.insert(open(base));
        }
    }
    let assigned = text.split('\n').filter_map(assigned);
    given.extend(assigned.map(|(package, name)| format!("{package}.{name}")));
    given
}

/// The attribute that a line gives a value, and whose it is: `types` and `artifact` of `a.types.artifact = 1`.
fn assigned(line: &str) -> Option<(&str, &str)> {
    // Most lines have none, and all of a package are looked through.
    let line = line.trim_start_matches([' ', '\t']);
    let is_path = |&b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.') || b >= 0x80;
    let end = line.bytes().position(|b| !is_path(&b))?;
    let (target, rest) = line.split_at(end);
    let (base, name) = target.rsplit_once('.')?;
    let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let last = base.rsplit('.').next().unwrap_or(base);
    let is_own = matches!(last, "self" | "cls");
    (!is_own && !value.starts_with('=')).then_some((last, name))
}
