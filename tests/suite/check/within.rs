//! What lies within a venv or beside it and has no RECORD: zipped eggs, other venvs, sources of editable installs, and
//! what the interpreter brings along.

use std::fs;
use std::process::Command;

use crate::support::answers::found;
use crate::support::faults::skipped;
use crate::support::pythons::{make, pypy};
use crate::support::wheel::build;
use crate::support::{Sandbox, venv};

#[test]
fn a_zipped_egg_that_is_cut_or_damaged_is_damage() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let egg = sandbox.venv().join(venv::SITE).join("wool-1.0-py3.11.egg");
    let text = "x = 1\n".repeat(300);
    let files = [("wool/__init__.py", "x = 1\n"), ("wool/core.py", &text)];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    for compression in ["ZIP_STORED", "ZIP_DEFLATED"] {
        let script = format!(
            "import sys, zipfile as z\nsource = z.ZipFile(sys.argv[1])\nwith z.ZipFile(sys.argv[2], 'w', \
             z.{compression}) as out:\n    \
             for name in source.namelist(): out.writestr(name, source.read(name))\n"
        );
        let made = Command::new("python3")
            .args(["-c", &script])
            .arg(&wheel)
            .arg(&egg)
            .status();
        assert!(made.unwrap().success());
        sandbox.ok(&["check", "venv"]);
        sandbox.ok(&["save", "venv"]);
        let good = fs::read(&egg).unwrap();
        let mut flipped = good.clone();
        flipped[200] ^= 1;
        let zeroed = [
            &good[..good.len() / 2],
            &vec![0; good.len() - good.len() / 2],
        ]
        .concat();
        for content in [
            &good[..good.len() - 1],
            &good[..good.len() / 2],
            &good[..0],
            &flipped,
            &zeroed,
        ] {
            fs::write(&egg, content).unwrap();
            let check = sandbox.json(1, &["check", "venv"]);
            assert_eq!(check["summary"]["damage"], 1, "{check}");
            assert_eq!(
                found(&check)[0],
                "archive-broken wool-1.0-py3.11.egg",
                "{check}"
            );
            sandbox.code(1, &["save", "venv"]);
            sandbox.code(1, &["diff", "venv"]);
        }
        sandbox.ok(&["restore", "venv", "--heal"]);
        assert_eq!(fs::read(&egg).unwrap(), good);
    }
}

#[test]
fn a_venv_inside_is_named_saved_and_not_judged() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::tiny(&sandbox.path("inner"));
    fs::create_dir(sandbox.venv().join("tools")).unwrap();
    fs::rename(sandbox.path("inner"), sandbox.venv().join("tools/inner")).unwrap();
    let inner = format!("tools/inner/{}/click", venv::SITE);
    venv::write(
        &sandbox.venv(),
        &format!("{inner}/__pycache__/core.cpython-311.pyc"),
        b"cut",
    );
    fs::remove_file(sandbox.venv().join(format!("{inner}/utils.py"))).unwrap();
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&check), ["venv-inside tools/inner"], "{check}");
    sandbox.ok(&["save", "venv"]);
    sandbox.code(1, &["check", "venv/tools/inner"]);
    // What changed since is told as of any file.
    fs::remove_file(sandbox.venv().join(format!("{inner}/core.py"))).unwrap();
    sandbox.code(1, &["diff", "venv"]);
    sandbox.ok(&["restore", "venv"]);
    // A file of that name in a package is none.
    fs::rename(sandbox.venv().join("tools"), sandbox.path("tools")).unwrap();
    venv::write(
        &sandbox.venv(),
        &format!("{}/click/data/pyvenv.cfg", venv::SITE),
        b"home = /\n",
    );
    sandbox.ok(&["check", "venv"]);
}

