//! How a command ends, as far as that is known before it runs.

use crate::sweep::shell::{Kind, List, Next, Node, Piece};

/// Whether a command succeeds; none where nobody knows.
pub(super) fn status(node: &Node) -> Option<bool> {
    let Kind::Simple(words) = &node.kind else {
        return None;
    };
    match &words.first()?[..] {
        [Piece::Text(name, false)] if words.len() == 1 => match name.as_str() {
            "true" | ":" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether commands succeed of which the last one decides.
pub(super) fn all_status(list: &List) -> Option<bool> {
    match &list[..] {
        [one] if one.next == Next::Plain => status(one),
        _ => None,
    }
}
