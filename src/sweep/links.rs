//! Where the places lead that a sweeper names: the links of a machine are followed as the kernel follows them, also
//! where a pattern stands for them (`path_resolution(7)`, glob(7)).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::glob::{ANYTHING, EXTENDED, Rules, Stars, matches};
use super::quotes::{escaped, unescaped};
use super::root::Root;

/// So many entries are looked at for one pattern.
const ENTRIES_MAX: usize = 20_000;
/// A pattern stands for so many places.
const PLACES_MAX: usize = 1_000;

/// A place as a sweeper names it, and where it leads. Both are patterns of a shell, and absolute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) named: String,
    pub(super) real: String,
}

impl Place {
    /// A place of which nothing is known but its name.
    pub(super) fn as_named(named: &str) -> Self {
        Self {
            named: named.to_owned(),
            real: named.to_owned(),
        }
    }

    /// How somebody calls what stands at `real` who came there by the name of this place.
    pub(super) fn called(&self, real: &Path) -> PathBuf {
        // Only what stands before the last link is another name.
        let (mut named, mut own) = (parts(&self.named), parts(&self.real));
        let mut same = 0;
        while !named.is_empty() && !own.is_empty() && named.last() == own.last() {
            named.pop();
            own.pop();
            same += 1;
        }
        if own.is_empty() && named.is_empty() {
            return real.to_owned();
        }
        let mut tail: Vec<&OsStr> = real.iter().rev().take(same).collect();
        tail.reverse();
        let mut called = PathBuf::from("/");
        called.extend(named.iter().map(|part| unescaped(part)));
        called.extend(tail);
        called
    }
}

/// A path with what is in it as a text of its own: `.` and `..` are gone, the latter as the kernel goes back, from
/// where a link leads. `cwd` is a pattern of a shell as well.
pub(super) fn absolute(root: &Root, text: &str, cwd: &Path) -> String {
    if text.starts_with(ANYTHING) {
        return text.to_owned();
    }
    let whole = cwd.join(text);
    let whole = whole.to_string_lossy();
    if whole.starts_with(ANYTHING) {
        return whole.into_owned();
    }
    let mut at: Vec<String> = Vec::new();
    for part in parts(&whole) {
        if part != ".." {
            at.push(part.to_owned());
            continue;
        }
        let here = PathBuf::from(format!("/{}", unescaped(&at.join("/"))));
        if at.iter().all(|part| !is_pattern(part)) && root.is_link(&here) {
            let real = escaped(&root.resolve(&here).to_string_lossy());
            at = parts(&real).into_iter().map(str::to_owned).collect();
        }
        at.pop();
    }
    format!("/{}", at.join("/"))
}

/// All places for which a pattern stands: itself, and those to which links lead that it matches. What it ends with is
/// followed as well where the flag is set.
pub(super) fn places(root: &Root, pattern: &str, follows: bool, rules: Rules) -> Vec<Place> {
    if !pattern.starts_with('/') {
        return vec![Place::as_named(pattern)];
    }
    let mut walk = Walk {
        root,
        rules,
        follows,
        entries: 0,
        found: Vec::new(),
    };
    walk.go("", Path::new("/"), &parts(pattern), false);
    walk.found
}

/// The parts of a path, without those that lead nowhere else.
fn parts(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect()
}

/// Whether a part of a path may stand for several names.
pub(super) fn is_pattern(part: &str) -> bool {
    let mut letters = part.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => {
                letters.next();
            }
            '*' | '?' | '[' | ANYTHING | EXTENDED => return true,
            _ => {}
        }
    }
    false
}

/// A way along a pattern.
struct Walk<'r> {
    root: &'r Root,
    rules: Rules,
    follows: bool,
    entries: usize,
    found: Vec<Place>,
}

