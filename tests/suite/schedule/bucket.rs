//! Jobs for a store in a bucket: they have keys from a file, and a place of their own for what this host keeps.

use std::fs;
use std::process::Command;

use super::{names, which};
use crate::support::bucket::Bucket;
use crate::support::faults::{is_root, skipped};
use crate::support::{Run, Sandbox, tools, venv};

/// A host with a venv that is saved in a bucket.
fn host(bucket: &Bucket) -> Sandbox {
    let mut variables = bucket.variables();
    variables.push(("VENV_SNAP_STORE", "s3://bucket/hosts".to_owned()));
    let host = Sandbox::new().with(variables);
    venv::tiny(&host.venv());
    host.ok(&["save", "venv"]);
    host
}

#[test]
fn units_for_a_bucket_have_a_cache_that_they_may_write_and_a_file_for_keys() {
    let bucket = Bucket::serve();
    let host = host(&bucket);
    let run = host.ok(&["schedule", "--into", "units", "--install"]);
    assert!(run.stderr.contains("AWS_SECRET_ACCESS_KEY"), "{run}");
    assert!(!run.stderr.contains("SECRETWORD"), "{run}");
    let dir = host.path("units");
    let units: Vec<_> = names(&dir).iter().map(|name| dir.join(name)).collect();
    for unit in units
        .iter()
        .filter(|unit| unit.extension().unwrap() == "service")
    {
        let text = fs::read_to_string(unit).unwrap();
        assert!(
            !text.contains("SECRETWORD") && !text.contains("AKOPEN"),
            "{text}"
        );
        assert!(text.contains("\nEnvironmentFile=-"), "{text}");
        let has_cache = text.contains("\nCacheDirectory=venv-snap\n")
            && text.contains("\nEnvironment=XDG_CACHE_HOME=/var/cache\n");
        assert_eq!(has_cache, is_root(), "{text}");
    }
    let Some(analyze) = tools::find("systemd-analyze").or_else(|| which("systemd-analyze")) else {
        return skipped(1, "no systemd-analyze");
    };
    let said = Command::new(&analyze)
        .args(["verify", "--man=no"])
        .args(&units)
        .output();
    let said = Run::from(said.unwrap());
    assert_eq!((said.code, &*said.stdout, &*said.stderr), (0, "", ""));
}

#[test]
fn a_line_of_cron_for_a_bucket_takes_its_keys_from_a_file() {
    let bucket = Bucket::serve();
    let host = host(&bucket);
    let printed = host.ok(&["schedule", "verify", "save", "--cron"]).stdout;
    let file = host.path("environment");
    let lines = bucket.variables().into_iter();
    let lines: Vec<String> = lines
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    let named = if is_root() {
        "/etc/venv-snap/environment"
    } else {
        "${XDG_CONFIG_HOME:-$HOME/.config}/venv-snap/environment"
    };
    assert!(printed.contains(named), "{printed}");
    let cron = |line: &str| {
        let fields = if is_root() { 6 } else { 5 };
        let command = line.splitn(fields + 1, ' ').last().unwrap();
        let command = command
            .replace("\\%", "%")
            .replace(named, file.to_str().unwrap());
        let cache = format!("XDG_CACHE_HOME={}", host.path("cache").display());
        let mut shell = Command::new("env");
        shell
            .args(["-i", &cache, "/bin/sh", "-c", &command])
            .current_dir("/");
        Run::of(shell)
    };
    for line in printed.lines().filter(|line| !line.starts_with('#')) {
        fs::write(&file, lines.concat()).unwrap();
        let run = cron(line);
        assert_eq!(
            (run.code, &*run.stdout, &*run.stderr),
            (0, "", ""),
            "{line}"
        );
        fs::write(&file, lines.concat().replace("http://", "ftp://")).unwrap();
        assert!(cron(line).stdout.contains("http://"), "{line}");
    }
}
