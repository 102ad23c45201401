//! A fence around what this process may still do: changes only inside a few directories, and only the rights of root
//! that it needs.
//!
//! The kernel holds it (Landlock, Linux 5.19 and later), whatever a path or a mistake of ours makes of a write. It
//! binds the thread that puts it up and those that it starts afterwards, so it must stand before the pool of workers
//! does. It does not bind owner, mode and times of files that are there: those are only set through descriptors that
//! are held.

use std::path::PathBuf;

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, path_beneath_rules,
};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

/// From now on nothing is created, written, renamed or removed but below these directories. Returns whether the
/// kernel holds to that; where it cannot, nothing changes.
pub(crate) fn raise(within: &[PathBuf]) -> bool {
    try_raise(within).unwrap_or(false)
}

fn try_raise(within: &[PathBuf]) -> Result<bool, RulesetError> {
    let changes = AccessFs::from_write(ABI::V3);
    let rules = Ruleset::default()
        // The first kernels with Landlock forbid every rename from one directory to another, even inside.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(changes)?
        .create()?
        .add_rules(path_beneath_rules(within, changes))?;
    // Where programs that are started throw away what they are told to.
    let nowhere = PathFd::new("/dev/null").ok();
    let rules = match nowhere.map(|fd| PathBeneath::new(fd, AccessFs::WriteFile)) {
        Some(rule) => rules.add_rule(rule)?,
        None => rules,
    };
    Ok(rules.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
}

/// Gives up, for good, what root may do and a restore has no need of. Devices and file capabilities can only be made
/// with `special`.
pub(crate) fn drop_rights(special: bool) {
    use CapabilitySet as Right;
    let mut needed = Right::CHOWN
        | Right::DAC_OVERRIDE
        | Right::DAC_READ_SEARCH
        | Right::FOWNER
        | Right::FSETID
        // Labels of security modules, `trusted.*` attributes.
        | Right::SYS_ADMIN
        // Flags that keep files from being replaced.
        | Right::LINUX_IMMUTABLE
        // The blocks that a file system reserves for root.
        | Right::SYS_RESOURCE
        // Which processes use the replaced tree.
        | Right::SYS_PTRACE
        // The interpreter of a user's venv is asked as that user, and ended where it does not answer.
        | Right::SETUID
        | Right::SETGID
        | Right::KILL;
    needed.set(Right::MKNOD | Right::SETFCAP, special);
    let Ok(mut sets) = capabilities(None) else {
        return;
    };
    sets.effective &= needed;
    sets.permitted &= needed;
    sets.inheritable = Right::empty();
    // Less is always allowed; should it fail all the same, the work is the same with more.
    let _ = set_capabilities(None, sets);
}
