//! `report --html` and `status --html`: pages that say what the JSON says, ask for nothing, and run nothing.
//! What a browser makes of them is looked at by hand: tests/page/.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::damage::Damage;
use crate::support::html::Html;
use crate::support::{Sandbox, venv};

/// Names that are no good guests in a page, all of them text that a terminal shows as it is.
const GUESTS: [&str; 5] = [
    "<script>alert(1)<",
    "\"><img src=x onerror=alert(2)>",
    "a' onclick='alert(3)",
    "&lt;b&gt; &amp; co",
    "--><style>*{display:none}<",
];

/// An incident with guests, and what a guard would not see.
fn incident() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    sandbox.ok(&["save", "venv", "--label", "first", "--note", GUESTS[0]]);
    venv::package(&sandbox.venv(), venv::SITE, "six", &["core.py"]);
    sandbox.ok(&["save", "venv", "--label", "deploy/7+x", "--note", GUESTS[1]]);
    for name in ["click", "idna", "six"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    Damage::Append.apply(&sandbox.venv().join("bin/tool"));
    for name in GUESTS {
        fs::write(site.join(name), "x").unwrap();
    }
    sandbox.ok(&["restore", "venv"]);
    sandbox
}

/// What a page and the JSON of the same run say.
fn both(sandbox: &Sandbox, code: i32, args: &[&str]) -> (String, Value) {
    let json = sandbox.json(code, &[args, &["--html", "page.html"]].concat());
    (fs::read_to_string(sandbox.path("page.html")).unwrap(), json)
}

/// All strings and numbers of a document, but for those that no person needs: what it is, and what another field says
/// in another form.
fn facts(value: &Value, found: &mut BTreeSet<(bool, String)>) {
    match value {
        Value::String(text) => drop(found.insert((false, text.clone()))),
        Value::Number(number) => drop(found.insert((true, number.to_string()))),
        Value::Array(all) => all.iter().for_each(|one| facts(one, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                // No page has the id of a machine, which is for nobody else.
                if name == "host" {
                    continue;
                }
                let other = name.strip_suffix("_b64").or(name.strip_suffix("_seconds"));
                let again = other.is_some_and(|other| fields.contains_key(other));
                if !(again || name == "format" || name == "command") {
                    facts(value, found);
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The machine ids in a document.
fn hosts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(hosts).collect(),
        Value::Object(fields) => {
            let own = fields
                .get("host")
                .and_then(Value::as_str)
                .map(str::to_owned);
            own.into_iter()
                .chain(fields.values().flat_map(hosts))
                .collect()
        }
        _ => Vec::new(),
    }
}

#[track_caller]
fn says_what_the_json_says(html: &Html, json: &Value) {
    let mut found = BTreeSet::new();
    facts(json, &mut found);
    assert!(found.len() > 30, "{json}");
    for host in hosts(json) {
        let values = html.elements.iter().flat_map(|(_, all)| all.values());
        assert!(
            !html.text.contains(&host) && !values.into_iter().any(|one| one.contains(&host)),
            "{host}"
        );
    }
    assert!(html.text.contains("All times are in UTC."), "{}", html.text);
    let values: BTreeSet<&str> = html
        .values("value")
        .chain(html.values("datetime"))
        .collect();
    for (is_number, fact) in &found {
        let stands =
            values.contains(fact.as_str()) || !is_number && html.text.contains(fact.as_str());
        assert!(stands, "{fact:?} does not stand in the page");
    }
}

/// The elements of a page: none of them runs or loads anything.
const ELEMENTS: &str = "html head meta link title style body a main footer header section article h1 h2 h3 h4 p strong \
    span code pre data time dl dt dd ul ol li div table thead tbody tr th td details summary figure figcaption svg g \
    path rect";

/// Nothing of a page runs, or asks anybody for anything, and who sees nothing hears all.
#[track_caller]
fn is_safe_and_accessible(page: &str, html: &Html) {
    for (name, attributes) in &html.elements {
        assert!(ELEMENTS.split(' ').any(|one| one == name), "<{name}>");
        for (key, value) in attributes {
            let is_code = key.starts_with("on") || key == "src" || key == "style";
            assert!(!is_code, "{name} {key}");
            let is_here = value.starts_with('#') || value == "data:,";
            assert!(key != "href" || is_here, "{value}");
        }
        let has = |key: &str| attributes.contains_key(key);
        let is_told = has("aria-hidden") || has("role") && has("aria-label");
        assert!(name != "th" || has("scope"));
        assert!(name != "svg" || is_told, "{attributes:?}");
    }
    assert!(!page.contains("://"), "{page}");
    has_headings_and_marks_that_lead_somewhere(html);
    let sheet = page.split_once("<style>").unwrap().1;
    let sheet = sheet.split_once("</style>").unwrap().0;
    assert!(
        !sheet.contains("url(") && !sheet.contains("@import"),
        "{sheet}"
    );
    let mut contents = html.values("content");
    let policy = contents.find(|text| text.contains("default-src 'none'"));
    let policy = policy.unwrap();
    let hash = BASE64.encode(&Sha256::digest(sheet.as_bytes()));
    let own = format!("style-src 'sha256-{hash}'");
    assert!(policy.contains(&own), "{policy}");
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe"),
        "{policy}"
    );
}

#[track_caller]
fn has_headings_and_marks_that_lead_somewhere(html: &Html) {
    let ids: Vec<&str> = html.values("id").collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), once.len(), "two have one name: {ids:?}");
    let links = html
        .values("href")
        .filter_map(|link| link.strip_prefix('#'));
    for link in links.chain(html.values("aria-labelledby")) {
        assert!(once.contains(link), "#{link} leads nowhere");
    }
    let names = html.elements.iter().map(|(name, _)| name.strip_prefix('h'));
    let levels: Vec<u32> = names.filter_map(|rest| rest?.parse().ok()).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "a level is left out: {levels:?}");
    }
}

