//! A restore that is killed where a test wants it.

use crate::support::{Sandbox, Tree, meanwhile, venv};

pub(crate) const STAGING: &str = ".venv.snap-restore-staging";
pub(crate) const JOURNAL: &str = ".venv.snap-restore-journal";
pub(crate) const MINE: &str = "lib/mine";

/// A saved venv with one file missing and one that no snapshot has; the good tree.
pub(crate) fn hurt_venv() -> (Sandbox, Tree) {
    let (sandbox, good) = meanwhile::hurt_venv();
    venv::write(&sandbox.venv(), MINE, b"the last copy\n");
    (sandbox, good)
}

/// Restores a hurt venv, killed at the first of the calls of this name after which the place looks as wanted.
pub(crate) fn killed(
    call: &str,
    more: &[&str],
    wanted: impl Fn(&Sandbox) -> bool,
) -> (Sandbox, Tree, Tree) {
    killed_in(call, more, |_| {}, &["restore", "venv"], wanted)
}

/// Kills another restore in the same way, in a place that `prepare` has made ready for it.
pub(crate) fn killed_in(
    call: &str,
    more: &[&str],
    prepare: impl Fn(&Sandbox),
    args: &[&str],
    wanted: impl Fn(&Sandbox) -> bool,
) -> (Sandbox, Tree, Tree) {
    for n in 1..60 {
        let (sandbox, good) = hurt_venv();
        let hurt = Tree::of(&sandbox.venv());
        prepare(&sandbox);
        let kill = format!("{call}:signal=KILL:when={n}");
        let run = sandbox.snap_traced(&[more, &[kill.as_str()]].concat(), args);
        if run.code == 137 && wanted(&sandbox) {
            return (sandbox, good, hurt);
        }
        assert!(
            run.code == 137 || !more.is_empty(),
            "never as wanted: {run}"
        );
    }
    panic!("never as wanted");
}

/// Killed after the exchange, before anything of the replaced tree was removed.
pub(crate) fn killed_after_the_exchange() -> (Sandbox, Tree, Tree) {
    killed("fsync", &[], |sandbox| {
        let old = sandbox.path(STAGING);
        sandbox.venv().join("bin/tool").exists()
            && old.join(MINE).exists()
            && old.join("pyvenv.cfg").exists()
    })
}

/// Killed when a part of the replaced tree was removed.
pub(crate) fn killed_while_it_removed() -> (Sandbox, Tree, Tree) {
    killed(&format!("unlinkat@{STAGING}/bin"), &[], |sandbox| {
        let old = sandbox.path(STAGING);
        old.join(MINE).exists() && !old.join("pyvenv.cfg").exists()
    })
}
