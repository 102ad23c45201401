//! What is read out of the answers of the program.

use serde_json::Value;

use crate::support::Sandbox;

/// The findings of a check, as `check path-or-package`.
pub(crate) fn found(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().unwrap();
    let name = |finding: &Value| {
        let place = finding["path"]
            .as_str()
            .or(finding["package"].as_str())
            .unwrap_or("");
        let short = place.rsplit("site-packages/").next().unwrap().to_owned();
        format!("{} {short}", finding["check"].as_str().unwrap())
    };
    findings.iter().map(name).collect()
}

/// The rules of a diagnosis.
pub(crate) fn rules(answer: &Value) -> Vec<String> {
    let all = answer["diagnosis"].as_array().unwrap();
    all.iter()
        .map(|one| one["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// Checks that `diff` names just these rules, and `check`, which knows no times and modes as they were, just those.
pub(crate) fn named(sandbox: &Sandbox, expected: &[&str], alone: &[&str], what: &str) -> Value {
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(rules(&diff), expected, "diff of {what}: {diff}");
    let check = sandbox.snap(&["check", "venv", "--json"]);
    let check: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(rules(&check), alone, "check of {what}: {check}");
    diff
}

/// What became of packages, as `name state`.
pub(crate) fn states(diff: &Value) -> Vec<String> {
    let packages = diff["packages"].as_array().unwrap();
    let state = |package: &Value| {
        format!(
            "{} {}",
            package["name"].as_str().unwrap(),
            package["state"].as_str().unwrap()
        )
    };
    packages.iter().map(state).collect()
}
