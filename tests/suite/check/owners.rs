//! Paths that several distributions list: what a live RECORD proves good is never touched by a heal, and what it proves
//! damaged is mended with bytes that fit that RECORD, or left and named.

use std::fs;
use std::path::PathBuf;

use crate::support::answers::states;
use crate::support::wheel::{build, pip, venv_without_pip};
use crate::support::{Sandbox, Tree, venv};

const FIRST: &str = "from .core import main\nwho = 'token'\n";
const SECOND: &str = "from .exact import main\nwho = 'jot'\n";
const MAIN: &str = "def main():\n    print('here')\n";

/// Two distributions that install the same package, as `PyJWT` and `jwt` do.
struct Shared {
    sandbox: Sandbox,
    site: PathBuf,
    /// Sorts first, and is installed last.
    jot: PathBuf,
    token: PathBuf,
}

impl Shared {
    /// A venv with `token`, and `jot` over it, that was saved.
    fn saved() -> Self {
        let sandbox = Sandbox::new();
        let wheels = sandbox.path("wheels");
        let token = [
            ("jot/__init__.py", FIRST),
            ("jot/core.py", MAIN),
            ("jot/same.py", MAIN),
        ];
        let token = build(&wheels, "token", "2.8", &token, &[]);
        let jot = [
            ("jot/__init__.py", SECOND),
            ("jot/exact.py", MAIN),
            ("jot/same.py", MAIN),
        ];
        let jot = build(&wheels, "jot", "1.4", &jot, &[]);
        venv_without_pip(&sandbox.venv());
        let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
        let this = Self {
            sandbox,
            site,
            jot,
            token,
        };
        this.install(&this.token);
        this.install(&this.jot);
        this.sandbox.ok(&["save", "venv"]);
        this
    }

    fn install(&self, wheel: &std::path::Path) {
        let wheel = wheel.to_str().unwrap();
        pip(
            &self.sandbox.venv(),
            &["install", "--no-deps", "--force-reinstall", wheel],
        );
    }

    fn uninstall(&self, name: &str) {
        pip(&self.sandbox.venv(), &["uninstall", "-y", name]);
    }

    fn init(&self) -> String {
        fs::read_to_string(self.site.join("jot/__init__.py")).unwrap()
    }

    /// Nothing is damaged for any of the three, and nothing is touched.
    fn is_left_alone(&self) {
        let before = Tree::of(&self.sandbox.venv());
        self.sandbox.ok(&["check", "venv"]);
        let diff = self.sandbox.snap(&["diff", "venv", "--json"]);
        let diff: serde_json::Value = serde_json::from_str(&diff.stdout).unwrap();
        assert_eq!(diff["summary"]["damage"], 0, "{diff}");
        self.sandbox.ok(&["restore", "venv", "--heal"]);
        before.assert_same(&Tree::of(&self.sandbox.venv()), "what is sound");
    }

    /// All three see damage; the heal says that it is left.
    fn is_left_and_said(&self, what: &str) {
        let before = Tree::of(&self.sandbox.venv());
        self.sandbox.code(1, &["check", "venv"]);
        let diff = self.sandbox.json(1, &["diff", "venv"]);
        assert_ne!(diff["summary"]["damage"], 0, "{what}: {diff}");
        let run = self.sandbox.code(3, &["restore", "venv", "--heal"]);
        assert!(run.stdout.contains("stays damaged"), "{what}: {run}");
        before.assert_same(&Tree::of(&self.sandbox.venv()), what);
    }
}

/// The heal wrote the bytes of the distribution that was removed, ended with 0, and `import jwt` failed.
#[test]
fn what_the_record_of_the_owner_that_is_left_proves_good_is_never_touched() {
    let shared = Shared::saved();
    shared.uninstall("jot");
    shared.install(&shared.token);
    shared.is_left_alone();
    assert_eq!(shared.init(), FIRST);
}

#[test]
fn what_the_owner_that_is_left_lacks_is_left_where_the_snapshot_has_bytes_of_the_one_that_is_gone()
{
    let shared = Shared::saved();
    // pip takes the shared files along.
    shared.uninstall("jot");
    assert!(!shared.site.join("jot/__init__.py").exists());
    // What fits RECORD comes back, and nothing else.
    let run = shared.sandbox.code(3, &["restore", "venv", "--heal"]);
    assert!(
        run.stdout.contains("token 2.8 stays damaged (1 entry)"),
        "{run}"
    );
    // That would bring the bytes of the other one.
    assert!(!run.stdout.contains("--only token"), "{run}");
    assert!(shared.site.join("jot/same.py").exists(), "{run}");
    assert!(!shared.site.join("jot/__init__.py").exists(), "{run}");
    assert!(!shared.site.join("jot/exact.py").exists(), "{run}");
    shared.is_left_and_said("a file of which the snapshot has the bytes of a package that is gone");
    let diff = shared.sandbox.json(1, &["diff", "venv"]);
    assert!(
        states(&diff).contains(&"token damaged".to_owned()),
        "{diff}"
    );
}

