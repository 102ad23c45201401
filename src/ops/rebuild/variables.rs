//! Variables of the environment that a list of requirements names: `${INDEX_TOKEN}` (pip, "Requirements File Format",
//! "Using environment variables").

use std::collections::BTreeSet;
use std::path::Path;

use super::list::read;

/// The names of those in a list and in those that it includes; `here` is where the person stands. Of a list that cannot
/// be read there are none: whoever reads it next says why.
pub fn variables_of(list: &Path, here: &Path) -> BTreeSet<String> {
    let lists = read(list).and_then(|listed| listed.whole(list, here));
    let lists = lists.unwrap_or_default();
    let lines = lists.lines.iter().chain(&lists.constraints);
    let parts = lines.flat_map(|told| told.line.text.split("${").skip(1));
    parts.filter_map(name).collect()
}

/// The name that a text behind `${` begins with.
fn name(rest: &str) -> Option<String> {
    let is_sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let (name, _) = rest.split_once('}')?;
    (!name.is_empty() && name.chars().all(is_sign)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn variables_are_those_of_a_list_and_of_the_lists_that_it_includes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write(
            "a.txt",
            "-i https://u:${TOKEN_1}@h/s\n-r b.txt\nidna # ${COMMENT}\n-f $HOME/${lower}/${}\n",
        );
        write("b.txt", "--constraint='c.txt'\n-f ${WHEELS}/x\n");
        write("c.txt", "idna<4 ; ${OPEN");
        let names = |list: &str| Vec::from_iter(variables_of(&dir.path().join(list), dir.path()));
        assert_eq!(names("a.txt"), ["TOKEN_1", "WHEELS"]);
        assert_eq!(names("none.txt"), [""; 0]);
    }
}
