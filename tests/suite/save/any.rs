//! `save --any`: trees that are no venvs.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::support::conda::{environment, sha256};
use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

/// The checks that found something, with the paths.
pub(super) fn found(answer: &Value) -> Vec<(&str, &str)> {
    let findings = answer["findings"].as_array().unwrap().iter();
    let told = findings.map(|one| {
        (
            one["check"].as_str().unwrap(),
            one["path"].as_str().unwrap_or(""),
        )
    });
    told.collect()
}

#[test]
fn what_is_no_venv_is_refused_with_the_way_that_takes_it() {
    let sandbox = Sandbox::new();
    environment(&sandbox.path("env"));
    fs::create_dir_all(sandbox.path("plain")).unwrap();
    fs::create_dir_all(sandbox.path("target/wool-1.0.dist-info")).unwrap();
    let mut session = Session::new(&sandbox);
    for name in ["env", "plain", "target"] {
        session.run(3, &["save", name]);
    }
    session.run(3, &["check", "plain"]);
    insta::assert_snapshot!(session.told());
    assert!(!sandbox.path("store").exists());
}

#[test]
fn a_plain_directory_is_saved_compared_healed_and_restored_like_a_venv() {
    let sandbox = Sandbox::new();
    let modules = sandbox.path("app/node_modules");
    fs::create_dir_all(modules.join("left-pad")).unwrap();
    fs::create_dir_all(modules.join(".bin")).unwrap();
    fs::write(modules.join("left-pad/index.js"), "module.exports = 1\n").unwrap();
    fs::write(
        modules.join("left-pad/package.json"),
        "{\"name\": \"left-pad\"}\n",
    )
    .unwrap();
    symlink("../left-pad/index.js", modules.join(".bin/left-pad")).unwrap();
    let good = Tree::of(&modules);
    let dir = modules.to_str().unwrap();
    let answer = sandbox.json(0, &["save", "--any", dir]);
    assert_eq!(answer["audit"]["kind"], "any");
    assert_eq!(
        (
            &answer["snapshot"]["baseline"],
            &answer["snapshot"]["files"]
        ),
        (&true.into(), &2.into())
    );
    // Somebody has said so once.
    sandbox.ok(&["save", dir]);
    sandbox.ok(&["save", "--all", "--if-changed"]);

    fs::remove_file(modules.join("left-pad/index.js")).unwrap();
    fs::write(modules.join("left-pad/package.json"), "").unwrap();
    fs::write(modules.join("new.js"), "// new\n").unwrap();
    let answer = sandbox.json(1, &["diff", dir]);
    assert_eq!(
        (&answer["summary"]["damage"], &answer["summary"]["drift"]),
        (&2.into(), &1.into())
    );
    let status = sandbox.json(1, &["status", dir]);
    assert_eq!(status["venvs"][0]["state"], "damaged");
    sandbox.ok(&["restore", dir, "--heal"]);
    let answer = sandbox.json(1, &["diff", dir]);
    assert_eq!(answer["summary"]["damage"], 0);
    sandbox.ok(&["restore", dir]);
    assert_eq!(Tree::of(&modules), good);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["undo", dir]);
    assert!(modules.join("new.js").exists());

    // Out and in again.
    sandbox.ok(&["export", "latest~1", "out.tar", "--venv", dir]);
    let other = sandbox.path("other");
    let run = sandbox.code(3, &["import", "out.tar", "--venv", "other"]);
    assert!(run.stderr.contains("no venv in it"), "{run}");
    sandbox.ok(&["import", "out.tar", "--venv", "other", "--any"]);
    sandbox.ok(&["restore", "other"]);
    assert_eq!(Tree::of(&other), good);
}

#[test]
fn a_venv_that_lost_its_mark_is_no_plain_directory() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.path("venv/pyvenv.cfg")).unwrap();
    sandbox.code(3, &["save", "venv"]);
    let run = sandbox.code(1, &["save", "venv", "--any"]);
    assert!(run.stdout.contains("pyvenv.cfg names no home"), "{run}");
    fs::remove_dir_all(sandbox.path("venv")).unwrap();
    fs::create_dir(sandbox.path("venv")).unwrap();
    sandbox.code(1, &["save", "venv", "--any"]);
}

