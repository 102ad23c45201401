//! Bytecode that is cut, filled with NUL or foreign, in every form of PEP 552: what `check` says is held against the
//! interpreter that imports it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::answers::found;
use crate::support::pythons::{all_kinds, make, python};
use crate::support::{Sandbox, venv};

/// Makes of each source `m_*.py` of a directory a file of bytecode, and hurts it: argument 1 is the directory, 2 the
/// form.
const HURT: &str = r#"
import importlib.util, os, py_compile, sys
site, form = sys.argv[1:]
mode = py_compile.PycInvalidationMode[form]
body = 'import os\nX = 2 ** 90, -0.5, b"ab", "w\xe4", None, 3j, (1, 2, (3,))\n' \
    'class K:\n    "Text."\n    def f(self, a, *b, c=1, **d):\n' \
    '        return [a for x in b if x in {1, 2}], lambda: c\n'
def make(name, hurt, after=None, alone=False):
    path = os.path.join(site, name + '.py')
    with open(path, 'w') as file: file.write(body)
    where = path + 'c' if alone else importlib.util.cache_from_source(path)
    py_compile.compile(path, cfile=where, invalidation_mode=mode, doraise=True)
    with open(where, 'rb') as file: data = file.read()
    with open(where, 'wb') as file: file.write(hurt(data))
    if after is not None:
        with open(path, 'w') as file: file.write(after)
    if alone: os.remove(path)
make('m_whole', lambda data: data)
size = len(importlib.util.MAGIC_NUMBER) + 12
make('probe', lambda data: data)
with open(importlib.util.cache_from_source(os.path.join(site, 'probe.py')), 'rb') as file: length = len(file.read())
os.remove(os.path.join(site, 'probe.py'))
lengths = {0, 3, 8, 15, 16, 17, 30, 99, 100, 101, length - 1, length - 5}
lengths = sorted(lengths.union(range(24, length, length // 24)))
for at in lengths:
    make('m_cut_%d' % at, lambda data: data[:at])
    if at >= 16: make('m_nul_%d' % at, lambda data: data[:at] + bytes(len(data) - at))
for at in (0, 3, 15, 16, 40, 200):
    make('m_alone_%d' % at, lambda data: data[:at], alone=True)
make('m_alone_whole', lambda data: data, alone=True)
make('m_magic', lambda data: bytes([data[0] ^ 1]) + data[1:-20])
make('m_line_ends', lambda data: data[:2] + b'\n\n' + data[4:-20])
make('m_flags', lambda data: data[:4] + b'\x08' + data[5:-20])
make('m_second', lambda data: data[:4] + bytes([data[4] ^ 2]) + data[5:-20])
make('m_source', lambda data: data[:-20], after='x = 1\n')
make('m_no_code', lambda data: data[:16] + b'N')
"#;

/// Tells which of the modules cannot be imported.
const IMPORT: &str = "import os, sys\nsys.dont_write_bytecode = True\n\
    names = sorted({n.split('.')[0] for n in os.listdir(sys.argv[1]) if n.startswith('m_')})\n\
    for name in names:\n    try: __import__(name)\n    except Exception: print(name)\n";

const FORMS: [&str; 3] = ["TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH"];

fn hurt(sandbox: &Sandbox, interpreter: &Path, form: &str) -> PathBuf {
    make(interpreter, &sandbox.venv());
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    python(&sandbox.venv(), &["-c", HURT, site.to_str().unwrap(), form]);
    site
}

/// The modules that an answer names.
fn named(paths: impl Iterator<Item = String>) -> BTreeSet<String> {
    let name = |path: String| {
        path.rsplit(['/', ' '])
            .next()
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .to_owned()
    };
    paths.map(name).collect()
}

fn convicted(sandbox: &Sandbox) -> BTreeSet<String> {
    let check = sandbox.json(1, &["check", "venv"]);
    let broken = found(&check).into_iter();
    named(broken.filter(|one| one.starts_with("bytecode-broken")))
}

/// Of hash-based bytecode every cut was "sound", of `PyPy` every one behind the hundredth byte.
#[test]
fn bytecode_is_called_broken_where_the_interpreter_fails_on_it() {
    for (name, interpreter) in all_kinds() {
        for form in FORMS {
            let sandbox = Sandbox::new();
            let site = hurt(&sandbox, &interpreter, form);
            let convicted = convicted(&sandbox);
            let fails = python(&sandbox.venv(), &["-c", IMPORT, site.to_str().unwrap()]);
            let fails: BTreeSet<String> = fails.lines().map(str::to_owned).collect();
            assert!(fails.len() > 40, "{name} {form}: {fails:?}");
            let silent: Vec<_> = fails.difference(&convicted).collect();
            assert!(silent.is_empty(), "{name} {form}: {silent:?}");
            // NUL where a length stands makes some line table empty, which Python loads.
            let more: Vec<_> = convicted.difference(&fails).collect();
            let are_nul = more.iter().all(|one| one.starts_with("m_nul_"));
            assert!(are_nul && more.len() <= 2, "{name} {form}: {more:?}");
        }
    }
}

/// `check`, `diff`, `save` and a heal agree, whether or not the snapshot has the bytecode.
#[test]
fn bytecode_that_is_checked_by_hash_is_damage_for_every_verb() {
    let Some((_, interpreter)) = all_kinds().pop() else {
        return;
    };
    for form in FORMS {
        let sandbox = Sandbox::new();
        make(&interpreter, &sandbox.venv());
        let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
        fs::write(site.join("m_kept.py"), "x = 1\n").unwrap();
        let compile = "import py_compile as p, sys; p.compile(sys.argv[1], \
            invalidation_mode=p.PycInvalidationMode[sys.argv[2]])";
        let module = |name: &str| site.join(name).to_str().unwrap().to_owned();
        python(
            &sandbox.venv(),
            &["-c", compile, &module("m_kept.py"), form],
        );
        fs::write(site.join("m_later.py"), "y = 1\n").unwrap();
        sandbox.ok(&["save", "venv"]);
        python(
            &sandbox.venv(),
            &["-c", compile, &module("m_later.py"), form],
        );
        sandbox.ok(&["diff", "venv"]);
        for file in fs::read_dir(site.join("__pycache__")).unwrap() {
            let path = file.unwrap().path();
            let content = fs::read(&path).unwrap();
            fs::write(&path, &content[..content.len() - 7]).unwrap();
        }
        let both = BTreeSet::from(["m_kept".to_owned(), "m_later".to_owned()]);
        assert_eq!(convicted(&sandbox), both, "{form}");
        let diff = sandbox.json(1, &["diff", "venv"]);
        let entries = diff["entries"].as_array().unwrap().iter();
        let damage = entries.filter(|one| one["class"] == "damage");
        let paths = damage.map(|one| one["path"].as_str().unwrap().to_owned());
        assert_eq!(named(paths), both, "{form}: {diff}");
        sandbox.code(1, &["save", "venv"]);
        sandbox.ok(&["restore", "venv", "--heal"]);
        let imports = "import m_kept, m_later; print(m_kept.x + m_later.y)";
        assert_eq!(python(&sandbox.venv(), &["-c", imports]), "2", "{form}");
        sandbox.ok(&["check", "venv"]);
        sandbox.ok(&["diff", "venv"]);
    }
}
