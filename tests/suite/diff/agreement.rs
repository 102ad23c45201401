//! `check`, `diff` and `restore --heal` agree on every state of every sort of file, by the rule of docs/cli.md: what
//! one calls damage the others know, mend, or leave and say so.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::{Run, Sandbox, venv};

/// How a file stands to RECORD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Proof {
    /// It has its hash, so `check` knows of the content what `diff` knows.
    Hash,
    /// It lists no hash of it, or does not list it: without a snapshot nothing tells of it.
    None,
}

const SITE: &str = "SITE";

/// Every sort of file, with a place of it.
const PLACES: [(&str, Proof); 15] = [
    ("SITE/click/core.py", Proof::Hash),
    ("SITE/common/both.py", Proof::Hash),
    ("SITE/click/__pycache__/core.TAG.pyc", Proof::None),
    ("SITE/click-1.0.dist-info/METADATA", Proof::Hash),
    ("SITE/click-1.0.dist-info/RECORD", Proof::None),
    ("SITE/click-1.0.dist-info/INSTALLER", Proof::Hash),
    ("SITE/click-1.0.dist-info/added-later", Proof::None),
    ("SITE/own/module.py", Proof::None),
    ("SITE/own/data.bin", Proof::None),
    ("bin/click", Proof::Hash),
    ("bin/by-hand", Proof::None),
    ("share/click/page.js", Proof::Hash),
    ("etc/click/on.json", Proof::Hash),
    ("var/state.json", Proof::None),
    ("pyvenv.cfg", Proof::None),
];

const STATES: [Damage; 9] = [
    Damage::Delete,
    Damage::Empty,
    Damage::Truncate,
    Damage::ZeroTail,
    Damage::AlterKeepingTime,
    Damage::Append,
    Damage::Chmod,
    Damage::BecomeDirectory,
    Damage::BecomeLink,
];

/// A saved venv with one file of every sort, and the tag of its Python.
fn scene() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    let made = Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(&root)
        .stdin(Stdio::null())
        .status();
    assert!(made.unwrap().success(), "python3 -m venv");
    let site = venv::site_packages(&root);
    venv::package(&root, &site, "click", &["core.py"]);
    venv::package(&root, &site, "second", &["core.py"]);
    let python = root.join("bin/python");
    let script = format!("#!{}\nimport click\nprint('run')\n", python.display());
    let both = "one = 'the same for both'\n";
    for (owner, path, text) in [
        ("click", "bin/click", script.as_str()),
        (
            "click",
            "share/click/page.js",
            "let one = 1;\nlet two = 2;\n",
        ),
        (
            "click",
            "etc/click/on.json",
            "{\"click\": {\"on\": true}}\n",
        ),
        ("click", "SITE/common/both.py", both),
        ("second", "SITE/common/both.py", both),
    ] {
        venv::write(&root, &path.replace(SITE, &site), text.as_bytes());
        let row = match path.strip_prefix("SITE/") {
            Some(below) => format!("{below},{}\n", venv::recorded(text.as_bytes())),
            None => format!("../../../{path},{}\n", venv::recorded(text.as_bytes())),
        };
        venv::append(
            root.join(&site)
                .join(format!("{owner}-1.0.dist-info/RECORD")),
            &row,
        );
    }
    for (path, text) in [
        (
            "SITE/click-1.0.dist-info/added-later",
            "what some tool notes here\n",
        ),
        ("SITE/own/module.py", "limit = 200000000\nrate = 100000\n"),
        (
            "SITE/own/data.bin",
            "\u{1}\u{2}\u{3} what nobody can judge by itself\n",
        ),
        ("bin/by-hand", "#!/bin/sh\nexec true with words\n"),
        (
            "var/state.json",
            "{\"last\": \"2023-11-14\", \"runs\": 12}\n",
        ),
    ] {
        venv::write(&root, &path.replace(SITE, &site), text.as_bytes());
    }
    for script in ["bin/click", "bin/by-hand"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(root.join(script), mode).unwrap();
    }
    let compiled = Command::new(&python)
        .args(["-m", "compileall", "-q"])
        .arg(root.join(&site))
        .stdin(Stdio::null())
        .status();
    assert!(compiled.unwrap().success(), "compileall");
    let cache = root.join(&site).join("click/__pycache__");
    let mut names = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let core = names
        .find(|name| name.to_string_lossy().starts_with("core."))
        .unwrap();
    let core = core.into_string().unwrap();
    let tag = core
        .trim_start_matches("core.")
        .trim_end_matches(".pyc")
        .to_owned();
    sandbox.ok(&["check", "venv"]);
    sandbox.ok(&["save", "venv"]);
    (sandbox, tag)
}

/// What one of the three says.
struct Said {
    code: i32,
    answer: Value,
}

impl Said {
    fn of(sandbox: &Sandbox, args: &[&str]) -> Self {
        let Run { code, stdout, .. } = sandbox.snap(&[args, &["--json"]].concat());
        let answer = serde_json::from_str(&stdout).unwrap_or(Value::Null);
        Self { code, answer }
    }

