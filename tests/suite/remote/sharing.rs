//! Hosts that share a store, in a bucket or in a directory: each with a place, a machine-id and a name of its own.

use serde_json::Value;

use super::STORE;
use crate::support::bucket::Bucket;
use crate::support::hosts::run_as;
use crate::support::{Run, Sandbox};

/// A host.
pub(crate) struct Host {
    pub(crate) sandbox: Sandbox,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

impl Host {
    /// Runs the program there.
    pub(crate) fn snap(&self, args: &[&str]) -> Option<Run> {
        self.after("", args)
    }

    /// The same, after the shell did something that nobody else sees.
    pub(crate) fn after(&self, before: &str, args: &[&str]) -> Option<Run> {
        let command = self.sandbox.command(args);
        run_as(&self.sandbox, (self.id, self.name), before, &command)
    }

    #[track_caller]
    pub(crate) fn code(&self, code: i32, args: &[&str]) -> Run {
        let run = self.snap(args).unwrap();
        assert_eq!(run.code, code, "{} snap {args:?}\n{run}", self.name);
        run
    }

    #[track_caller]
    pub(crate) fn json(&self, code: i32, args: &[&str]) -> Value {
        let run = self.code(code, &[args, &["--json"]].concat());
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Three hosts that share a store, once in a bucket and once in a directory; none where no host of another name can be
/// had, which is told.
pub(crate) fn sharing(mut claim: impl FnMut(&str, [Host; 3])) {
    let bucket = Bucket::serve();
    let dir = Sandbox::new();
    let of_bucket = [
        bucket.variables(),
        vec![("VENV_SNAP_STORE", STORE.to_owned())],
    ]
    .concat();
    let path = dir.path("shared").to_str().unwrap().to_owned();
    let of_dir = vec![("VENV_SNAP_STORE", path)];
    for (kind, variables) in [("bucket", of_bucket), ("directory", of_dir)] {
        let host = |id, name| Host {
            sandbox: Sandbox::new().with(variables.clone()),
            id,
            name,
        };
        let hosts = [
            host("aaaa0000aaaa0000aaaa0000aaaa0000", "web-1.example"),
            host("bbbb0000bbbb0000bbbb0000bbbb0000", "web-2"),
            host("cccc0000cccc0000cccc0000cccc0000", "db-1"),
        ];
        if hosts[0].snap(&["--version"]).is_none() {
            return;
        }
        claim(kind, hosts);
    }
}