#[test]
fn damage_of_a_file_that_lost_an_owner_is_left() {
    for bytes in ["", "from .co", "x = 1\n", SECOND] {
        let shared = Shared::saved();
        shared.uninstall("jot");
        shared.install(&shared.token);
        fs::write(shared.site.join("jot/__init__.py"), bytes).unwrap();
        shared.is_left_and_said(bytes);
    }
}

#[test]
fn two_owners_that_were_installed_in_the_other_order_are_no_damage() {
    let shared = Shared::saved();
    shared.install(&shared.token);
    shared.is_left_alone();
    assert_eq!(shared.init(), FIRST);
    // Damage of it comes back as the snapshot has it, which is what the other one says.
    fs::write(shared.site.join("jot/__init__.py"), "").unwrap();
    shared.sandbox.ok(&["restore", "venv", "--heal"]);
    assert_eq!(shared.init(), SECOND);
    shared.sandbox.ok(&["check", "venv"]);
}

#[test]
fn a_path_that_moved_to_another_package_by_an_upgrade_is_that_ones() {
    let shared = Shared::saved();
    let wheels = shared.sandbox.path("wheels");
    shared.install(&build(&wheels, "jot", "2.0", &[("jotter.py", MAIN)], &[]));
    shared.install(&shared.token);
    shared.is_left_alone();
    assert_eq!(shared.init(), FIRST);
    fs::write(shared.site.join("jot/__init__.py"), SECOND).unwrap();
    shared.is_left_and_said("bytes of the version before");
}

#[test]
fn of_three_owners_those_that_are_left_decide() {
    let shared = Shared::saved();
    let wheels = shared.sandbox.path("wheels");
    let third = "from .third import main\n";
    let third = [("jot/__init__.py", third), ("jot/third.py", MAIN)];
    shared.install(&build(&wheels, "aaa", "1.0", &third, &[]));
    shared.sandbox.ok(&["save", "venv"]);
    shared.uninstall("aaa");
    shared.install(&shared.jot);
    shared.is_left_alone();
    shared.install(&shared.token);
    shared.is_left_alone();
    fs::write(shared.site.join("jot/__init__.py"), "").unwrap();
    shared.is_left_and_said("the bytes of the third");
}

#[test]
fn a_file_that_both_have_with_the_same_bytes_is_mended_whoever_is_gone() {
    let shared = Shared::saved();
    shared.uninstall("jot");
    shared.install(&shared.token);
    fs::write(shared.site.join("jot/same.py"), "").unwrap();
    shared.sandbox.ok(&["restore", "venv", "--heal"]);
    assert_eq!(
        fs::read_to_string(shared.site.join("jot/same.py")).unwrap(),
        MAIN
    );
    shared.is_left_alone();
}

#[test]
fn what_was_patched_and_accepted_comes_back_as_it_was_saved() {
    let shared = Shared::saved();
    shared.uninstall("jot");
    shared.install(&shared.token);
    fs::write(shared.site.join("jot/__init__.py"), "patched = 1\n").unwrap();
    shared
        .sandbox
        .ok(&["save", "venv", "--force", "--label", "forced"]);
    fs::write(shared.site.join("jot/__init__.py"), "").unwrap();
    // That snapshot is no baseline, so what no RECORD proves is not to be had from it.
    shared
        .sandbox
        .code(3, &["restore", "venv", "@forced", "--heal"]);
    assert_eq!(shared.init(), "");
}

/// An empty info directory was damage for the audit, a package that was added for `diff`, and nothing for a heal.
#[test]
fn an_empty_info_directory_is_damage_for_all_three() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = venv::site_packages(&sandbox.venv());
    let info = sandbox.venv().join(site).join("ruined-1.0.dist-info");
    fs::create_dir(&info).unwrap();
    sandbox.code(1, &["check", "venv"]);
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(states(&diff), ["ruined damaged"], "{diff}");
    // Nothing but a name was begun, and nothing of it is lost when it goes.
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(
        run.stderr
            .contains("ruined 1.0 did not come to its end, and the snapshot has none"),
        "{run}"
    );
    assert!(!info.exists(), "{run}");
    sandbox.ok(&["diff", "venv"]);
    sandbox.ok(&["check", "venv"]);
}
