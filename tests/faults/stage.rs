//! A command, each of its changing calls, and what must hold when one of them kills it or fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::injection::{Fault, Point, points};
use crate::lab::{World, dice, names};
use crate::support::faults::CHANGING;
use crate::support::{Run, Sandbox, Tree};

/// A command in a state of the world.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) world: fn() -> World,
    /// `$0` is the first snapshot.
    pub(crate) args: &'static str,
    pub(crate) rules: &'static [Rule],
}

/// What is special about a case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Directories cannot be exchanged, so there is a moment without a venv, until the next command.
    Gap,
    /// The venv is a mount point and changes file by file; the next command completes that.
    InPlace,
    /// Done twice it leads back.
    Toggles,
    /// `undo` brings back the state before.
    Undo,
    /// The store is damaged before it.
    Damaged,
    /// What was forgotten goes for good.
    Drops,
    /// Done twice, it finds that it was done: no such snapshot is left, or the file is there.
    Once,
}

/// All of a world that people could see.
#[derive(Clone, Default)]
struct State {
    venv: Option<Tree>,
    /// Everything in the sandbox beside store and venv, without times.
    beside: BTreeMap<String, Tree>,
    listed: BTreeSet<String>,
    forgotten: BTreeSet<String>,
    pinned: BTreeSet<String>,
}

/// A case that is ready to be hurt again and again.
pub(crate) struct Stage {
    case: &'static Case,
    world: World,
    args: Vec<String>,
    backup: tempfile::TempDir,
    before: State,
    after: State,
    /// The exit code where nothing goes wrong.
    code: i32,
    points: Vec<Point>,
}

impl Stage {
    /// Builds the world and runs the command once, to learn its calls and its end.
    pub(crate) fn new(case: &'static Case) -> Option<Self> {
        let world = (case.world)();
        if case.rules.contains(&Rule::InPlace) && world.mount.is_none() {
            return None;
        }
        let args = case
            .args
            .split(' ')
            .map(|word| match word.strip_prefix('$') {
                Some(number) => world.saved[number.parse::<usize>().unwrap()].clone(),
                None => word.to_owned(),
            });
        let args = args.collect();
        let backup = world.backup();
        let mut stage = Self {
            case,
            world,
            args,
            backup,
            before: State::default(),
            after: State::default(),
            code: 0,
            points: Vec::new(),
        };
        stage.before = stage.state();
        let log = stage.backup.path().with_extension("log");
        let run = stage.recorded(&log);
        let root = stage.world.sandbox.root().to_str().unwrap();
        stage.points = points(&fs::read_to_string(&log).unwrap(), root);
        fs::remove_file(&log).unwrap();
        stage.code = run.code;
        assert!(matches!(run.code, 0 | 3), "{}: {run}", case.name);
        assert!(stage.points.len() > 2, "{}: no calls seen", case.name);
        stage.after = stage.state();
        stage.world.put_back(&stage.backup);
        Some(stage)
    }

    /// Tries faults at some of the points. Returns how many were tried, and what broke a promise.
    pub(crate) fn hurt(&self, faults: &[Fault], count: usize) -> (usize, Vec<String>) {
        let mut all: Vec<(Point, Fault)> = Vec::new();
        for point in &self.points {
            let fit = faults.iter().filter(|fault| fault.fits(point));
            all.extend(fit.map(|fault| (point.clone(), *fault)));
        }
        let (mut tried, mut lost) = (0, Vec::new());
        for (point, fault) in dice(self.case.name).some(all, count) {
            let what = format!("{}: {}", self.case.name, fault.injection(&point));
            let seen = catch_unwind(AssertUnwindSafe(|| self.try_one(&point, fault, &what)));
            self.world.put_back(&self.backup);
            tried += usize::from(!matches!(seen, Ok(false)));
            if let Err(why) = seen {
                let text = why.downcast_ref::<String>().cloned();
                lost.push(format!("{what}\n{}", text.unwrap_or_default()));
            }
        }
        (tried, lost)
    }

    /// Tries one fault. Returns whether its point was reached.
    fn try_one(&self, point: &Point, fault: Fault, what: &str) -> bool {
        let injection = fault.injection(point);
        let run = self.run_with(&[&injection]);
        let done = run.code == self.code;
        match fault {
            Fault::Kill => {
                // Threads do not always share the calls in the same way.
                if run.code != 137 {
                    assert!(done, "{what}: {run}");
                    return false;
                }
            }
            Fault::Error(..) => {
                assert!(done || run.code == 3, "{what}: {run}");
                // Each thread counts its own calls, so the message may meet the same error as the file.
                let mute = point.call == "write" && !run.stderr.contains('\n');
                assert!(done || mute || tells(&run), "{what}: {run}");
            }
        }
        self.check(what, &run, point.reads);
        true
    }

