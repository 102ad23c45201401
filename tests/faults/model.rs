//! M: random sequences of operations on a store, against a plain model: a list of snapshots with their trees. What
//! the store lists, restores and refuses is what the model says (promises 1, 4, 6, 7).

use std::fs;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::edits::{Edit, apply, edit};
use crate::lab::{BESIDE, files};
use crate::support::{Run, Sandbox, Tree, venv};
use crate::{points, told};

/// One operation. Numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Edit(Edit),
    Save,
    Restore(usize),
    Undo,
    Forget(usize),
    Undelete(usize),
    Pin(usize),
    Unpin(usize),
    Prune,
    /// A bit of a pack flips, and the store is repaired.
    Damage(usize, usize),
    Rebuild,
    LoseIndex,
}

fn step() -> impl Strategy<Value = Step> {
    let some = any::<usize>;
    prop_oneof![
        6 => edit().prop_map(Step::Edit),
        4 => proptest::strategy::Just(Step::Save),
        3 => some().prop_map(Step::Restore),
        2 => proptest::strategy::Just(Step::Undo),
        2 => some().prop_map(Step::Forget),
        2 => some().prop_map(Step::Undelete),
        1 => some().prop_map(Step::Pin),
        1 => some().prop_map(Step::Unpin),
        2 => proptest::strategy::Just(Step::Prune),
        2 => (some(), some()).prop_map(|(pack, bit)| Step::Damage(pack, bit)),
        1 => proptest::strategy::Just(Step::Rebuild),
        1 => proptest::strategy::Just(Step::LoseIndex),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Listed,
    Forgotten,
    Gone,
}

/// A save as it must come back.
struct Saved {
    id: String,
    tree: Tree,
    place: Place,
    pinned: bool,
    /// Some of it was lost when no live venv had it.
    holed: bool,
}

struct Model {
    sandbox: Sandbox,
    saves: Vec<Saved>,
    /// What the last restore replaced.
    replaced: Option<Tree>,
    /// Whether the state that was replaced may be lost, since damage hit something that is no save.
    doubtful: bool,
    /// Whether an incident has a hole, so that nothing may be pruned.
    holed_incidents: bool,
}

impl Model {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        crate::lab::closed_interpreter(&sandbox.venv());
        let mut model = Self {
            sandbox,
            saves: Vec::new(),
            replaced: None,
            doubtful: false,
            holed_incidents: false,
        };
        model.save();
        model
    }

    fn now(&self) -> Tree {
        Tree::of(&self.sandbox.venv())
    }

    /// One of the saves of a kind.
    fn choose(&self, number: usize, place: Place) -> Option<usize> {
        let all: Vec<usize> = (0..self.saves.len())
            .filter(|at| self.saves[*at].place == place)
            .collect();
        all.get(number.checked_rem(all.len())?).copied()
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Edit(edit) => apply(&self.sandbox, edit),
            Step::Save => self.save(),
            Step::Restore(number) => self.restore(*number),
            Step::Undo => self.undo(),
            Step::Forget(number) => self.forget(*number),
            Step::Undelete(number) => self.undelete(*number),
            Step::Pin(number) => self.pin(*number, true),
            Step::Unpin(number) => self.pin(*number, false),
            Step::Prune => self.prune(),
            Step::Damage(pack, bit) => self.damage(*pack, *bit),
            Step::Rebuild => drop(self.sandbox.ok(&["rebuild-index"])),
            Step::LoseIndex => {
                let _ = fs::remove_file(self.sandbox.path("store/index.db"));
            }
        }
        self.lists_what_it_must();
    }

    fn save(&mut self) {
        let before = self.now();
        let run = self.sandbox.snap(&["save", "venv", "--force", "--json"]);
        before.assert_same(&self.now(), "a save");
        if !self.sandbox.venv().join("pyvenv.cfg").is_file() {
            assert_eq!(
                run.code, 3,
                "a directory without pyvenv.cfg is no venv: {run}"
            );
            return;
        }
        assert_eq!(run.code, 0, "{run}");
        self.saves.push(Saved {
            id: self.newest_save(),
            tree: before,
            place: Place::Listed,
            pinned: false,
            holed: false,
        });
    }

    fn newest_save(&self) -> String {
        self.listed().pop().unwrap()
    }

    /// The saves that the store lists, oldest first.
    fn listed(&self) -> Vec<String> {
        let list = self.sandbox.json(0, &["list"]);
        let saves = list["snapshots"].as_array().unwrap().iter();
        let saves = saves.filter(|one| one["purpose"] == "save");
        saves
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn lists_what_it_must(&self) {
        let wanted = self.saves.iter().filter(|save| save.place == Place::Listed);
        let wanted: Vec<String> = wanted.map(|save| save.id.clone()).collect();
        assert_eq!(self.listed(), wanted);
    }

    fn restore(&mut self, number: usize) {
        let Some(at) = self.choose(number, Place::Listed) else {
            return;
        };
        let before = self.now();
        let run = self
            .sandbox
            .snap(&["restore", "venv", &self.saves[at].id, "--force"]);
        if self.saves[at].holed {
            assert_eq!(run.code, 3, "a snapshot with a hole: {run}");
            before.assert_same(&self.now(), "nothing was restored");
            return;
        }
        assert_eq!(run.code, 0, "{run}");
        self.saves[at].tree.assert_same(&self.now(), "a restore");
        self.replaced = Some(before);
        self.doubtful = false;
    }

    fn undo(&mut self) {
        let before = self.now();
        let run = self.sandbox.snap(&["undo", "venv", "--force"]);
        if run.code == 0 {
            let tree = self
                .replaced
                .replace(before)
                .expect("there was something to undo");
            tree.assert_same(&self.now(), "an undo");
            self.doubtful = false;
        } else {
            let nothing = self.replaced.is_none() && run.code == 10;
            assert!(nothing || self.doubtful && run.code == 3, "{run}");
            before.assert_same(&self.now(), "nothing was undone");
        }
    }

    fn forget(&mut self, number: usize) {
        if let Some(at) = self.choose(number, Place::Listed) {
            let save = &mut self.saves[at];
            let code = if save.pinned { 3 } else { 0 };
            self.sandbox.code(code, &["forget", &save.id]);
            if !save.pinned {
                save.place = Place::Forgotten;
            }
        }
    }

    fn undelete(&mut self, number: usize) {
        if let Some(at) = self.choose(number, Place::Gone) {
            self.sandbox.code(10, &["undelete", &self.saves[at].id]);
        }
        if let Some(at) = self.choose(number, Place::Forgotten) {
            let save = &mut self.saves[at];
            self.sandbox
                .code(if save.holed { 3 } else { 0 }, &["undelete", &save.id]);
            if !save.holed {
                save.place = Place::Listed;
            }
        }
    }

    fn pin(&mut self, number: usize, pinned: bool) {
        if let Some(at) = self.choose(number, Place::Listed) {
            let save = &mut self.saves[at];
            self.sandbox
                .ok(&[if pinned { "pin" } else { "unpin" }, &save.id]);
            save.pinned = pinned;
        }
    }

    fn prune(&mut self) {
        let run = self.sandbox.snap(&["prune", "--grace", "0"]);
        let holed = self.holed_incidents || self.saves.iter().any(|save| save.holed);
        assert!(run.code == 0 || run.code == 3 && holed, "{run}");
        let gone = crate::lab::names(&self.sandbox.path("store/forgotten"));
        for save in self
            .saves
            .iter_mut()
            .filter(|save| save.place == Place::Forgotten)
        {
            assert!(run.code == 3 || !gone.contains(&save.id), "{run}");
            if !gone.contains(&save.id) {
                save.place = Place::Gone;
            }
        }
    }

    fn damage(&mut self, pack: usize, bit: usize) {
        let packs = files(&self.sandbox.path("store/packs"));
        let Some(path) = packs.get(pack.checked_rem(packs.len()).unwrap_or(0)) else {
            return;
        };
        let mut bytes = fs::read(path).unwrap();
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, bytes).unwrap();
        self.sandbox.code(1, &["verify"]);
        let now = self.now();
        let run = self.sandbox.snap(&["verify", "--repair", "--json"]);
        assert!(matches!(run.code, 0 | 1), "{run}");
        let hurt = hurt(&run);
        // An incident stays, with its hole, also when a newer one is there to be undone.
        self.holed_incidents = hurt
            .iter()
            .any(|id| self.saves.iter().all(|save| save.id != *id));
        self.doubtful |= self.holed_incidents;
        for save in &mut self.saves {
            let was = save.holed;
            if save.place == Place::Listed {
                save.holed = hurt.contains(&save.id);
                let live = save
                    .tree
                    .0
                    .iter()
                    .all(|(path, record)| now.0.get(path) == Some(record));
                assert!(
                    !(save.holed && live),
                    "what a live venv has was not healed: {run}"
                );
                assert!(was || !save.holed || run.code == 1, "{run}");
            }
        }
        self.ask_the_forgotten();
    }

    /// Whether a forgotten snapshot can come back is told by `undelete`; `verify` only speaks of those that are listed.
    fn ask_the_forgotten(&mut self) {
        let seen = self.sandbox.json(0, &["undelete"]);
        let list = seen["forgotten"].as_array().unwrap();
        for save in self
            .saves
            .iter_mut()
            .filter(|save| save.place == Place::Forgotten)
        {
            let one = list
                .iter()
                .find(|one| one["snapshot"]["id"] == save.id.as_str());
            save.holed = !one.unwrap()["whole"].as_bool().unwrap();
        }
    }

    /// Each save that is listed restores to what it was, or is refused if it has a hole.
    fn all_restore(&self) {
        for save in self.saves.iter().filter(|save| save.place == Place::Listed) {
            let args = ["restore", "venv", &save.id, "--to", BESIDE, "--exact"];
            let run = self.sandbox.snap(&args);
            let out = self.sandbox.path(BESIDE);
            assert_eq!(run.code, if save.holed { 3 } else { 0 }, "{run}");
            if !save.holed {
                save.tree.assert_same(&Tree::of(&out), "in the end");
                fs::remove_dir_all(out).unwrap();
            }
        }
        assert_eq!(self.sandbox.debris(), Vec::<String>::new());
    }
}

/// The snapshots that still have holes after a repair. A lost report of an incident is no hole in its tree.
fn hurt(run: &Run) -> Vec<String> {
    let seen: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let list = seen["repaired"]["hurt"].as_array().unwrap().iter();
    let is_tree = |one: &&serde_json::Value| {
        let holes = one["holes"].as_array().unwrap();
        holes.iter().any(|hole| hole["kind"] != "document")
    };
    let id = |one: &serde_json::Value| one["snapshot"]["id"].as_str().unwrap().to_owned();
    list.filter(is_tree).map(id).collect()
}

#[test]
fn any_series_of_operations_ends_as_a_plain_list_of_trees_would() {
    let cases = points(24, 256) as u32;
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(23),
        max_shrink_iters: 60,
        ..Config::default()
    };
    let steps = proptest::collection::vec(step(), 4..28);
    TestRunner::new(config)
        .run(&steps, |steps| {
            let mut model = Model::new();
            for step in &steps {
                model.run(step);
            }
            model.all_restore();
            Ok(())
        })
        .unwrap();
    told("M store", cases as usize, cases as usize);
}
