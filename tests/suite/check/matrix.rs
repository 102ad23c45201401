//! The venvs of the world's installers, as they leave them: healthy ones are sound, and one damaged file is damage,
//! whoever made the venv and however. Real tools, without network; what is not there is skipped aloud.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::wheel::{build, pip_command, venv_by_python};
use crate::support::{Sandbox, tools, venv};

/// Who makes a venv with the package `wool` in it, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
enum By {
    Pip,
    Uv(&'static str),
    Virtualenv,
    /// Of which pip itself is links.
    VirtualenvOfLinks,
    Pipx(&'static str),
    Poetry,
    Pdm,
    /// With `install.cache`.
    PdmOfLinks,
}

impl By {
    const ALL: [Self; 11] = [
        Self::Pip,
        Self::Uv("copy"),
        Self::Uv("hardlink"),
        Self::Uv("symlink"),
        Self::Virtualenv,
        Self::VirtualenvOfLinks,
        Self::Pipx("pip"),
        Self::Pipx("uv"),
        Self::Poetry,
        Self::Pdm,
        Self::PdmOfLinks,
    ];

    /// Whether files of the venv are links into a cache.
    fn links(self) -> bool {
        matches!(
            self,
            Self::Uv("symlink") | Self::VirtualenvOfLinks | Self::PdmOfLinks
        )
    }

    /// What is damaged below: a file, or, where RECORD lists no files, a directory.
    fn victim(self) -> &'static str {
        match self {
            Self::VirtualenvOfLinks => "pip",
            _ => "wool/core.py",
        }
    }

    /// Makes it; none where the tool is not there.
    fn make(self, sandbox: &Sandbox, wheel: &Path) -> Option<PathBuf> {
        let root = sandbox.venv();
        match self {
            Self::Pip => {
                venv_by_python(&root);
                with_pip(&root, wheel);
            }
            Self::Uv(mode) => {
                let uv = tools::find("uv")?;
                tools::done(tools::command(sandbox, &uv).args(["venv", "-q"]).arg(&root));
                let args = ["pip", "install", "-q", "--link-mode", mode, "--python"];
                let mut install = tools::command(sandbox, &uv);
                tools::done(install.args(args).arg(root.join("bin/python")).arg(wheel));
            }
            Self::Virtualenv | Self::VirtualenvOfLinks => {
                let mut make = tools::command(sandbox, &tools::find("virtualenv")?);
                make.args(["-q", "--no-download", "--app-data"])
                    .arg(sandbox.path("app-data"));
                if self == Self::VirtualenvOfLinks {
                    make.arg("--symlink-app-data");
                }
                tools::done(make.arg(&root));
                with_pip(&root, wheel);
            }
            Self::Pipx(backend) => {
                let pipx = tools::find("pipx")?;
                let uv = if backend == "uv" {
                    Some(tools::find("uv")?)
                } else {
                    None
                };
                let mut install = tools::command(sandbox, &pipx);
                if let Some(dir) = uv.as_deref().and_then(Path::parent) {
                    let path = std::env::var_os("PATH").unwrap_or_default();
                    let dirs = std::iter::once(dir.to_owned()).chain(std::env::split_paths(&path));
                    install.env("PATH", std::env::join_paths(dirs).unwrap());
                }
                tools::done(
                    install
                        .args(["install", "-q", "--backend", backend])
                        .arg(wheel),
                );
                return Some(sandbox.path("pipx/venvs/wool"));
            }
            Self::Poetry => {
                let poetry = tools::find("poetry")?;
                let project = project(
                    sandbox,
                    &format!(
                        "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nwool = {{path = \"{}\"}}\n",
                        wheel.display()
                    ),
                    "",
                );
                let mut install = tools::command(sandbox, &poetry);
                install
                    .args(["install", "-q"])
                    .env("POETRY_VIRTUALENVS_IN_PROJECT", "true");
                tools::done(install.current_dir(&project));
                return Some(project.join(".venv"));
            }
            Self::Pdm | Self::PdmOfLinks => {
                let pdm = tools::find("pdm")?;
                let dir = wheel.parent().unwrap().display();
                let source = format!(
                    "[[tool.pdm.source]]\nname = \"pypi\"\ntype = \"find_links\"\nurl = \"file://{dir}\"\n"
                );
                let project = project(sandbox, &source, "\"wool==1.0\"");
                let cached = (self == Self::PdmOfLinks).to_string();
                let mut config = tools::command(sandbox, &pdm);
                tools::done(
                    config
                        .args(["config", "install.cache", &cached])
                        .current_dir(&project),
                );
                let mut install = tools::command(sandbox, &pdm);
                tools::done(
                    install
                        .args(["install", "-q", "--no-self"])
                        .current_dir(&project),
                );
                return Some(project.join(".venv"));
            }
        }
        Some(root)
    }
}

/// Installs a wheel with the pip of a venv.
fn with_pip(root: &Path, wheel: &Path) {
    tools::done(&mut pip_command(
        root,
        &["install", wheel.to_str().unwrap()],
    ));
}

/// A project that needs something.
fn project(sandbox: &Sandbox, more: &str, dependencies: &str) -> PathBuf {
    let dir = sandbox.path("project");
    fs::create_dir_all(&dir).unwrap();
    let head = "[project]\nname = \"app\"\nversion = \"0\"\nrequires-python = \">=3.9\"\n";
    let needs = if dependencies.is_empty() {
        String::new()
    } else {
        format!("dependencies = [{dependencies}]\n")
    };
    fs::write(dir.join("pyproject.toml"), format!("{head}{needs}{more}")).unwrap();
    dir
}

/// Once what pipx, uv's symlinks, pdm's cache and virtualenv's app-data make was called damaged, or nobody looked into
/// it.
#[test]
fn the_venvs_of_all_installers_are_sound_and_one_damaged_file_is_damage() {
    for by in By::ALL {
        let sandbox = Sandbox::new();
        let files = [
            ("wool/__init__.py", "def main():\n    pass\n"),
            ("wool/core.py", "y = 2\n"),
            ("wool/none.py", ""),
        ];
        let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
        let Some(root) = by.make(&sandbox, &wheel) else {
            continue;
        };
        let place = root.to_str().unwrap();
        let check = sandbox.json(0, &["check", place]);
        assert_eq!(
            (&check["clean"], &check["summary"]["damage"]),
            (&true.into(), &0.into()),
            "{by:?}: {check}"
        );
        let findings = check["findings"].as_array().unwrap();
        let linked = findings
            .iter()
            .filter(|one| one["check"] == "file-linked")
            .count();
        assert_eq!(linked, usize::from(by.links()), "{by:?}: {check}");
        let saved = sandbox.ok(&["save", place]);
        assert!(saved.stdout.contains("as baseline"), "{by:?}: {saved}");
        sandbox.json(0, &["diff", place]);
        let victim = root.join(venv::site_packages(&root)).join(by.victim());
        // Through a link what lies in the cache is hurt.
        let real = fs::canonicalize(&victim).unwrap();
        let expected = if real.is_dir() {
            "file-missing"
        } else {
            "file-emptied"
        };
        if real.is_dir() {
            fs::remove_dir_all(&real).unwrap();
            fs::create_dir(&real).unwrap();
        } else {
            fs::remove_file(&real).unwrap();
            fs::write(&real, b"").unwrap();
        }
        let check = sandbox.json(1, &["check", place]);
        let is_told = |one: &serde_json::Value| one["check"] == expected && one["damage"] == true;
        assert!(
            check["findings"].as_array().unwrap().iter().any(is_told),
            "{by:?}: {check}"
        );
        let diff = sandbox.json(1, &["diff", place]);
        assert_eq!(
            (&diff["identical"], &diff["summary"]["damage"]),
            (&false.into(), &1.into()),
            "{by:?}: {diff}"
        );
        sandbox.code(1, &["save", place]);
        // What lies in a cache no snapshot of links mends.
        sandbox.code(
            if by.links() { 3 } else { 0 },
            &["restore", place, "--heal"],
        );
        let after = i32::from(by.links());
        sandbox.json(after, &["check", place]);
    }
}
