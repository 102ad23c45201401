//! The sessions in the README: each command is run, and what it answers there is what it answers here, up to numbers,
//! sizes, times and ids. A page that shows what the program no longer says is red.

use std::fs;
use std::path::Path;

use crate::support::readme::{THERE, sessions, shape};
use crate::support::{Sandbox, venv};

/// A package with its RECORD.
fn package(at: &Path, name: &str, files: &[&str]) {
    let info = format!("{name}-1.0.dist-info");
    let site = venv::SITE;
    let mut record = format!("{info}/RECORD,,\n");
    let mut put = |path: &str, content: &[u8]| {
        venv::write(at, &format!("{site}/{path}"), content);
        record.push_str(&format!("{path},{}\n", venv::recorded(content)));
    };
    for file in files {
        let text = format!("# {name} {file}\n").repeat(200);
        put(&format!("{name}/{file}"), text.as_bytes());
    }
    put(&format!("{name}/__init__.py"), b"");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    put(&format!("{info}/METADATA"), metadata.as_bytes());
    venv::write(at, &format!("{site}/{info}/RECORD"), record.as_bytes());
}

/// The venv of the README, smaller.
fn service(at: &Path) {
    venv::tiny(at);
    fs::remove_dir_all(at.join(venv::SITE)).unwrap();
    package(
        at,
        "numpy",
        &["distutils/core.py", "ma/core.py", "ma/core.pyi"],
    );
    package(at, "pandas", &["plotting/_matplotlib/core.py", "io/sql.py"]);
    package(at, "click", &["core.py"]);
    package(at, "starlette", &["routing.py", "types.py"]);
    venv::age(at, 1_700_000_000);
}

/// The damage of the README.
fn damage(at: &Path) {
    let site = at.join(venv::SITE);
    for gone in [
        "numpy/distutils/core.py",
        "numpy/ma/core.py",
        "numpy/ma/core.pyi",
        "pandas/plotting/_matplotlib/core.py",
        "click/core.py",
    ] {
        fs::remove_file(site.join(gone)).unwrap();
    }
    for (path, len) in [
        ("starlette/routing.py", 0),
        ("starlette/types.py", 0),
        ("pandas/io/sql.py", 1000),
    ] {
        let file = fs::OpenOptions::new().write(true).open(site.join(path));
        file.unwrap().set_len(len).unwrap();
    }
}

#[test]
fn what_the_readme_shows_is_what_the_program_says() {
    let sandbox = Sandbox::new();
    let at = sandbox.venv();
    service(&at);
    let told = sessions();
    let mut run = Vec::new();
    for (command, lines) in &told {
        let words: Vec<&str> = command.split_whitespace().collect();
        // A rebuild fetches packages, and has tests of its own; a guard never ends.
        let ["snap", verb @ ("save" | "diff" | "restore"), ..] = words[..] else {
            continue;
        };
        if verb == "diff" {
            damage(&at);
        }
        let here = at.to_str().unwrap();
        let words: Vec<String> = words[1..]
            .iter()
            .map(|word| word.replace(THERE, here))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = sandbox.code(i32::from(verb == "diff"), &words);
        let said = answer.stdout.replace(here, THERE);
        let mut rest = said.lines().map(shape);
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let wanted = shape(line);
            assert!(
                rest.any(|line| line == wanted),
                "'{command}' no longer says, there:\n{line}\nbut:\n{said}"
            );
        }
        run.push(verb);
    }
    assert_eq!(run, ["save", "diff", "restore"]);
}
