//! A requirements file: what of it is understood here, and that the installer will understand the rest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::bad_list::{BadLine, BadList};
use super::failed::Unbuilt;
use super::wanted_package::Wanted;
use crate::model::Package;
use crate::python::dist::normalized;

/// No list of packages is longer, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// The text of a file that tells packages. An error says why it is none.
pub(super) fn read(path: &Path) -> Result<String, BadList> {
    let file = File::open(path).map_err(BadList::Unread)?;
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return Err(BadList::NotAFile);
    }
    let mut bytes = Vec::new();
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(BadList::Unread)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(BadList::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| BadList::NotText)?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// The packages that are pinned to one version, by normalized name.
pub(super) fn pins(text: &str) -> Result<BTreeMap<String, Wanted>, BadList> {
    let mut packages = BTreeMap::new();
    let lines = logical(text);
    for (number, line) in &lines {
        let number = *number;
        let of_line = |what: BadLine| BadList::Line { number, what };
        if let Some(wanted) = pinned(line).map_err(of_line)? {
            packages.insert(normalized(&wanted.package.name), wanted);
        }
    }
    if lines.is_empty() {
        return Err(BadList::Empty);
    }
    Ok(packages)
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
    let exact = match specifiers.iter().collect::<Vec<_>>()[..] {
        [one] if *one.operator() == pep440_rs::Operator::Equal => Some(one.version().to_string()),
        _ => None,
    };
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
