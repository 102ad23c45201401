//! A tree at another place names that place, or the answer says what in it still names the old one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, venv};

fn executable(root: &Path, path: &str, content: &str) {
    venv::write(root, path, content.as_bytes());
    fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A venv with all that is known to name its place, and some that is not.
fn with_names(root: &Path) {
    venv::real(root);
    let own = root.to_str().unwrap().to_owned();
    let site = venv::site_packages(root);
    let inner = Command::new(root.join("bin/python"))
        .args(["-m", "venv", "--without-pip"])
        .arg(root.join("inner"))
        .stdin(Stdio::null())
        .status();
    assert!(inner.unwrap().success());
    let print = "import sys\nprint(sys.prefix)\n";
    executable(root, "bin/tool", &format!("#!{own}/bin/python\n{print}"));
    executable(
        root,
        "inner/bin/tool",
        &format!("#!{own}/inner/bin/python\n{print}"),
    );
    executable(
        root,
        "libexec/tool",
        &format!("#!{own}/bin/python -E\n{print}"),
    );
    let kernel = format!(
        "{{\"argv\": [\"{own}/bin/python\", \"-m\", \"ipykernel\"], \"env\": {{\"X\": \"{own}\"}}}}"
    );
    venv::write(
        root,
        "share/jupyter/kernels/app/kernel.json",
        kernel.as_bytes(),
    );
    venv::write(
        root,
        "pipx_metadata.json",
        format!("{{\"__Path__\": \"{own}/bin/tool\"}}").as_bytes(),
    );
    venv::write(
        root,
        &format!("{site}/own.pth"),
        format!("{own}/src\n").as_bytes(),
    );
    venv::write(root, "src/own.py", b"");
    let rows = [("share/jupyter/kernels/app/kernel.json", kernel.as_bytes())];
    for (path, content) in rows {
        let row = format!("../../../{path},{}\n", venv::recorded(content));
        venv::append(root.join(&site).join("idna-1.0.dist-info/RECORD"), &row);
    }
    symlink(format!("{own}/lib"), root.join("absolute")).unwrap();
    symlink(&own, root.join("share/root")).unwrap();
    symlink("../../venv/bin/tool", root.join("share/climbs")).unwrap();
    symlink("../bin/tool", root.join("share/stays")).unwrap();
    // Of these nobody knows what they are.
    let text = format!("home={own}/var\nother={own}2\nagain='{own}'\nmore=/mnt{own}/x\n");
    venv::write(root, "etc/app.conf", text.as_bytes());
    venv::write(
        root,
        "lib/app.bin",
        format!("\0\x01A{own}/lib\0").as_bytes(),
    );
    venv::write(
        root,
        "etc/others.conf",
        format!("{own}2/bin {own}-old {own}.bak").as_bytes(),
    );
}

/// What the answer says that still names the old place.
fn told(json: &Value) -> BTreeMap<String, (String, u64)> {
    let one = |one: &Value| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (text("path"), (text("form"), one["count"].as_u64().unwrap()))
    };
    let all = json["names_old_place"].as_array();
    all.unwrap_or_else(|| panic!("{json}"))
        .iter()
        .map(one)
        .collect()
}

fn unknown() -> BTreeMap<String, (String, u64)> {
    let one = |path: &str, form: &str, count| (path.to_owned(), (form.to_owned(), count));
    [
        one("etc/app.conf", "text", 2),
        one("lib/app.bin", "binary", 1),
    ]
    .into()
}

