//! Specifiers of systemd: `%h`, `%i` and the like, in units and in rules (systemd.unit(5), tmpfiles.d(5)).

use std::path::Path;

/// What specifiers stand for.
pub(super) struct Specifiers<'a> {
    /// The whole name of a unit; empty for a rule.
    pub(super) name: &'a str,
    /// Whose manager it is, where it is one of a user.
    pub(super) user: Option<&'a str>,
    /// The home of who runs the manager.
    pub(super) home: &'a Path,
}

impl Specifiers<'_> {
    /// A text with all that is known in place of its specifiers.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(c) = letters.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let Some(sign) = letters.next() else {
                out.push('%');
                break;
            };
            match self.value(sign) {
                Some(value) => out.push_str(&value),
                None => out.extend(['%', sign]),
            }
        }
        out
    }

    fn value(&self, sign: char) -> Option<String> {
        let stem = self
            .name
            .rsplit_once('.')
            .map_or(self.name, |(stem, _)| stem);
        let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
        let last = |text: &str| text.rsplit('-').next().unwrap_or_default().to_owned();
        let place = |system: &str, below_home: &str| match self.user {
            Some(_) => self.home.join(below_home).to_string_lossy().into_owned(),
            None => system.to_owned(),
        };
        Some(match sign {
            '%' => "%".to_owned(),
            'n' => self.name.to_owned(),
            'N' => stem.to_owned(),
            'p' => prefix.to_owned(),
            'P' => unescaped(prefix),
            'i' => instance.to_owned(),
            'I' => unescaped(instance),
            'j' => last(prefix),
            'J' => unescaped(&last(prefix)),
            'f' if instance.is_empty() => format!("/{}", unescaped(prefix)),
            'f' => format!("/{}", unescaped(instance)),
            'h' => self.home.to_string_lossy().into_owned(),
            'u' => self.user.unwrap_or("root").to_owned(),
            'U' if self.user.is_none() => "0".to_owned(),
            't' if self.user.is_none() => "/run".to_owned(),
            'S' => place("/var/lib", ".local/state"),
            'C' => place("/var/cache", ".cache"),
            'L' => place("/var/log", ".local/state/log"),
            'E' => place("/etc", ".config"),
            'T' => "/tmp".to_owned(),
            'V' => "/var/tmp".to_owned(),
            _ => return None,
        })
    }
}

/// A part of a name of a unit as the text it stands for: a dash is a slash, and `\x2d` a dash.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = match after {
            [b'x', digits @ ..] if first == b'\\' => digits
                .get(..2)
                .and_then(|two| std::str::from_utf8(two).ok())
                .and_then(|two| u8::from_str_radix(two, 16).ok()),
            _ => None,
        };
        bytes.push(match (code, first) {
            (Some(code), _) => code,
            (None, b'-') => b'/',
            (None, other) => other,
        });
        rest = if code.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_stand_for_the_unit_and_for_who_runs_it() {
        for (user, text, expanded) in [
            (
                None,
                "%n %N %p",
                "clean@srv-a\\x2db.service clean@srv-a\\x2db clean",
            ),
            (None, "%i %I %f %%i", "srv-a\\x2db srv/a-b /srv/a-b %i"),
            (
                None,
                "%h %u %U %t %S %C %E",
                "/home/web root 0 /run /var/lib /var/cache /etc",
            ),
            (
                Some("web"),
                "%h %u %S",
                "/home/web web /home/web/.local/state",
            ),
            (None, "100% %q", "100% %q"),
        ] {
            let specifiers = Specifiers {
                name: "clean@srv-a\\x2db.service",
                user,
                home: Path::new("/home/web"),
            };
            assert_eq!(specifiers.expand(text), expanded, "{text}");
        }
    }
}
