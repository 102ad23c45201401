//! A requirements file: what of it is understood here, and that the installer will understand the rest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use pep440_rs::VersionSpecifiers;
use pep508_rs::{MarkerEnvironment, VersionOrUrl};
use rustix::fs::{Mode, OFlags};

use super::bad_list::{BadLine, BadList};
use super::failed::Unbuilt;
use super::wanted_package::Wanted;
use crate::model::Package;
use crate::model::installed::without_secrets_in;
use crate::python::dist::normalized;
use crate::python::requirements::included;

/// No list of packages is longer, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// So many files may include one another,
const DEPTH_MAX: usize = 16;
/// and so many are read in all.
const FILES_MAX: usize = 500;

/// The text of a file that tells packages, with the lists that it includes. An error says why it is none.
pub(super) fn read(path: &Path) -> Result<String, BadList> {
    let (text, owner) = text_of(path)?;
    let mut lists = Lists { owner, files: 1 };
    lists.whole(path, &text, 0)
}

/// A list and those that it includes.
struct Lists {
    /// Who owns the first one. What that user names as root's errand is not read with root's rights.
    owner: u32,
    /// How many there are so far.
    files: usize,
}

impl Lists {
    /// A list with those that it includes in their places, as an installer reads it.
    fn whole(&mut self, path: &Path, text: &str, depth: usize) -> Result<String, BadList> {
        let mut all = String::with_capacity(text.len());
        for (number, line) in (1..).zip(text.lines()) {
            let Some(named) = included(line) else {
                all.push_str(line);
                all.push('\n');
                continue;
            };
            let inner = path.parent().unwrap_or(Path::new("/")).join(named);
            let text = self.inner(&inner, depth + 1).map_err(|why| BadList::Line {
                number,
                what: BadLine::Include(named.to_owned(), why.to_string()),
            })?;
            all.push_str(&text);
            if all.len() as u64 > BYTES_MAX {
                return Err(BadList::TooLong);
            }
        }
        Ok(all)
    }

    fn inner(&mut self, path: &Path, depth: usize) -> Result<String, BadList> {
        self.files += 1;
        if depth > DEPTH_MAX || self.files > FILES_MAX {
            return Err(BadList::TooLong);
        }
        let (text, owner) = text_of(path)?;
        let me = rustix::process::geteuid().as_raw();
        if self.owner != me && owner != self.owner {
            return Err(BadList::Unread(ErrorKind::PermissionDenied.into()));
        }
        self.whole(path, &text, depth)
    }
}

/// The text of a file, and who owns it. A pipe would be waited for, so it is not.
fn text_of(path: &Path) -> Result<(String, u32), BadList> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map(File::from);
    let file = file.map_err(|error| BadList::Unread(error.into()))?;
    let meta = file.metadata().map_err(BadList::Unread)?;
    if !meta.is_file() {
        return Err(BadList::NotAFile);
    }
    let mut bytes = Vec::new();
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(BadList::Unread)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(BadList::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| BadList::NotText)?;
    Ok((text.trim_start_matches('\u{feff}').to_owned(), meta.uid()))
}

/// What a list of requirements says.
#[derive(Default)]
pub(super) struct Lines {
    /// The packages that are pinned to one version, by normalized name.
    pub(super) pins: BTreeMap<String, Wanted>,
    /// All others that are asked for.
    pub(super) others: Vec<Asked>,
}

/// A line that leaves something to the installer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// The name of the package, where the line has it.
    pub(super) name: Option<String>,
    /// Its version, if that is told.
    pub(super) version: String,
    /// The line without its hashes, and without secrets.
    pub(super) text: String,
    /// What is open.
    pub(super) why: &'static str,
}

impl Lines {
    /// Whether a package is named, by its normalized name.
    pub(super) fn names(&self, name: &str) -> bool {
        let mut others = self.others.iter().filter_map(|one| one.name.as_ref());
        self.pins.contains_key(name) || others.any(|one| normalized(one) == name)
    }
}

/// Reads a list of requirements. `here` is what markers are held against.
pub(super) fn lines(text: &str, here: Option<&MarkerEnvironment>) -> Result<Lines, BadList> {
    let mut found = Lines::default();
    let lines = logical(text);
    for (number, line) in &lines {
        let number = *number;
        let of_line = |what: BadLine| BadList::Line { number, what };
        match pinned(line).map_err(of_line)? {
            Some(wanted) => {
                found.pins.insert(normalized(&wanted.package.name), wanted);
            }
            None => found.others.extend(asked_for(line, here)),
        }
    }
    if lines.is_empty() {
        return Err(BadList::Empty);
    }
    Ok(found)
}

