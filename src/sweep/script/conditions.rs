//! How a command ends, as far as that is known before it runs.

use std::path::Path;

use crate::sweep::root::Root;
use crate::sweep::shell::{Kind, Node, Piece};

/// Where programs stand that packages of the system bring: whether one is there changes seldom.
const OF_PACKAGES: [&str; 3] = ["/usr/", "/bin/", "/sbin/"];

/// Whether a command succeeds; none where nobody knows.
pub(super) fn status(root: &Root, node: &Node) -> Option<bool> {
    let Kind::Simple(words) = &node.kind else {
        return None;
    };
    let plain = |word: &Vec<Piece>| match &word[..] {
        [Piece::Text(text, _)] => Some(text.clone()),
        _ => None,
    };
    let words: Option<Vec<String>> = words.iter().map(plain).collect();
    let words = words?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["true" | ":"] => Some(true),
        ["false"] => Some(false),
        ["test", "-x", path] | ["[", "-x", path, "]"] => {
            let is_known = OF_PACKAGES.iter().any(|dir| path.starts_with(dir));
            is_known.then(|| root.is_program(Path::new(path)))
        }
        _ => None,
    }
}
