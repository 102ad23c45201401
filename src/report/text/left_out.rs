//! What a place does not hold of a snapshot, one line for each way.

use std::io::{self, Write};

use super::words::{count, number};
use crate::model::{Lack, LeftOut, Shown};

/// Writes what was left out, if anything.
pub(super) fn write(out: &mut dyn Write, left_out: &[LeftOut]) -> io::Result<()> {
    for left in left_out {
        let paths: Vec<String> = left
            .examples
            .iter()
            .map(|path| format!("'{path}'"))
            .collect();
        let more = if left.count > paths.len() as u64 {
            ", …"
        } else {
            ""
        };
        writeln!(
            out,
            "left out: {}, since {} ({}{more})",
            what(left),
            reason(&left.lack),
            paths.join(", ")
        )?;
    }
    Ok(())
}

/// What it is that does not come back.
fn what(left: &LeftOut) -> String {
    let entries = match left.count {
        1 => "1 entry".to_owned(),
        many => format!("{} entries", number(many)),
    };
    match &left.lack {
        Lack::Times { .. } => format!("the exact times of {entries}"),
        Lack::LinkTimes => format!("the times of {}", count(left.count, "symbolic link")),
        Lack::HardLinks => format!("{} (copies stand for them)", count(left.count, "hard link")),
        Lack::AccessList => format!("the access lists of {entries}"),
        Lack::Xattr { name } | Lack::ForeignXattr { name } => {
            format!("the attribute '{}' of {entries}", shown(name))
        }
        Lack::Added { name } => format!("that {entries} had no attribute '{}'", shown(name)),
        Lack::Owner { of: (uid, gid), .. } => format!("the owner {uid}:{gid} of {entries}"),
        Lack::Mode { of, .. } => format!("the mode {of:04o} of {entries}"),
        Lack::Mount | Lack::NotSaved => entries,
        Lack::Rights => format!("the set-id bits or file capabilities of {entries}"),
        Lack::Special { name } => match left.count {
            1 => format!("1 {name}"),
            many => format!("{} times a {name}", number(many)),
        },
        Lack::Immutable => format!("that {entries} may not be changed (chattr +i)"),
        Lack::AppendOnly => format!("that {entries} may only grow (chattr +a)"),
        Lack::Subvolume => format!("that {} is a volume of its own", dirs(left.count)),
        Lack::Foreign => format!("the attributes of {}", dirs(left.count)),
    }
}

/// Why the place does not have it.
pub(in crate::report) fn reason(lack: &Lack) -> String {
    match lack {
        Lack::Times { step: 0 } => "this place sets times otherwise".to_owned(),
        Lack::Times { step } => format!("this place keeps times in steps of {}", length(*step)),
        Lack::LinkTimes => "this place cannot set the times of links".to_owned(),
        Lack::HardLinks => "this place refused the link".to_owned(),
        Lack::Xattr { .. } => "this place does not take it".to_owned(),
        Lack::Added { .. } => "this place adds it by itself".to_owned(),
        Lack::Owner {
            held: (uid, gid), ..
        } => format!("this place makes it {uid}:{gid}"),
        Lack::Mode { held, .. } => format!("this place makes it {held:04o}"),
        Lack::ForeignXattr { .. } => {
            "no Linux can set it; the snapshot keeps it, and a restore leaves it out".to_owned()
        }
        Lack::AccessList => {
            "the tar has them in a form that is not taken over; modes are".to_owned()
        }
        Lack::Mount => "something is mounted there, which stays as it is".to_owned(),
        Lack::Immutable | Lack::AppendOnly => "no snapshot keeps such flags".to_owned(),
        Lack::Rights => "a restore gives such rights only when asked to".to_owned(),
        Lack::Special { name } if name == "socket" => "whoever listens there makes it".to_owned(),
        Lack::Special { .. } => "a restore makes it only when asked to".to_owned(),
        Lack::NotSaved => "the snapshot does not have it, and nothing stands there".to_owned(),
        Lack::Subvolume => "a new tree is made of directories".to_owned(),
        Lack::Foreign => "only root, or its owner as one of its group, can change them".to_owned(),
    }
}

fn dirs(count: u64) -> String {
    match count {
        1 => "1 directory".to_owned(),
        many => format!("each of {} directories", number(many)),
    }
}

fn length(nanos: u64) -> String {
    match nanos {
        1_000_000_000.. => format!("{} s", nanos / 1_000_000_000),
        1_000_000.. => format!("{} ms", nanos / 1_000_000),
        1_000.. => format!("{} µs", nanos / 1_000),
        _ => format!("{nanos} ns"),
    }
}

fn shown(name: &str) -> Shown<'_> {
    Shown(name.as_bytes())
}
