//! Paths in JSON: within its strings, in the two ways in which writers escape them, and as URLs.

use super::Stuck;
use super::occurrence::{Place, mentions, replace_plain};

/// Rewrites the strings of a JSON document that name the old place.
pub(super) fn rewrite(content: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Stuck> {
    let forms = [
        place.from.to_vec(),
        escaped(place.from, false),
        escaped(place.from, true),
    ];
    let new = std::str::from_utf8(place.to).map(|_| escaped(place.to, false));
    rewrite_forms(content, &forms, new.ok().as_deref())
}

/// The same where the paths are those of `file:` URLs (RFC 8089).
pub(super) fn rewrite_urls(content: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Stuck> {
    let forms = [
        place.from.to_vec(),
        quoted(place.from),
        quoted_little(place.from),
    ];
    rewrite_forms(content, &forms, Some(&quoted(place.to)))
}

fn rewrite_forms(content: &[u8], forms: &[Vec<u8>], to: Option<&[u8]>) -> Result<Vec<u8>, Stuck> {
    let mut out = content.to_vec();
    for (number, from) in forms.iter().enumerate() {
        // A form that is one of those before it is done.
        if forms[..number].contains(from) {
            continue;
        }
        let place = Place {
            from,
            to: to.unwrap_or_default(),
        };
        match to {
            Some(_) => out = replace_plain(&out, &place),
            None if mentions(&out, &place) => return Err(Stuck),
            None => {}
        }
    }
    Ok(out)
}

/// A text as it stands in a string of JSON; with `ascii`, as Python writes it by default (`ensure_ascii`).
fn escaped(text: &[u8], ascii: bool) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(text) else {
        return text.to_vec();
    };
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            _ if letter < ' ' || ascii && !letter.is_ascii() => {
                let units = letter.encode_utf16(&mut [0; 2]).to_vec();
                out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => out.push(letter),
        }
    }
    out.into_bytes()
}

/// A path as Python's `quote` writes it into a URL.
fn quoted(path: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        b'/' | b'_' | b'.' | b'-' | b'~' => vec![*byte],
        byte if byte.is_ascii_alphanumeric() => vec![*byte],
        byte => format!("%{byte:02X}").into_bytes(),
    };
    path.iter().flat_map(one).collect()
}

/// A path as the URL standard of the WHATWG writes it, and so uv: an apostrophe stays as it is.
pub(super) fn quoted_little(path: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        b'!'..=b'~' if !b"\"#<>?`{}^".contains(byte) => vec![*byte],
        byte => format!("%{byte:02X}").into_bytes(),
    };
    path.iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(from: &'a str, to: &'a str) -> Place<'a> {
        Place {
            from: from.as_bytes(),
            to: to.as_bytes(),
        }
    }

    #[test]
    fn strings_name_the_new_place_however_they_were_escaped() {
        let text = r#"{"argv": ["/srv/caf\u00e9 1/bin/python", "/srv/café 1", "/srv/café 12"]}"#;
        let new = rewrite(text.as_bytes(), &place("/srv/café 1", "/o/a\"b")).unwrap();
        let want = r#"{"argv": ["/o/a\"b/bin/python", "/o/a\"b", "/srv/café 12"]}"#;
        assert_eq!(String::from_utf8(new).unwrap(), want);
        let odd = Place {
            from: b"/srv/a",
            to: b"/srv/\xff",
        };
        assert_eq!(rewrite(b"[\"/srv/a/x\"]", &odd), Err(Stuck));
        assert_eq!(
            rewrite(b"[\"/srv/ab/x\"]", &odd),
            Ok(b"[\"/srv/ab/x\"]".to_vec())
        );
    }

    #[test]
    fn urls_are_quoted() {
        let text = b"{\"url\": \"file:///srv/my%20venv/src\"}";
        let new = rewrite_urls(text, &place("/srv/my venv", "/opt/it's")).unwrap();
        assert_eq!(new, b"{\"url\": \"file:///opt/it%27s/src\"}");
        for text in ["file:///srv/a%20b'c/src", "file:///srv/a%20b%27c/src"] {
            let text = format!("{{\"url\": \"{text}\"}}");
            let new = rewrite_urls(text.as_bytes(), &place("/srv/a b'c", "/opt/b")).unwrap();
            assert_eq!(new, b"{\"url\": \"file:///opt/b/src\"}", "{text}");
        }
    }
}
