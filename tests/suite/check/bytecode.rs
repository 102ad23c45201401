//! Bytecode that Python runs although it was compiled from other source of the same size and time.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::answers::found;
use crate::support::faults::{is_root, skipped};
use crate::support::pythons::{all, make, python};
use crate::support::venv::set_mtime;
use crate::support::{Sandbox, venv};

/// The source that belongs there, and others of the same length: another constant, another operation, another name.
const GOOD: &str = "'''Boots.'''\n\ndef fit(left, right):\n    return left + right * 2\n";
const OTHERS: [&str; 3] = [
    "'''Boots.'''\n\ndef fit(left, right):\n    return left + right * 3\n",
    "'''Boots.'''\n\ndef fit(left, right):\n    return left - right * 2\n",
    "'''Boots.'''\n\ndef fit(lift, right):\n    return lift + right * 2\n",
];
/// What compilers make something special of.
const ODD: &str = "# coding: latin-1\nimport os as \u{e4}, sys\nX = 60 * 60, -0.0, 1e400, 2 ** 90, b'a\\0', ..., 3j\n\
    def f(a, /, b=(1, 2), *c, d: 'int' = 4, **e):\n    assert a, f'{b!r:>{d}}'\n    \
    return [g for g in c if g in {1, 'x', b'y', (2, None)}], (lambda: (yield))\n\
    class K:\n    __m = 1\n    async def h(self):\n        async for i in self: await i\n        return self.__m, \
    __class__\n";

/// A venv with one module and its bytecode.
fn booted(interpreter: &Path) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    make(interpreter, &sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    venv::package(&sandbox.venv(), &site, "socks", &["core.py"]);
    let module = sandbox.venv().join(site).join("boots.py");
    fs::write(&module, GOOD).unwrap();
    set_mtime(&module, 1_700_000_000, 0);
    compile(&sandbox, &[]);
    (sandbox, module)
}

fn compile(sandbox: &Sandbox, args: &[&str]) {
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let all = [&["-m", "compileall", "-q"], args, &[site.to_str().unwrap()]].concat();
    python(&sandbox.venv(), &all);
}

fn cache(module: &Path) -> Vec<PathBuf> {
    let dir = fs::read_dir(module.parent().unwrap().join("__pycache__")).unwrap();
    let files = dir.map(|entry| entry.unwrap().path());
    let own = files.filter(|path| path.to_str().unwrap().contains("/boots."));
    own.collect()
}

/// Leaves bytecode of another source, and the right source with the same size and time.
fn plant(sandbox: &Sandbox, module: &Path, other: &str, args: &[&str]) {
    assert_eq!(other.len(), GOOD.len());
    for content in [other, GOOD] {
        fs::write(module, content).unwrap();
        set_mtime(module, 1_700_000_000, 0);
        if content == other {
            for file in cache(module) {
                fs::remove_file(file).unwrap();
            }
            compile(sandbox, args);
        }
    }
    // The clock of inodes ticks every few milliseconds; whoever writes by hand takes longer.
    std::thread::sleep(std::time::Duration::from_millis(30));
    set_mtime(module, 1_700_000_000, 0);
}

fn stale(sandbox: &Sandbox, code: i32, args: &[&str]) -> Vec<String> {
    let answer = sandbox.json(code, &[&["check", "venv"], args].concat());
    let all = found(&answer).into_iter();
    all.map(|one| one.replace("__pycache__/", "")).collect()
}

#[test]
fn stale_bytecode_is_found_by_every_python_of_this_machine() {
    let pythons = all();
    if pythons.is_empty() {
        skipped(1, "no python3.X on the path");
        return;
    }
    for ((major, minor), interpreter) in pythons {
        let (sandbox, module) = booted(&interpreter);
        let named = [format!("bytecode-stale boots.cpython-{major}{minor}.pyc")];
        assert_eq!(stale(&sandbox, 0, &[]), Vec::<String>::new(), "3.{minor}");
        if minor >= 8 {
            let odd: Vec<u8> = ODD.chars().map(|c| c as u8).collect();
            fs::write(module.with_file_name("odd.py"), odd).unwrap();
        }
        for level in ["-O", "-OO"] {
            let site = module.parent().unwrap().to_str().unwrap();
            python(&sandbox.venv(), &[level, "-m", "compileall", "-q", site]);
        }
        compile(&sandbox, &[]);
        assert_eq!(
            stale(&sandbox, 0, &["--compile"]),
            Vec::<String>::new(),
            "3.{minor}"
        );
        for other in OTHERS {
            plant(&sandbox, &module, other, &[]);
            assert_eq!(stale(&sandbox, 1, &[]), named, "3.{minor}: {other}");
        }
        // Python really runs it, and a save does not take it for good.
        plant(&sandbox, &module, OTHERS[0], &[]);
        let said = python(
            &sandbox.venv(),
            &["-c", "import boots; print(boots.fit(1, 2))"],
        );
        assert_eq!(said, "7", "3.{minor}");
        sandbox.code(1, &["save", "venv"]);
        fs::remove_file(&cache(&module)[0]).unwrap();
        sandbox.ok(&["save", "venv"]);
    }
}