fn prints(command: &Path) -> String {
    let output = Command::new(command).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", command.display());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// That all works at its new place where the old one is gone.
fn works(root: &Path) {
    let own = root.to_str().unwrap();
    for (tool, prefix) in [
        ("bin/tool", own.to_owned()),
        ("libexec/tool", own.to_owned()),
        ("inner/bin/tool", format!("{own}/inner")),
        ("share/climbs", own.to_owned()),
        ("share/stays", own.to_owned()),
    ] {
        assert_eq!(prints(&root.join(tool)), prefix, "{tool}");
    }
    let kernel = fs::read(root.join("share/jupyter/kernels/app/kernel.json")).unwrap();
    let kernel: Value = serde_json::from_slice(&kernel).unwrap();
    assert_eq!(kernel["argv"][0], format!("{own}/bin/python"));
    assert_eq!(kernel["env"]["X"], own);
    assert_eq!(
        fs::read_link(root.join("absolute")).unwrap(),
        root.join("lib")
    );
    assert_eq!(fs::read_link(root.join("share/root")).unwrap(), root);
    assert_eq!(
        fs::read_link(root.join("share/stays")).unwrap(),
        Path::new("../bin/tool")
    );
    let list = fs::read_to_string(root.join("inner/bin/activate")).unwrap();
    assert!(list.contains(&format!("{own}/inner")), "{list}");
}

#[test]
fn what_is_known_names_the_new_place_and_all_else_is_told() {
    // The kernel of Jupyter, links and scripts of a venv within went on to run the code of the old venv, and nothing
    // was said.
    let sandbox = Sandbox::new();
    with_names(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    let json = sandbox.json(0, &["restore", "venv", "--to", "new"]);
    assert_eq!(told(&json), unknown(), "{json}");
    assert!(
        json["names_old_place_bytecode"].as_u64().unwrap() > 0,
        "{json}"
    );
    let run = sandbox.ok(&["restore", "venv", "--to", "again"]);
    for words in [
        "2 entries of it still name the old place",
        "etc/app.conf (text, 2 times)",
        "lib/app.bin (binary, 1 time)",
    ] {
        assert!(run.stdout.contains(words), "{words}: {run}");
    }
    // What was adapted is no damage, by RECORD and by the snapshot.
    for venv in ["new", "again"] {
        sandbox.ok(&["check", venv]);
        let diff = sandbox.json(0, &["diff", venv, &id]);
        assert_eq!(diff["entries"].as_array().unwrap().len(), 0, "{diff}");
    }
    fs::rename(sandbox.venv(), sandbox.path("gone")).unwrap();
    works(&sandbox.path("new"));
    // Moved by hand, and put right at its new place.
    for how in [&[][..], &["--copy"]] {
        let args = [&["restore", "gone", id.as_str(), "--from-other"], how].concat();
        let json = sandbox.json(0, &args);
        assert_eq!(told(&json), unknown(), "{json}");
        works(&sandbox.path("gone"));
        let diff = sandbox.json(0, &["diff", "gone", &id]);
        assert_eq!(diff["entries"].as_array().unwrap().len(), 0, "{diff}");
    }
}

/// Made and used by the name of a link, as `current` of a deploy, a venv names that in all its files, and is saved by
/// the path that it leads to: at another place it went on to run the code of the old one, and nothing was said.
#[test]
fn names_by_which_a_link_leads_to_the_old_place_are_names_of_it() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("releases")).unwrap();
    symlink("releases", sandbox.path("current")).unwrap();
    with_names(&sandbox.path("current/venv"));
    sandbox.ok(&["save", "current/venv"]);
    let id = sandbox.ids().remove(0);
    let json = sandbox.json(0, &["restore", "current/venv", "--to", "new"]);
    assert_eq!(told(&json), unknown(), "{json}");
    sandbox.ok(&["check", "new"]);
    let diff = sandbox.json(0, &["diff", "new", &id]);
    assert_eq!(diff["entries"].as_array().unwrap().len(), 0, "{diff}");
    // With every byte kept, what names it is told.
    let same = sandbox.json(0, &["restore", "current/venv", "--to", "same", "--exact"]);
    let found = told(&same);
    for path in [
        "bin/tool",
        "bin/activate",
        "absolute",
        "etc/app.conf",
        "lib/app.bin",
    ] {
        assert!(found.contains_key(path), "{path}: {same}");
    }
    // By what is told of it, also where the link is gone.
    fs::remove_file(sandbox.path("current")).unwrap();
    fs::rename(sandbox.path("releases"), sandbox.path("gone")).unwrap();
    works(&sandbox.path("new"));
    let json = sandbox.json(0, &["restore", "gone/venv", &id, "--from-other"]);
    assert_eq!(told(&json), unknown(), "{json}");
    works(&sandbox.path("gone/venv"));
}

/// A venv that was made by its path, in which installers were run by the name of a link.
#[test]
fn scripts_that_were_installed_by_the_name_of_a_link_run_the_new_venv() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.path("releases/venv"));
    symlink("releases", sandbox.path("current")).unwrap();
    let alias = sandbox.path("current/venv");
    let print = "import sys\nprint(sys.prefix)\n";
    let script = format!("#!{}/bin/python\n{print}", alias.display());
    executable(&sandbox.path("releases/venv"), "bin/tool", &script);
    let other = format!("#!/srv/other/venv/bin/python\n{print}");
    executable(&sandbox.path("releases/venv"), "bin/other", &other);
    sandbox.ok(&["save", "current/venv", "--force"]);
    sandbox.ok(&["restore", "current/venv", "--to", "new"]);
    let new = sandbox.path("new");
    assert_eq!(prints(&new.join("bin/tool")), new.to_str().unwrap());
    // What is another venv is none of ours.
    assert_eq!(fs::read_to_string(new.join("bin/other")).unwrap(), other);
}

