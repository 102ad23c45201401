//! Names of Python modules.

/// Whether a text may be the dotted name of a module (Python Language Reference, "Identifiers and keywords").
pub fn is_module_name(text: &str) -> bool {
    let is_name = |part: &str| {
        let mut letters = part.chars();
        let begins = letters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        begins && letters.all(|c| c.is_alphanumeric() || c == '_')
    };
    text.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_are_told_from_other_texts() {
        for (text, is) in [
            ("a", true),
            ("a.b_2._c", true),
            ("é.x", true),
            ("", false),
            ("a..b", false),
            ("a.2", false),
            ("a-b", false),
            ("a/b", false),
        ] {
            assert_eq!(is_module_name(text), is, "{text}");
        }
    }
}
