//! Small wheels, built here, so that real installers can work without a network; and real venvs to install them into.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::venv;

/// Builds a pure wheel of one package. `requires` are lines of `Requires-Dist`.
pub(crate) fn build(
    dir: &Path,
    name: &str,
    version: &str,
    files: &[(&str, &str)],
    requires: &[&str],
) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    let wheel = dir.join(format!("{name}-{version}-py3-none-any.whl"));
    let list: Vec<(String, String)> = files
        .iter()
        .map(|(path, content)| ((*path).to_owned(), (*content).to_owned()))
        .collect();
    let input =
        serde_json::json!({"name": name, "version": version, "files": list, "requires": requires});
    let script = r#"
import sys, json, zipfile, hashlib, base64
spec = json.loads(sys.argv[2]); info = f"{spec['name']}-{spec['version']}.dist-info"
meta = f"Metadata-Version: 2.1\nName: {spec['name']}\nVersion: {spec['version']}\n"
meta += "".join(f"Requires-Dist: {r}\n" for r in spec["requires"])
files = [tuple(f) for f in spec["files"]] + [(info + "/METADATA", meta),
    (info + "/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    (info + "/entry_points.txt", f"[console_scripts]\n{spec['name']}-tool = {spec['name']}:main\n")]
rows = []
with zipfile.ZipFile(sys.argv[1], "w") as out:
    for path, text in files:
        data = text.encode(); out.writestr(path, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(data)}")
    out.writestr(info + "/RECORD", "\n".join(rows + [info + "/RECORD,,"]) + "\n")
"#;
    let made = Command::new("python3")
        .args(["-c", script])
        .arg(&wheel)
        .arg(input.to_string())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "building {}", wheel.display());
    wheel
}

/// Two versions of one package that share a module, and differ in others.
pub(crate) fn two_versions(dir: &Path) -> (PathBuf, PathBuf) {
    let common = "def main():\n    print('tool')\n";
    let init = |version: &str| format!("from .core import main\n__version__ = '{version}'\n");
    let many: Vec<(String, String, String)> = (0..12)
        .map(|n| {
            (
                format!("wares/part{n}.py"),
                format!("x = {n}\n").repeat(50),
                format!("y = {n}\n").repeat(60),
            )
        })
        .collect();
    let mut old = vec![
        ("wares/core.py", common),
        ("wares/gone.py", "old = 1\n"),
        ("wares/same.py", "same = 1\n"),
    ];
    let mut new = vec![
        ("wares/core.py", common),
        ("wares/fresh.py", "new = 1\n"),
        ("wares/nest/deep/fresh.py", "new = 2\n"),
        ("wares/same.py", "same = 1\n"),
    ];
    let (one, two) = (init("1.0"), init("2.0"));
    old.push(("wares/__init__.py", &one));
    new.push(("wares/__init__.py", &two));
    for (path, before, after) in &many {
        old.push((path, before));
        new.push((path, after));
    }
    (
        build(dir, "wares", "1.0", &old, &[]),
        build(dir, "wares", "2.0", &new, &[]),
    )
}

/// A real venv with pip, made by Python itself.
pub(crate) fn venv_by_python(venv: &Path) {
    make(venv, &[]);
}

fn make(venv: &Path, options: &[&str]) {
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .args(options)
        .arg(venv)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "python3 -m venv");
}

/// A real venv without pip, which is of a few files; [`pip`] installs into it from outside.
pub(crate) fn venv_without_pip(venv: &Path) {
    make(venv, &["--without-pip"]);
}

