//! What Python reads and runs at each start: path files, `*.start`, `sitecustomize`. What `check` says is held against
//! the interpreters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::answers::found;
use crate::support::pythons::{all_kinds, make};
use crate::support::{Sandbox, venv};

fn fresh(interpreter: &Path) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    make(interpreter, &sandbox.venv());
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    (sandbox, site)
}

/// Runs the interpreter of the venv as a service would; whether it ended well, and what it said.
fn starts(sandbox: &Sandbox, script: &str) -> (bool, String) {
    let output = Command::new(sandbox.venv().join("bin/python"))
        .args(["-c", script])
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Such a venv was sound, and a baseline.
#[test]
fn a_path_file_that_python_cannot_decode_is_damage_where_python_does_not_start() {
    for (name, interpreter) in all_kinds() {
        for content in [
            &b"/caf\xe9\n"[..],
            b"import sys\n# \xff\n",
            b"\xff\xfe/\0a\0",
        ] {
            let (sandbox, site) = fresh(&interpreter);
            sandbox.ok(&["save", "venv"]);
            fs::write(site.join("bad.pth"), content).unwrap();
            let (does, said) = starts(&sandbox, "pass");
            let (code, check) = if does {
                (0, "startup-error bad.pth")
            } else {
                (1, "startup-broken bad.pth")
            };
            assert_eq!(does, name.starts_with("pypy"), "{name}: {said}");
            let answer = sandbox.json(code, &["check", "venv"]);
            assert_eq!(found(&answer), [check], "{name}: {answer}");
            sandbox.code(1, &["diff", "venv"]);
            sandbox.code(code, &["save", "venv"]);
            if code == 1 {
                let diff = sandbox.json(1, &["diff", "venv"]);
                assert_eq!(diff["summary"]["damage"], 1, "{name}: {diff}");
                sandbox.ok(&["restore", "venv", "--heal"]);
                assert!(starts(&sandbox, "pass").0, "{name}");
            } else {
                fs::remove_file(site.join("bad.pth")).unwrap();
            }
            // What may be in it, and what Python does not read.
            fs::write(site.join("good.pth"), "\u{feff}# caf\u{e9}\n").unwrap();
            fs::write(site.join("BAD.PTH"), content).unwrap();
            fs::write(site.join("bad.pth.txt"), content).unwrap();
            assert!(starts(&sandbox, "pass").0);
            let answer = sandbox.json(0, &["check", "venv"]);
            assert!(found(&answer).is_empty(), "{name}: {answer}");
        }
    }
}

#[test]
fn a_path_file_whose_name_begins_with_a_dot_counts_where_the_release_reads_it() {
    for (name, interpreter) in all_kinds() {
        let (sandbox, site) = fresh(&interpreter);
        let gone = sandbox.path("gone");
        fs::write(
            site.join(".hidden.pth"),
            format!("{0}\nimport os; os.write(1, b'ran')\n", gone.display()),
        )
        .unwrap();
        let reads = starts(&sandbox, "pass").1.contains("ran");
        let answer = sandbox.snap(&["check", "venv", "--json"]);
        let answer: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        let expected: &[&str] = if reads {
            &["source-gone .hidden.pth", "startup-code .hidden.pth"]
        } else {
            &[]
        };
        assert_eq!(found(&answer), expected, "{name}: {answer}");
    }
}

#[test]
fn code_that_runs_at_each_start_and_belongs_to_nobody_is_told() {
    for (name, interpreter) in all_kinds() {
        let (sandbox, site) = fresh(&interpreter);
        let say = "import os; os.write(1, b'ran')\n";
        let compile = format!(
            "import py_compile as p; p.compile({0:?}, cfile={0:?} + 'c')",
            site.join("sitecustomize.py")
        );
        for (file, is_alone) in [
            ("own.pth", false),
            ("sitecustomize.py", false),
            ("sitecustomize.pyc", true),
            ("sitecustomize/__init__.py", false),
        ] {
            if is_alone {
                fs::write(site.join("sitecustomize.py"), say).unwrap();
                starts(&sandbox, &compile);
                fs::remove_file(site.join("sitecustomize.py")).unwrap();
            } else {
                venv::write(&site, file, say.as_bytes());
            }
            let _ = fs::remove_dir_all(site.join("__pycache__"));
            let answer = sandbox.json(0, &["check", "venv"]);
            let notice = &answer["findings"][0];
            assert_eq!(
                found(&answer),
                [format!("startup-code {file}")],
                "{name}: {answer}"
            );
            let comes_before = notice["text"].as_str().unwrap().contains("comes before it");
            let (_, said) = starts(&sandbox, "pass");
            assert_eq!(
                said.contains("ran"),
                !comes_before,
                "{name} {file}: {said} {answer}"
            );
            let _ = fs::remove_file(site.join(file));
            let _ = fs::remove_dir_all(site.join("sitecustomize"));
        }
        // Not at each start of this venv, but whoever opens it should know.
        fs::write(site.join("usercustomize.py"), say).unwrap();
        let answer = sandbox.json(0, &["check", "venv"]);
        assert_eq!(found(&answer), ["startup-code usercustomize.py"], "{name}");
        assert!(!starts(&sandbox, "pass").1.contains("ran"), "{name}");
        fs::remove_file(site.join("usercustomize.py")).unwrap();
        // A directory without a module in it is no code.
        fs::create_dir(site.join("sitecustomize")).unwrap();
        fs::write(site.join("paths.pth"), "# import os\n/usr\n").unwrap();
        let answer = sandbox.json(0, &["check", "venv"]);
        assert!(found(&answer).is_empty(), "{name}: {answer}");
        let saved = sandbox.json(0, &["save", "venv"]);
        assert_eq!(saved["snapshot"]["baseline"], true);
    }
}

#[test]
fn what_installers_write_and_list_nowhere_is_no_news_and_what_is_listed_neither() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let put = |path: &str, text: &str| {
        venv::write(
            &sandbox.venv(),
            &format!("{}/{path}", venv::SITE),
            text.as_bytes(),
        );
    };
    put("_virtualenv.pth", "import _virtualenv");
    put("_virtualenv.py", "x = 1\n");
    for default in ["local", "stdlib"] {
        put(
            "distutils-precedence.pth",
            &format!(
                "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, '{default}') == 'local'; \
                 enabled and __import__('_distutils_hack').add_shim(); \n"
            ),
        );
        assert!(
            found(&sandbox.json(0, &["check", "venv"])).is_empty(),
            "{default}"
        );
    }
    put(
        "easy-install.pth",
        "import sys; sys.__plen = len(sys.path)\n/usr\nimport sys; new=sys.path[sys.__plen:]; del \
         sys.path[sys.__plen:]; \
         p=getattr(sys,'__egginsert',0); sys.path[p:p]=new; sys.__egginsert = p+len(new)\n",
    );
    put(
        "zope.event-nspkg.pth",
        "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = \
         os.path.join(sys._getframe(1).f_locals['sitedir'], *('zope',));\
         importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery');\
         m = has_mfs and sys.modules.setdefault('zope', \
         importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('zope', [os.path.dirname(p)])));\
         m = m or sys.modules.setdefault('zope', types.ModuleType('zope'));mp = (m or []) and \
         m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)\n",
    );
    assert!(found(&sandbox.json(0, &["check", "venv"])).is_empty());
    // The same names with other code.
    put("_virtualenv.pth", "import _virtualenv, evil\n");
    put("zope.event-nspkg.pth", "import sys, types, os;evil()\n");
    let answer = sandbox.json(0, &["check", "venv"]);
    let told = [
        "startup-code _virtualenv.pth",
        "startup-code zope.event-nspkg.pth",
    ];
    assert_eq!(found(&answer), told, "{answer}");
    // One that a distribution lists is that distribution's.
    put("_virtualenv.pth", "import _virtualenv\n");
    let list = sandbox
        .venv()
        .join(venv::SITE)
        .join("click-1.0.dist-info/RECORD");
    venv::append(&list, "zope.event-nspkg.pth,,\nsitecustomize.py,,\n");
    put("sitecustomize.py", "x = 1\n");
    assert!(found(&sandbox.json(0, &["check", "venv"])).is_empty());
    put("broken.pth", "import os; def\n/usr\n");
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&answer), ["startup-error broken.pth"], "{answer}");
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("what follows in it is not looked at"),
        "{text}"
    );
}

