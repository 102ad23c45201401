//! How shells and languages write a path between quotes, or without any: the forms that venv, virtualenv, uv and the
//! launchers of pip put into their files.

/// What each way of writing puts in place of some bytes.
type Escapes = &'static [(u8, &'static [u8])];

/// The ways of writing a path, the plain one first.
///
/// `shlex.quote` of Python, which venv, virtualenv and uv use for shells, ends the quotes for each apostrophe. So do
/// the other forms for shells. csh knows `!` also within quotes. fish and Python escape within single quotes, and all
/// languages in their own way within double ones. PowerShell and YAML double the apostrophe.
const WAYS: [Escapes; 9] = [
    &[],
    &[(b'\'', b"'\"'\"'")],
    &[(b'\'', b"'\"'\"'"), (b'!', b"\\!")],
    &[(b'\'', b"'\\''")],
    &[(b'\'', b"'\\''"), (b'!', b"\\!")],
    &[(b'\'', b"\\'"), (b'\\', b"\\\\")],
    &[
        (b'"', b"\\\""),
        (b'$', b"\\$"),
        (b'`', b"\\`"),
        (b'\\', b"\\\\"),
    ],
    &[(b'"', b"\\\""), (b'\\', b"\\\\")],
    &[(b'\'', b"''")],
];

/// All forms of a path, without the quotes around it, each once and the plain one first.
pub(super) fn quotings(path: &[u8]) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for escapes in WAYS {
        let form = escaped(path, escapes);
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// A path with some bytes written in another way.
pub(super) fn escaped(path: &[u8], escapes: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for byte in path {
        match escapes.iter().find(|(special, _)| special == byte) {
            Some((_, escape)) => out.extend_from_slice(escape),
            None => out.push(*byte),
        }
    }
    out
}

/// The first word of a shell line, unquoted, and what follows it; none where its quotes are not closed. Each of its
/// parts may be quoted in its own way.
pub(super) fn word(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        at += 1;
        match (quote, byte) {
            (None, b' ' | b'\t') => return Some((out, &line[at - 1..])),
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None | Some(b'"'), b'\\') => {
                let next = *line.get(at)?;
                at += 1;
                // Within double quotes it stands for itself before most bytes.
                if quote.is_some() && !b"\"\\$`".contains(&next) {
                    out.push(b'\\');
                }
                out.push(next);
            }
            _ => out.push(byte),
        }
    }
    quote.is_none().then_some((out, &line[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_a_shell_makes_of_it() {
        for (line, found) in [
            ("/a/bin/python -E", Some(("/a/bin/python", " -E"))),
            ("'/a b/x' -E", Some(("/a b/x", " -E"))),
            ("\"/a b'c/x\"", Some(("/a b'c/x", ""))),
            (r#"'/a b'"'"'c/x' -E"#, Some(("/a b'c/x", " -E"))),
            (r"'/a b'\''c/x' -E", Some(("/a b'c/x", " -E"))),
            (r"/a\ b\'c/x -E", Some(("/a b'c/x", " -E"))),
            (r#""/a \$b\c""#, Some((r"/a $b\c", ""))),
            ("/a/O'Brien/x", None),
            ("'", None),
            ("\\", None),
        ] {
            let read = word(line.as_bytes());
            let found = found.map(|(word, rest)| (word.as_bytes().to_vec(), rest.as_bytes()));
            assert_eq!(read, found, "{line}");
        }
    }

    #[test]
    fn a_path_that_needs_no_quotes_has_one_form() {
        assert_eq!(quotings(b"/srv/a b"), [b"/srv/a b".to_vec()]);
        let forms = quotings(b"/srv/O'Brien");
        for form in [
            "/srv/O'Brien",
            r#"/srv/O'"'"'Brien"#,
            r"/srv/O'\''Brien",
            r"/srv/O\'Brien",
            "/srv/O''Brien",
        ] {
            assert!(forms.contains(&form.as_bytes().to_vec()), "{form}");
        }
        assert_eq!(forms.len(), 5);
    }
}
