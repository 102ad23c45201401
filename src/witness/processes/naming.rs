//! Decides who it was, of what is known of the processes. What is not certain is left out: never a command line that
//! was another one's.

use std::collections::HashMap;

use super::table::{Process, Ran, Table};
use crate::model::{Ancestor, Certainty, Image, User, Who};

/// An event comes late by less than this, in nanoseconds.
const LATE: u64 = 2_000_000_000;
/// A program that ended so shortly before an event was read may have caused it.
const SHORTLY: u64 = 20_000_000;
/// So many nanoseconds after its fork a process has started its program.
const STARTING: u64 = 50_000_000;
/// So many parents are told.
const PARENTS_MAX: usize = 16;
/// Programs that run the jobs of crontabs.
const CRONS: [&str; 5] = ["cron", "crond", "CRON", "fcron", "anacron"];

/// What an answer depends on: the number and the birth of a process, the number of its program, and whether the program
/// before may have done it as well.
pub(super) type Key = (u32, u64, usize, bool);

/// The key of an answer; none where the process is not known. Events with the same key have the same answer.
pub(super) fn key(table: &Table, pid: u32, at: u64) -> Option<Key> {
    let process = table.process_at(pid, at, LATE)?;
    let (number, earlier) = chosen(process, at);
    Some((pid, process.born, number, earlier.is_some()))
}

/// The names of users in a text like `/etc/passwd`.
pub(super) fn users(text: &str) -> HashMap<u32, String> {
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((fields.nth(1)?.parse().ok()?, name.to_owned()))
    });
    // The first name of a number counts.
    let mut all = HashMap::new();
    lines.for_each(|(uid, name)| {
        all.entry(uid).or_insert(name);
    });
    all
}

/// The process that had a number when an event was read, with those above it.
pub(super) fn lineage(table: &Table, pid: u32, at: u64) -> Vec<&Process> {
    let mut line: Vec<&Process> = table.process_at(pid, at, LATE).into_iter().collect();
    while let Some(last) = line.last()
        && line.len() <= PARENTS_MAX
        && let Some(parent) = table.parent(last)
        && parent.pid != last.pid
    {
        line.push(parent);
    }
    line
}

/// Who it was.
pub(super) fn who(table: &Table, pid: u32, at: u64, names: &HashMap<u32, String>) -> Who {
    let line = lineage(table, pid, at);
    let Some((culprit, above)) = line.split_first() else {
        return Who {
            pid,
            ..Who::default()
        };
    };
    let (number, earlier) = chosen(culprit, at);
    let (image, certainty) = told(table, culprit, number);
    let standing = culprit.standing.as_ref();
    let user = |uid: u32| User {
        uid,
        name: names.get(&uid).cloned(),
    };
    // Login and control group pass from parent to child, so those of the nearest process that was looked at are told.
    // Process 1 does not count: it starts others in groups of their own.
    let nearest = line
        .iter()
        .take_while(|one| one.pid != 1)
        .find_map(|one| one.standing.as_ref());
    let born = std::iter::once(culprit).chain(above).map(|one| one.born);
    let parents = above.iter().zip(born).map(|(parent, child)| Ancestor {
        pid: parent.pid,
        image: told(table, parent, parent.at(child)).0,
    });
    Who {
        pid,
        image,
        certainty,
        earlier: earlier.and_then(|ran| Some(ran.look.as_ref()?.image.clone())),
        parents: parents.collect(),
        unit: nearest.and_then(|known| unit(known.cgroup.as_deref()?)),
        cron: cron(table, &line),
        user: standing
            .and_then(|known| known.uid)
            .or(culprit.last_uid)
            .map(user),
        login: nearest.and_then(|known| known.login).map(user),
    }
}

/// The program that caused an event which was read at a time, by its number; and the one before, if it may have been
/// that one.
fn chosen(process: &Process, at: u64) -> (usize, Option<&Ran>) {
    let number = process.at(at);
    let next = process.images.get(number + 1);
    let is_starting = |ran: &Ran| ran.since <= at.saturating_add(STARTING);
    if !process.images[number].is_own && next.is_some_and(is_starting) {
        // A shell opens files for a command between fork and exec.
        return (number + 1, None);
    }
    let is_fresh = process.images[number].since.saturating_add(SHORTLY) > at;
    let before = number
        .checked_sub(1)
        .and_then(|before| process.images.get(before));
    (number, before.filter(|ran| is_fresh && ran.is_own))
}

