//! Activate scripts: the path as a literal, quoted as its shell wants it, and the prompt with the directory's name.

use super::Stuck;
use super::occurrence::{Place, find_quoted, is_plain};
use super::quoting::{escaped, quotings};

/// The language of an activate script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shell {
    Posix,
    Csh,
    Fish,
    /// Nushell, xonsh, batch files: rewritten only where the path needs no quoting.
    Other,
}

impl Shell {
    /// The shell of an activate script by its name; none for other scripts.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"activate" => Some(Self::Posix),
            b"activate.csh" => Some(Self::Csh),
            b"activate.fish" => Some(Self::Fish),
            b"activate.nu" | b"activate.xsh" | b"activate.bat" | b"deactivate.bat" => {
                Some(Self::Other)
            }
            _ => None,
        }
    }

    /// A path as one quoted word.
    fn quote(self, path: &[u8]) -> Result<Vec<u8>, Stuck> {
        let escape: &[(u8, &[u8])] = match self {
            _ if path.contains(&b'\n') => return Err(Stuck),
            Self::Posix => &[(b'\'', b"'\"'\"'")],
            Self::Csh => &[(b'\'', b"'\"'\"'"), (b'!', b"\\!")],
            Self::Fish => &[(b'\'', b"\\'"), (b'\\', b"\\\\")],
            Self::Other => return Err(Stuck),
        };
        Ok([b"'", &escaped(path, escape)[..], b"'"].concat())
    }
}

/// Rewrites an activate script.
pub(super) fn rewrite(
    content: &[u8],
    place: &Place<'_>,
    shell: Shell,
    prompt: bool,
) -> Result<Vec<u8>, Stuck> {
    // The other shells always quote the path, and a space within quotes is plain to all of them.
    let spaced = |b: &u8| *b == b' ' || is_plain(&[*b]);
    let plain = is_plain(place.to) || shell == Shell::Other && place.to.iter().all(spaced);
    let mut out = Vec::with_capacity(content.len() + 64);
    let mut done = 0;
    for found in find_quoted(content, place) {
        let (at, end) = (found.start, found.end);
        let word = Word::around(content, at, end);
        out.extend_from_slice(&content[done..if plain { at } else { word.start }]);
        if plain {
            out.extend_from_slice(place.to);
            done = end;
        } else {
            // Only a word that is the path and nothing else can get other quotes.
            if !word.whole {
                return Err(Stuck);
            }
            out.extend_from_slice(&shell.quote(place.to)?);
            done = word.end;
        }
    }
    out.extend_from_slice(&content[done..]);
    Ok(if prompt {
        rename_prompt(&out, place)
    } else {
        out
    })
}

/// The quoted or bare word that is the path.
struct Word {
    start: usize,
    end: usize,
    whole: bool,
}

impl Word {
    fn around(text: &[u8], start: usize, end: usize) -> Self {
        let before = start.checked_sub(1).map(|at| text[at]);
        let after = text.get(end).copied();
        match (before, after) {
            (Some(a @ (b'"' | b'\'')), Some(b)) if a == b => Self {
                start: start - 1,
                end: end + 1,
                whole: true,
            },
            _ => {
                let bare = before.is_none_or(|b| b"= \t(".contains(&b))
                    && after.is_none_or(|b| b" \t\r\n);".contains(&b));
                Self {
                    start,
                    end,
                    whole: bare,
                }
            }
        }
    }
}

