//! Small trees with imports that lead nowhere, and with some that only seem to.

mod answers;
mod attributes;
mod compiled;
mod conditions;
mod declines;
mod embedded;
mod executed;
mod finders;
mod frames;
mod given;
mod guards;
mod hollow;
mod known;
mod lazily;
mod made;
mod namespaces;
mod not_made;
mod offered;
mod parsed;
mod places;
mod reached;
mod spaces;
mod uncompiled;

use std::collections::HashMap;

use super::*;
use crate::model::{Digest, Entry, Manifest, Meta, Node};
use crate::python::dist::{Algorithm, Dists};
use crate::python::interpreter::Facts;

fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

/// The interpreter of a version, alone with its packages.
fn python(version: &str) -> Facts {
    let mut facts = Facts::default();
    facts.known.alive = true;
    version.clone_into(&mut facts.known.version);
    "cpython".clone_into(&mut facts.known.implementation);
    facts.suffixes = vec![
        ".cpython-311-x86_64-linux-gnu.so".to_owned(),
        ".abi3.so".to_owned(),
        ".so".to_owned(),
    ];
    facts
}

/// What a tree of these files imports in vain: `importer: module`.
fn lost_in(files: &[(&str, &str)]) -> Vec<String> {
    lost_by("3.11.7", files)
}

/// The same under a version of `PyPy`.
fn lost_by_pypy(files: &[(&str, &str)]) -> Vec<String> {
    let mut facts = python("3.9.16");
    "pypy".clone_into(&mut facts.known.implementation);
    lost_with(&facts, files)
}

/// The same under a version of Python. What is no damage has its check before it: `import-lazy importer: module`.
fn lost_by(version: &str, files: &[(&str, &str)]) -> Vec<String> {
    lost_with(&python(version), files)
}

const SITE: &str = "lib/python3.11/site-packages";

fn lost_with(facts: &Facts, files: &[(&str, &str)]) -> Vec<String> {
    with_subject(facts, files, lost)
}

/// Looks at a tree of these files.
fn with_subject<T>(
    facts: &Facts,
    files: &[(&str, &str)],
    look: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let mut entries = HashMap::new();
    let mut contents = HashMap::new();
    for (name, content) in files {
        let file = path(&format!("{SITE}/{name}"));
        let mut above = file.parent();
        while let Some(dir) = above {
            above = dir.parent();
            entries.insert(dir, Node::Dir);
        }
        let node = Node::File {
            size: content.len() as u64,
            digest: Digest::of(content.as_bytes()),
            link_to: None,
        };
        entries.insert(file.clone(), node);
        contents.insert(file, content.as_bytes().to_vec());
    }
    let entry = |(path, node)| Entry {
        path,
        meta: Meta::default(),
        node,
    };
    let manifest = Manifest::new(entries.into_iter().map(entry).collect());
    let read = |path: &RelPath| contents.get(path).cloned();
    let dists = Dists::read(&manifest, b"/srv/v", &read);
    let links = HashMap::new();
    let subject = Subject {
        manifest: &manifest,
        dists: &dists,
        interpreter: Some(facts),
        read: &read,
        pieces: None,
        hash: &|_: &RelPath, _: Algorithm| None,
        place: None,
        behind: None,
        reaches: &|_: &RelPath| true,
        gone: &|_| true,
        whose: &|_| crate::audit::Whose::Nobodys,
        glimpse: &|_: &RelPath| None,
        imports: &|_: &RelPath| None,
        links: &links,
    };
    look(&subject)
}

fn lost(subject: &Subject<'_>) -> Vec<String> {
    let mut found: Vec<String> = check(subject)
        .findings
        .into_iter()
        .map(|finding| {
            let path = finding.path.unwrap().to_string();
            let words: Vec<&str> = finding.text.split([' ', ',']).collect();
            let check = match finding.check {
                Check::ImportUnresolved => String::new(),
                other => format!("{} ", other.as_str()),
            };
            format!(
                "{check}{}:{} {}",
                &path[SITE.len() + 1..],
                words[1],
                words[3]
            )
        })
        .collect();
    found.sort();
    found
}

/// A claim, the source of `a/__init__.py`, and whether importing it surely fails for want of `a.gone`.
type Row = (&'static str, &'static str, bool);

/// A claim, the files of a tree, and what it lacks.
type Tree = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// The package around the source that is tried. `other` is not installed.
const AROUND: [(&str, &str); 6] = [
    ("a/here.py", "x = 1\n"),
    ("a/needs_other.py", "import other\nx = 1\n"),
    (
        "a/needs_gone.py",
        "from .here import x\nfrom .gone import y\n",
    ),
    ("a/raises.py", "raise RuntimeError('no')\n"),
    ("a/empty/__init__.py", ""),
    ("a/fast.cpython-311-x86_64-linux-gnu.so", "ELF"),
];

