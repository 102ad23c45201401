//! Of which family a system is, where programs of one name do not do the same: cron, and `run-parts`.

use std::path::Path;

use super::Machine;
use super::root::Root;

/// Names of systems of which the cron is cronie (`ID` and `ID_LIKE` of os-release(5)).
const WITH_CRONIE: [&str; 11] = [
    "rhel",
    "fedora",
    "centos",
    "amzn",
    "ol",
    "rocky",
    "almalinux",
    "suse",
    "opensuse",
    "arch",
    "mageia",
];
/// Endings of names that cronie takes for no crontab (cronie, `not_a_crontab`).
const NO_CRONTAB: [&str; 4] = ["~", ".rpmsave", ".rpmorig", ".rpmnew"];
/// Endings of names that the `run-parts` beside it takes for no script (crontabs, `run-parts`).
const NO_SCRIPT: [&str; 8] = [
    "~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ",v", ".cfsaved",
];

/// Whether cron takes a file of this name in `/etc/cron.d` for a crontab.
pub(super) fn is_crontab(machine: &Machine<'_>, path: &Path) -> bool {
    is_named(machine, path, &NO_CRONTAB)
}

/// Whether `run-parts` takes a file of this name for a script.
pub(super) fn is_part(machine: &Machine<'_>, path: &Path) -> bool {
    is_named(machine, path, &NO_SCRIPT)
}

fn is_named(machine: &Machine<'_>, path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if machine.has_cronie {
        return !name.starts_with(['.', '#']) && !endings.iter().any(|end| name.ends_with(end));
    }
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Whether cronie is at work: where the system says nothing of itself, by the name of the program.
pub(super) fn has_cronie(root: &Root) -> bool {
    let places = ["/etc/os-release", "/usr/lib/os-release"];
    let text = places.iter().find_map(|path| root.text(Path::new(path)));
    if let Some(text) = text {
        let mut words = text
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")))
            .flat_map(|value| value.trim_matches(['"', '\'']).split(' '));
        return words.any(|word| WITH_CRONIE.iter().any(|one| word.starts_with(one)));
    }
    let has = |path: &str| root.is_program(Path::new(path));
    has("/usr/sbin/crond") && !has("/usr/sbin/cron")
}
