//! The first lines of a script, in the three forms that installers write.
//!
//! 1. `#!PATH ARGS`
//! 2. where that is too long for the kernel or holds a space, a shell script that is a Python string as well:
//!    `#!/bin/sh`, `'''exec' PATH ARGS "$0" "$@"`, `' '''`
//! 3. uv's relocatable form, which computes its path and needs nothing.

use super::Stuck;
use super::occurrence::{Place, find_all, replace_plain, tidied};
use super::quoting::word;

/// The longest first line that pip and uv write in the short form, with `#!` and the line's end.
const SHORT_MAX: usize = 127;
const LONG_HEAD: &[u8] = b"#!/bin/sh\n'''exec' ";
const LONG_CALL: &[u8] = b" \"$0\" \"$@\"";
const LONG_TAIL: &[u8] = b"' '''\n";

/// The interpreter of a script, its arguments with the space before them, and what follows the head.
pub(crate) struct Head<'a> {
    pub(crate) interpreter: Vec<u8>,
    pub(crate) arguments: &'a [u8],
    pub(crate) rest: &'a [u8],
}

/// The new head of a script and the rest of it. A script whose interpreter lies elsewhere keeps its head.
pub(super) fn rewrite<'a>(
    content: &'a [u8],
    place: &Place<'_>,
) -> Result<(Vec<u8>, &'a [u8]), Stuck> {
    let Some(head) = head_of(content) else {
        return Ok((Vec::new(), content));
    };
    let Some(interpreter) = named(&head.interpreter, place) else {
        return Ok((Vec::new(), content));
    };
    let interpreter = replace_plain(&interpreter, place);
    Ok((write(&interpreter, head.arguments)?, head.rest))
}

/// The path of an interpreter where it lies in the old place: as it stands, or else without the slashes and dots that
/// mean nothing.
pub(super) fn named(interpreter: &[u8], place: &Place<'_>) -> Option<Vec<u8>> {
    let is_there = |path: &Vec<u8>| find_all(path, place).first() == Some(&0);
    let as_it_stands = Some(interpreter.to_vec()).filter(is_there);
    let tidy = || interpreter.starts_with(b"/").then(|| tidied(interpreter));
    as_it_stands.or_else(|| tidy().filter(is_there))
}

/// The interpreter that a script names.
pub(crate) fn interpreter_of(content: &[u8]) -> Option<Vec<u8>> {
    head_of(content).map(|head| head.interpreter)
}

/// The first lines of a script, taken apart; none of what is no script.
pub(crate) fn head_of(content: &[u8]) -> Option<Head<'_>> {
    long(content).or_else(|| short(content))
}

fn short(content: &[u8]) -> Option<Head<'_>> {
    let line = content.strip_prefix(b"#!")?;
    let end = line.iter().position(|&b| b == b'\n')?;
    let (line, rest) = (&line[..end], &line[end + 1..]);
    let start = line.iter().position(|&b| b != b' ')?;
    let line = &line[start..];
    let end = line
        .iter()
        .position(|&b| matches!(b, b' ' | b'\t' | b'\r'))
        .unwrap_or(line.len());
    Some(Head {
        interpreter: line[..end].to_vec(),
        arguments: &line[end..],
        rest,
    })
}

fn long(content: &[u8]) -> Option<Head<'_>> {
    let line = content.strip_prefix(LONG_HEAD)?;
    let end = line.iter().position(|&b| b == b'\n')?;
    let (line, rest) = (&line[..end], &line[end + 1..]);
    let rest = rest.strip_prefix(LONG_TAIL)?;
    let line = line.strip_suffix(LONG_CALL)?;
    // The launchers of pip write a long path with an apostrophe as it is, with which no shell can start it.
    let bare = || {
        let end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
        (line[..end].to_vec(), &line[end..])
    };
    let (interpreter, arguments) = word(line).unwrap_or_else(bare);
    Some(Head {
        interpreter,
        arguments,
        rest,
    })
}

