//! Functions that give names to whoever calls them: they find out by the frame who that is (`PreparePythonModule()` of
//! `OpenUSD` copies what an extension has into the package that calls it).

use memchr::memmem;

use super::index::Place;
use super::moment::Moment;
use super::resolve::World;
use super::statements::line_at;
use crate::model::RelPath;
use crate::python::imports::textual;
use crate::python::text::decoded;

/// Signs that a source may change the names of who calls it.
const SIGNS: [&str; 3] = ["f_locals", "f_globals", "getmodule("];

impl World<'_> {
    /// Whether a package may have the name of a module (`x/y`) from a function that it called by then.
    pub(super) fn is_filled(&self, moment: &Moment<'_>, module: &str) -> bool {
        let Some((package, _)) = module.rsplit_once('/') else {
            return false;
        };
        let Place::Package(init) = self.index.place(package) else {
            return false;
        };
        let bytes = (self.subject.read)(init).unwrap_or_default();
        let text = decoded(&bytes);
        let mut at = 0;
        let mut lines = text.split_inclusive('\n').map(|line| {
            let start = at;
            at += line.len();
            (start, line)
        });
        lines.any(|(start, line)| {
            call(line).is_some_and(|name| {
                moment.has_passed(init, Some(line_at(&text, start)))
                    && self.knows_caller(init, &bytes, name)
            })
        })
    }

    /// Whether the source of a function that another one calls (`Tf.Prepare`) has to do with who calls it.
    fn knows_caller(&self, caller: &RelPath, text: &[u8], name: &str) -> bool {
        let first = name.split('.').next().unwrap_or(name);
        let last = name.rsplit('.').next().unwrap_or(name);
        let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
        let is_called = |word: &str| word == first || has(&format!("{word} as {first}"));
        let mut places = textual(text).flat_map(|import| {
            let base = self.base(caller, import.level, &import.module);
            let names = import.names.iter().filter(|name| is_called(name));
            let mut found: Vec<String> = names.map(|name| format!("{base}/{name}")).collect();
            let is_whole = import.names.is_empty() && is_called(&import.module);
            if is_whole || !found.is_empty() {
                found.push(base);
            }
            found
        });
        places.any(|place| self.has_frames(&place, last, true))
    }

    /// Whether a source has the signs, or the one from which it takes a function.
    fn has_frames(&self, module: &str, function: &str, deeper: bool) -> bool {
        let (Place::Package(file) | Place::Module(file)) = self.index.place(module) else {
            return false;
        };
        let text = (self.subject.read)(file).unwrap_or_default();
        let has = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
        if has(&format!("def {function}(")) || !deeper {
            return SIGNS.iter().any(|sign| has(sign));
        }
        let source = self.source(file);
        let taken = source
            .as_ref()
            .and_then(|one| one.names.taken.get(function));
        taken.into_iter().flatten().any(|wanted| {
            let base = self.base(file, wanted.level, &wanted.module);
            self.has_frames(&base, function, false)
        })
    }
}

/// The function that a line begins by calling, or gives a name what it answers.
fn call(line: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let line = line.trim_start();
    let line = match line.split_once(" = ") {
        Some((target, rest)) if target.chars().all(is_part) => rest,
        _ => line,
    };
    let end = line.find(|c| !is_part(c))?;
    (end > 0 && line[end..].starts_with('(')).then_some(&line[..end])
}