#[test]
fn the_page_of_an_incident_says_what_its_json_says_and_runs_nothing() {
    let sandbox = incident();
    let (page, json) = both(&sandbox, 0, &["report", "--venv", "venv"]);
    let html = Html::read(&page);
    says_what_the_json_says(&html, &json);
    is_safe_and_accessible(&page, &html);
    for name in GUESTS {
        assert!(html.text.contains(name), "{name}");
    }
    assert!(html.text.contains("core-dump-cleaner"), "{}", html.text);
    let text = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    assert!(!hosts(&json).iter().any(|id| text.contains(id)), "{text}");
    // An undo is told without a word of damage.
    sandbox.ok(&["undo", "venv"]);
    let (page, mut json) = both(&sandbox, 0, &["report", "--venv", "venv"]);
    let html = Html::read(&page);
    // What was wanted so has no class.
    for entry in json["entries"].as_array_mut().unwrap() {
        entry["class"] = Value::Null;
    }
    says_what_the_json_says(&html, &json);
    is_safe_and_accessible(&page, &html);
    assert!(
        html.text.contains("Undo ") && !html.text.contains("cause"),
        "{}",
        html.text
    );
}

#[test]
fn names_that_are_no_text_are_shown_as_everywhere_and_stay_names() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    for name in [
        &b"\xff\xfe<i>.py"[..],
        b"line\nbreak\x1b[2J",
        "\u{202e}gpj.exe".as_bytes(),
    ] {
        fs::write(site.join(OsStr::from_bytes(name)), "x").unwrap();
    }
    fs::remove_file(site.join("click/core.py")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    let page = sandbox
        .ok(&["report", "--venv", "venv", "--html", "-"])
        .stdout;
    let html = Html::read(&page);
    is_safe_and_accessible(&page, &html);
    for shown in [
        "\\xff\\xfe<i>.py",
        "line\\nbreak\\u{1b}[2J",
        "\\u{202e}gpj.exe",
    ] {
        assert!(html.text.contains(shown), "{shown}: {}", html.text);
    }
    assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{fffd}']));
}

