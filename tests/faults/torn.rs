//! T: a venv that changes while it is saved. Each snapshot is a state that the venv really had, or the save was
//! refused (3).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::dice::Dice;
use crate::support::{Sandbox, venv};
use crate::{points, told};

/// So many that a scan takes a hundred times as long as the renewal of one of them.
const FILES: usize = 200;
/// A state that lasted so long can be scanned; a shorter one would be put together from several moments.
const LONG: Duration = Duration::from_micros(300);

/// The states of the venv: how many files of a generation were renewed, and when the next one was begun.
#[derive(Default)]
struct History(Mutex<Vec<(usize, usize, Instant)>>);

impl History {
    fn until_now(&self, generation: usize, renewed: usize) {
        self.0
            .lock()
            .unwrap()
            .push((generation, renewed, Instant::now()));
    }

    /// Whether the venv stood still in a state between two generations for long enough to be saved.
    fn stood(&self, generation: usize, renewed: usize) -> bool {
        let mut all = self.0.lock().unwrap().clone();
        // The state in which it stands now.
        let now = all.last().map(|last| (last.0, last.1 + 1, Instant::now()));
        all.extend(now);
        all.windows(2)
            .any(|two| (two[1].0, two[1].1) == (generation, renewed) && two[1].2 - two[0].2 >= LONG)
    }
}

fn content(generation: usize, file: usize) -> String {
    format!(
        "generation = {generation}\n{}",
        format!("file = {file}\n").repeat(100 + file * 2)
    )
}

fn file(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("part{number:03}.py"))
}

/// Brings the venv to the next generation, by one of three ways.
fn renew(dir: &Path, generation: usize, history: &History) {
    let aside = dir.with_file_name("aside");
    match generation % 3 {
        // A whole directory at once.
        0 => {
            fs::create_dir(&aside).unwrap();
            for number in 0..FILES {
                fs::write(file(&aside, number), content(generation, number)).unwrap();
            }
            history.until_now(generation, 0);
            renameat_with(CWD, &aside, CWD, dir, RenameFlags::EXCHANGE).unwrap();
            fs::remove_dir_all(&aside).unwrap();
        }
        // File by file, each replaced or written into.
        way => {
            for number in 0..FILES {
                let (path, new) = (file(dir, number), content(generation, number));
                history.until_now(generation, number);
                if way == 1 {
                    fs::write(&aside, new).unwrap();
                    fs::rename(&aside, path).unwrap();
                } else {
                    fs::write(path, new).unwrap();
                }
            }
        }
    }
    history.until_now(generation, FILES);
}

/// The generation that a file claims, if it is whole.
fn claimed(dir: &Path, number: usize) -> Option<usize> {
    let text = fs::read_to_string(file(dir, number)).ok()?;
    let generation = text
        .lines()
        .next()?
        .strip_prefix("generation = ")?
        .parse()
        .ok()?;
    (content(generation, number) == text).then_some(generation)
}

/// Whether files that are not all of one generation are what the venv was for a while, because the one who renews it
/// had to wait: the first so many are new, the next may be half written, the rest are old.
fn stood_so(all: &[Option<usize>], history: &History) -> bool {
    let newest = all.iter().flatten().max().copied().unwrap_or(0);
    (newest..newest + 2).any(|generation| {
        let renewed = all
            .iter()
            .take_while(|one| **one == Some(generation))
            .count();
        let old = |one: &Option<usize>| *one == Some(generation - 1);
        let next = all.get(renewed).is_none_or(|one| one.is_none() || old(one));
        let rest = all.iter().skip(renewed + 1).all(old);
        let stood = history.stood(generation, renewed) || history.stood(generation, renewed + 1);
        next && rest && stood
    })
}

#[test]
fn a_save_of_a_changing_venv_is_one_state_of_it_or_is_refused() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let dir = sandbox.venv().join(venv::SITE).join("wares");
    fs::create_dir(&dir).unwrap();
    let (over, history) = (AtomicBool::new(false), History::default());
    renew(&dir, 1, &history);
    sandbox.ok(&["save", "venv"]);
    let (mut saved, mut refused, mut between) = (0, 0, 0);
    let tries = points(40, 200);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice::new(7);
            for generation in 2.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                renew(&dir, generation, &history);
                // At times it rests, so that some saves can succeed.
                if dice.percent(30) {
                    std::thread::sleep(Duration::from_millis(dice.below(150) as u64));
                }
            }
        });
        let stop = Stop(&over);
        for round in 0..tries {
            let run = sandbox.snap(&["save", "venv", "--json"]);
            if run.code == 3 {
                refused += 1;
                continue;
            }
            assert_eq!(run.code, 0, "{run}");
            let said: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let id = said["snapshot"]["id"].as_str().unwrap();
            sandbox.ok(&["restore", "venv", id, "--to", "out", "--exact"]);
            let out = sandbox.path("out").join(venv::SITE).join("wares");
            let all: Vec<_> = (0..FILES).map(|number| claimed(&out, number)).collect();
            saved += 1;
            if all.iter().any(|one| one.is_none() || *one != all[0]) {
                assert!(stood_so(&all, &history), "save {round} is torn: {all:?}");
                between += 1;
            }
            fs::remove_dir_all(sandbox.path("out")).unwrap();
        }
        drop(stop);
    });
    told("T", tries, saved + refused);
    println!(
        "T: {saved} saved ({between} while it stood between two generations), {refused} refused"
    );
    assert!(saved > 0 && refused > 0, "{saved} saved, {refused} refused");
    sandbox.ok(&["verify"]);
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

/// Ends the other thread, also when a check fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