    /// Checks the promises, then does the command again. `unread` says that the fault met a call that only opens what
    /// is there.
    fn check(&self, what: &str, run: &Run, unread: bool) {
        let sandbox = &self.world.sandbox;
        if !self.is(Rule::InPlace) {
            self.venv_is_whole(what, false);
        }
        // A replaced tree that could not be read to its end is kept, and that is said.
        let kept = self.world.sandbox.path("").read_dir().unwrap().flatten();
        let kept = kept.filter(|entry| entry.file_name().to_string_lossy().contains("snap-old"));
        for entry in kept.filter(|_| unread && !self.after.beside.contains_key("venv.snap-old")) {
            assert!(run.stderr.contains("snap-old"), "{what}: {run}");
            fs::remove_dir_all(entry.path()).unwrap();
        }
        for (name, tree) in beside(&self.world) {
            let known = [&self.before, &self.after].map(|state| state.beside.get(&name));
            let fine = name.starts_with('.') || known.contains(&Some(&tree));
            assert!(fine, "{what}: '{name}' is neither old nor new");
        }
        let next = sandbox.snap(&["diff", "venv"]);
        assert!(matches!(next.code, 0 | 1 | 3 | 10), "{what}: {next}");
        self.venv_is_whole(what, true);
        self.nothing_is_lost(what);
        let now = self.state();
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let again = Run::of(self.retry(&args));
        let fine = again.code == self.code || self.is(Rule::Once) && matches!(again.code, 3 | 10);
        assert!(fine, "{what}\n{run}\nagain: {again}");
        let mut wanted = self.after.clone();
        if self.is(Rule::Toggles) && now.venv == self.after.venv {
            wanted.venv.clone_from(&self.before.venv);
        }
        self.is_now(&wanted, &format!("{what}, done again"));
        let left = names(&sandbox.path("store/tmp"));
        assert!(left.is_empty(), "{what}: {left:?}");
        // What a restore cannot read it cannot keep, and says so.
        if self.is(Rule::Undo) && !unread {
            sandbox.ok(&["undo", "venv"]);
            same(
                self.before.venv.as_ref(),
                self.venv().as_ref(),
                &format!("{what}, undone"),
            );
        }
    }

    /// Checks that the venv is the old one or the new one. At rest every file is the venv's own; before that staging
    /// may hold some of them as well.
    fn venv_is_whole(&self, what: &str, at_rest: bool) {
        let now = self
            .venv()
            .map(|tree| if at_rest { tree } else { tree.alone() });
        let whole = now == self.before.venv || now == self.after.venv;
        let between = !at_rest && self.is(Rule::Gap) && now.is_none();
        if !whole && !between {
            let (old, new) = (self.before.venv.as_ref(), self.after.venv.as_ref());
            same(old, now.as_ref(), &format!("{what}, against the old"));
            same(new, now.as_ref(), &format!("{what}, against the new"));
        }
    }

    /// Checks that every acknowledged snapshot lists, or can be undeleted; that it verifies; and that it restores.
    fn nothing_is_lost(&self, what: &str) {
        if !self.world.sandbox.path("store/venv-snap.json").exists() {
            return;
        }
        let now = self.state();
        let known =
            |id: &&String| self.before.listed.contains(*id) || self.before.forgotten.contains(*id);
        for id in self.world.saved.iter().filter(known) {
            let stays = self.before.listed.contains(id) && self.after.listed.contains(id);
            let forgotten = now.forgotten.contains(id) && !stays;
            let dropped = self.is(Rule::Drops) && !self.after.listed.contains(id);
            assert!(
                now.listed.contains(id) || forgotten || dropped,
                "{what}: {id} is gone"
            );
        }
        if !self.is(Rule::Damaged) {
            let seen = self.world.sandbox.snap(&["verify"]);
            assert_eq!(seen.code, 0, "{what}: {seen}");
            let listed: Vec<String> = now.listed.into_iter().collect();
            self.world.all_restore(&listed, what);
        }
    }