    fn list(&self, field: &str) -> Vec<&Value> {
        self.answer[field]
            .as_array()
            .map(|all| all.iter().collect())
            .unwrap_or_default()
    }

    /// Damaged entries or findings, each by its path and its package.
    fn damage(&self) -> Vec<(String, String)> {
        let is_damage = |one: &&Value| one["class"] == "damage" || one["damage"] == true;
        let all = self
            .list("entries")
            .into_iter()
            .chain(self.list("findings"));
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = all
            .filter(is_damage)
            .map(|one| (word(&one["path"]), word(&one["package"])));
        named.collect()
    }

    fn class(&self, path: &str) -> String {
        let entries = self.list("entries");
        let entry = entries.iter().find(|one| one["path"] == path);
        entry
            .map_or("none", |one| one["class"].as_str().unwrap())
            .to_owned()
    }
}

/// Whether some damage is told of a path, of what lies in it or above it, or of its package. A source that was edited
/// without a trace is told as bytecode of other source by whoever does not know what the source was.
fn tells(said: &[(String, String)], (path, package): &(String, String)) -> bool {
    let source = path
        .split_once("/__pycache__/")
        .and_then(|(dir, name)| Some(format!("{dir}/{}.py", name.split('.').next()?)));
    let path = source.as_ref().unwrap_or(path);
    said.iter().any(|(other, owner)| {
        Path::new(other).starts_with(path)
            || Path::new(path).starts_with(other)
            || !package.is_empty() && owner == package
    })
}

/// What of the rule does not hold in a state.
fn disagreements(sandbox: &Sandbox, path: &str, proof: Proof, hurt: Damage) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |text: String| found.push(format!("{hurt:?} of {path}: {text}"));
    let check = Said::of(sandbox, &["check", "venv"]);
    let diff = Said::of(sandbox, &["diff", "venv"]);
    let (told, damage) = (check.damage(), diff.damage());
    for one in told.iter().filter(|one| !tells(&damage, one)) {
        say(format!("check tells {one:?}, diff does not: {damage:?}"));
    }
    let is_content = !matches!(hurt, Damage::Chmod);
    if proof == Proof::Hash && is_content && !damage.is_empty() && told.is_empty() {
        say(format!("diff tells {damage:?}, check nothing"));
    }
    let class = diff.class(path);
    let before = fs::symlink_metadata(sandbox.venv().join(path))
        .ok()
        .map(|meta| (meta.len(), meta.file_type()));
    let dry = Said::of(sandbox, &["restore", "venv", "--heal", "-n"]);
    let heal = Said::of(sandbox, &["restore", "venv", "--heal"]);
    if dry.list("entries") != heal.list("entries") || dry.list("left") != heal.list("left") {
        say(format!(
            "-n tells {:?}, the heal {:?}",
            dry.answer, heal.answer
        ));
    }
    let left: Vec<&str> = heal
        .list("left")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    if (heal.code == 3) == left.is_empty() || !matches!(heal.code, 0 | 3) {
        say(format!(
            "the heal ends with {} and leaves {left:?}",
            heal.code
        ));
    }
    if matches!(&*class, "drift" | "none") {
        let now = fs::symlink_metadata(sandbox.venv().join(path))
            .ok()
            .map(|meta| (meta.len(), meta.file_type()));
        if now != before {
            say(format!("the heal changed what diff calls {class}"));
        }
    }
    for (verb, after) in [
        ("check", Said::of(sandbox, &["check", "venv"])),
        ("diff", Said::of(sandbox, &["diff", "venv"])),
    ] {
        let rest = after.damage();
        for one in rest
            .iter()
            .filter(|(_, package)| !left.contains(&&**package))
        {
            say(format!("after the heal {verb} tells {one:?}"));
        }
        if verb == "check" && left.is_empty() && after.code != 0 {
            say(format!(
                "after the heal check ends with {}: {}",
                after.code, after.answer["findings"]
            ));
        }
    }
    found
}

/// Tries all states of some places.
fn try_all(places: &[(&str, Proof)]) {
    let (sandbox, tag) = scene();
    let root = sandbox.venv();
    let site = venv::site_packages(&root);
    let backup = sandbox.path("backup");
    venv::copy(&root, &backup);
    let mut found = Vec::new();
    for (place, proof) in places {
        let path = place.replace(SITE, &site).replace("TAG", &tag);
        for hurt in STATES {
            hurt.apply(&root.join(&path));
            found.extend(disagreements(&sandbox, &path, *proof, hurt));
            venv::put_back(&backup, &root);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn they_agree_on_what_record_lists() {
    try_all(&PLACES[..3]);
}

#[test]
fn they_agree_on_info_directories() {
    try_all(&PLACES[3..7]);
}

#[test]
fn they_agree_on_what_nobody_lists_and_on_scripts() {
    try_all(&PLACES[7..11]);
}

#[test]
fn they_agree_on_data_settings_and_the_venv_itself() {
    try_all(&PLACES[11..]);
}