/// An interpreter that answers as 3.15 does (PEP 829).
#[test]
fn start_files_of_python_3_15_are_read_and_take_the_place_of_code_in_path_files() {
    for is_new in [true, false] {
        let sandbox = Sandbox::new();
        let version = if is_new { "3.15.2" } else { "3.14.10" };
        let site = format!("lib/python{}/site-packages", &version[..4]);
        let python = format!("#!/bin/sh\necho version={version}\n");
        venv::write(
            &sandbox.venv(),
            "pyvenv.cfg",
            format!("home = /usr/bin\nversion = {version}\n").as_bytes(),
        );
        venv::write(&sandbox.venv(), "bin/python", python.as_bytes());
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(sandbox.venv().join("bin/python"), mode).unwrap();
        let put = |path: &str, content: &[u8]| {
            venv::write(&sandbox.venv(), &format!("{site}/{path}"), content);
        };
        put("a.pth", b"import os\n");
        put("a.start", b"# text\nwool.core:main\n");
        put("b.pth", b"  import os\n");
        put("c.start", b"wool.core main\n");
        put("d.pth", b"import os\n");
        put("d.start", b"x:\xff\n");
        put("e.start", b"");
        put(".f.start", b"a:b\n");
        let answer = sandbox.json(0, &["check", "venv"]);
        let new = [
            "startup-code a.start",
            "startup-code b.pth",
            "startup-code d.pth",
            "startup-error c.start",
            "startup-error d.start",
        ];
        let old = ["startup-code a.pth", "startup-code d.pth"];
        let expected: &[&str] = if is_new { &new } else { &old };
        assert_eq!(found(&answer), expected, "{answer}");
    }
}
