//! A venv with rules, a service that writes down its starts, and a receiver that writes down its alerts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Sandbox, schema, venv};

pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
}

impl Scene {
    /// A saved venv, and rules with one policy, such as `mode = "heal"`.
    pub(super) fn new(policy: &str) -> Self {
        Self::of(venv::tiny, policy, "")
    }

    /// The same of another venv, and with more rules for it.
    pub(super) fn of(make: impl Fn(&Path), policy: &str, more: &str) -> Self {
        let scene = Self {
            sandbox: Sandbox::new(),
        };
        make(&scene.sandbox.venv());
        scene.sandbox.ok(&["save", "venv"]);
        scene.script("alert", "cat >> alerts; echo >> alerts");
        scene.script("restart", "echo started >> restarts");
        let (venv, alert, restart) = (
            scene.sandbox.venv(),
            scene.path("alert"),
            scene.path("restart"),
        );
        let rules = format!(
            "[[venv]]\npath = \"{}\"\nservice = {{ command = [\"{}\"] }}\npolicy = {{ {policy} }}\n{more}\
             [[alert]]\ncommand = [\"{}\"]\n",
            venv.display(),
            restart.display(),
            alert.display()
        );
        fs::write(scene.path("watch.toml"), rules).unwrap();
        scene
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }

    pub(super) fn script(&self, name: &str, body: &str) {
        let path = self.path(name);
        fs::write(
            &path,
            format!(
                "#!/bin/sh\ncd '{}'\n{body}\n",
                self.sandbox.root().display()
            ),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn file(&self) -> PathBuf {
        self.sandbox.venv().join(venv::SITE).join("click/core.py")
    }

    pub(super) fn damage(&self) {
        fs::remove_file(self.file()).unwrap();
    }

    /// One round, which ends so.
    #[track_caller]
    pub(super) fn round(&self, code: i32) -> Value {
        self.sandbox
            .json(code, &["watch", "--config", "watch.toml", "--once"])
    }

    /// The alerts that arrived, each as its schema says.
    pub(super) fn alerts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts")).unwrap_or_default();
        schema::hold(&text);
        let lines = text.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How often the service was started.
    pub(super) fn restarts(&self) -> usize {
        fs::read_to_string(self.path("restarts"))
            .unwrap_or_default()
            .lines()
            .count()
    }
}
