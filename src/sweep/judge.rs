//! What a job would take of each venv.

use std::path::Path;

use super::job::{Job, Starter, Work};
use super::root::Root;
use super::script::{self, Riddle, Step};
use super::target::Venv;
use super::{Machine, Sweeper, Sweepers, Unread};

/// So many seconds after now, which are a hundred years, everything is old.
const LATER_SECONDS: i64 = 100 * 365 * 86_400;
/// What is told of a search that is not followed to its end.
const TOO_MANY: &str =
    "it follows links, and has more entries than are looked at for links that lead to a venv";
/// So many of the files that a sweeper takes are told.
const SAMPLE: usize = 5;

/// Adds what a job would take, and what of it cannot be understood.
pub(super) fn judge(machine: &Machine<'_>, job: &Job, venvs: &[Venv], all: &mut Sweepers) {
    let read = match &job.work {
        Work::Script(text, start) => script::read(machine, text, start),
        Work::Rule(text, removal) => {
            let rule = Step {
                path: job.path.clone(),
                line: job.line,
                command: text.clone(),
                removal: removal.clone(),
                doubt: None,
            };
            script::Read {
                steps: vec![rule],
                riddles: Vec::new(),
            }
        }
    };
    if job.idle.is_none() {
        let riddles = read.riddles.iter().filter(|one| is_asked(job, one));
        all.unread
            .extend(riddles.filter_map(|riddle| unread(machine.root, job, riddle, venvs)));
    }
    let now = machine.now.as_second();
    let next = job.run.next.map_or(now, |next| next.as_second().max(now));
    for step in &read.steps {
        weigh(machine, (job, step), venvs, next, all);
    }
}

/// Adds what one removal would take when its job runs next, in seconds since 1970.
fn weigh(
    machine: &Machine<'_>,
    (job, step): (&Job, &Step),
    venvs: &[Venv],
    next: i64,
    all: &mut Sweepers,
) {
    let removal = step.removal.resolved(machine.root, venvs);
    let told = |why: String| Unread {
        path: step.path.clone(),
        line: step.line,
        why,
    };
    if removal.is_cut() && job.idle.is_none() {
        all.unread.push(told(TOO_MANY.to_owned()));
    }
    for venv in venvs {
        let then = venv.lost(&removal.takes(venv, next));
        let later = if removal.asks_for_age() {
            venv.lost(&removal.takes(venv, next + LATER_SECONDS))
        } else {
            then.clone()
        };
        if later.is_empty() && then.is_empty() {
            continue;
        }
        if let Some(doubt) = &step.doubt {
            if job.idle.is_none() {
                let why = format!("{doubt}; it may be '{}'", venv.path.display());
                all.unread.push(told(why));
            }
            continue;
        }
        let list = match job.idle {
            Some(_) => &mut all.idle,
            None => &mut all.found,
        };
        list.push(sweeper(job, step, venv, &then, &later));
    }
}

fn sweeper(job: &Job, step: &Step, venv: &Venv, then: &[&Path], later: &[&Path]) -> Sweeper {
    let some = if then.is_empty() { later } else { then };
    let sample = some.iter().take(SAMPLE).map(|path| (*path).to_owned());
    Sweeper {
        venv: venv.path.clone(),
        starter: job.starter,
        schedule: job.path.clone(),
        schedule_line: job.line,
        path: step.path.clone(),
        line: step.line,
        command: step.command.clone(),
        user: job.user.clone(),
        run: job.run.clone(),
        takes: then.len(),
        takes_later: later.len().max(then.len()),
        sample: sample.collect(),
        idle: job.idle.clone(),
    }
}

/// Where packages of the system have their scripts and units.
const OF_PACKAGES: [&str; 6] = [
    "/usr/lib",
    "/usr/share",
    "/usr/bin",
    "/usr/sbin",
    "/lib",
    "/etc/init.d",
];

/// Whether a riddle is told of a job. What starts with the machine are mostly programs that serve something, by whom
/// files come and go all the time: of these only those that people here wrote, and what names a venv.
fn is_asked(job: &Job, riddle: &Riddle) -> bool {
    let is_of_package = OF_PACKAGES.iter().any(|dir| riddle.path.starts_with(dir));
    !serves(job) || riddle.code.is_some() || !is_of_package
}

fn serves(job: &Job) -> bool {
    matches!(job.starter, Starter::Boot | Starter::Path)
}

/// What is told of a riddle; none where it would matter only if it named a venv.
fn unread(root: &Root, job: &Job, riddle: &Riddle, venvs: &[Venv]) -> Option<Unread> {
    let code = riddle.code.as_deref().unwrap_or_default();
    let named = venvs
        .iter()
        .find_map(|venv| named(code, &venv.path).or_else(|| linked(root, code, &venv.path)));
    let if_named = riddle.if_named || riddle.code.is_some() && serves(job);
    if if_named && named.is_none() {
        return None;
    }
    Some(Unread {
        path: riddle.path.clone(),
        line: riddle.line,
        why: match named {
            Some(named) => format!("{}; it names '{named}'", riddle.why),
            None => riddle.why.clone(),
        },
    })
}

/// By which name code speaks of a venv: its path, or a part of that, or a variable that an activated venv has.
fn named(code: &str, venv: &Path) -> Option<String> {
    let mut above = venv.ancestors().filter(|dir| dir.parent().is_some());
    let place = above.find_map(|dir| {
        let dir = dir.to_str()?;
        let mut found = code.match_indices(dir);
        let is_part = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        let is_whole = |at: usize| !code[at + dir.len()..].starts_with(is_part);
        found.any(|(at, _)| is_whole(at)).then(|| dir.to_owned())
    });
    let mut variables = ["VIRTUAL_ENV", "sys.prefix", "CONDA_PREFIX"].into_iter();
    place.or_else(|| {
        variables
            .find(|name| code.contains(name))
            .map(str::to_owned)
    })
}

/// A path in code that leads to a venv, or above it or into it, through a link.
fn linked(root: &Root, code: &str, venv: &Path) -> Option<String> {
    let is_end = |c: char| c.is_whitespace() || "'\"`,;()[]{}<>|&=:".contains(c);
    let paths = code.split(is_end).filter(|word| word.starts_with('/'));
    let mut paths = paths.map(|word| (word, root.resolve(Path::new(word))));
    let near = paths.find(|(word, real)| {
        let is_near = venv.starts_with(real) || real.starts_with(venv);
        is_near && real.parent().is_some() && real != Path::new(word)
    });
    near.map(|(word, _)| word.to_owned())
}

impl Sweepers {
    /// Tells a command once that several schedules start, by the one that runs first.
    pub(super) fn only_once(&mut self) {
        for list in [&mut self.found, &mut self.idle] {
            list.sort_by_key(|one| one.run.next.map_or(i64::MAX, jiff::Timestamp::as_second));
            let mut seen = std::collections::HashSet::new();
            list.retain(|one| {
                let venv = one.venv.clone();
                seen.insert((venv, one.path.clone(), one.line, one.command.clone()))
            });
        }
    }
}