/// The same as by Python but for times, in a tenth of the time: Python makes the venv, and its pip is a copy of one
/// that was installed once, with its own path in the scripts.
pub(crate) fn venv_with_pip(venv: &Path) {
    let template = template();
    venv_without_pip(venv);
    let site = venv::site_packages(venv);
    let mut records = Vec::new();
    copy_new(&template.join(&site), &venv.join(&site), &mut records);
    let script = fs::read_to_string(template.join("bin/pip")).unwrap();
    let (first, code) = script.split_once('\n').unwrap();
    let python = first.rsplit_once("/bin/").unwrap().1;
    let own = format!("#!{}/bin/{python}\n{code}", venv.display());
    for name in fs::read_dir(template.join("bin")).unwrap() {
        let name = name.unwrap().file_name();
        if name.as_encoded_bytes().starts_with(b"pip") {
            let to = venv.join("bin").join(&name);
            fs::copy(template.join("bin").join(&name), &to).unwrap();
            fs::write(to, &own).unwrap();
        }
    }
    let [old, new] = [&script, &own].map(|text| venv::recorded(text.as_bytes()));
    for (from, to) in records {
        let rows = fs::read_to_string(from).unwrap();
        fs::write(to, rows.replace(&old, &new)).unwrap();
    }
}

/// A venv with the pip that the Python of this run brings, kept from run to run.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(kept)
}

fn kept() -> PathBuf {
    let code = "import sys, ensurepip; print(f'{sys.hexversion:x}-{ensurepip.version()}')";
    let said = Command::new("python3").args(["-c", code]).output().unwrap();
    let version = String::from_utf8(said.stdout).unwrap();
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let kept = dir.join(format!("with-pip-{}", version.trim()));
    if !kept.exists() {
        // Whoever is first among several runs gives it its name.
        let own = dir.join(format!("with-pip.{}", std::process::id()));
        venv_by_python(&own);
        if fs::rename(&own, &kept).is_err() {
            fs::remove_dir_all(own).unwrap();
        }
    }
    kept
}

/// Copies a tree as if it were installed now: bytecode follows the times of its sources. RECORDs are for later.
fn copy_new(from: &Path, to: &Path, records: &mut Vec<(PathBuf, PathBuf)>) {
    fs::create_dir_all(to).unwrap();
    let mut all: Vec<_> = fs::read_dir(from)
        .unwrap()
        .map(|one| one.unwrap().path())
        .collect();
    // Sources come before the directory of their bytecode.
    all.sort_by_key(|path| path.ends_with("__pycache__"));
    for path in all {
        let name = path.file_name().unwrap();
        let to = to.join(name);
        if path.is_dir() {
            copy_new(&path, &to, records);
        } else if name == "RECORD" {
            records.push((path, to));
        } else if path.extension() == Some("pyc".as_ref()) {
            let stem = name.to_str().unwrap().split('.').next().unwrap();
            let source = to.parent().unwrap().with_file_name(format!("{stem}.py"));
            let time = u32::try_from(fs::metadata(source).unwrap().mtime()).unwrap();
            let mut code = fs::read(&path).unwrap();
            // The time of the source stands behind the magic number and the flags (PEP 552).
            code[8..12].copy_from_slice(&time.to_le_bytes());
            fs::write(to, code).unwrap();
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Runs the pip of a venv without any network.
pub(crate) fn pip(venv: &Path, args: &[&str]) {
    let done = pip_command(venv, args).output().unwrap();
    assert!(
        done.status.success(),
        "pip {args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// How pip is called for a venv: its own one, or another one that works on it.
pub(crate) fn pip_of(venv: &Path) -> Vec<String> {
    let shown = |path: PathBuf| path.to_str().unwrap().to_owned();
    let python = shown(venv.join("bin/python"));
    if venv.join("bin/pip").exists() {
        return [python.as_str(), "-m", "pip"].map(str::to_owned).to_vec();
    }
    let other = shown(template().join("bin/python"));
    let words = [other.as_str(), "-m", "pip", "--python", &python];
    words.map(str::to_owned).to_vec()
}

/// The command of [`pip`].
pub(crate) fn pip_command(venv: &Path, args: &[&str]) -> Command {
    let words = pip_of(venv);
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .args(["--no-cache-dir", "--disable-pip-version-check", "-q"])
        .args(args)
        .env_remove("PIP_INDEX_URL")
        .env("PIP_NO_INDEX", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null());
    command
}