#[test]
fn where_every_byte_is_kept_all_that_names_the_old_place_is_told() {
    let sandbox = Sandbox::new();
    with_names(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    let json = sandbox.json(0, &["restore", "venv", "--to", "same", "--exact"]);
    let told = told(&json);
    for path in [
        "bin/tool",
        "inner/bin/tool",
        "absolute",
        "share/climbs",
        "pipx_metadata.json",
        "etc/app.conf",
    ] {
        assert!(told.contains_key(path), "{path}: {json}");
    }
    assert!(
        !told.contains_key("etc/others.conf") && !told.contains_key("share/stays"),
        "{json}"
    );
    // grep finds no file that the answer does not name.
    let found = Command::new("grep")
        .args(["-rlaF", "--exclude=*.pyc", "--exclude=others.conf"])
        .arg(sandbox.venv())
        .arg(".")
        .current_dir(sandbox.path("same"))
        .output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    let files = told.iter().filter(|(_, (form, _))| form != "link");
    let mut files: Vec<String> = files.map(|(path, _)| format!("./{path}")).collect();
    let mut found: Vec<String> = found.lines().map(str::to_owned).collect();
    files.sort();
    found.sort();
    assert_eq!(files, found);
    let diff = sandbox.json(0, &["diff", "same", &id]);
    assert_eq!(diff["entries"].as_array().unwrap().len(), 0, "{diff}");
}

#[test]
fn a_restore_at_its_own_place_looks_for_no_names() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.path("venv/bin/tool")).unwrap();
    let json = sandbox.json(0, &["restore", "venv"]);
    assert!(json["names_old_place"].is_null(), "{json}");
}

/// A place in a text of another form than plain was neither adapted nor named.
#[test]
fn a_name_of_the_old_place_is_told_in_whatever_form_it_is_written() {
    let sandbox = Sandbox::new();
    let old = sandbox.path("alt \u{e9}");
    venv::tiny(&old);
    let own = old.to_str().unwrap();
    let json = |text: &str| text.replace('\u{e9}', "\\u00e9");
    let slashes = |text: &str| text.replace('/', "\\/");
    let url = |text: &str| text.replace('\u{e9}', "%C3%A9").replace(' ', "%20");
    let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let text = format!("\u{feff}place={own}/x\n");
        text.encode_utf16().flat_map(order).collect()
    };
    let forms: [(&str, Vec<u8>); 9] = [
        ("plain.txt", format!("{own}/x").into_bytes()),
        (
            "slashes.json",
            format!("{{\"a\": \"{}\"}}", slashes(own)).into_bytes(),
        ),
        (
            "ascii.json",
            format!("{{\"a\": \"{}\"}}", json(own)).into_bytes(),
        ),
        (
            "both.json",
            format!("{{\"a\": \"{}\\/x\"}}", slashes(&json(own))).into_bytes(),
        ),
        ("url.txt", format!("file://{}/x", url(own)).into_bytes()),
        (
            "query.txt",
            format!("?a={}", url(own).replace('/', "%2F")).into_bytes(),
        ),
        (
            "shell.sh",
            format!("cd {}/x\n", own.replace(' ', "\\ ")).into_bytes(),
        ),
        ("little.txt", wide(u16::to_le_bytes)),
        ("big.txt", wide(u16::to_be_bytes)),
    ];
    for (name, content) in &forms {
        venv::write(&old, &format!("notes/{name}"), content);
    }
    sandbox.ok(&["save", own]);
    let json = sandbox.json(0, &["restore", own, "--to", "new"]);
    let told = told(&json);
    for (name, _) in &forms {
        let found = told.get(&format!("notes/{name}"));
        assert_eq!(found.map(|(_, count)| *count), Some(1), "{name}: {json}");
    }
    // A name that goes on is another place, in each form.
    let other = sandbox.path("other");
    venv::tiny(&other);
    let near = sandbox.path("other2");
    let near = near.to_str().unwrap();
    venv::write(&other, "notes/a", slashes(near).as_bytes());
    venv::write(&other, "notes/b", near.replace('/', "%2F").as_bytes());
    let units = near.encode_utf16().flat_map(u16::to_le_bytes);
    venv::write(&other, "notes/c", &units.collect::<Vec<u8>>());
    sandbox.ok(&["save", "other"]);
    let json = sandbox.json(0, &["restore", "other", "--to", "new2"]);
    let names = json["names_old_place"].as_array().unwrap();
    assert!(names.is_empty(), "{json}");
}