#[test]
fn what_pip_filled_with_target_is_audited_by_its_records() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("lib");
    let info = root.join("wool-1.0.dist-info");
    fs::create_dir_all(root.join("wool")).unwrap();
    fs::create_dir_all(&info).unwrap();
    fs::write(root.join("wool/__init__.py"), "x = 1\n").unwrap();
    fs::write(
        info.join("METADATA"),
        "Metadata-Version: 2.1\nName: wool\nVersion: 1.0\n",
    )
    .unwrap();
    let sum = data_encoding::HEXLOWER
        .decode(sha256(b"x = 1\n").as_bytes())
        .unwrap();
    let sum = data_encoding::BASE64URL_NOPAD.encode(&sum);
    let list = format!(
        "wool/__init__.py,sha256={sum},6\nwool-1.0.dist-info/METADATA,,\nwool-1.0.dist-info/RECORD,,\n"
    );
    fs::write(info.join("RECORD"), list).unwrap();
    let answer = sandbox.json(0, &["save", "lib", "--any"]);
    assert_eq!(
        (
            &answer["audit"]["kind"],
            &answer["audit"]["summary"]["hashed"]
        ),
        (&"target".into(), &1.into())
    );
    let run = sandbox.code(3, &["rebuild", "lib", "--dry-run"]);
    assert!(run.stderr.contains("not made anew here"), "{run}");
    fs::write(root.join("wool/__init__.py"), "").unwrap();
    let answer = sandbox.json(1, &["check", "lib"]);
    assert_eq!(found(&answer), [("file-emptied", "wool/__init__.py")]);
    sandbox.code(1, &["save", "lib"]);
    sandbox.ok(&["restore", "lib"]);
    sandbox.ok(&["check", "lib"]);
}

#[test]
fn imports_in_what_target_filled_lead_where_they_lead_in_a_venv() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("lib");
    venv::package(&root, ".", "wool", &["core.py", "cli.py"]);
    venv::package(&root, ".", "yarn", &["core.py"]);
    let add = |path: &str, content: &str| {
        fs::write(root.join(path), content).unwrap();
        let row = format!("{path},{}\n", venv::recorded(content.as_bytes()));
        venv::append(root.join("yarn-1.0.dist-info/RECORD"), &row);
    };
    add(
        "yarn/spin.py",
        "import wool.core\nfrom wool.core import core_py_1\n",
    );
    add(
        "yarn-1.0.dist-info/entry_points.txt",
        "[console_scripts]\nspin = yarn.spin:core_py_1\nwool = wool.cli:cli_py_1\n",
    );
    fs::create_dir(root.join("bin")).unwrap();
    for script in ["bin/spin", "bin/wool"] {
        fs::write(root.join(script), "#!/usr/bin/python3\n").unwrap();
    }
    let answer = sandbox.json(0, &["check", "lib"]);
    assert_eq!(found(&answer), [], "{answer}");
    fs::remove_file(root.join("wool/core.py")).unwrap();
    let list = root.join("wool-1.0.dist-info/RECORD");
    let rows = fs::read_to_string(&list).unwrap();
    let kept = rows.lines().filter(|row| !row.starts_with("wool/core.py"));
    let kept: String = kept.map(|row| format!("{row}\n")).collect();
    fs::write(&list, kept).unwrap();
    let answer = sandbox.json(1, &["check", "lib"]);
    let told = ("import-unresolved", "wool/__init__.py");
    assert_eq!(found(&answer), [told], "{answer}");
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("importing wool fails"), "{text}");
}

/// Everything in it was gone after that, and the empty venv in its place was a baseline.
#[test]
fn a_directory_that_never_was_a_venv_is_not_rebuilt_as_one() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("modules");
    venv::write(&root, "is-odd/index.js", b"module.exports = 1\n");
    let before = Tree::of(&root);
    let list = sandbox.path("requirements.txt");
    fs::write(&list, "").unwrap();
    for from in [&[][..], &["--from", list.to_str().unwrap()]] {
        let args = [
            &["rebuild", "modules", "--offline", "--python", "python3"],
            from,
        ]
        .concat();
        let run = sandbox.code(3, &args);
        assert!(run.stderr.contains("nothing of a venv in it"), "{run}");
    }
    sandbox.ok(&["save", "--any", "modules"]);
    let run = sandbox.code(3, &["rebuild", "modules", "--offline"]);
    assert!(run.stderr.contains("nothing of a venv in it"), "{run}");
    before.assert_same(&Tree::of(&root), "refused");
}