/// The forms of setuptools, meson-python and scikit-build-core, shortened.
#[test]
fn the_directory_that_a_finder_of_an_editable_install_maps_to_is_missed() {
    for (finder, text) in [
        (
            "__editable___app_1_0_finder.py",
            "from __future__ import annotations\nMAPPING: dict[str, str] = {'app': 'PLACE/app'}\nNAMESPACES: \
             dict[str, list[str]] = {}\nX = '/'\n",
        ),
        (
            "_app_editable_loader.py",
            "import sys\ndef install(names, path, command, verbose):\n    pass\ninstall({'app'}, 'PLACE/app', \
             ['/bin/sh'], False)\n",
        ),
        (
            "_editable_skbc_app.py",
            "def install(known, wheel, path, rebuild):\n    pass\ninstall({'app': 'PLACE/app/__init__.py'}, {}, None, \
             False)\n",
        ),
    ] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let source = sandbox.path("src");
        venv::write(&source, "app/__init__.py", b"x = 1\n");
        let text = text.replace("PLACE", source.to_str().unwrap());
        let put = |path: &str, text: &str| {
            venv::write(
                &sandbox.venv(),
                &format!("{}/{path}", venv::SITE),
                text.as_bytes(),
            );
        };
        let info = "app-1.0.dist-info";
        put(finder, &text);
        put(
            &format!("{info}/METADATA"),
            "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n",
        );
        let url = format!(
            r#"{{"url": "file://{}", "dir_info": {{"editable": true}}}}"#,
            sandbox.root().display()
        );
        put(&format!("{info}/direct_url.json"), &url);
        put(
            &format!("{info}/RECORD"),
            &format!("{finder},,\n{info}/METADATA,,\n{info}/direct_url.json,,\n{info}/RECORD,,\n"),
        );
        sandbox.ok(&["check", "venv"]);
        sandbox.ok(&["save", "venv"]);
        fs::rename(&source, sandbox.path("other")).unwrap();
        let check = sandbox.json(1, &["check", "venv"]);
        assert_eq!(found(&check), [format!("source-gone {finder}")], "{check}");
        assert_eq!(check["findings"][0]["package"], "app", "{check}");
        let saved = sandbox.json(0, &["save", "venv"]);
        assert_eq!(found(&saved["audit"]), [format!("source-gone {finder}")]);
        sandbox.ok(&["diff", "venv"]);
    }
}

/// Requirements of what stands in its standard library were unmet.
#[test]
fn what_pypy_brings_along_satisfies_requirements() {
    let Some(interpreter) = pypy() else {
        skipped(1, "no pypy3 with venv on the path");
        return;
    };
    let sandbox = Sandbox::new();
    make(&interpreter, &sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    venv::package(&sandbox.venv(), &site, "wool", &["core.py"]);
    let metadata = format!("{site}/wool-1.0.dist-info/METADATA");
    let list = sandbox
        .venv()
        .join(format!("{site}/wool-1.0.dist-info/RECORD"));
    let rows = fs::read_to_string(&list).unwrap();
    let rows: Vec<&str> = rows
        .lines()
        .filter(|row| !row.contains("METADATA"))
        .collect();
    fs::write(
        &list,
        format!("{}\nwool-1.0.dist-info/METADATA,,\n", rows.join("\n")),
    )
    .unwrap();
    let needs = |names: &[&str]| {
        let lines: String = names
            .iter()
            .map(|name| format!("Requires-Dist: {name}\n"))
            .collect();
        let text = format!("Metadata-Version: 2.1\nName: wool\nVersion: 1.0\n{lines}");
        venv::write(&sandbox.venv(), &metadata, text.as_bytes());
    };
    needs(&["cffi>=1.0", "greenlet"]);
    let check = sandbox.json(0, &["check", "venv"]);
    assert!(found(&check).is_empty(), "{check}");
    assert_eq!(check["interpreter"]["implementation"], "pypy");
    needs(&["cffi>=99", "no-such; implementation_name == 'pypy'"]);
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&check).len(), 2, "{check}");
    assert!(
        found(&check)
            .iter()
            .all(|one| one.starts_with("requirement-unmet"))
    );
    sandbox.ok(&["save", "venv"]);
    // Another PyPy looks elsewhere.
    let lib = sandbox.venv().join(&site).parent().unwrap().to_owned();
    fs::rename(&lib, lib.with_file_name("pypy3.2")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(check["findings"][0]["check"], "interpreter", "{check}");
}

/// A path file that leads to the packages of another venv, as pipx writes it.
#[test]
fn packages_of_a_directory_that_a_path_file_adds_satisfy_requirements() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    let shared = sandbox.path("shared");
    venv::package(&shared, "packages", "yarn", &["core.py"]);
    let info = format!("{site}/needy-1.0.dist-info");
    venv::write(
        &sandbox.venv(),
        &format!("{info}/METADATA"),
        b"Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nRequires-Dist: yarn\n",
    );
    let rows = "needy-1.0.dist-info/METADATA,,\nneedy-1.0.dist-info/RECORD,,\n";
    venv::write(&sandbox.venv(), &format!("{info}/RECORD"), rows.as_bytes());
    let unmet = |answer: &serde_json::Value| {
        found(answer)
            .iter()
            .any(|one| one.starts_with("requirement-unmet"))
    };
    assert!(unmet(&sandbox.json(0, &["check", "venv"])));
    let line = format!("{}\n", shared.join("packages").display());
    venv::write(
        &sandbox.venv(),
        &format!("{site}/pipx_shared.pth"),
        line.as_bytes(),
    );
    let check = sandbox.json(0, &["check", "venv"]);
    assert!(!unmet(&check), "{check}");
}