/// What a line asks for that is no plain pin; none where it is an option, or for others than us.
fn asked_for(line: &str, here: Option<&MarkerEnvironment>) -> Option<Asked> {
    let text = without_secrets_in(line.split(" --").next().unwrap_or(line).trim());
    let editable = ["-e", "--editable"]
        .iter()
        .any(|option| line.starts_with(option));
    let is_hashed = line.contains("--hash");
    let Ok(parsed) = text.parse::<pep508_rs::Requirement>() else {
        return (editable || !line.starts_with('-')).then(|| Asked {
            name: None,
            version: String::new(),
            text: text.clone(),
            why: "it comes from there",
        });
    };
    if here.is_some_and(|here| !parsed.evaluate_markers(here, &[])) {
        return None;
    }
    let version = match &parsed.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => exact(specifiers),
        _ => None,
    };
    let is_url = matches!(parsed.version_or_url, Some(VersionOrUrl::Url(_)));
    let why = match (&version, is_hashed) {
        _ if is_url => "it comes from there",
        (Some(_), true) => "its hash has to fit",
        (Some(_), false) => "what it requires is the installer's to choose",
        (None, _) => "its version is the installer's to choose",
    };
    Some(Asked {
        name: Some(parsed.name.to_string()),
        version: version.unwrap_or_default(),
        text,
        why,
    })
}

/// The one version that specifiers take, if it is one.
fn exact(specifiers: &VersionSpecifiers) -> Option<String> {
    match specifiers.iter().collect::<Vec<_>>()[..] {
        [one] if *one.operator() == pep440_rs::Operator::Equal => Some(one.version().to_string()),
        _ => None,
    }
}

/// Requirements that somebody asks for one by one, by normalized name.
pub(super) fn asked(texts: &[String]) -> Result<BTreeMap<String, String>, Unbuilt> {
    let mut found = BTreeMap::new();
    for text in texts {
        let wrong = |what| Unbuilt::With {
            text: text.clone(),
            what,
        };
        if text.chars().any(char::is_control) {
            return Err(wrong(BadLine::Control));
        }
        let parsed = text.parse::<pep508_rs::Requirement>();
        let parsed =
            parsed.map_err(|error| wrong(BadLine::Requirement(error.message.to_string())))?;
        let name = normalized(parsed.name.as_ref());
        let before = found.insert(name, text.trim().to_owned());
        if before.is_some() {
            return Err(wrong(BadLine::Twice));
        }
    }
    Ok(found)
}

/// The lines of a requirements file, continued ones joined, without comments; each with the number of its first.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let (first, mut whole) = open.take().unwrap_or((number, String::new()));
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            whole.push(' ');
            open = Some((first, whole));
            continue;
        }
        whole.push_str(line);
        lines.push((first, whole));
    }
    lines.extend(open);
    let bare = lines.into_iter().map(|(number, line)| {
        let text = if line.starts_with('#') {
            ""
        } else {
            line.split(" #").next().unwrap_or_default()
        };
        (number, text.trim().to_owned())
    });
    bare.filter(|(_, line)| !line.is_empty()).collect()
}

/// The package that a line pins to one version without a hash; none of other lines, which are the installer's. An
/// error where no installer would understand it.
fn pinned(line: &str) -> Result<Option<Wanted>, BadLine> {
    if line.chars().any(char::is_control) {
        return Err(BadLine::Control);
    }
    if line.starts_with('-') {
        return match nested(line) {
            Some(option) => Err(BadLine::OtherFile(option.to_owned())),
            None => Ok(None),
        };
    }
    let (requirement, options) = line
        .split_once(" --")
        .map_or((line, None), |(r, o)| (r, Some(o)));
    let is_path = requirement.contains("://") || requirement.starts_with(['.', '/']);
    if is_path {
        return Ok(None);
    }
    let parsed: pep508_rs::Requirement = requirement
        .parse()
        .map_err(|error: pep508_rs::Pep508Error| BadLine::Requirement(error.message.to_string()))?;
    let Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) = &parsed.version_or_url else {
        return Ok(None);
    };
    let exact = exact(specifiers);
    let is_plain = options.is_none() && parsed.marker.is_true() && parsed.extras.is_empty();
    let package = |version| Package {
        name: parsed.name.to_string(),
        version,
        installer: None,
        editable: false,
        conda: None,
        direct_url: None,
    };
    Ok(exact
        .filter(|_| is_plain)
        .map(|version| Wanted::of(package(version))))
}

/// The option by which a line names another file, which would be looked for beside a copy of this one.
fn nested(line: &str) -> Option<&str> {
    let option = line.split([' ', '=']).next().unwrap_or_default();
    let names = ["-r", "--requirement", "-c", "--constraint"];
    let glued = |name: &&str| !name.starts_with("--") && option.starts_with(*name);
    names
        .iter()
        .any(|name| *name == option || glued(name))
        .then_some(option)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_pin_is_taken_from_a_requirements_file() {
        let pin = |line: &str| pinned(line).map(|one| one.map(|one| one.package.requirement()));
        assert_eq!(pin("click==8.1.7"), Ok(Some("click==8.1.7".to_owned())));
        for line in [
            "click>=8",
            "click",
            "uvicorn[standard]==1",
            "-e .",
            "x==1 --hash=sha256:0",
            "./x.whl",
            "a @ https://h/a.whl",
        ] {
            assert_eq!(pin(line), Ok(None), "{line}");
        }
        for line in [
            "-r other.txt",
            "-rother.txt",
            "--constraint=c.txt",
            "click==",
            "\0\0",
            "== 1",
        ] {
            assert!(pin(line).is_err(), "{line:?}");
        }
        let text = "# all\na==1 \\\n  --hash=sha256:0\n\nb==2 # why\n";
        let lines: Vec<String> = logical(text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["a==1    --hash=sha256:0", "b==2"]);
    }
}
