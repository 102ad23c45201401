//! Configuration that the commands of a distribution rewrite is told, saved and left by a heal.

use std::fs;
use std::process::Command;

use super::normal_use::{classed, is_left, told};
use crate::support::damage::Damage;
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, Tree};

/// As `jupyter server extension` and `ipykernel install --sys-prefix` write: JSON by Python, without a line feed at
/// the end.
const SWITCH: &str = r#"
import json, sys, pathlib
def main():
    if sys.argv[1:] == ["install"]:
        kernel = pathlib.Path(sys.prefix, "share/wares/kernel.json")
        kernel.write_text(json.dumps({"argv": [sys.executable, "-m", "wares"]}, indent=1))
        return
    path = pathlib.Path(sys.prefix, "etc/wares/on.json")
    path.write_text(json.dumps({"extensions": {"wares": sys.argv[1] == "on"}}, indent=2))
"#;
const ON: &str = "{\n  \"extensions\": {\n    \"wares\": true\n  }\n}\n";

/// A saved venv with a distribution that brings configuration and a command that rewrites it.
fn configured() -> Sandbox {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("wares/__init__.py", SWITCH),
        ("wares-1.0.data/data/etc/wares/on.json", ON),
        ("wares-1.0.data/data/etc/wares/rules.conf", "a = 1\nb = 2\n"),
        (
            "wares-1.0.data/data/share/wares/kernel.json",
            "{\"argv\": []}",
        ),
        (
            "wares-1.0.data/data/share/wares/page.js",
            "let a = 1;\nlet b = 2;\n",
        ),
    ];
    let wheel = build(&sandbox.path("wheels"), "wares", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let save = sandbox.json(0, &["save", "venv"]);
    assert_eq!(save["snapshot"]["baseline"], true, "{save}");
    sandbox
}

fn switch(sandbox: &Sandbox, word: &str) {
    // A time of its own, however fast this machine is.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let run = Command::new(sandbox.venv().join("bin/wares-tool"))
        .arg(word)
        .status();
    assert!(run.unwrap().success(), "{word}");
}

/// `ipykernel install --sys-prefix` and `jupyter server extension disable` made a venv that `save` refused.
#[test]
fn configuration_that_a_command_rewrote_is_told_saved_and_left() {
    let sandbox = configured();
    switch(&sandbox, "off");
    switch(&sandbox, "install");
    let both = [
        "config-changed etc/wares/on.json",
        "config-changed share/wares/kernel.json",
    ];
    assert_eq!(told(&sandbox, 0), both);
    sandbox.code(1, &["check", "venv", "--strict"]);
    let drift = [
        "altered etc/wares/on.json config",
        "altered share/wares/kernel.json config",
    ];
    assert_eq!(classed(&sandbox, 1, "drift"), drift);
    assert_eq!(classed(&sandbox, 1, "damage"), [""; 0]);
    is_left(&sandbox);
    // It can be had back.
    sandbox.ok(&["restore", "venv", "--only", "etc/wares/on.json"]);
    assert_eq!(
        fs::read_to_string(sandbox.venv().join("etc/wares/on.json")).unwrap(),
        ON
    );
    assert_eq!(told(&sandbox, 0), both[1..]);
    sandbox.ok(&["restore", "venv", "--only", "wares"]);
    assert_eq!(told(&sandbox, 0), [""; 0]);
    // As it was saved it comes back, also where RECORD says otherwise.
    switch(&sandbox, "off");
    let save = sandbox.json(0, &["save", "venv"]);
    assert_eq!(save["snapshot"]["baseline"], true, "{save}");
    let off = fs::read(sandbox.venv().join("etc/wares/on.json")).unwrap();
    fs::write(sandbox.venv().join("etc/wares/on.json"), "").unwrap();
    sandbox.ok(&["restore", "venv", "--heal"]);
    assert_eq!(
        fs::read(sandbox.venv().join("etc/wares/on.json")).unwrap(),
        off
    );
    switch(&sandbox, "on");
    assert_eq!(
        classed(&sandbox, 1, "drift"),
        ["altered etc/wares/on.json config"]
    );
    is_left(&sandbox);
}

/// `jupyter server extension enable` writes all but the line feed at the end: a true beginning of what stood there.
#[test]
fn configuration_that_lost_only_its_last_line_feed_is_whole() {
    let sandbox = configured();
    switch(&sandbox, "on");
    assert_eq!(told(&sandbox, 0), ["config-changed etc/wares/on.json"]);
    assert_eq!(
        classed(&sandbox, 1, "drift"),
        ["truncated etc/wares/on.json config"]
    );
    is_left(&sandbox);
}

#[test]
fn configuration_that_is_emptied_cut_or_full_of_nul_is_damage_and_so_are_other_data_files() {
    let sandbox = configured();
    let good = Tree::of(&sandbox.venv()).without_bytecode();
    let config = [
        "etc/wares/on.json",
        "etc/wares/rules.conf",
        "share/wares/kernel.json",
    ];
    let hurts = [
        Damage::Delete,
        Damage::Empty,
        Damage::ZeroTail,
        Damage::AlterKeepingTime,
    ];
    let of_config = config
        .iter()
        .flat_map(|path| hurts.map(|hurt| (*path, hurt)));
    let cut = [
        ("etc/wares/on.json", Damage::Truncate),
        ("share/wares/kernel.json", Damage::Truncate),
    ];
    let of_data =
        [Damage::Append, Damage::Truncate, Damage::Empty].map(|hurt| ("share/wares/page.js", hurt));
    for (path, hurt) in of_config.chain(cut).chain(of_data) {
        hurt.apply(&sandbox.venv().join(path));
        let found = told(&sandbox, 1);
        assert!(
            found.len() == 1 && found[0].ends_with(path),
            "{hurt:?} {path}: {found:?}"
        );
        let damage = classed(&sandbox, 1, "damage");
        assert!(
            damage.len() == 1 && damage[0].ends_with(path),
            "{hurt:?} {path}: {damage:?}"
        );
        sandbox.ok(&["restore", "venv", "--heal"]);
        good.assert_same(
            &Tree::of(&sandbox.venv()).without_bytecode(),
            &format!("{hurt:?} {path}"),
        );
    }
}