#[test]
fn where_inodes_tell_nothing_only_compiling_all_finds_it() {
    let Some((_, interpreter)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    plant(&sandbox, &module, OTHERS[1], &[]);
    std::thread::sleep(std::time::Duration::from_millis(30));
    let pyc = &cache(&module)[0];
    fs::set_permissions(pyc, fs::Permissions::from_mode(0o640)).unwrap();
    let younger = |path: &Path| {
        let meta = fs::metadata(path).unwrap();
        (meta.ctime(), meta.ctime_nsec())
    };
    assert!(younger(pyc) > younger(&module));
    assert_eq!(stale(&sandbox, 0, &[]), Vec::<String>::new());
    let answer = sandbox.json(1, &["check", "venv", "--compile"]);
    assert_eq!(found(&answer).len(), 1, "{answer}");
    assert_eq!(answer["summary"]["compared"], 3, "{answer}");
    // Bytecode of others is not looked into, nor what Python compiles anew by itself.
    let other = pyc.with_file_name("boots.cpython-399.pyc");
    fs::rename(pyc, other).unwrap();
    assert_eq!(stale(&sandbox, 0, &["--compile"]), Vec::<String>::new());
}

#[test]
fn bytecode_that_is_checked_by_hash_or_never_is_judged_as_python_does() {
    let Some((_, interpreter)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    let by = |mode| ["--invalidation-mode", mode];
    plant(&sandbox, &module, OTHERS[2], &by("checked-hash"));
    assert_eq!(stale(&sandbox, 0, &["--compile"]), Vec::<String>::new());
    plant(&sandbox, &module, OTHERS[2], &by("unchecked-hash"));
    // Whenever it was written: the hash that it carries is not that of the source.
    std::thread::sleep(std::time::Duration::from_millis(30));
    let pyc = &cache(&module)[0];
    fs::set_permissions(pyc, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(stale(&sandbox, 1, &[]).len(), 1);
    // With the hash of the source on other code only compiling tells.
    let other = fs::read(pyc).unwrap();
    fs::remove_file(pyc).unwrap();
    compile(&sandbox, &by("unchecked-hash"));
    let good = fs::read(pyc).unwrap();
    assert_eq!(stale(&sandbox, 0, &["--compile"]), Vec::<String>::new());
    fs::write(pyc, [&good[..16], &other[16..]].concat()).unwrap();
    assert_eq!(stale(&sandbox, 0, &[]), Vec::<String>::new());
    assert_eq!(stale(&sandbox, 1, &["--compile"]).len(), 1);
}

#[test]
fn where_a_copy_made_many_sources_younger_that_is_no_suspicion() {
    let Some((_, interpreter)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    plant(&sandbox, &module, OTHERS[1], &[]);
    let site = module.parent().unwrap();
    fs::create_dir(site.join("many")).unwrap();
    for n in 0..300 {
        fs::write(site.join(format!("many/m{n}.py")), format!("x = {n}\n")).unwrap();
    }
    compile(&sandbox, &[]);
    std::thread::sleep(std::time::Duration::from_millis(30));
    for n in 0..300 {
        let file = site.join(format!("many/m{n}.py"));
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(answer["summary"]["compared"], 0, "{answer}");
    assert_eq!(stale(&sandbox, 1, &["--compile"]).len(), 1);
}

/// Of 3,835 files that 3.11.7 had compiled, 3.11.2 compiles 6 to other instructions; none of them is damaged.
#[test]
fn what_another_release_of_the_interpreter_compiled_is_not_stale_for_its_instructions() {
    let Some(((major, minor), interpreter)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    let config = sandbox.venv().join("pyvenv.cfg");
    let text = fs::read_to_string(&config).unwrap();
    let other = format!("version = {major}.{minor}.99");
    let made: Vec<String> = text
        .lines()
        .map(|line| {
            if line.starts_with("version") {
                other.clone()
            } else {
                line.to_owned()
            }
        })
        .collect();
    fs::write(&config, made.join("\n")).unwrap();
    plant(&sandbox, &module, OTHERS[1], &[]);
    for flags in [&[][..], &["--compile"]] {
        assert_eq!(stale(&sandbox, 0, flags), Vec::<String>::new());
    }
    plant(&sandbox, &module, OTHERS[0], &[]);
    assert_eq!(stale(&sandbox, 1, &[]).len(), 1);
}

#[test]
fn bytecode_that_python_would_load_and_cannot_use_is_damage_for_every_verb() {
    let Some(interpreter) = all().into_iter().map(|(_, path)| path).next_back() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    sandbox.ok(&["save", "venv"]);
    let [cached] = &cache(&module)[..] else {
        panic!("one file of bytecode");
    };
    let good = fs::read(cached).unwrap();
    // Behind a header that fits: noise, noise that begins as code does, and a cut.
    let noise = venv::noise(good.len() - 16);
    let begun = [&good[16..17], &noise[1..]].concat();
    for body in [&noise[..], &begun, &good[16..good.len() - 9]] {
        fs::write(cached, [&good[..16], body].concat()).unwrap();
        for verb in ["check", "diff", "save"] {
            let run = sandbox.code(1, &[verb, "venv"]);
            assert!(run.to_string().contains("boots"), "{run}");
        }
        sandbox.ok(&["restore", "venv"]);
        assert_eq!(fs::read(cached).unwrap(), good);
    }
    // What Python compiled anew is nobody's fault.
    fs::remove_file(cached).unwrap();
    compile(&sandbox, &[]);
    sandbox.ok(&["diff", "venv"]);
}

/// An edit was compiled, and the old source put back with its time: `check` found it, `diff` and `restore` called it
/// noise.
#[test]
fn bytecode_of_other_source_is_damage_for_every_verb() {
    let Some(interpreter) = all().into_iter().map(|(_, path)| path).next_back() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    for is_saved in [true, false] {
        let (sandbox, module) = booted(&interpreter);
        let fit = || {
            let call = "import boots; print(boots.fit(1, 2))";
            python(&sandbox.venv(), &["-c", call])
        };
        if !is_saved {
            fs::remove_file(&cache(&module)[0]).unwrap();
        }
        sandbox.ok(&["save", "venv"]);
        for other in [&[][..], &["--heal"], &["--only", "**/*.pyc"]] {
            plant(&sandbox, &module, OTHERS[0], &[]);
            for verb in ["check", "diff", "save"] {
                let run = sandbox.code(1, &[verb, "venv"]);
                let told = "compiled from other source of the same size and time";
                assert!(run.stdout.contains(told), "{is_saved} {run}");
            }
            let diff = sandbox.json(1, &["diff", "venv"]);
            assert_eq!(diff["summary"]["damage"], 1, "{is_saved} {diff}");
            assert_eq!(fit(), "7", "Python runs it");
            let run = sandbox.ok(&[&["restore", "venv"], other].concat());
            assert_eq!(cache(&module).len(), usize::from(is_saved), "{run}");
            assert_eq!(fit(), "5", "{is_saved} {run}");
            sandbox.ok(&["diff", "venv"]);
            sandbox.ok(&["restore", "venv", "--force"]);
        }
    }
}

#[test]
fn of_much_bytecode_that_differs_only_what_is_suspect_is_compared() {
    let Some(interpreter) = all().into_iter().map(|(_, path)| path).next_back() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let (sandbox, module) = booted(&interpreter);
    let site = module.parent().unwrap();
    fs::create_dir(site.join("many")).unwrap();
    for n in 0..80 {
        fs::write(site.join(format!("many/m{n}.py")), format!("x = {n}\n")).unwrap();
    }
    sandbox.ok(&["save", "venv"]);
    // Python compiled all of a package since, and an edit that was taken back.
    compile(&sandbox, &[]);
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert!(diff["summary"]["noise"].as_u64().unwrap() > 80, "{diff}");
    plant(&sandbox, &module, OTHERS[1], &[]);
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["summary"]["damage"], 1, "{diff}");
}

/// Root asks the interpreter of a user's venv as that user, also from inside of the fence of a restore.
#[test]
fn root_judges_the_bytecode_of_a_users_venv_as_that_user_does() {
    // One that others can reach, which those of pyenv below /root are not.
    let interpreter = Path::new("/usr/bin/python3");
    if !is_root() || !interpreter.exists() {
        skipped(1, "no root, or no /usr/bin/python3");
        return;
    }
    let (sandbox, module) = booted(interpreter);
    let give = || {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(sandbox.root(), mode).unwrap();
        let chown = Command::new("chown")
            .args(["-R", "65534:65534"])
            .arg(sandbox.venv())
            .status();
        assert!(chown.unwrap().success());
    };
    give();
    sandbox.ok(&["save", "venv"]);
    plant(&sandbox, &module, OTHERS[0], &[]);
    sandbox.code(1, &["diff", "venv"]);
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("1 altered"), "{run}");
    sandbox.ok(&["diff", "venv"]);
    // One that never answers is ended.
    plant(&sandbox, &module, OTHERS[0], &[]);
    let python = sandbox.venv().join("bin/python");
    fs::remove_file(&python).unwrap();
    fs::write(&python, "#!/bin/sh\nsleep 60 & sleep 60\n").unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    give();
    let start = Instant::now();
    sandbox.ok(&["restore", "venv"]);
    assert!(
        start.elapsed() < Duration::from_secs(45),
        "it was waited for"
    );
}
