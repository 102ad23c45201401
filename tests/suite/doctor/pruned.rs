//! Searches that keep something, and those of which nobody knows whether they do.

use super::scripts::{Told, all_are};

#[test]
fn what_is_kept_only_perhaps_is_not_taken_for_kept() {
    let searches = [
        "-fstype nfs",
        "! -fstype ext4",
        "\\( -fstype nfs -o -fstype proc \\)",
        "-user nobody-knows",
        "-context x",
        "-type d -exec test -e {}/.keep \\;",
    ];
    let search =
        |test: &&str| format!("find / {test} -prune -o -name core.py -exec rm -f {{}} \\;");
    let scripts: Vec<String> = searches.iter().map(search).collect();
    all_are(Told::Named, &scripts, &[]);
    let kept = [
        "-path /srv/app/.venv",
        "-name .venv -type d",
        "-path /srv -fstype ext4 -o -name app",
    ];
    let kept: Vec<String> = kept.iter().map(search).collect();
    all_are(Told::Nothing, &kept, &[]);
}