/// Tries rows of a claim, the source of `a/__init__.py`, and whether importing it surely fails for want of `a.gone`.
fn judge(version: &str, rows: &[Row]) {
    let mut wrong = Vec::new();
    for (claim, source, fails) in rows {
        let mut files = AROUND.to_vec();
        files.push(("a/__init__.py", source));
        let found = lost_by(version, &files);
        let damage = found.iter().filter(|one| !one.starts_with("import-"));
        if (damage.count() > 0) != *fails {
            wrong.push(format!("{claim}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Tries rows of a claim, a tree, and what it lacks.
fn judge_trees(rows: &[Tree]) {
    let mut wrong = Vec::new();
    for (claim, files, expected) in rows {
        let found = lost_in(files);
        if found != *expected {
            wrong.push(format!("{claim}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_module_that_is_gone_is_named_wherever_it_is_needed() {
    let found = lost_in(&[
        (
            "click/__init__.py",
            "'''Doc.\nfrom .nothing import like_this\n'''\nfrom .core import Group as Group\nfrom .utils import x\n",
        ),
        (
            "click/utils.py",
            "from . import core\nimport click.core\nfrom click import core as c, utils\n",
        ),
        (
            "idna/__init__.py",
            "from . import core\nfrom .package_data import __version__\n",
        ),
        ("idna/package_data.py", "x = 1\n"),
        ("app.py", "import idna.core\n"),
    ]);
    assert_eq!(
        found,
        [
            "click/__init__.py:4 click.core",
            "click/utils.py:1 click.core",
            "idna/__init__.py:1 idna.core",
        ]
    );
}

#[test]
fn a_function_that_begins_with_an_import_needs_it_and_one_that_asks_first_may_not() {
    let found = lost_in(&[
        ("a/__init__.py", ""),
        (
            "a/late.py",
            "class K:\n    def f(self):\n        'Doc.'\n        x = 1\n        from .gone import y\n    async def \
             g():\n        import a.gone.deep\n",
        ),
        (
            "a/wary.py",
            "def f():\n    if not fast:\n        return\n    from .fast import y\ndef g():\n    with \
             suppress(ImportError):\n        from .fast import y\n    from .more import z\ndef h():\n    from a \
             import made_later\n    raise NotImplementedError\n    from .never import x\n",
        ),
    ]);
    assert_eq!(
        found,
        [
            "import-unreached a/late.py:5 a.gone",
            "import-unreached a/late.py:7 a.gone"
        ]
    );
}

#[test]
fn what_may_well_be_absent_is_no_finding() {
    let found = lost_in(&[
        (
            "a/__init__.py",
            "try:\n    from .speed import x\nexcept ImportError:\n    x = None\n",
        ),
        (
            "a/types.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ._t import T\ndef f():\n    from . import \
             g\n",
        ),
        (
            "a/b/deep.py",
            "from ..c import d\nfrom a.ext import y\nimport a.ns.mod\nfrom a import name_of_a\nimport elsewhere\n",
        ),
        ("a/b/__init__.py", ""),
        ("a/c.py", "d = 1\n"),
        ("a/ext.cpython-311-x86_64-linux-gnu.so", "\u{7f}ELF"),
        ("a/ns/mod.py", ""),
        (
            "a/__main__.py",
            "from a import name_of_a, missing_but_lively\n",
        ),
        ("a/tests/t.py", "from a.nothing import x\n"),
        (
            "setuptools/__init__.py",
            "from setuptools.extern.more import x\nimport six.moves.urllib\n",
        ),
        ("six.py", ""),
        ("pip/_vendor/__init__.py", ""),
        ("pip/__init__.py", "from pip._vendor.rich.abc import x\n"),
        ("lazy/__init__.py", "def __getattr__(name): ...\n"),
        (
            "made/__init__.py",
            "import sys\nsys.modules['made.up'] = sys\n",
        ),
        ("made/user.py", "import made.up\n"),
        (
            "lazy/user.py",
            "from lazy import anything\nimport lazy.made\n",
        ),
        ("broken.py", "from a import (\n"),
    ]);
    let expected: Vec<String> = vec![
        "import-unreached a/__main__.py:1 a.name_of_a".to_owned(),
        "import-unreached a/b/deep.py:4 a.name_of_a".to_owned(),
        "import-unreached lazy/user.py:2 lazy.made".to_owned(),
    ];
    assert_eq!(
        found, expected,
        "an empty package gives no names, and __getattr__ no modules"
    );
}
