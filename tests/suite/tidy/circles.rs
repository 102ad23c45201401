//! No two files of the source need each other, also by way of others: what both need lies lower.
//!
//! A file may use what stands in the file of the module around it, as its parts do: these are one thing in several
//! files, and only who is outside of it must not be needed back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::{code, files};

type Name = Vec<String>;

/// A file as a module: what names in it mean, and what it uses, both as paths from the root.
#[derive(Default)]
struct Module {
    names: BTreeMap<String, Name>,
    uses: Vec<Name>,
}

#[test]
fn no_file_needs_one_that_needs_it() {
    let sources = files("src", ".rs");
    let sources = sources.iter().map(|(path, text)| (&**path, code(text)));
    let sources: BTreeMap<Name, Vec<String>> = in_words(sources);
    let modules = modules(&sources);
    let needs: BTreeMap<&Name, BTreeSet<&Name>> = modules
        .keys()
        .map(|own| {
            let used = used_by(own, &modules);
            (*own, used.filter(|used| !own.starts_with(used)).collect())
        })
        .collect();
    assert!(needs.values().map(BTreeSet::len).sum::<usize>() > 1000);
    for own in needs.keys() {
        if let Some(circle) = circle(own, &needs) {
            let circle: Vec<String> = circle.iter().map(|one| one.join("::")).collect();
            panic!(
                "{}: put what is lower into a file of its own, or a part below its whole",
                circle.join(" needs ")
            );
        }
    }
}

#[test]
fn circles_are_seen_through_names_that_are_given_on() {
    let texts = [
        (
            "src/a/mod.rs",
            "mod one; mod two; pub use one::{Thing as Other, Fine};",
        ),
        (
            "src/a/one.rs",
            "use super::two::{deep::{self, X}, Y}; /* \" */ const C: char = '\"';",
        ),
        (
            "src/a/two.rs",
            "fn f() { crate::a::Other::new(\"use super::nothing;\") }",
        ),
        ("src/b.rs", "use crate::a::Fine; fn g() { Fine::get() }"),
    ];
    let texts = texts.iter().map(|(path, text)| (Path::new(*path), *text));
    let sources = in_words(texts);
    let modules = modules(&sources);
    let needs = |name: &[&str]| {
        let own: Name = name.iter().map(|part| (*part).to_owned()).collect();
        let used = used_by(&own, &modules);
        used.map(|one| one.join("::")).collect::<BTreeSet<_>>()
    };
    assert_eq!(needs(&["a", "one"]), BTreeSet::from(["a::two".to_owned()]));
    assert_eq!(needs(&["a", "two"]), BTreeSet::from(["a::one".to_owned()]));
    assert_eq!(needs(&["b"]), BTreeSet::from(["a::one".to_owned()]));
}

/// The words of each file, by the module that it is.
fn in_words<'t>(files: impl Iterator<Item = (&'t Path, &'t str)>) -> BTreeMap<Name, Vec<String>> {
    files
        .map(|(path, text)| (module(path), words(text)))
        .collect()
}

fn modules(sources: &BTreeMap<Name, Vec<String>>) -> BTreeMap<&Name, Module> {
    let known: BTreeSet<&Name> = sources.keys().collect();
    let all = sources.iter();
    all.map(|(own, words)| (own, read(own, words, &known)))
        .collect()
}

/// The files in which what a module uses is defined.
fn used_by<'m>(
    own: &Name,
    modules: &'m BTreeMap<&'m Name, Module>,
) -> impl Iterator<Item = &'m Name> {
    let uses = modules[own].uses.iter();
    uses.filter_map(|path| defined(path, modules, 0))
}

/// The module that a file is.
fn module(path: &Path) -> Name {
    let parts = path.with_extension("");
    let mut parts: Name = parts
        .iter()
        .skip(1)
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// The words and signs of a source, without comments and texts.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = |end: Option<usize>, len: usize| end.map_or(rest.len(), |end| end + len);
        let length = if rest.starts_with("//") {
            skip(rest.find('\n'), 1)
        } else if rest.starts_with("/*") {
            skip(rest.find("*/"), 2)
        } else if rest.starts_with("r#\"") {
            skip(rest.find("\"#"), 2)
        } else if first == '"' {
            let mut is_escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            skip(end, 2)
        } else if rest.starts_with("'\\") {
            skip(rest[3..].find('\''), 4)
        } else if first == '\'' && rest.chars().nth(2) == Some('\'') {
            rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at)
        } else if first.is_alphanumeric() || first == '_' {
            let is_in = |c: char| c.is_alphanumeric() || c == '_';
            let length = skip(rest.find(|c| !is_in(c)), 0);
            found.push(rest[..length].to_owned());
            length
        } else {
            let length = if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                found.push(rest[..length].to_owned());
            }
            length
        };
        rest = &rest[length..];
    }
    found
}