/// What a process ran, and how well that is known.
fn told(table: &Table, process: &Process, number: usize) -> (Image, Certainty) {
    told_below(table, process, number, PARENTS_MAX)
}

/// The same, asking at most `above` parents.
fn told_below(table: &Table, process: &Process, number: usize, above: usize) -> (Image, Certainty) {
    let Some(ran) = process.images.get(number) else {
        return (Image::default(), Certainty::Unknown);
    };
    let is_last = number + 1 == process.images.len();
    let at_end = process.last_name.as_ref().filter(|_| is_last);
    let seen = ran.look.as_ref();
    if let Some(look) = seen.filter(|look| look.image.argv.is_some()) {
        return (look.image.clone(), look.certainty);
    }
    // A process that starts no program goes on with that of its parent. That it started none is only known where no
    // notice was missed.
    let is_whole = table.whole_since.is_some_and(|since| since <= process.born);
    if !ran.is_own
        && is_whole
        && let Some(above) = above.checked_sub(1)
        && let Some(parent) = table.parent(process)
    {
        let inherited = told_below(table, parent, parent.at(process.born), above);
        if at_end.is_none() || at_end == inherited.0.program.as_ref() {
            return inherited;
        }
    }
    let name = seen.and_then(|look| look.image.program.as_ref()).or(at_end);
    let certainty = if name.is_some() {
        Certainty::Comm
    } else {
        Certainty::Unknown
    };
    let image = Image {
        program: name.cloned(),
        ..Image::default()
    };
    (image, certainty)
}

/// The unit of systemd that a control group belongs to.
fn unit(cgroup: &str) -> Option<String> {
    let kind = |part: &&str| part.rsplit_once('.').map(|(_, kind)| kind.to_owned());
    let is_unit = |part: &&str| matches!(kind(part).as_deref(), Some("service" | "scope"));
    cgroup.rsplit('/').find(is_unit).map(str::to_owned)
}

/// The command of the cron job that a line of processes belongs to: what the shell right below cron was given.
fn cron(table: &Table, line: &[&Process]) -> Option<String> {
    let is_cron = |process: &&Process| {
        let mut all =
            (0..process.images.len()).map(|number| told(table, process, number).0.program);
        all.any(|name| name.is_some_and(|name| CRONS.contains(&&*name)))
            && command(process).is_none()
    };
    let below = line.iter().position(is_cron)?.checked_sub(1)?;
    command(line[below])
}

