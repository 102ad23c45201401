//! Modules that extensions name. An extension imports by a name that stands in its data (gevent, h5py), among much else
//! that looks like one: names of its types and functions, of headers. So a module that is not there is only in doubt.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::index::Place;
use super::moment::Moment;
use super::resolve::{Found, World};
use super::{doubts, finding};
use crate::model::{Check, Doubt, Entry, RelPath};
use crate::python::dist::{Dist, Form};

/// The longest extension that is read once more, in bytes: many are read at once.
const LENGTH_MAX: u64 = 16 << 20;
/// The longest name that is looked at, in bytes.
const NAME_MAX: usize = 200;
/// What ends like these is the name of a file.
const FILES: [&str; 10] = [
    "c", "cc", "cpp", "cxx", "h", "hpp", "py", "pyx", "pxd", "so",
];
/// So many extensions must name a module for the times of its directory to count: a type has its name in one.
const ENOUGH: usize = 2;

/// Looks at all extensions.
pub(super) fn check(world: &World<'_>) -> Vec<Doubt> {
    let size = |file: &RelPath| world.subject.manifest.get(file).and_then(Entry::size);
    let mut extensions: Vec<&RelPath> = world.index.extensions();
    extensions.retain(|file| size(file).is_some_and(|size| size <= LENGTH_MAX));
    let named: Vec<(String, &RelPath)> = extensions
        .into_par_iter()
        .flat_map_iter(|file| named(world, file).into_iter().map(move |name| (name, file)))
        .collect();
    let mut by_module: BTreeMap<String, BTreeSet<&RelPath>> = BTreeMap::new();
    for (module, file) in named {
        by_module.entry(module).or_default().insert(file);
    }
    let lost = by_module
        .into_iter()
        .filter(|(module, _)| is_lost(world, module));
    lost.filter_map(|(module, files)| {
        let file = files.first()?;
        let text = format!(
            "it names the module {}, which is not there",
            module.replace('/', ".")
        );
        let lost = finding(world.subject, Check::ImportUnresolved, file, text);
        Some(Doubt {
            by_times: files.len() >= ENOUGH,
            ..doubts::doubt(world, file, &module, lost)?
        })
    })
    .collect()
}

/// The names in an extension that could be those of modules of the same package at the top, as `x/y`.
fn named(world: &World<'_>, file: &RelPath) -> BTreeSet<String> {
    let top = world.index.below(file).and_then(|below| {
        let end = memchr::memchr(b'/', below)?;
        std::str::from_utf8(&below[..end]).ok()
    });
    let Some(top) = top.filter(|_| world.subject.dists.owner(file).is_some_and(is_whole)) else {
        return BTreeSet::new();
    };
    let mut texts = Texts::of(top);
    world.subject.show(file, &mut |piece| texts.read(piece));
    let modules = texts.found.iter().filter(|text| is_name_of_module(text));
    let modules = modules.map(|text| text.replace('.', "/"));
    modules
        .filter(|module| world.index.place(module) == Place::Nothing)
        .collect()
}

/// Texts between two zeros that begin with a name and a dot, looked for in a content that comes in pieces.
struct Texts {
    begin: memmem::Finder<'static>,
    found: BTreeSet<String>,
    /// The end of what was read: a text may go on in the next piece.
    tail: Vec<u8>,
}

impl Texts {
    fn of(name: &str) -> Self {
        let begin = format!("{name}.");
        Self {
            begin: memmem::Finder::new(&begin).into_owned(),
            found: BTreeSet::new(),
            tail: Vec::new(),
        }
    }

    fn read(&mut self, piece: &[u8]) {
        // A zero, the longest text, and the zero behind it.
        let overlap = NAME_MAX + 1;
        let mut seam = std::mem::take(&mut self.tail);
        seam.extend(&piece[..piece.len().min(overlap)]);
        self.search(&seam);
        self.search(piece);
        let end = if piece.len() < overlap { &seam } else { piece };
        self.tail = end[end.len().saturating_sub(overlap)..].to_vec();
    }

    fn search(&mut self, content: &[u8]) {
        // Zeros are the most frequent bytes, so the one before is asked for last.
        let texts = self.begin.find_iter(content).filter_map(|at| {
            let is_begin = at > 0 && content[at - 1] == 0;
            let text = content.get(at..).filter(|_| is_begin)?;
            let end = memchr::memchr(0, &text[..text.len().min(NAME_MAX)])?;
            std::str::from_utf8(&text[..end]).ok()
        });
        self.found.extend(texts.map(str::to_owned));
    }
}

fn is_whole(dist: &Dist) -> bool {
    let is_clear = || {
        let record = dist.record.as_ref();
        record.is_some_and(|(_, record)| record.bad == 0)
    };
    dist.form == Form::DistInfo && !dist.editable() && is_clear()
}

/// Whether a text could be the name of a module: types begin with a capital.
fn is_name_of_module(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_plain && part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    };
    let last = text.rsplit('.').next().unwrap_or(text);
    let begins = last.trim_start_matches('_');
    text.split('.').all(is_part)
        && !FILES.contains(&last)
        && begins.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Whether a module would lie in a package that is there, and nothing else gives its name.
fn is_lost(world: &World<'_>, module: &str) -> bool {
    let Some((parent, name)) = module.rsplit_once('/') else {
        return false;
    };
    let is_free = match world.index.place(parent) {
        Place::Package(init) => world.gives(&Moment::default(), init, name) != Some(true),
        Place::Namespace => true,
        _ => false,
    };
    is_free
        && world.find_module(module) == Found::Missing(true)
        && !world.makers.name(world, &Moment::default(), module)
        && !world.makers.give(world, module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_wherever_the_pieces_part() {
        let long = format!("pkg.{}", "n".repeat(NAME_MAX - 5));
        let too_long = format!("{long}m");
        let content = format!(
            "pkg.first\0pkg.one\0 pkg.two\0xpkg.three\0pkg.four.five\0{}\0{long}\0{too_long}\0\0pkg.six",
            "z".repeat(300)
        );
        let content = content.as_bytes();
        let expected: BTreeSet<String> = ["pkg.one", "pkg.four.five", &long]
            .map(str::to_owned)
            .into();
        for len in (1..=content.len()).step_by(7).chain([2, 3, 4]) {
            let mut texts = Texts::of("pkg");
            for piece in content.chunks(len) {
                texts.read(piece);
            }
            assert_eq!(texts.found, expected, "pieces of {len}");
        }
    }
}
