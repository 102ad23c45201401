//! Scripts that an installer made for a distribution, and whose distribution is gone: they import what is not there.

use super::Subject;
use super::scripts::{in_bin, python_of};
use crate::model::{Check, Finding, Node, RelPath};
use crate::python::dist::is_renamed;
use crate::python::path_files::Rules;

/// Installers remove themselves, or are removed, from venvs that shall be small: a script of theirs is only a leftover.
const INSTALLERS: [&str; 3] = ["pip", "setuptools", "wheel"];

/// Looks at every script in `bin` that nobody lists.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    // What comes from elsewhere may have the module.
    let is_open = subject.interpreter.is_none_or(|facts| facts.known.shares);
    if subject.dists.layout.sites.is_empty() || is_open || adds_paths(subject) {
        return Vec::new();
    }
    let scripts = in_bin(subject).map(|entry| &entry.path);
    let scripts = scripts.filter(|path| subject.dists.owner(path).is_none());
    scripts.filter_map(|path| orphan(subject, path)).collect()
}

fn orphan(subject: &Subject<'_>, path: &RelPath) -> Option<Finding> {
    let content = (subject.read)(path)?;
    python_of(&content)?;
    let module = wrapped(&content)?;
    let top = module.split('.').next()?;
    // An installer that was interrupted has put the module aside: `leftovers.rs` tells of that.
    let mut put_aside = subject.dists.leftovers.iter();
    if is_there(subject, top) || put_aside.any(|left| is_renamed(left.path.name(), top.as_bytes()))
    {
        return None;
    }
    let text = format!(
        "it starts '{module}', and no distribution that has it is installed: what it came with was removed without it"
    );
    let check = if INSTALLERS.contains(&top) {
        Check::Leftover
    } else {
        Check::ScriptOrphaned
    };
    Some(Finding::new(check, text).at(path))
}

/// The module that a script imports which pip, uv or setuptools made for an entry point: `from MODULE import NAME`, and
/// the name is called. None where somebody wrote it.
fn wrapped(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    let rewrites = text.contains("sys.argv[0]") && text.contains("sys.exit(");
    let imports = text
        .lines()
        .filter_map(|line| line.strip_prefix("from ")?.split_once(" import "));
    let mut imports =
        imports.filter(|(module, _)| *module != "pkg_resources" && *module != "importlib.metadata");
    let (module, names) = imports
        .next()
        .filter(|_| rewrites && imports.next().is_none())?;
    let name = names.split('#').next()?.trim();
    let is_plain = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
    let is_name = !name.is_empty() && name.chars().all(is_plain) && module.chars().all(is_plain);
    let is_called = text
        .lines()
        .any(|line| line.trim_start().starts_with(&format!("sys.exit({name}")));
    (is_name && is_called && !module.starts_with('.')).then(|| module.to_owned())
}

/// Whether some directory of packages has a module or package of that name, in whatever form.
fn is_there(subject: &Subject<'_>, top: &str) -> bool {
    let mut entries = subject.manifest.entries().iter();
    entries.any(|entry| {
        let dir = entry.path.parent_bytes();
        let name = entry.path.name();
        let is_here = subject
            .dists
            .layout
            .sites
            .iter()
            .any(|site| site.as_bytes() == dir);
        let rest = name.strip_prefix(top.as_bytes()).filter(|_| is_here);
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(b".") && entry.node != Node::Dir
        })
    })
}

/// Whether a path file adds a directory, or a finder of an editable install answers for modules that lie elsewhere.
fn adds_paths(subject: &Subject<'_>) -> bool {
    if subject
        .dists
        .all
        .iter()
        .any(crate::python::dist::Dist::editable)
    {
        return true;
    }
    let rules = Rules::of(subject.interpreter.map(|facts| &facts.known));
    let mut paths = subject.manifest.entries().iter().map(|entry| &entry.path);
    paths.any(|path| {
        let is_here = path
            .parent()
            .is_some_and(|dir| subject.dists.layout.sites.contains(&dir));
        let content = (is_here && path.name().ends_with(b".pth")).then(|| (subject.read)(path));
        let content = content.flatten().unwrap_or_default();
        let text = rules.decoded(&content).unwrap_or_default();
        let mut lines = rules.lines(text);
        lines.any(|(_, line)| matches!(line, crate::python::path_files::Line::Path(_)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_installer_makes_for_an_entry_point_is_such_a_script() {
        let pip = "#!/v/bin/python3\n# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom wool.cli import main\nif \
            __name__ == '__main__':\n    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    \
            sys.exit(main())\n";
        let new = "#!/v/bin/python3\nimport sys\nfrom wool.cli import main\nif __name__ == '__main__':\n    \
            sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(main())\n";
        for script in [pip, new] {
            assert_eq!(wrapped(script.as_bytes()).as_deref(), Some("wool.cli"));
        }
        let own = "#!/v/bin/python3\nimport sys\nfrom wool.cli import main\nmain(sys.argv[1:])\n";
        let more = new.replace("from wool", "from yarn import x\nfrom wool");
        for script in [own, &more, "#!/bin/sh\n"] {
            assert_eq!(wrapped(script.as_bytes()), None, "{script}");
        }
    }
}
