//! Culprits that are real, and the place where they do it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use venv_snap::witness::What;

use crate::support::{Sandbox, tools};

/// A user without rights; its number is that of `nobody` everywhere.
const NOBODY: u32 = 65534;

/// Someone who changes a file of a venv.
pub(super) struct Culprit {
    /// How it is called in what is told.
    pub(super) name: &'static str,
    /// Sets the stage of one trial.
    pub(super) prepare: fn(&Scene),
    /// What is run.
    pub(super) command: fn(&Scene) -> Vec<String>,
    /// The file that is hurt, and how.
    pub(super) hurt: (&'static str, What),
    /// Its program.
    pub(super) program: &'static str,
    /// Its arguments, with `@` for the venv.
    pub(super) argv: fn(&Scene) -> Vec<String>,
    /// A program above it.
    pub(super) parent: &'static str,
    /// Its user.
    pub(super) uid: u32,
    /// The command of its cron job.
    pub(super) cron: Option<fn(&Scene) -> String>,
}

impl Culprit {
    pub(super) fn needs(&self, program: &str) -> bool {
        let command = (self.command)(&Scene::new());
        self.program == program || command[0] == program
    }
}

/// Where it happens.
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
}

impl Scene {
    pub(super) fn new() -> Self {
        let scene = Self {
            sandbox: Sandbox::new(),
        };
        fs::set_permissions(scene.sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(scene.at("lib/click")).unwrap();
        // Programs that start others; they are known by these names.
        scene.script("cron", "/bin/sh -c \"$1\" &\nwait\n");
        scene.script("deploy.sh", "rsync -a --delete \"$1/\" \"$2/\"\nexit 0\n");
        fs::create_dir(scene.sandbox.path("release")).unwrap();
        scene
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.sandbox.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn at(&self, path: &str) -> String {
        let path = self.sandbox.venv().join(path);
        path.to_str().unwrap().to_owned()
    }

    fn beside(&self, name: &str) -> String {
        self.sandbox.path(name).to_str().unwrap().to_owned()
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|&word| word.to_owned()).collect()
}

/// The file that most of them hurt.
const CORE: &str = "lib/click/core.py";

fn whole(scene: &Scene) {
    fs::write(scene.at(CORE), "whole").unwrap();
}

fn shell(scene: &Scene, text: &str) -> Vec<String> {
    words(&["sh", "-c", &text.replace('@', &scene.at(CORE))])
}

fn sweep(scene: &Scene) -> String {
    format!("find {} -name 'core.*' -delete", scene.at("lib"))
}

fn python() -> String {
    let python = ["/usr/bin/python3", "/usr/local/bin/python3"];
    let found = python.into_iter().find(|path| Path::new(path).exists());
    found.map_or_else(
        || tools::find("python3").unwrap().to_str().unwrap().to_owned(),
        str::to_owned,
    )
}

type Words = fn(&Scene) -> Vec<String>;

/// One that removes the file, as root, with nobody special above it.
fn base(name: &'static str, program: &'static str, command: Words, argv: Words) -> Culprit {
    Culprit {
        name,
        prepare: whole,
        command,
        hurt: (CORE, What::Removed),
        program,
        argv,
        parent: "",
        uid: 0,
        cron: None,
    }
}

pub(super) fn culprits() -> Vec<Culprit> {
    let mut all = jobs();
    all.extend(one_shots());
    all
}

/// What people and machines run.
fn jobs() -> Vec<Culprit> {
    vec![
        Culprit {
            parent: "cron",
            cron: Some(sweep),
            ..base(
                "find -delete from cron",
                "find",
                |scene| words(&[&scene.beside("cron"), &sweep(scene)]),
                |scene| words(&["find", &scene.at("lib"), "-name", "core.*", "-delete"]),
            )
        },
        Culprit {
            parent: "deploy.sh",
            ..base(
                "rsync --delete in a deploy script",
                "rsync",
                |scene| {
                    words(&[
                        &scene.beside("deploy.sh"),
                        &scene.beside("release"),
                        &scene.at("lib/click"),
                    ])
                },
                |scene| {
                    let (from, to) = (scene.beside("release") + "/", scene.at("lib/click") + "/");
                    words(&["rsync", "-a", "--delete", &from, &to])
                },
            )
        },
        Culprit {
            hurt: (CORE, What::Moved),
            ..base(
                "an editor, sed -i",
                "sed",
                |scene| words(&["sed", "-i", "s/whole/half/", &scene.at(CORE)]),
                |scene| words(&["sed", "-i", "s/whole/half/", &scene.at(CORE)]),
            )
        },
        Culprit {
            hurt: (CORE, What::Written),
            ..base(
                "os.truncate in Python",
                "python3",
                |scene| {
                    let code = format!("import os; os.truncate({:?}, 0)", scene.at(CORE));
                    words(&[&python(), "-Sc", &code])
                },
                |scene| {
                    let code = format!("import os; os.truncate({:?}, 0)", scene.at(CORE));
                    words(&[&python(), "-Sc", &code])
                },
            )
        },
    ]
}

/// What is gone at once.
fn one_shots() -> Vec<Culprit> {
    let rm: Words = |scene| words(&["rm", &scene.at(CORE)]);
    vec![
        Culprit {
            hurt: (CORE, What::Written),
            ..base(
                "sh -c ': > F'",
                "sh",
                |scene| shell(scene, ": > @"),
                |scene| shell(scene, ": > @"),
            )
        },
        Culprit {
            hurt: (CORE, What::Written),
            ..base(
                "the same, living for 20 ms",
                "sh",
                |scene| shell(scene, ": > @; sleep 0.02; :"),
                |scene| shell(scene, ": > @; sleep 0.02; :"),
            )
        },
        base("rm F", "rm", rm, rm),
        Culprit {
            parent: "sh",
            ..base("sh -c 'rm F; :'", "rm", |scene| shell(scene, "rm @; :"), rm)
        },
        Culprit {
            parent: "unshare",
            ..base(
                "rm in another process namespace",
                "rm",
                |scene| words(&["unshare", "-p", "-f", "rm", &scene.at(CORE)]),
                rm,
            )
        },
        Culprit {
            prepare: |scene| {
                whole(scene);
                for path in [CORE, "lib/click", "lib"] {
                    chown(scene.at(path), Some(NOBODY), Some(NOBODY)).unwrap();
                }
            },
            uid: NOBODY,
            ..base(
                "rm of another user",
                "rm",
                |scene| {
                    words(&[
                        "setpriv",
                        "--reuid=65534",
                        "--regid=65534",
                        "--clear-groups",
                        "rm",
                        &scene.at(CORE),
                    ])
                },
                rm,
            )
        },
    ]
}
