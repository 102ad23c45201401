//! Modules that extensions name: what is not there is in doubt, and told where something says that it was there.

use super::{Check, SITE, check, lost_in, python, with_subject};

const INFO: [(&str, &str); 3] = [
    ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n"),
    (
        "a-1.dist-info/RECORD",
        "a/__init__.py,,\na/_x.so,,\na/_y.so,,\n",
    ),
    ("a/__init__.py", "def run(): ...\n"),
];

/// What is in doubt in such a tree, and whether times may decide it: `a/_gone true`.
fn doubts(files: &[(&str, &str)]) -> Vec<String> {
    with_subject(&python("3.11.7"), files, |subject| {
        let found = check(subject);
        assert_eq!(found.findings, [], "{files:?}");
        let doubts = found.doubts.iter().map(|doubt| {
            assert_eq!(doubt.finding.check, Check::ImportUnresolved);
            let path = doubt.paths[0].to_string();
            let module = path[SITE.len() + 1..].trim_end_matches(".py").to_owned();
            let extension = format!("{SITE}/{module}.abi3.so");
            assert!(doubt.paths.iter().any(|path| path.to_string() == extension));
            format!("{module} {}", doubt.by_times)
        });
        doubts.collect()
    })
}

#[test]
fn a_module_that_an_extension_names_is_in_doubt_where_nothing_gives_its_name() {
    for (claim, x, y, expected) in [
        ("one names it", "\0a._gone\0", "", &["a/_gone false"][..]),
        (
            "two name it",
            "\0a._gone\0",
            "\0a._gone\0",
            &["a/_gone true"],
        ),
        ("one that is there", "\0a._y\0a.sub.part\0", "", &[]),
        (
            "below one that is there",
            "\0a.sub.gone\0",
            "",
            &["a/sub/gone false"],
        ),
        ("of what is not there", "\0a.none.gone\0", "", &[]),
        ("a name that the package gives", "\0a.run\0", "", &[]),
        ("a type", "\0a.Type\0a._Type\0", "", &[]),
        ("a file", "\0a.h\0a.cpp\0", "", &[]),
        (
            "a part of a text",
            "see a._gone\0a._gone for more\0",
            "",
            &[],
        ),
        ("a name of another package", "\0b._gone\0", "", &[]),
        ("no name", "\0a..x\0a.1\0a.\0a.x-y\0a.x", "", &[]),
    ] {
        let files = [
            &INFO[..],
            &[
                ("a/_x.so", x),
                ("a/_y.so", y),
                ("a/sub/__init__.py", ""),
                ("a/sub/part.py", ""),
            ],
        ];
        assert_eq!(doubts(&files.concat()), expected, "{claim}");
    }
}

#[test]
fn a_list_that_makes_no_sense_and_an_extension_of_nobody_raise_no_doubt() {
    let gone = ("a/_x.so", "\0a._gone\0");
    let broken = ("a-1.dist-info/RECORD", "a/_x.so,,\n,\n");
    assert_eq!(doubts(&[INFO[0], broken, INFO[2], gone]), [""; 0]);
    assert_eq!(doubts(&[INFO[2], gone]), [""; 0]);
}

#[test]
fn a_row_of_its_bytecode_says_that_a_module_was_there() {
    let optional = ("a/late.py", "from .gone import x\n");
    let list = |bytecode: &str| format!("a/__init__.py,,\na/late.py,,\n{bytecode}\n");
    for (bytecode, expected) in [
        (
            "a/__pycache__/gone.cpython-311.pyc,,",
            &["a/late.py:1 a.gone"][..],
        ),
        // A wheel may bring bytecode of anything.
        (
            "a/__pycache__/gone.cpython-311.pyc,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0",
            &[],
        ),
        ("a/__pycache__/other.cpython-311.pyc,,", &[]),
        ("a/data/__pycache__/gone.cpython-311.pyc,,", &[]),
    ] {
        let list = list(bytecode);
        let record = ("a-1.dist-info/RECORD", list.as_str());
        assert_eq!(
            lost_in(&[INFO[0], record, INFO[2], optional]),
            expected,
            "{bytecode}"
        );
    }
}
