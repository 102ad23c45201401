//! What a distribution says of itself that no RECORD has to list: how its modules are imported.

use super::resolve::World;
use crate::python::dist::Dist;
use crate::python::text::decoded;

/// The texts of one distribution.
#[derive(Debug, Default)]
pub(super) struct Says {
    /// METADATA: headers, and the description, which often shows how to begin.
    metadata: String,
    wheel: String,
}

impl Says {
    pub(super) fn read(world: &World<'_>, dist: &Dist) -> Self {
        let text = |name: &[u8]| {
            let path = dist.info.join(name).ok();
            let path = path.filter(|path| world.subject.manifest.get(path).is_some());
            let bytes = path.and_then(|path| (world.subject.read)(&path));
            decoded(&bytes.unwrap_or_default()).into_owned()
        };
        Self {
            metadata: text(b"METADATA"),
            wheel: text(b"WHEEL"),
        }
    }

    /// Whether `Import-Name` has a module (PEP 794).
    pub(super) fn imports(&self, module: &str) -> bool {
        self.import_names().any(|name| name == module)
    }

    /// The names of `Import-Name`.
    pub(super) fn import_names(&self) -> impl Iterator<Item = &str> {
        let headers = self.metadata.lines().take_while(|line| !line.is_empty());
        let values = headers.filter_map(|line| line.strip_prefix("Import-Name:"));
        // A name may be followed by `; private`.
        let names = values.filter_map(|value| value.split(';').next());
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// Whether a builder made its wheel: `flit`.
    pub(super) fn is_of(&self, builder: &str) -> bool {
        let made = self.wheel.lines();
        let mut made = made.filter_map(|line| line.strip_prefix("Generator:"));
        made.any(|by| by.trim_start().starts_with(builder))
    }

    /// Whether a line of the description imports a module: `import x`, `from x import y`.
    pub(super) fn shows(&self, module: &str) -> bool {
        self.lines().any(|line| {
            let rest = line
                .strip_prefix("import ")
                .or_else(|| line.strip_prefix("from "));
            let rest = rest.and_then(|rest| rest.strip_prefix(module));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.', ',']))
        })
    }

    /// A name that the description takes of a module: `from x import name`, or `x.name(` where it has `import x`, or
    /// `y.name(` where it has `import x as y`.
    pub(super) fn name_taken_of(
        &self,
        module: &str,
        counts: impl Fn(&str) -> bool,
    ) -> Option<&str> {
        // All names of a namespace are none.
        let counts = |name: &&str| *name == "*" || is_name(name) && counts(name);
        let from = format!("from {module} import ");
        let lists = self.lines().filter_map(|line| line.strip_prefix(&from));
        let mut names = lists.flat_map(|list| {
            let list = list.trim_start_matches('(').split([')', '#', ';']).next();
            let parts = list.unwrap_or_default().split(',');
            parts.filter_map(|part| part.split_whitespace().next())
        });
        if let Some(name) = names.find(counts) {
            return Some(name);
        }
        let import = format!("import {module}");
        let is_shown = self.lines().any(|line| line.trim_end() == import);
        let own = self.called_of(module, is_shown);
        let other = format!("{import} as ");
        let others = self.lines().filter_map(|line| line.strip_prefix(&other));
        let others: Vec<&str> = others.map(str::trim).filter(|name| is_name(name)).collect();
        let others = others.iter().flat_map(|name| self.called_of(name, true));
        let all: Vec<&str> = own.into_iter().chain(others).collect();
        all.into_iter().find(counts)
    }

    /// The names that are called of a module in the description; where no import is shown, only as code.
    fn called_of(&self, module: &str, is_shown: bool) -> Vec<&str> {
        let used = format!("{module}.");
        let uses = self.metadata.match_indices(&used).filter_map(|(at, _)| {
            let before = self.metadata[..at].chars().next_back();
            let rest = &self.metadata[at + used.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            let is_whole =
                before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '/'));
            let is_code = is_shown || before == Some('`');
            (is_whole && is_code && rest[end..].starts_with('(')).then_some(&rest[..end])
        });
        uses.collect()
    }

    /// The lines of the description, without the marks of a quotation or a prompt.
    fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.metadata.lines().skip_while(|line| !line.is_empty());
        lines.map(|line| line.trim_start_matches(['>', '.', ' ', '\t']))
    }
}

/// Whether a word is a name that no module has by itself.
fn is_name(word: &str) -> bool {
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || c == '_');
    let begins = word.chars().next().is_some_and(char::is_alphabetic);
    is_plain && begins
}