    fn is_now(&self, wanted: &State, what: &str) {
        let now = self.state();
        same(wanted.venv.as_ref(), now.venv.as_ref(), what);
        let beside = |state: &State| state.beside.keys().cloned().collect::<Vec<_>>();
        assert_eq!(beside(&now), beside(wanted), "{what}");
        assert!(
            now.beside == wanted.beside,
            "{what}: what stands beside differs"
        );
        assert_eq!(now.listed, wanted.listed, "{what}, listed");
        assert_eq!(now.forgotten, wanted.forgotten, "{what}, forgotten");
        assert_eq!(now.pinned, wanted.pinned, "{what}, pinned");
    }

    fn is(&self, rule: Rule) -> bool {
        self.case.rules.contains(&rule)
    }

    fn venv(&self) -> Option<Tree> {
        let path = self.world.sandbox.venv();
        let mut tree = path.exists().then(|| Tree::of(&path))?;
        if self.is(Rule::InPlace) {
            // The journal lies in the root, so a kill right after its removal leaves the root a newer time.
            tree.0.get_mut(std::path::Path::new("")).unwrap().mtime = (0, 0);
        }
        Some(tree)
    }

    fn state(&self) -> State {
        let sandbox = &self.world.sandbox;
        let known = |found: Vec<String>| {
            let known = found.into_iter().filter(|id| self.world.saved.contains(id));
            known.collect::<BTreeSet<_>>()
        };
        let mut state = State {
            venv: self.venv(),
            beside: beside(&self.world),
            ..State::default()
        };
        if sandbox.path("store/venv-snap.json").exists() {
            state.listed = known(listed(sandbox));
            state.forgotten = known(names(&sandbox.path("store/forgotten")));
            state.pinned = known(names(&sandbox.path("store/pins")));
        }
        state
    }

    fn retry(&self, args: &[&str]) -> std::process::Command {
        let always = always(self.case.rules);
        if always.is_empty() {
            return self.world.sandbox.command(args);
        }
        self.world.sandbox.traced(always, args)
    }

    fn run_with(&self, injections: &[&str]) -> Run {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        let all = [always(self.case.rules), injections].concat();
        self.world.sandbox.snap_traced(&all, &args)
    }

    /// Runs it and keeps every changing call.
    fn recorded(&self, log: &std::path::Path) -> Run {
        let mut command = std::process::Command::new("strace");
        self.world.sandbox.dress(&mut command);
        let calls = format!("trace=openat,{}", CHANGING.join(","));
        command
            .args(["-f", "-qq", "-o"])
            .arg(log)
            .args(["-e", &calls]);
        for injection in always(self.case.rules) {
            command.args(["-e", &format!("inject={injection}")]);
        }
        let program = env!("CARGO_BIN_EXE_snap");
        command
            .env("RAYON_NUM_THREADS", "1")
            .arg(program)
            .args(&self.args);
        Run::of(command)
    }
}

/// The snapshots that `list` names. That another one is damaged makes it end with 3.
fn listed(sandbox: &Sandbox) -> Vec<String> {
    let run = sandbox.snap(&["list", "--json"]);
    assert!(matches!(run.code, 0 | 3), "{run}");
    let list: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let id = |one: &serde_json::Value| one["id"].as_str().unwrap().to_owned();
    list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect()
}

/// What is injected in every run.
fn always(rules: &[Rule]) -> &'static [&'static str] {
    if rules.contains(&Rule::Gap) {
        return &["renameat2:error=EINVAL"];
    }
    &[]
}

/// All in the sandbox beside store and venv. Times do not count: what is made anew has new ones.
fn beside(world: &World) -> BTreeMap<String, Tree> {
    let mut found = BTreeMap::new();
    for path in crate::lab::files(world.sandbox.root()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "venv" || name == "store" {
            continue;
        }
        let mut tree = Tree::of(&path);
        tree.0.values_mut().for_each(|record| record.mtime = (0, 0));
        // The name of a tree that is kept ends in a random part.
        let name = name
            .split_once("snap-old")
            .map_or(name.clone(), |(venv, _)| format!("{venv}snap-old"));
        found.insert(name, tree);
    }
    found
}

fn same(wanted: Option<&Tree>, found: Option<&Tree>, what: &str) {
    match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.assert_same(found, what),
        (wanted, found) => assert!(wanted.is_none() && found.is_none(), "{what}: there or not"),
    }
}

/// Whether an error names what was tried, and where. The answer and the index are named without a path.
fn tells(run: &Run) -> bool {
    let known = ["cannot write the answer", "the index of the store"];
    run.stderr.lines().any(|line| {
        let names = line.contains("cannot ") && line.contains('\'');
        names || known.iter().any(|known| line.contains(known))
    })
}