impl Walk<'_> {
    /// Goes on from a directory that is known, by the parts that are left. `linked`: whether a link led there.
    fn go(&mut self, named: &str, real: &Path, rest: &[&str], linked: bool) {
        let Some((part, below)) = rest.split_first() else {
            return self.keep(named, real, &[], linked);
        };
        let is_asked = self.follows || !below.is_empty();
        if !is_pattern(part) {
            let next = real.join(unescaped(part));
            let leads = is_asked && self.root.is_link(&next);
            let next = if leads {
                self.root.resolve(&next)
            } else {
                next
            };
            return self.go(&format!("{named}/{part}"), &next, below, linked || leads);
        }
        self.keep(named, real, rest, linked);
        let is_across = self.rules.stars == Stars::Parts && part.contains("**");
        if !is_asked || is_across || part.contains(ANYTHING) {
            return;
        }
        for (name, kind) in self.root.kinds(real) {
            self.entries += 1;
            if self.entries > ENTRIES_MAX || self.found.len() > PLACES_MAX {
                return;
            }
            let goes_on = kind.is_symlink() || kind.is_dir() && !below.is_empty();
            if !goes_on || !matches(part.as_bytes(), name.as_bytes(), self.rules) {
                continue;
            }
            let next = real.join(&name);
            let next = if kind.is_symlink() {
                self.root.resolve(&next)
            } else {
                next
            };
            let named = format!("{named}/{}", escaped(&name.to_string_lossy()));
            self.go(&named, &next, below, linked || kind.is_symlink());
        }
    }

    /// Keeps a place. Of those that a pattern matches only those behind a link are others than the pattern itself.
    fn keep(&mut self, named: &str, real: &Path, rest: &[&str], linked: bool) {
        if !linked && !self.found.is_empty() {
            return;
        }
        let tail: String = rest.iter().flat_map(|part| ["/", *part]).collect();
        let real = escaped(&real.to_string_lossy());
        let real = format!("{}{tail}", real.trim_end_matches('/'));
        let or_root = |text: String| {
            if text.is_empty() {
                "/".to_owned()
            } else {
                text
            }
        };
        self.found.push(Place {
            named: or_root(format!("{named}{tail}")),
            real: or_root(real),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::glob::SHELL;

    #[test]
    fn places_lead_where_the_links_of_the_machine_lead() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root(dir.path().to_owned());
        let link = |name: &str, to: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(to, path).unwrap();
        };
        std::fs::create_dir_all(dir.path().join("srv/app/v")).unwrap();
        link("opt/current", "../srv/app");
        link("opt/all", "/srv");
        link("opt/loop", "loop");
        link("srv/app/w", "v");
        link("up", "../../..");
        let real = |pattern: &str, follows: bool| {
            let all = places(&root, pattern, follows, SHELL).into_iter();
            all.map(|place| place.real).collect::<Vec<_>>().join(" ")
        };
        for (pattern, own, followed) in [
            ("/srv/app/v", "/srv/app/v", "/srv/app/v"),
            ("/opt/current/v", "/srv/app/v", "/srv/app/v"),
            ("/opt/all/app/w", "/srv/app/w", "/srv/app/v"),
            ("/opt/current", "/opt/current", "/srv/app"),
            ("/opt/c*/v", "/opt/c*/v /srv/app/v", "/opt/c*/v /srv/app/v"),
            (
                "/o*/*/w",
                "/o*/*/w /srv/w /srv/app/w /opt/loop/w",
                "/o*/*/w /srv/w /srv/app/v /opt/loop/w",
            ),
            ("/opt/current/*", "/srv/app/*", "/srv/app/* /srv/app/v"),
            ("/up/srv/x", "/srv/x", "/srv/x"),
            ("/opt/loop/x", "/opt/loop/x", "/opt/loop/x"),
            ("/", "/", "/"),
            ("/opt/\u{2}/v", "/opt/\u{2}/v", "/opt/\u{2}/v"),
        ] {
            assert_eq!(real(pattern, false), own, "{pattern}");
            assert_eq!(real(pattern, true), followed, "{pattern}, followed");
        }
        for (text, cwd, path) in [
            ("../x", "/opt/current", "/srv/x"),
            ("../x", "/opt/other", "/opt/x"),
            ("/opt/current/../x", "/", "/srv/x"),
            ("./a//b/.", "/opt/current", "/opt/current/a/b"),
            ("../../../x", "/", "/x"),
            ("a*/../b", "/srv", "/srv/b"),
        ] {
            assert_eq!(absolute(&root, text, Path::new(cwd)), path, "{text}");
        }
        let place = &places(&root, "/opt/current/v", false, SHELL)[0];
        assert_eq!(
            place.called(Path::new("/srv/app/v")),
            Path::new("/opt/current/v")
        );
    }
}