/// What a module names and uses.
fn read(own: &[String], words: &[String], known: &BTreeSet<&Name>) -> Module {
    let mut module = Module::default();
    let mut at = 0;
    let mut bodies = Vec::new();
    while at < words.len() {
        if words[at] == "use" {
            let end = words[at..].iter().position(|word| word == ";");
            let end = at + end.unwrap_or(words.len() - at);
            let mut trees = Vec::new();
            spread(&words[at + 1..end], &[], &mut trees);
            for (path, name) in trees {
                if let Some(path) = absolute(own, &path, known) {
                    module.names.insert(name, path.clone());
                    module.uses.push(path);
                }
            }
            at = end + 1;
            continue;
        }
        // A path begins where no `::` or `.` stands before it.
        let is_inner = at > 0 && matches!(words[at - 1].as_str(), "::" | ".");
        let mut path = vec![words[at].clone()];
        while words.get(at + 1).is_some_and(|word| word == "::")
            && words
                .get(at + 2)
                .is_some_and(|word| word.starts_with(char::is_alphabetic))
        {
            at += 2;
            path.push(words[at].clone());
        }
        if path.len() > 1 && !is_inner {
            bodies.push(path);
        }
        at += 1;
    }
    for path in bodies {
        let meant = match module.names.get(&path[0]) {
            Some(named) => Some([&named[..], &path[1..]].concat()),
            None => absolute(own, &path, known),
        };
        module.uses.extend(meant);
    }
    module
}

/// All paths of the tree of a `use`, each with the name that it gives.
fn spread(tree: &[String], before: &[String], found: &mut Vec<(Name, String)>) {
    let Some(open) = tree.iter().position(|word| word == "{") else {
        let parts = tree.split(|word| word == "as").collect::<Vec<_>>();
        let mut path = before.to_vec();
        path.extend(parts[0].iter().filter(|word| *word != "::").cloned());
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let name = parts.get(1).and_then(|name| name.first());
        let name = name.or(path.last()).cloned();
        found.extend(name.map(|name| (path, name)));
        return;
    };
    let mut head = before.to_vec();
    head.extend(tree[..open].iter().filter(|word| *word != "::").cloned());
    let (mut depth, mut start) = (0, open + 1);
    for at in open..tree.len() {
        match tree[at].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        let ends = depth == 0 || depth == 1 && tree[at] == ",";
        if ends && start < at {
            spread(&tree[start..at], &head, found);
        }
        if ends {
            start = at + 1;
        }
    }
}

/// A path from the root, where it leads into this source.
fn absolute(own: &[String], path: &[String], known: &BTreeSet<&Name>) -> Option<Name> {
    let above = path.iter().take_while(|part| *part == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([own, &path[1..]].concat()),
        "super" => Some([&own[..own.len().checked_sub(above)?], &path[above..]].concat()),
        first => {
            let inner = [own, &[first.to_owned()]].concat();
            known.contains(&inner).then(|| [own, path].concat())
        }
    }
}

/// The module in which something is defined, wherever its name is given on.
fn defined<'m>(
    path: &[String],
    modules: &BTreeMap<&'m Name, Module>,
    depth: usize,
) -> Option<&'m Name> {
    let len = (1..=path.len())
        .rev()
        .find(|len| modules.contains_key(&path[..*len].to_vec()))?;
    let (own, module) = modules.get_key_value(&path[..len].to_vec())?;
    let given = path.get(len).and_then(|name| module.names.get(name));
    match given {
        Some(given) if depth < 12 && given[..] != path[..=len] => {
            defined(&[&given[..], &path[len + 1..]].concat(), modules, depth + 1)
        }
        _ => Some(own),
    }
}

/// The shortest way from a module back to itself.
fn circle<'m>(
    own: &'m Name,
    needs: &BTreeMap<&'m Name, BTreeSet<&'m Name>>,
) -> Option<Vec<&'m Name>> {
    let mut todo = VecDeque::from([vec![own]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = todo.pop_front() {
        for next in needs.get(way.last()?).into_iter().flatten().copied() {
            let way = [&way[..], &[next]].concat();
            if next == own {
                return Some(way);
            }
            if seen.insert(next) {
                todo.push_back(way);
            }
        }
    }
    None
}
