//! What an answer says that was left out, held against two trees that an independent eye saw.

use std::path::PathBuf;

use serde_json::Value;

use super::file_systems::MOUNTED;
use crate::support::{Tree, tree::Record};

/// What was left out, by its name: every difference of the tree is one of these, and each of these is a difference.
pub(super) struct LeftOut {
    pub(super) names: Vec<String>,
    json: Value,
}

impl LeftOut {
    pub(super) fn of(answer: &Value) -> Self {
        let all = answer["left_out"].as_array().unwrap();
        for one in all {
            assert!(one["count"].as_u64().unwrap() > 0, "{answer}");
            assert!(!one["paths"].as_array().unwrap().is_empty(), "{answer}");
            let named = one["paths"].as_array().unwrap();
            let twice = |at: usize| named[..at].contains(&named[at]);
            assert!(!(0..named.len()).any(twice), "{answer}");
            assert!(!one["reason"].as_str().unwrap().is_empty(), "{answer}");
        }
        Self {
            names: all
                .iter()
                .map(|one| one["what"].as_str().unwrap().to_owned())
                .collect(),
            json: answer["left_out"].clone(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Holds a tree against the one that was saved.
    #[track_caller]
    pub(super) fn assert_explains(&self, good: &Tree, now: &Tree, what: &str) {
        let paths = |tree: &Tree| tree.0.keys().cloned().collect::<Vec<PathBuf>>();
        let mounted = |path: &PathBuf| {
            let mounts = self.json.as_array().unwrap().iter();
            let mounts = mounts.filter(|one| one["what"] == "mount");
            let mut mounts = mounts.flat_map(|one| one["paths"].as_array().unwrap());
            mounts.any(|mount| path.starts_with(mount["path"].as_str().unwrap()))
        };
        let (mut good, mut now) = (good.clone(), now.clone());
        for (path, record) in now.0.iter().filter(|(path, _)| mounted(path)) {
            let is_theirs = record.kind != "file" || record.content == MOUNTED;
            assert!(is_theirs, "{what}: {}", path.display());
        }
        good.0.retain(|path, _| !mounted(path));
        now.0.retain(|path, _| !mounted(path));
        assert_eq!(paths(&good), paths(&now), "{what}");
        for (path, then) in &good.0 {
            let told = format!(
                "{what}: {}: {then:?} is {:?}: {}",
                path.display(),
                now.0[path],
                self.json
            );
            self.explain(then, &now.0[path], &told);
        }
    }

    #[track_caller]
    fn explain(&self, then: &Record, now: &Record, told: &str) {
        assert_eq!(
            (then.kind, &then.content, &then.link),
            (now.kind, &now.content, &now.link),
            "{told}"
        );
        if then.kind == "symlink" {
            assert!(then.mtime == now.mtime || self.has("link-times"), "{told}");
        } else {
            assert!(then.mode == now.mode || self.has("mode"), "{told}");
            let near = then.mtime.0 == now.mtime.0 && now.mtime.1 == 0 && self.has("times");
            assert!(then.mtime == now.mtime || near, "{told}");
        }
        assert!(then.owner == now.owner || self.has("owner"), "{told}");
        assert!(then.group == now.group || self.has("hard-links"), "{told}");
        assert!(then.xattrs == now.xattrs || self.has("xattr"), "{told}");
    }
}
