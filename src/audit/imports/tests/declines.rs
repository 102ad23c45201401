//! What a finder asks of the name that it is given decides whether it may make a module of that name.

use super::{lost_by, lost_in};

/// A claim, the body of a finder's function, and whether it may make `a.gone`.
type Row = (&'static str, &'static str, bool);

const HEAD: &str = "import os, sys\nfrom os.path import dirname\nfrom pathlib import Path\nPREFIX = 'a.made.'\n\
                    NAMES = ('a.made', 'a.more')\nLISTED = ['a.made']\nTWICE = 'a.made.'\nTWICE = other\n\
                    STATE = 'a.made.'\ndef change():\n    global STATE\n    STATE = ''\n";

const ROWS: &[Row] = &[
    (
        "it asks for another beginning (pwntools)",
        "if not name.startswith('a.made.'):\n    return None\nreturn self",
        false,
    ),
    (
        "it asks for this beginning",
        "if not name.startswith('a.'):\n    return None\nreturn self",
        true,
    ),
    (
        "it asks for another distribution, and for something unknown (salt)",
        "if not F.loading and name.startswith('nacl'):\n    F.loading = True\n    return self\nreturn None",
        false,
    ),
    (
        "either of both would do",
        "if F.loading or name.startswith('nacl'):\n    return self\nreturn None",
        true,
    ),
    (
        "the last part has no file beside the source (junos-eznc)",
        "if name.startswith('a'):\n    mod = name.split('.')[-1]\n    if mod in [os.path.splitext(i)[0] for i in \
         os.listdir(os.path.dirname(__file__))]:\n        return self",
        false,
    ),
    (
        "the same by a path",
        "if name.rpartition('.')[2] in [i.stem for i in Path(__file__).parent.iterdir()]:\n    return self",
        false,
    ),
    (
        "the files of a directory above are others",
        "if name.split('.')[-1] in os.listdir(dirname(dirname(__file__))):\n    return self",
        true,
    ),
    (
        "the files of another directory are others",
        "if name.split('.')[-1] in os.listdir(self.where):\n    return self",
        true,
    ),
    (
        "the files of a directory beside are others",
        "if name.split('.')[-1] in os.listdir(os.path.join(dirname(__file__), '..', 'b')):\n    return self",
        true,
    ),
    (
        "a constant is the beginning",
        "if name.startswith(PREFIX):\n    return self",
        false,
    ),
    (
        "the package itself is the beginning",
        "if name.startswith(__name__ + '.made'):\n    return self",
        false,
    ),
    (
        "the package itself may be the beginning",
        "if name.startswith(__name__ + '.'):\n    return self",
        true,
    ),
    (
        "a constant that is given twice is none",
        "if name.startswith(TWICE):\n    return self",
        true,
    ),
    (
        "a constant that a function changes is none",
        "if name.startswith(STATE):\n    return self",
        true,
    ),
    (
        "the names are counted out",
        "if name in NAMES:\n    return self",
        false,
    ),
    (
        "others may add to a list",
        "if name in LISTED:\n    return self",
        true,
    ),
    (
        "one of the beginnings of a table",
        "if any(name.startswith(one) for one in NAMES):\n    return self",
        false,
    ),
    (
        "one of them after the other",
        "for one in NAMES:\n    if name == one or name.startswith(one + '.'):\n        return self\nreturn None",
        false,
    ),
    (
        "one of them after the other, and then something else",
        "for one in NAMES:\n    if name == one:\n        return self\nreturn other(name)",
        true,
    ),
    (
        "the first of two parts",
        "root, _, rest = name.partition('.')\nif root != 'b':\n    return\nreturn self",
        false,
    ),
    (
        "the parts below the first ones",
        "if name.split('.')[:2] == ['a', 'made']:\n    return self",
        false,
    ),
    (
        "in one of two ways the name is another",
        "if self.on:\n    name = other(name)\nif name.startswith('b'):\n    return self",
        true,
    ),
    (
        "in both ways it is the same",
        "if self.on:\n    x = 1\nelse:\n    x = 2\nif name.startswith('b'):\n    return self",
        false,
    ),
    (
        "a condition in the answer",
        "return self if name.startswith('b.') else None",
        false,
    ),
    (
        "a failure is caught",
        "try:\n    if not name.startswith('b'):\n        raise ValueError\nexcept ValueError:\n    return other\n\
         return None",
        true,
    ),
    (
        "a failure is swallowed",
        "with suppress(ValueError):\n    if not name.startswith('b'):\n        raise ValueError\nreturn self",
        true,
    ),
    (
        "an expression gives the name another value",
        "if (name := other(name)) and name.startswith('b'):\n    return self",
        true,
    ),
    (
        "the name grows",
        "name += suffix\nif name.startswith('b'):\n    return self",
        true,
    ),
    (
        "it asks what nobody knows",
        "if self.knows(name):\n    return self",
        true,
    ),
    (
        "it ends with a failure",
        "if name.startswith('b'):\n    return self\nraise ImportError",
        false,
    ),
    (
        "in a loop without end",
        "while True:\n    if name == 'b':\n        return self\n    name = name.rpartition('.')[0]",
        true,
    ),
];

