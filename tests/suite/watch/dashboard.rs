//! The dashboard for Grafana asks for what is exported.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The names of our metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("snap_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_nothing_that_is_not_exported() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let page: Value = serde_json::from_str(&read("packaging/grafana/venv-snap.json")).unwrap();
    assert_eq!(page["uid"], "venv-snap");
    assert_eq!(page["__inputs"][0]["name"], "DS_PROMETHEUS");
    let sources = ["guard.rs", "status.rs"];
    let sources = sources.map(|name| read(&format!("src/report/metrics/{name}")));
    let is_exported = |name: &String| {
        sources
            .iter()
            .any(|text| text.contains(&format!("\"{name}\"")))
    };
    let mut expressions = Vec::new();
    for panel in page["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${DS_PROMETHEUS}", "{panel}");
            expressions.push(target["expr"].as_str().unwrap().to_owned());
        }
    }
    let variables = page["templating"]["list"].as_array().unwrap().iter();
    let variables: Vec<&str> = variables
        .map(|one| one["definition"].as_str().unwrap())
        .collect();
    let rules = read("packaging/prometheus/rules.yml");
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    for text in expressions
        .iter()
        .map(String::as_str)
        .chain(variables)
        .chain(alerts)
    {
        let asked = names(text);
        assert!(!asked.is_empty(), "{text}");
        let unknown: Vec<&String> = asked.iter().filter(|name| !is_exported(name)).collect();
        assert!(unknown.is_empty(), "'{text}' asks for {unknown:?}");
    }
    // They are what Prometheus can answer, where its own tool is here.
    let plain = |text: &String| text.replace("$instance", ".*").replace("$venv", ".*");
    let rule = |(number, text)| format!("  - record: r{number}\n    expr: '{text}'\n");
    let rules: Vec<String> = expressions
        .iter()
        .map(plain)
        .enumerate()
        .map(rule)
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        file.path(),
        format!("groups:\n- name: page\n  rules:\n{}", rules.concat()),
    )
    .unwrap();
    match Command::new("promtool")
        .args(["check", "rules"])
        .arg(file.path())
        .output()
    {
        Err(_) => crate::support::faults::skipped(1, "there is no promtool"),
        Ok(said) => assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        ),
    }
}
