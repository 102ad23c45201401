//! How few sources have to be parsed, which is most of what the check of imports costs.

use super::super::resolve::World;
use super::super::suspects::{looks, suspects};
use super::*;

/// How many sources are parsed until the suspects are known, and until those are judged.
fn parsed(files: &[(&str, &str)]) -> (usize, usize) {
    with_subject(&python("3.11.7"), files, |subject| {
        let world = World::new(subject);
        let looks = looks(&world);
        let found = suspects(&world, &looks);
        let parsed = || world.sources.lock().unwrap().len();
        let first = parsed();
        assert!(convict(&world, &looks, &found).is_empty());
        (first, parsed())
    })
}

#[test]
fn names_that_a_package_gives_plainly_are_known_without_parsing_it() {
    let files = [
        (
            "a/__init__.py",
            "from .b import One, Two as Three\nfrom .c import *\nfrom .fast import *\nif x:\n    four = 4\nclass \
             Five: ...\n",
        ),
        ("a/b.py", "One = Two = 1\n"),
        ("a/c.py", "__all__ = ['six']\ndef six(): ...\n"),
        ("a/fast.cpython-311-x86_64-linux-gnu.so", "ELF"),
        (
            "a/user.py",
            "from a import One, Three, four, Five, six\nfrom . import seven\n",
        ),
    ];
    assert_eq!(parsed(&files), (0, 0));
}

#[test]
fn an_example_in_a_text_has_nothing_evaluated() {
    let files = [
        (
            "a/__init__.py",
            "'''\nfrom a import x\n'''\nfrom .b import c\n",
        ),
        ("a/b.py", "from .d import e\nc = e\n"),
        ("a/d.py", "e = 1\n"),
    ];
    assert_eq!(parsed(&files), (1, 1));
}

#[test]
fn who_has_something_in_the_place_of_what_it_lacks_leads_nobody_to_be_parsed() {
    let files = [
        (
            "a/__init__.py",
            "try:\n    from ._fast import f\nexcept ImportError:\n    from .slow import f\n",
        ),
        ("a/slow.py", "from .more import g\nf = g\n"),
        ("a/more.py", "g = 1\n"),
        ("b/__init__.py", "from .c import f\n"),
        ("b/c.py", "from a import f\nimport d\n"),
        ("d.py", "import a\n"),
    ];
    let shown = "`a/__init__`, `a/slow` and `a/more`";
    assert_eq!(parsed(&files), (2, 3), "{shown}, and none of `b` and `d`");
}
