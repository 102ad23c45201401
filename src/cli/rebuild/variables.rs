//! What of the environment the installers get.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Files of requirements name each other at most so deep.
const DEPTH_MAX: usize = 8;

/// Those that a file of requirements names: `${INDEX_TOKEN}` (pip, "Requirements File Format", "Using environment
/// variables"), also in files that it names in turn.
pub(super) fn named_in(file: &Path) -> Vec<(OsString, OsString)> {
    let mut names = BTreeSet::new();
    collect(file, DEPTH_MAX, &mut names);
    let names = names.into_iter();
    names
        .filter_map(|name| Some((OsString::from(&name), std::env::var_os(&name)?)))
        .collect()
}

fn collect(file: &Path, depth: usize, names: &mut BTreeSet<String>) {
    let text = fs::read_to_string(file).unwrap_or_default();
    for part in text.split("${").skip(1) {
        let is_sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let name = part.split_once('}').map(|(name, _)| name);
        let name = name.filter(|name| !name.is_empty() && name.chars().all(is_sign));
        names.extend(name.map(str::to_owned));
    }
    let dir = file.parent().unwrap_or(Path::new("/"));
    for line in text.lines().filter(|_| depth > 0) {
        let other = ["-r", "--requirement", "-c", "--constraint"]
            .iter()
            .find_map(|option| {
                let rest = line.trim().strip_prefix(option)?;
                Some(
                    rest.trim_start_matches([' ', '\t', '='])
                        .trim_matches(['"', '\'']),
                )
            });
        if let Some(other) = other.filter(|other| !other.contains("://")) {
            collect(&dir.join(other), depth - 1, names);
        }
    }
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
        let mut names = BTreeSet::new();
        collect(&dir.path().join("a.txt"), DEPTH_MAX, &mut names);
        assert_eq!(Vec::from_iter(names), ["TOKEN_1", "WHEELS"]);
    }
}
