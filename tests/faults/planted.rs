//! Z: the bugs that must turn their harness red are patches, which `planted.sh` builds and runs. Here it is only tried
//! that none of them has gone stale.

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_planted_bug_still_applies_and_names_its_harness() {
    let mut found = 0;
    for entry in fs::read_dir(Path::new(ROOT).join("tests/faults/planted")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let head = |word: &str| text.lines().find_map(|line| line.strip_prefix(word));
        assert!(
            head("Bug: ").is_some(),
            "{}: say what is wrong",
            path.display()
        );
        assert!(
            head("Harness: ").is_some_and(|names| names.split(' ').count() == 2),
            "{}: name the test binary, or lib, and the test that must turn red",
            path.display()
        );
        let applies = Command::new("patch")
            .args(["--dry-run", "--batch", "--fuzz=0", "-p1", "-d", ROOT, "-i"])
            .arg(&path)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&applies.stdout);
        assert!(
            applies.status.success(),
            "{}: plant it anew\n{told}",
            path.display()
        );
        found += 1;
    }
    assert_eq!(found, 10);
}
