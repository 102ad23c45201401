//! Lists of requirements, as pip reads them ("Requirements File Format").

/// The other list that a line includes (`-r FILE`), by its path as it is written; none where that is a URL.
pub(crate) fn included(line: &str) -> Option<&str> {
    let mut options = ["-r", "--requirement"].iter();
    let rest = options.find_map(|option| line.strip_prefix(option))?;
    let rest = rest.trim_start_matches(['=', ' ', '\t']);
    let name = rest.split(" #").next().unwrap_or_default().trim();
    (!name.is_empty() && !name.contains("://")).then_some(name)
}
