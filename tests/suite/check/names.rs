//! The names of the interpreter in `bin`, and the scripts that use them: of this venv, of another one, and of none.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::answers::found;
use crate::support::pythons::{all, all_kinds, python};
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, venv};

/// A venv whose interpreter is copied, so that each of its names is a file.
fn copied(interpreter: &Path) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    let made = Command::new(interpreter)
        .args(["-m", "venv", "--without-pip", "--copies"])
        .arg(sandbox.venv())
        .status();
    assert!(made.unwrap().success());
    let works = Command::new(sandbox.venv().join("bin/python"))
        .args(["-c", ""])
        .status();
    works
        .is_ok_and(|status| status.success())
        .then_some(sandbox)
}

/// `bin/python` was looked at, while scripts name another one: a cut copy there was sound.
#[test]
fn every_name_of_a_copied_interpreter_is_looked_at() {
    // PyPy of Debian cannot be copied into a venv: it takes all of /usr/lib for its own.
    for ((_, minor), interpreter) in all() {
        let name = format!("3.{minor}");
        let Some(sandbox) = copied(&interpreter) else {
            continue;
        };
        sandbox.ok(&["check", "venv"]);
        sandbox.ok(&["save", "venv"]);
        let bin = fs::read_dir(sandbox.venv().join("bin")).unwrap();
        let others = bin.map(|entry| entry.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_one = name.starts_with("python") || name.starts_with("pypy");
            is_one && name != "python" && !path.is_symlink()
        });
        for other in others.collect::<Vec<_>>() {
            let good = fs::read(&other).unwrap();
            let shown = format!("bin/{}", other.file_name().unwrap().to_str().unwrap());
            for content in [
                &good[..good.len() / 2],
                &good[..0],
                &vec![0; good.len()][..],
            ] {
                fs::write(&other, content).unwrap();
                let check = sandbox.json(1, &["check", "venv"]);
                assert_eq!(
                    found(&check),
                    [format!("interpreter {shown}")],
                    "{name}: {check}"
                );
                sandbox.code(1, &["save", "venv"]);
                sandbox.code(1, &["diff", "venv"]);
            }
            sandbox.ok(&["restore", "venv", "--heal"]);
            sandbox.ok(&["check", "venv"]);
            fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
            let check = sandbox.json(1, &["check", "venv"]);
            assert_eq!(
                found(&check),
                [format!("interpreter {shown}")],
                "{name}: {check}"
            );
            fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}

#[test]
fn a_name_of_the_interpreter_that_leads_nowhere_is_damage_though_another_one_works() {
    for (name, interpreter) in all_kinds() {
        let sandbox = Sandbox::new();
        crate::support::pythons::make(&interpreter, &sandbox.venv());
        let real = fs::canonicalize(sandbox.venv().join("bin/python")).unwrap();
        for (other, is_one) in [
            ("python3", true),
            ("python3.2", false),
            ("python3-config", false),
        ] {
            let links = ["python", other].map(|name| sandbox.venv().join("bin").join(name));
            let kept = links.clone().map(|link| fs::read_link(link).ok());
            for (link, target) in links
                .iter()
                .zip([real.as_path(), Path::new("/nowhere/python")])
            {
                let _ = fs::remove_file(link);
                symlink(target, link).unwrap();
            }
            assert_eq!(python(&sandbox.venv(), &["-c", "print(1)"]), "1");
            let check = sandbox.json(i32::from(is_one), &["check", "venv"]);
            let expected: &[&str] = if is_one {
                &["interpreter bin/python3"]
            } else {
                &[]
            };
            assert_eq!(found(&check), expected, "{name}: {check}");
            sandbox.code(i32::from(is_one), &["save", "venv"]);
            for (link, target) in links.iter().zip(kept) {
                fs::remove_file(link).unwrap();
                if let Some(target) = target {
                    symlink(target, link).unwrap();
                }
            }
        }
    }
}

/// A venv with a tool that pip installed.
fn with_tool() -> Sandbox {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [("wool/__init__.py", "def main():\n    print('wool')\n")];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    sandbox
}

/// `b/bin/pip install` changed `a`, and `b` was sound.
#[test]
fn a_copy_of_a_venv_whose_scripts_work_on_the_other_one_is_damaged_and_a_moved_one_is_not() {
    let sandbox = with_tool();
    sandbox.ok(&["save", "venv"]);
    let copy = sandbox.path("copy");
    venv::copy(&sandbox.venv(), &copy);
    let check = sandbox.json(1, &["check", "copy"]);
    assert_eq!(check["findings"][0]["check"], "script-foreign", "{check}");
    assert_eq!(check["summary"]["damage"], 1, "{check}");
    let text = check["findings"][0]["text"].as_str().unwrap();
    let venv = format!("'{}'", sandbox.venv().display());
    assert!(
        text.contains(&venv) && text.contains("bin/wool-tool"),
        "{text}"
    );
    sandbox.code(1, &["save", "copy"]);
    // A copy that was adapted is whole.
    sandbox.ok(&["restore", "venv", "latest", "--to", "adapted"]);
    sandbox.ok(&["check", "adapted"]);
    sandbox.ok(&["save", "adapted"]);
    // The same by another path is no other venv.
    symlink(sandbox.venv(), sandbox.path("link")).unwrap();
    sandbox.ok(&["check", "link"]);
    // Where the other one is gone, this one was moved, or is what is left.
    fs::rename(sandbox.venv(), sandbox.path("moved")).unwrap();
    for venv in ["copy", "moved"] {
        let check = sandbox.json(1, &["check", venv]);
        assert_eq!(
            check["findings"][0]["check"], "script-interpreter",
            "{check}"
        );
        assert_eq!(check["summary"]["damage"], 0, "{check}");
        sandbox.ok(&["save", venv]);
    }
    // A new one at the old place: what both saved before is looked at anew.
    venv_with_pip(&sandbox.venv());
    sandbox.code(1, &["save", "moved"]);
}

#[test]
fn a_name_of_this_venv_that_its_scripts_use_is_missed() {
    let sandbox = with_tool();
    sandbox.ok(&["save", "venv"]);
    let script = fs::read_to_string(sandbox.venv().join("bin/wool-tool")).unwrap();
    let line = script.lines().next().unwrap();
    let name = line.rsplit('/').next().unwrap();
    let link = sandbox.venv().join("bin").join(name);
    let main = sandbox.venv().join("bin/python");
    if name == "python" {
        return;
    }
    let real = fs::canonicalize(&main).unwrap();
    for path in [&link, &main] {
        let _ = fs::remove_file(path);
    }
    symlink(real, &main).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    let told = format!("interpreter bin/{name}");
    assert!(found(&check).contains(&told), "{check}");
    assert_ne!(check["summary"]["damage"], 0, "{check}");
    sandbox.code(1, &["save", "venv"]);
    sandbox.ok(&["restore", "venv"]);
    sandbox.ok(&["check", "venv"]);
}

#[test]
fn a_script_whose_distribution_is_gone_is_missed_and_one_that_somebody_wrote_is_not() {
    let sandbox = with_tool();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let own = format!(
        "#!{}/bin/python\nfrom yarn import main\nmain()\n",
        sandbox.venv().display()
    );
    venv::write(&sandbox.venv(), "bin/own", own.as_bytes());
    sandbox.ok(&["check", "venv"]);
    let (info, away) = (site.join("wool-1.0.dist-info"), sandbox.path("away"));
    fs::rename(&info, &away).unwrap();
    // Its module is there, so it starts.
    sandbox.ok(&["check", "venv"]);
    fs::rename(&away, &info).unwrap();
    sandbox.ok(&["save", "venv"]);
    fs::remove_dir_all(&info).unwrap();
    // And here it is known that its record was there.
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&check), ["record-gone wool-1.0.dist-info"], "{check}");
    fs::remove_dir_all(site.join("wool")).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&check), ["script-orphaned bin/wool-tool"], "{check}");
    let run = sandbox.code(1, &["check", "venv"]);
    assert!(run.stdout.starts_with("incomplete: no damage"), "{run}");
    sandbox.code(1, &["diff", "venv"]);
    // Where something else may have the module, nobody can tell.
    fs::write(site.join("more.pth"), "/usr\n").unwrap();
    sandbox.ok(&["check", "venv"]);
    fs::remove_file(site.join("more.pth")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    // Who makes a venv small removes pip from it.
    for name in fs::read_dir(&site)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if name
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("pip")
        {
            fs::remove_dir_all(name).unwrap();
        }
    }
    let check = sandbox.json(0, &["check", "venv"]);
    assert!(
        found(&check)
            .iter()
            .all(|one| one.starts_with("leftover bin/pip")),
        "{check}"
    );
}