/// A source whose finder has this body, and may make anything below `a` by the look of it.
fn finder(head: &str, function: &str, body: &str) -> String {
    let body = body.replace('\n', "\n        ");
    format!(
        "{HEAD}class F{head}:\n    begins = 'a.'\n    def {function}(self, name, path=None, target=None):\n        \
         {body}\nsys.meta_path.insert(0, F())\n"
    )
}

fn may_make(rows: &[Row], place: &str, files: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (claim, body, expected) in rows {
        let source = finder("", "find_spec", body);
        let lacking = "from .gone import x\n";
        let own = [&source, lacking].concat();
        let mut files = files.to_vec();
        // Where the finder is further down, the package has it imported.
        if place == "a/__init__.py" {
            files.push((place, &own));
        } else {
            files.extend([
                (place, &source[..]),
                ("a/__init__.py", "from . import op\nfrom .gone import x\n"),
            ]);
        }
        let found = lost_in(&files);
        if found.is_empty() != *expected {
            wrong.push(format!("{claim}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_finder_makes_no_module_whose_name_it_declines() {
    may_make(ROWS, "a/__init__.py", &[("a/made.yml", "x")]);
}

#[test]
fn a_finder_further_down_declines_the_same_names() {
    let own_name = |row: &&Row| !row.1.contains("__name__");
    let rows: Vec<Row> = ROWS.iter().filter(own_name).copied().collect();
    may_make(&rows, "a/op/__init__.py", &[("a/op/made.yml", "x")]);
}

#[test]
fn a_finder_that_looks_beside_itself_makes_what_has_a_file_there() {
    let looks: Vec<Row> = ROWS
        .iter()
        .filter(|row| row.1.contains("__file__"))
        .map(|row| (row.0, row.1, true))
        .collect();
    assert!(looks.len() > 3);
    may_make(&looks, "a/__init__.py", &[("a/gone.yml", "x")]);
    may_make(&looks, "a/op/__init__.py", &[("a/op/deep/gone.yml", "x")]);
}

#[test]
fn what_a_finder_inherits_is_not_known() {
    let body = "return None";
    let judged = |base: &str| {
        let source = finder(base, "find_spec", body);
        let mut more = source.replace("class F", "class G(PathFinder):\n    pass\nclass F");
        more.push_str("from .gone import x\n");
        let mut plain = source;
        plain.push_str("from .gone import x\n");
        [plain, more].map(|source| lost_in(&[("a/__init__.py", &source)]).len())
    };
    assert_eq!(judged("(MetaPathFinder, Loader)"), [1, 0]);
}

#[test]
fn the_older_function_of_a_finder_counts_until_python_3_11() {
    let mut source = finder("", "find_module", "return self");
    source.push_str("from .gone import x\n");
    let files = [("a/__init__.py", &source[..])];
    assert_eq!(lost_by("3.11.7", &files), [""; 0]);
    assert_eq!(lost_by("3.12.1", &files), ["a/__init__.py:18 a.gone"]);
}
