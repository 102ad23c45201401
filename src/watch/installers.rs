//! Installers at work in a venv: what they have half done is no damage yet.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Programs that change venvs.
const INSTALLERS: [&str; 13] = [
    "pip",
    "pip3",
    "uv",
    "uvx",
    "poetry",
    "pdm",
    "pipx",
    "hatch",
    "conda",
    "mamba",
    "micromamba",
    "virtualenv",
    "pip-sync",
];
/// Modules that do, when they are run by `python -m`.
const MODULES: [&str; 8] = [
    "pip",
    "venv",
    "ensurepip",
    "virtualenv",
    "poetry",
    "pdm",
    "uv",
    "piptools",
];
/// Variables that name the venv which an installer works in.
const VARIABLES: [&[u8]; 4] = [
    b"VIRTUAL_ENV=",
    b"UV_PROJECT_ENVIRONMENT=",
    b"CONDA_PREFIX=",
    b"PIP_TARGET=",
];

/// Names an installer that is at work in a venv, with its number. Those of other users are seen as far as the kernel
/// shows their command line.
pub fn installer_at_work(venv: &Path) -> Option<String> {
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let cmdline = fs::read(entry.path().join("cmdline")).ok()?;
        let words: Vec<&[u8]> = cmdline
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty())
            .collect();
        let name = installer(&words)?;
        is_of(&entry.path(), &words, venv).then(|| format!("{name} (pid {pid})"))
    })
}

/// The installer that a command line starts.
fn installer(words: &[&[u8]]) -> Option<String> {
    let first = base(words.first()?);
    if is_installer(&first) {
        return Some(first);
    }
    if !first.starts_with("python") && !first.starts_with("pypy") {
        return None;
    }
    // `python -m pip`, `python /venv/bin/pip`, also behind options of the interpreter.
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        if *word == b"-m" {
            let module = base(rest.next()?);
            return MODULES.contains(&module.as_str()).then_some(module);
        }
        if !word.starts_with(b"-") {
            let script = base(word);
            return is_installer(&script).then_some(script);
        }
    }
    None
}

fn base(word: &[u8]) -> String {
    let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or(word);
    String::from_utf8_lossy(name).into_owned()
}

/// Also `pip3.11`.
fn is_installer(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INSTALLERS.contains(&name) || bare == "pip"
}

/// Whether a process works in a venv: its program, an argument, its directory, or a variable says so. The project
/// around a venv counts, since that is where uv, poetry and pdm are started.
fn is_of(process: &Path, words: &[&[u8]], venv: &Path) -> bool {
    let names = |bytes: &[u8]| {
        let rest = bytes.strip_prefix(venv.as_os_str().as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    };
    let value = |word: &&[u8]| word.rsplit(|byte| *byte == b'=').next().is_some_and(names);
    if words.iter().any(value) {
        return true;
    }
    let led = |link: &str| fs::read_link(process.join(link)).unwrap_or_default();
    let dir = led("cwd");
    if names(led("exe").as_os_str().as_bytes()) || names(dir.as_os_str().as_bytes()) {
        return true;
    }
    // A relative path may lead into the venv, and the project around the venv counts.
    let project = venv
        .parent()
        .is_some_and(|project| project.components().count() > 1 && dir == project);
    let relative = words.iter().any(|word| {
        let path = dir.join(std::ffi::OsStr::from_bytes(word));
        fs::canonicalize(path).is_ok_and(|path| names(path.as_os_str().as_bytes()))
    });
    let variables = fs::read(process.join("environ")).unwrap_or_default();
    let mut variables = variables.split(|byte| *byte == 0);
    project
        || relative
        || variables.any(|one| {
            VARIABLES
                .iter()
                .any(|name| one.strip_prefix(*name).is_some_and(names))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installers_are_known_by_their_command_lines() {
        let of = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            installer(&words)
        };
        for (line, name) in [
            ("/usr/bin/pip install x", Some("pip")),
            ("pip3.11 install x", Some("pip3.11")),
            ("/venv/bin/python -m pip install x", Some("pip")),
            (
                "/venv/bin/python3 -I -u /venv/bin/pip install x",
                Some("pip"),
            ),
            ("uv sync", Some("uv")),
            ("python3.12 -m venv /venv", Some("venv")),
            ("/venv/bin/python app.py", None),
            ("/venv/bin/python -m http.server", None),
            ("pipes", None),
            ("cat pip", None),
        ] {
            assert_eq!(of(line).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn an_installer_counts_where_it_names_the_venv_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let (venv, other) = (dir.path().join("venv"), dir.path().join("other"));
        let pip = dir.path().join("pip");
        std::os::unix::fs::symlink("/bin/sleep", &pip).unwrap();
        let mut child = std::process::Command::new(&pip)
            .arg("60")
            .env("VIRTUAL_ENV", &venv)
            .current_dir("/")
            .spawn()
            .unwrap();
        // A program that is just being started has no command line yet.
        let cmdline = format!("/proc/{}/cmdline", child.id());
        while fs::read(&cmdline).unwrap().is_empty() {
            std::thread::yield_now();
        }
        let found = (installer_at_work(&venv), installer_at_work(&other));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, (Some(format!("pip (pid {})", child.id())), None));
        assert_eq!(installer_at_work(&venv), None);
    }
}
