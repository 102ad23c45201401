//! The pages of the program, read with an eye of our own: what elements and attributes stand there, and what they say.

use std::collections::BTreeMap;

/// A page that was read.
pub(crate) struct Html {
    /// The elements in their order: name and attributes, unescaped.
    pub(crate) elements: Vec<(String, BTreeMap<String, String>)>,
    /// What stands between them, unescaped, in one.
    pub(crate) text: String,
}

/// Elements that have no end.
const VOID: [&str; 2] = ["meta", "link"];

impl Html {
    /// Reads a page. One that is not well-formed is red.
    #[track_caller]
    pub(crate) fn read(page: &str) -> Self {
        let body = page.strip_prefix("<!DOCTYPE html>");
        let mut rest = body.unwrap_or_else(|| panic!("no HTML: {page:.200}"));
        let mut html = Self {
            elements: Vec::new(),
            text: String::new(),
        };
        let mut open: Vec<String> = Vec::new();
        while let Some((text, after)) = rest.split_once('<') {
            // A style sheet is no text.
            if open.last().is_none_or(|name| name != "style") {
                html.text += &unescaped(text);
            }
            if let Some(end) = after.strip_prefix('/') {
                let (name, left) = end.split_once('>').unwrap();
                assert_eq!(open.pop().as_deref(), Some(name), "near {after:.200}");
                rest = left;
                continue;
            }
            let (name, attributes, left) = tag(after);
            if !VOID.contains(&name.as_str()) {
                open.push(name.clone());
            }
            html.elements.push((name, attributes));
            rest = left;
        }
        assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest:.200}");
        html
    }

    /// The values of an attribute, wherever it stands.
    pub(crate) fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let all = self.elements.iter();
        all.filter_map(move |(_, attributes)| attributes.get(name).map(String::as_str))
    }
}

/// Reads a tag behind its `<`: name, attributes, and what follows.
fn tag(mut rest: &str) -> (String, BTreeMap<String, String>, &str) {
    let end = rest.find([' ', '>']).unwrap();
    let name = rest[..end].to_owned();
    rest = &rest[end..];
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if let Some(left) = rest.strip_prefix('>') {
            return (name, attributes, left);
        }
        let end = rest.find(['=', ' ', '>']).unwrap();
        let key = rest[..end].to_owned();
        assert!(
            key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "{key:?} of {name}"
        );
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (raw, left) = quoted.split_once('"').unwrap();
            assert!(!raw.contains('<'), "{name} {key}: {raw}");
            value = unescaped(raw);
            rest = left;
        }
        assert!(attributes.insert(key, value).is_none(), "twice in {name}");
    }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains('>'), "not escaped: {text:.200}");
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}
