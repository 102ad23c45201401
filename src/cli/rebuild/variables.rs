//! What of the environment the installers get.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::Path;

/// So many files of requirements are looked at, and so much of each, in bytes.
const FILES_MAX: usize = 100;
const LEN_MAX: u64 = 1 << 20;

/// Those that a file of requirements names: `${INDEX_TOKEN}` (pip, "Requirements File Format", "Using environment
/// variables"), also in files that it names in turn.
pub(super) fn named_in(file: &Path) -> Vec<(OsString, OsString)> {
    let names = names(file).into_iter();
    names
        .filter_map(|name| Some((OsString::from(&name), std::env::var_os(&name)?)))
        .collect()
}

fn names(file: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut known = BTreeSet::from([file.to_owned()]);
    let mut todo = vec![file.to_owned()];
    while let Some(file) = todo.pop() {
        let text = text(&file);
        names.extend(text.split("${").skip(1).filter_map(variable));
        let dir = file.parent().unwrap_or(Path::new("/"));
        for other in text.lines().filter_map(included) {
            let other = dir.join(other);
            if known.len() < FILES_MAX && known.insert(other.clone()) {
                todo.push(other);
            }
        }
    }
    names
}

/// What a file holds; nothing of a pipe, for whose writer one could wait for ever.
fn text(file: &Path) -> String {
    let mut text = String::new();
    if fs::metadata(file).is_ok_and(|meta| meta.is_file())
        && let Ok(file) = fs::File::open(file)
    {
        // What is no text has no names of variables, and whoever reads it next says what is wrong with it.
        let _ = file.take(LEN_MAX).read_to_string(&mut text);
    }
    text
}

/// The name of a variable that begins behind `${`.
fn variable(rest: &str) -> Option<String> {
    let is_sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let (name, _) = rest.split_once('}')?;
    (!name.is_empty() && name.chars().all(is_sign)).then(|| name.to_owned())
}

/// The file that a line includes.
fn included(line: &str) -> Option<&str> {
    let mut options = ["-r", "--requirement", "-c", "--constraint"].iter();
    let rest = options.find_map(|option| line.trim().strip_prefix(option))?;
    let other = rest
        .trim_start_matches([' ', '\t', '='])
        .trim_matches(['"', '\'']);
    (!other.contains("://")).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_those_that_a_file_and_the_files_that_it_names_have() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write(
            "a.txt",
            "-i https://u:${TOKEN_1}@h/s\n-r b.txt\nidna # $HOME ${lower} ${}\n",
        );
        write(
            "b.txt",
            "--constraint='c.txt'\n-r a.txt\n-r https://h/d.txt\n",
        );
        write("c.txt", "-f ${WHEELS}/x\n${OPEN");
        let names = names(&dir.path().join("a.txt"));
        assert_eq!(Vec::from_iter(names), ["TOKEN_1", "WHEELS"]);
    }
}
