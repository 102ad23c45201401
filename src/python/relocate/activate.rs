//! Activate scripts: the path as a literal, quoted as its shell wants it, and the prompt with the directory's name.

use super::Stuck;
use super::occurrence::{Place, find_all, is_plain};

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
        let mut out = vec![b'\''];
        for byte in path {
            match escape.iter().find(|(special, _)| special == byte) {
                Some((_, escaped)) => out.extend_from_slice(escaped),
                None => out.push(*byte),
            }
        }
        out.push(b'\'');
        Ok(out)
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
    for at in find_all(content, place) {
        let end = at + place.from.len();
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
    let (shown, wanted) = ([b"(", old, b") "].concat(), [b"(", new, b") "].concat());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(shown.len()).position(|window| window == shown) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&wanted);
        rest = &rest[at + shown.len()..];
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