fn write(interpreter: &[u8], arguments: &[u8]) -> Result<Vec<u8>, Stuck> {
    let spaced = interpreter.iter().any(|&b| b.is_ascii_whitespace());
    if !spaced && interpreter.len() + arguments.len() + 3 <= SHORT_MAX {
        return Ok([b"#!", interpreter, arguments, b"\n"].concat());
    }
    // The line is read by the shell and by Python, as part of a string: what either takes specially cannot be written.
    if interpreter.iter().any(|b| b"\"$`\\\n".contains(b))
        || interpreter.windows(3).any(|w| w == b"'''")
    {
        return Err(Stuck);
    }
    let quote: &[u8] = if spaced || interpreter.iter().any(|&b| !super::is_plain(&[b])) {
        b"\""
    } else {
        b""
    };
    Ok([
        LONG_HEAD,
        quote,
        interpreter,
        quote,
        arguments,
        LONG_CALL,
        b"\n",
        LONG_TAIL,
    ]
    .concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(content: &str, from: &str, to: &str) -> Result<String, Stuck> {
        let place = Place {
            from: from.as_bytes(),
            to: to.as_bytes(),
        };
        rewrite(content.as_bytes(), &place)
            .map(|(head, rest)| String::from_utf8([&head, rest].concat()).unwrap())
    }

    #[test]
    fn the_form_follows_the_length_and_the_spaces_of_the_path() {
        let deep = format!("/srv/{}", "d".repeat(130));
        let short = "#!/srv/a/bin/python3 -E\nx\n";
        let long = format!("#!/bin/sh\n'''exec' {deep}/bin/python3 -E \"$0\" \"$@\"\n' '''\nx\n");
        assert_eq!(moved(short, "/srv/a", &deep), Ok(long.clone()));
        assert_eq!(moved(&long, &deep, "/srv/a"), Ok(short.to_owned()));
        let spaced = "#!/bin/sh\n'''exec' \"/srv/b c/bin/python3\" -E \"$0\" \"$@\"\n' '''\nx\n";
        assert_eq!(moved(short, "/srv/a", "/srv/b c"), Ok(spaced.to_owned()));
        assert_eq!(moved(spaced, "/srv/b c", "/srv/a"), Ok(short.to_owned()));
    }

    /// uv quotes as `shlex.quote` does, pip puts double quotes around a blank: scripts of the first kind went on to run
    /// the old interpreter.
    #[test]
    fn an_apostrophe_is_read_in_the_quotes_of_each_installer() {
        let long = |word: &str| format!("#!/bin/sh\n'''exec' {word} \"$0\" \"$@\"\n' '''\nx\n");
        for (word, from) in [
            (r#"'/srv/a b'"'"'c/bin/python'"#, "/srv/a b'c"),
            (r"'/srv/a b'\''c/bin/python'", "/srv/a b'c"),
            (r#""/srv/a b'c/bin/python""#, "/srv/a b'c"),
            (r#"'/srv/O'"'"'Brien/bin/python'"#, "/srv/O'Brien"),
            ("/srv/O'Brien/bin/python", "/srv/O'Brien"),
        ] {
            let short = "#!/opt/b/bin/python\nx\n".to_owned();
            assert_eq!(moved(&long(word), from, "/opt/b"), Ok(short), "{word}");
            let spaced = long(r#""/opt/b c'd/bin/python""#);
            assert_eq!(moved(&long(word), from, "/opt/b c'd"), Ok(spaced), "{word}");
        }
    }

    #[test]
    fn slashes_and_dots_that_mean_nothing_hide_no_name() {
        for line in [
            "#!/srv//app//v/bin/python",
            "#!/srv/./app/v/bin/python",
            "#!//srv/app/v/./bin/python",
        ] {
            let script = format!("{line}\nx\n");
            let want = "#!/opt/b/bin/python\nx\n".to_owned();
            assert_eq!(moved(&script, "/srv/app/v", "/opt/b"), Ok(want), "{line}");
            let other = moved(&script, "/srv/app/v2", "/opt/b");
            assert_eq!(other, Ok(script.clone()), "{line}");
        }
    }

    #[test]
    fn the_limit_is_exact() {
        let to = format!("/{}", "d".repeat(127 - 3 - "//bin/python".len()));
        assert!(
            moved("#!/a/bin/python\n", "/a", &to)
                .unwrap()
                .starts_with("#!/d")
        );
        assert!(
            moved("#!/a/bin/python\n", "/a", &format!("{to}d"))
                .unwrap()
                .starts_with("#!/bin/sh\n")
        );
    }

    #[test]
    fn what_does_not_depend_on_the_place_stays() {
        let relocatable = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' \
            '''\n";
        for content in [
            relocatable,
            "#!/usr/bin/env python3\n",
            "#!/srv/a2/bin/python\n",
            "",
            "#!",
            "no script",
        ] {
            assert_eq!(moved(content, "/srv/a", "/srv/b"), Ok(content.to_owned()));
        }
    }

    #[test]
    fn a_path_that_no_shell_line_can_hold_is_told() {
        assert_eq!(
            moved("#!/srv/a/bin/python\n", "/srv/a", "/srv/$HOME x"),
            Err(Stuck)
        );
        assert!(
            moved("#!/srv/a/bin/python\n", "/srv/a", "/srv/it's")
                .unwrap()
                .starts_with("#!/srv/it's/bin")
        );
    }
}