/// What was given to the shell that a process ran first of all.
fn command(process: &Process) -> Option<String> {
    let own = process.images.iter().filter(|ran| ran.is_own);
    let mut looks = own.filter_map(|ran| ran.look.as_ref());
    let argv = &looks.next()?.image.argv.as_ref()?.0;
    let is_command = argv.get(1).is_some_and(|option| option == b"-c");
    let command = argv.get(2).filter(|_| is_command)?;
    Some(String::from_utf8_lossy(command).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::look::{Look, Seen, Standing};
    use super::*;
    use crate::model::Argv;

    const MS: u64 = 1_000_000;

    fn seen(pid: u32, parent: u32, born: u64, at: u64, argv: &str) -> Seen {
        let argv: Vec<Vec<u8>> = argv
            .split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect();
        Seen {
            pid,
            parent,
            born,
            look: Look {
                from: at,
                until: at + 1,
                image: Image {
                    program: argv
                        .first()
                        .map(|name| String::from_utf8_lossy(name).into_owned()),
                    exe: None,
                    argv: Some(Argv(argv)),
                },
                certainty: Certainty::Exec,
            },
            standing: Standing::default(),
        }
    }

    /// cron, which has made a shell.
    fn table() -> Table {
        let mut table = Table::default();
        table.saw(seen(1, 0, 0, 0, "init"));
        table.saw(seen(50, 1, 0, 0, "cron"));
        table.whole_since = Some(MS);
        table.forked(50, 100, 2000 * MS);
        table.executed(100, 2001 * MS);
        table
    }

    fn told_of(table: &Table, pid: u32, at: u64) -> (Option<String>, Certainty) {
        let who = who(table, pid, at, &HashMap::new());
        (who.image.line(), who.certainty)
    }

    #[test]
    fn what_a_parent_ran_is_never_told_of_a_child_that_started_something_else() {
        // The notices are heard late, so that the shell is looked at after its child has started and ended.
        let mut table = table();
        table.saw(seen(100, 50, 2000 * MS, 2010 * MS, "sh -c sweep"));
        table.forked(100, 101, 2003 * MS);
        table.executed(101, 2004 * MS);
        assert_eq!(told_of(&table, 101, 2006 * MS), (None, Certainty::Unknown));
        table.counted(101, "find".to_owned(), 0);
        table.ended(101, 2007 * MS);
        assert_eq!(
            told_of(&table, 101, 2006 * MS),
            (Some("find".to_owned()), Certainty::Comm)
        );
        let who = who(&table, 101, 2006 * MS, &HashMap::new());
        assert_eq!(who.cron.as_deref(), Some("sweep"));
        let parents: Vec<_> = who
            .parents
            .iter()
            .filter_map(|one| one.image.line())
            .collect();
        assert_eq!(parents, ["sh -c sweep", "cron", "init"]);
    }

    #[test]
    fn what_starts_nothing_goes_on_with_what_its_parent_ran_unless_something_was_missed() {
        let mut table = table();
        table.saw(seen(100, 50, 2000 * MS, 2002 * MS, "rsync -a"));
        table.forked(100, 101, 2003 * MS);
        assert_eq!(
            told_of(&table, 101, 2100 * MS).0.as_deref(),
            Some("rsync -a")
        );
        table.counted(101, "other".to_owned(), 0);
        assert_eq!(
            told_of(&table, 101, 2100 * MS),
            (Some("other".to_owned()), Certainty::Comm)
        );
        table.counted(101, "rsync".to_owned(), 0);
        table.whole_since = Some(2050 * MS);
        assert_eq!(
            told_of(&table, 101, 2100 * MS),
            (Some("rsync".to_owned()), Certainty::Comm)
        );
    }

    #[test]
    fn a_look_belongs_to_the_program_that_ran_at_its_time() {
        let mut table = table();
        // It was looked at for its first program when it ran its second one already.
        table.saw(seen(100, 50, 2000 * MS, 2005 * MS, "find -delete"));
        table.executed(100, 2004 * MS);
        assert_eq!(
            told_of(&table, 100, 2500 * MS).0.as_deref(),
            Some("find -delete")
        );
        assert_eq!(told_of(&table, 100, 2003 * MS), (None, Certainty::Unknown));
        // Right after the change of programs it may have been either.
        table.saw(seen(100, 50, 2000 * MS, 2600 * MS, "find -delete"));
        table.executed(100, 2700 * MS);
        let who = who(&table, 100, 2710 * MS, &HashMap::new());
        assert_eq!(
            who.earlier.and_then(|image| image.line()).as_deref(),
            Some("find -delete")
        );
    }

    #[test]
    fn what_ended_long_ago_is_told_above_what_lives_on_and_forgotten_else() {
        let mut table = table();
        table.saw(seen(100, 50, 2000 * MS, 2002 * MS, "deploy"));
        table.forked(100, 101, 2003 * MS);
        table.executed(101, 2004 * MS);
        table.saw(seen(101, 100, 2003 * MS, 2005 * MS, "worker"));
        table.ended(100, 2006 * MS);
        let late = 500_000 * MS;
        for round in 0..3 {
            table.forked(50, 200 + round, late);
            table.ended(200 + round, late + u64::from(round) * 100_000 * MS);
        }
        let who = who(&table, 101, 2 * late, &HashMap::new());
        let parents: Vec<_> = who
            .parents
            .iter()
            .filter_map(|one| one.image.line())
            .collect();
        assert_eq!(parents, ["deploy", "cron", "init"]);
        // Each of the others is gone but the last one.
        table.ended(101, 3 * late);
        for round in 0..3 {
            table.forked(50, 300 + round, 4 * late);
            table.ended(300 + round, (4 + u64::from(round)) * late);
        }
        assert_eq!(told_of(&table, 100, 2004 * MS), (None, Certainty::Unknown));
    }

    #[test]
    fn a_number_that_is_used_again_is_another_process() {
        let mut table = table();
        table.saw(seen(100, 50, 2000 * MS, 2002 * MS, "first"));
        table.ended(100, 2003 * MS);
        table.forked(50, 100, 9000 * MS);
        table.executed(100, 9001 * MS);
        table.saw(seen(100, 50, 9000 * MS, 9002 * MS, "second"));
        assert_eq!(told_of(&table, 100, 2003 * MS).0.as_deref(), Some("first"));
        assert_eq!(told_of(&table, 100, 9100 * MS).0.as_deref(), Some("second"));
        // Long after the end of the one, and before the other, it was neither.
        assert_eq!(told_of(&table, 100, 8000 * MS), (None, Certainty::Unknown));
        assert_eq!(told_of(&table, 4711, 2003 * MS), (None, Certainty::Unknown));
    }
}
