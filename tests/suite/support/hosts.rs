//! Hosts of other names.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::faults::{needs_root, skipped};
use super::{Run, Sandbox};

/// Runs a command on a host whose machine-id is `id`; none where that cannot be had, which is told.
pub(crate) fn run_on(sandbox: &Sandbox, id: &str, command: &Command) -> Option<Run> {
    run_as(sandbox, (id, ""), "", command)
}

/// Runs a command on a host of this id and this name, after the shell has done what `before` says.
pub(crate) fn run_as(
    sandbox: &Sandbox,
    (id, name): (&str, &str),
    before: &str,
    command: &Command,
) -> Option<Run> {
    if !needs_root() {
        return None;
    }
    // Several runs may begin at once, so each has a file of its own.
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let file = sandbox.path(&format!("id-{}", RUNS.fetch_add(1, Ordering::Relaxed)));
    fs::write(&file, format!("{id}\n")).unwrap();
    let named = match name {
        "" => String::new(),
        name => format!("echo {name} > /proc/sys/kernel/hostname; "),
    };
    let script = format!("mount --bind \"$0\" /etc/machine-id && {named}{before} exec \"$@\"");
    let mut there = Command::new("unshare");
    sandbox.dress(&mut there);
    let set = command.get_envs();
    there.envs(set.filter_map(|(name, value)| Some((name, value?))));
    there.args(["-m", "-u", "sh", "-c", &script]).arg(file);
    there.arg(command.get_program()).args(command.get_args());
    let run = Run::of(there);
    if run.stderr.contains("unshare") || run.stderr.contains("mount:") {
        skipped(1, "a host of another name cannot be had here");
        return None;
    }
    Some(run)
}