/// The stdlib's scripts show the directory's name as `(name) `; others compute it.
fn rename_prompt(text: &[u8], place: &Place<'_>) -> Vec<u8> {
    let (old, new) = place.names();
    if old == new || !is_plain(new) {
        return text.to_vec();
    }
    let wanted = [b"(", new, b") "].concat();
    let mut text = text.to_vec();
    for old in quotings(old) {
        text = replaced(&text, &[b"(", &old[..], b") "].concat(), &wanted);
    }
    text
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str, to: &str, shell: Shell) -> Result<String, Stuck> {
        let place = Place {
            from: b"/srv/a",
            to: to.as_bytes(),
        };
        rewrite(text.as_bytes(), &place, shell, true).map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn a_plain_path_keeps_the_quotes_it_finds() {
        let text =
            "VIRTUAL_ENV=\"/srv/a\"\nPS1=\"(a) ${PS1:-}\"\nX='/srv/a'\nY=$(cygpath /srv/a)\n";
        let want =
            "VIRTUAL_ENV=\"/opt/b\"\nPS1=\"(b) ${PS1:-}\"\nX='/opt/b'\nY=$(cygpath /opt/b)\n";
        assert_eq!(moved(text, "/opt/b", Shell::Posix), Ok(want.to_owned()));
    }

    /// Each writer quotes an apostrophe in its own way: what was written as `'"'"'` was neither adapted nor told.
    #[test]
    fn an_old_path_is_found_in_the_quotes_of_each_writer() {
        use Shell::{Csh, Fish, Other, Posix};
        let moved = |text: &str, from: &str, to: &str, shell| {
            let (from, to) = (from.as_bytes(), to.as_bytes());
            let new = rewrite(text.as_bytes(), &Place { from, to }, shell, true);
            new.map(|new| String::from_utf8(new).unwrap())
        };
        let old = "/srv/O'B/v";
        for (text, shell) in [
            (r#"V='/srv/O'"'"'B/v'"#, Posix),
            (r#"V="/srv/O'B/v""#, Posix),
            (r"V='/srv/O'\''B/v'", Posix),
            (r#"setenv V '/srv/O'"'"'B/v'"#, Csh),
            (r#"set -gx V '/srv/O'"'"'B/v'"#, Fish),
            (r"set -gx V '/srv/O\'B/v'", Fish),
            (r#"let v = '/srv/O'"'"'B/v'"#, Other),
            (r"let v = r#'/srv/O'B/v'#", Other),
        ] {
            let new = moved(text, old, "/opt/b", shell).unwrap();
            let is_new = new.contains("'/opt/b'") || new.contains("\"/opt/b\"");
            assert!(is_new && !new.contains("srv"), "{text}: {new}");
            let new = moved(text, old, "/o'b", shell);
            let quoted = match shell {
                Fish => r"'/o\'b'",
                _ => r#"'/o'"'"'b'"#,
            };
            let is_quoted = new.as_ref().is_ok_and(|new| new.ends_with(quoted));
            assert_eq!(is_quoted, shell != Other, "{text}: {new:?}");
            assert!(is_quoted || new == Err(Stuck), "{text}: {new:?}");
        }
        // A part of a longer word can be given no other quotes.
        let part = moved(r#"P='/srv/O'"'"'B/v/bin'"#, old, "/o'b", Posix);
        assert_eq!(part, Err(Stuck));
        let prompt = moved(r#"PROMPT='(O'"'"'B) '"#, "/srv/O'B", "/opt/b", Posix);
        assert_eq!(prompt, Ok("PROMPT='(b) '".to_owned()));
    }

    #[test]
    fn a_path_that_needs_quotes_gets_those_of_its_shell() {
        let text = "VIRTUAL_ENV=\"/srv/a\"\n";
        assert_eq!(
            moved(text, "/o b/it's $x", Shell::Posix),
            Ok("VIRTUAL_ENV='/o b/it'\"'\"'s $x'\n".to_owned())
        );
        assert_eq!(
            moved(text, "/o b/it's", Shell::Fish),
            Ok("VIRTUAL_ENV='/o b/it\\'s'\n".to_owned())
        );
        assert_eq!(
            moved("setenv VIRTUAL_ENV \"/srv/a\"\n", "/o b!", Shell::Csh),
            Ok("setenv VIRTUAL_ENV '/o b\\!'\n".to_owned())
        );
        assert_eq!(
            moved("a=\"/srv/a/bin\"\n", "/o b", Shell::Posix),
            Err(Stuck)
        );
        assert_eq!(moved(text, "/o'b", Shell::Other), Err(Stuck));
        assert!(moved(text, "/o b", Shell::Other).is_ok());
    }
}
