//! RECORD as builders really write it: hashes in another writing, rows of what was never a file, names that look like
//! rubbish.

use std::fs;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use crate::support::{Sandbox, venv};

/// A saved tree with one package, of which RECORD is rewritten line by line.
fn rewritten(edit: &dyn Fn(&str, &[u8]) -> String) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    let site = venv::site_packages(&root);
    venv::package(&root, &site, "oddly", &["core.py", "-dash.js", "~tilde.js"]);
    let record = root.join(&site).join("oddly-1.0.dist-info/RECORD");
    let text = fs::read_to_string(&record).unwrap();
    let lines = text.lines().map(|line| {
        let (path, _) = line.split_once(',').unwrap();
        if path.ends_with("RECORD") {
            return format!("{line}\n");
        }
        edit(line, &fs::read(root.join(&site).join(path)).unwrap())
    });
    let text: String = lines.collect();
    fs::write(&record, text).unwrap();
    (sandbox, site)
}

fn row(line: &str, writing: &str, bytes: &[u8]) -> String {
    let path = line.split(',').next().unwrap();
    format!("{path},{writing},{}\n", bytes.len())
}

/// The findings as `check path`.
fn told(sandbox: &Sandbox) -> Vec<String> {
    let run = sandbox.snap(&["check", "venv", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = answer["findings"].as_array().unwrap().iter();
    let ours = findings.filter(|one| {
        one["package"] == "oddly"
            || one["path"]
                .as_str()
                .is_some_and(|path| path.contains("oddly"))
    });
    ours.map(|one| format!("{} {}", one["check"], one["path"]))
        .collect()
}

/// Writes the digest of a content in some way.
type Writing = dyn Fn(&[u8]) -> String;

/// `bidict` 0.24.0 has hexadecimal digits in rows that are all right; it was called damaged, by a poisoned cache.
#[test]
fn a_hash_is_compared_by_its_value_and_damage_is_found_in_every_writing() {
    let writings: [&Writing; 4] = [
        &|bytes| format!("sha256={}", HEXLOWER.encode(&Sha256::digest(bytes))),
        &|bytes| {
            format!(
                "SHA256={}",
                HEXLOWER.encode(&Sha256::digest(bytes)).to_uppercase()
            )
        },
        &|bytes| format!("sha256={}", BASE64.encode(&Sha256::digest(bytes))),
        &|bytes| {
            format!(
                "sha256={}",
                BASE64.encode(&Sha256::digest(bytes)).trim_end_matches('=')
            )
        },
    ];
    for writing in writings {
        let (sandbox, site) = rewritten(&|line, bytes| row(line, &writing(bytes), bytes));
        assert_eq!(told(&sandbox), [""; 0], "{}", writing(b""));
        let core = sandbox.venv().join(site).join("oddly/core.py");
        let bad = fs::read_to_string(&core)
            .unwrap()
            .replace("= 'oddly", "= 'addly");
        fs::write(&core, bad).unwrap();
        let told = told(&sandbox);
        assert!(
            told.len() == 1 && told[0].contains("file-altered"),
            "{told:?}"
        );
    }
}

#[test]
fn a_hash_that_cannot_be_read_proves_nothing_but_the_size_still_does() {
    for hash in [
        "sha256=AA",
        "sha256=?",
        "md5=0cc175b9c0f1b6a831c399e2697726",
        "shake_128=0cc175b9c0f1b6a831c399e269772661",
        "none",
    ] {
        let (sandbox, site) = rewritten(&|line, bytes| row(line, hash, bytes));
        assert_eq!(told(&sandbox), [""; 0], "{hash}");
        fs::write(sandbox.venv().join(site).join("oddly/core.py"), "").unwrap();
        let told = told(&sandbox);
        assert!(
            told.len() == 1 && told[0].contains("file-emptied"),
            "{told:?}"
        );
    }
}

/// `evennia` and `salt` list the scripts where the wheel had them; others list directories.
#[test]
fn rows_of_what_was_never_a_file_are_no_damage() {
    let (sandbox, _) = rewritten(&|line, _| {
        format!(
            "{line}\noddly-1.0.data/scripts/oddly,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,9\noddly,,\n"
        )
    });
    assert_eq!(told(&sandbox), [""; 0]);
}

/// Whoever removed what was called pip's leftovers broke the package.
#[test]
fn shipped_files_with_the_names_of_leftovers_are_none() {
    let (sandbox, site) = rewritten(&|line, _| format!("{line}\n"));
    assert_eq!(told(&sandbox), [""; 0]);
    let top = sandbox.venv().join(site);
    fs::write(top.join("~ddly"), "").unwrap();
    let told = told(&sandbox);
    assert!(told.len() == 1 && told[0].contains("~ddly"), "{told:?}");
}