#[test]
fn the_page_of_a_host_says_what_its_json_says_and_how_each_venv_came_there() {
    let sandbox = incident();
    for name in ["sound", "drifted", "gone", "never"] {
        venv::tiny(&sandbox.path(name));
    }
    for name in ["sound", "drifted", "gone"] {
        sandbox.ok(&["save", name]);
    }
    fs::remove_dir_all(sandbox.path("gone")).unwrap();
    venv::package(&sandbox.path("drifted"), venv::SITE, "six", &["core.py"]);
    fs::remove_file(sandbox.venv().join(venv::SITE).join("idna/core.py")).unwrap();
    sandbox.ok(&["drill", "sound"]);
    let args = ["status", "venv", "sound", "drifted", "gone", "never"];
    let (page, json) = both(&sandbox, 1, &args);
    let html = Html::read(&page);
    says_what_the_json_says(&html, &json);
    is_safe_and_accessible(&page, &html);
    let states: Vec<&str> = json["venvs"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["state"].as_str())
        .collect();
    assert_eq!(states, ["damaged", "gone", "drifted", "unsaved", "sound"]);
    // Three snapshots of the first venv, and what came with them: in pictures, and in a table.
    let labels: Vec<&str> = html.values("aria-label").collect();
    assert!(
        labels
            .iter()
            .any(|text| text.starts_with("Size over 3 snapshots: ")),
        "{labels:?}"
    );
    assert!(
        labels
            .contains(&"Packages changed over 3 snapshots: in the newest none, at most 1 package"),
        "{labels:?}"
    );
    assert!(html.text.contains("six added 1.0"), "{}", html.text);
    assert!(html.text.contains(GUESTS[1]), "the note of the baseline");
    // Without the answer in JSON, the answer for people stands beside it, and one alone on standard output.
    let run = sandbox.code(1, &["status", "venv", "--html", "page.html"]);
    assert!(run.stdout.starts_with("1 venv: 1 damaged"), "{run}");
    let run = sandbox.code(1, &["status", "venv", "--html", "-"]);
    is_safe_and_accessible(&run.stdout, &Html::read(&run.stdout));
}

#[test]
fn a_page_takes_its_place_in_one_step_or_not_at_all() {
    let sandbox = incident();
    let report =
        |file: &str, code: i32| sandbox.code(code, &["report", "--venv", "venv", "--html", file]);
    let run = report("page.html", 0);
    assert!(
        run.stdout.starts_with("wrote the page of ") && run.stdout.ends_with("to 'page.html'\n"),
        "{run}"
    );
    fs::write(sandbox.path("page.html"), "old").unwrap();
    report("page.html", 0);
    let mode = |name: &str| {
        fs::metadata(sandbox.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert!(
        fs::read_to_string(sandbox.path("page.html"))
            .unwrap()
            .starts_with("<!DOCTYPE")
    );
    // As any new file of this user.
    fs::write(sandbox.path("plain"), "x").unwrap();
    assert_eq!(mode("page.html"), mode("plain"));
    fs::create_dir(sandbox.path("folder")).unwrap();
    symlink("link", sandbox.path("link")).unwrap();
    for (file, why) in [
        ("folder", "s a directory"),
        ("nowhere/page.html", "o such file"),
        ("plain/page.html", "ot a directory"),
        ("link", "symbolic links"),
        (".", "s a directory"),
    ] {
        for args in [
            &["report", "--venv", "venv", "--html", file][..],
            &["status", "venv", "--html", file],
        ] {
            let run = sandbox.code(3, args);
            assert!(
                run.stderr.starts_with("error: cannot ") && run.stderr.contains(why),
                "{file}: {run}"
            );
            assert_eq!(run.stdout, "", "{file}");
        }
    }
    assert!(
        fs::symlink_metadata(sandbox.path("link"))
            .unwrap()
            .is_symlink()
    );
    for args in [
        &["report", "--venv", "venv", "--html", "-", "--json"][..],
        &["status", "--nagios", "--html", "-"],
    ] {
        assert_eq!(sandbox.code(2, args).stdout, "");
    }
    let left = fs::read_dir(sandbox.root()).unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".snap"));
    assert_eq!(left.count(), 0, "nothing is left beside it");
}
