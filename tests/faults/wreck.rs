//! Damage to a file of the store: bits flipped, ends cut, blocks zeroed, files deleted and swapped.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::dice::Dice;
use crate::lab::{World, dice, files};
use crate::told;

/// The files of one kind, and which of their bytes are meant.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) dir: &'static str,
    pub(crate) part: fn(&[u8]) -> Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wreck {
    Flip,
    Cut,
    Zero,
    Delete,
    Swap,
}

/// Damages a file of a class. Returns which, where and how; none where that changes nothing.
fn wreck(world: &World, class: &Class, dice: &mut Dice) -> Option<(PathBuf, String)> {
    let list = files(&world.sandbox.path(class.dir));
    let path = dice.of(&list);
    let old = fs::read(&path).unwrap();
    let part = (class.part)(&old);
    let at = part.start + dice.below(part.len());
    let kinds = [
        Wreck::Flip,
        Wreck::Flip,
        Wreck::Flip,
        Wreck::Cut,
        Wreck::Zero,
        Wreck::Delete,
        Wreck::Swap,
    ];
    let kind = dice.of(&kinds);
    let mut new = old.clone();
    match kind {
        Wreck::Flip => *new.get_mut(at)? ^= 1 << dice.below(8),
        Wreck::Cut => new.truncate(at),
        Wreck::Zero => {
            let end = (at + 1 + dice.below(512)).min(part.end);
            new.get_mut(at..end)?.fill(0);
        }
        Wreck::Delete => fs::remove_file(&path).unwrap(),
        Wreck::Swap => {
            let other = dice.of(&list);
            new = fs::read(&other).unwrap();
            put(&other, &old);
        }
    }
    if kind != Wreck::Delete {
        if new == old {
            return None;
        }
        put(&path, &new);
    }
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    Some((
        path,
        format!(
            "{} {}: {kind:?} at {at}",
            class.name,
            &name[..name.len().min(8)]
        ),
    ))
}

/// Writes a new file: damage comes without a system call that anybody sees, but no test needs the old inode.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
    crate::lab::mode(path, 0o600);
}

/// Wrecks a class again and again; `check` gets the world and what was done.
pub(crate) fn try_all(
    world: &World,
    class: &Class,
    count: usize,
    check: &dyn Fn(&World, &Path, &str),
) {
    let backup = world.backup();
    let mut dice = dice(class.name);
    let mut tried = 0;
    while tried < count {
        if let Some((path, what)) = wreck(world, class, &mut dice) {
            tried += 1;
            check(world, &path, &what);
        }
        world.put_back(&backup);
    }
    told(&format!("B {}", class.name), tried, tried);
}
