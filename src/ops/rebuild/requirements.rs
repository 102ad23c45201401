//! A list of requirements: what of it is understood here, and that the installer will understand the rest.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, MarkerEnvironment, Requirement, VersionOrUrl};

use super::bad_list::{BadLine, BadList};
use super::failed::Unbuilt;
use super::list::{Lists, Told, local};
use super::wanted_package::Wanted;
use crate::audit;
use crate::model::Package;
use crate::model::installed::without_secrets_in;
use crate::python::dist::normalized;
use crate::python::requirements::{Means, Said};

/// What a list of requirements says.
#[derive(Default)]
pub(super) struct Lines {
    /// The packages that are pinned to one version, by normalized name.
    pub(super) pins: BTreeMap<String, Wanted>,
    /// All others that are asked for.
    pub(super) others: Vec<Asked>,
    /// The lines as an installer gets them,
    pub(super) order: String,
    /// and those that say which versions may come, of whatever comes.
    pub(super) constraints: String,
}

/// A line that leaves something to the installer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// The name of the package, where the line has it.
    pub(super) name: Option<String>,
    /// Its version, if that is told.
    pub(super) version: String,
    /// The extras that it asks for.
    pub(super) extras: Vec<ExtraName>,
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

    /// The extras that are asked for, by normalized name.
    pub(super) fn extras(&self) -> audit::Asked {
        let mut asked = audit::Asked::new();
        for one in &self.others {
            if let Some(name) = &one.name {
                let of = asked.entry(normalized(name)).or_default();
                of.extend(one.extras.iter().cloned());
            }
        }
        asked
    }
}

/// Reads a list of requirements. `here` is what markers are held against; `asks` tells whether an index may be asked.
pub(super) fn lines(
    lists: &Lists,
    here: Option<&MarkerEnvironment>,
    asks: bool,
) -> Result<Lines, BadList> {
    let mut found = Lines::default();
    let mut ranges: Ranges<'_> = BTreeMap::new();
    for told in lists.lines.iter().chain(&lists.constraints) {
        if told.line.text.chars().any(char::is_control) {
            return Err(told.wrong(BadLine::Control));
        }
    }
    for told in &lists.lines {
        match pinned(told).map_err(|what| told.wrong(what))? {
            Some(wanted) => {
                found.pins.insert(normalized(&wanted.package.name), wanted);
            }
            None => found.others.extend(asked_for(told, here)),
        }
        found.order.extend([&told.ordered(asks), "\n"]);
        told.range(here, &mut ranges);
    }
    for told in &lists.constraints {
        found.constraints.extend([&told.ordered(asks), "\n"]);
        told.range(here, &mut ranges);
    }
    ranges.values().try_for_each(|all| agree(all))?;
    if lists.lines.is_empty() {
        return Err(BadList::Empty);
    }
    Ok(found)
}

/// Which versions of each package lines take.
type Ranges<'t> = BTreeMap<String, Vec<(VersionSpecifiers, &'t Told)>>;

/// Refuses what no version can meet: one that a line pins and another does not take.
fn agree(all: &[(VersionSpecifiers, &Told)]) -> Result<(), BadList> {
    let pinned = all.iter().enumerate().filter_map(|(at, (one, _))| {
        let version = Version::from_str(&exact(one)?).ok()?;
        Some((at, version))
    });
    let mut first = None;
    for (at, version) in pinned {
        let mut others = all.iter();
        let Some(other) = others.position(|(other, _)| !other.contains(&version)) else {
            return Ok(());
        };
        first.get_or_insert((at.max(other), at.min(other)));
    }
    first.map_or(Ok(()), |(later, earlier)| {
        let with = all[earlier].1.line.requirement();
        Err(all[later]
            .1
            .wrong(BadLine::Against(without_secrets_in(with))))
    })
}

impl Told {
    fn wrong(&self, what: BadLine) -> BadList {
        BadList::Line {
            file: self.file.clone(),
            number: self.line.number,
            what,
        }
    }

    fn editable(&self) -> bool {
        self.line.value(Means::Editable).is_some()
    }

    /// Notes which versions it takes here.
    fn range<'t>(&'t self, here: Option<&MarkerEnvironment>, ranges: &mut Ranges<'t>) {
        let parsed: Option<Requirement> = self.line.requirement().parse().ok();
        let parsed = parsed.filter(|one| here.is_none_or(|here| one.evaluate_markers(here, &[])));
        if let Some(parsed) = parsed
            && let Some(VersionOrUrl::VersionSpecifier(specifiers)) = parsed.version_or_url
        {
            let name = normalized(parsed.name.as_ref());
            ranges.entry(name).or_default().push((specifiers, self));
        }
    }

    /// The line as an installer gets it. If no index may be asked, it names none: installers ask an index that a list
    /// names though they are told to ask none.
    fn ordered(&self, asks: bool) -> String {
        let mut text = self.order.clone();
        if asks {
            return text;
        }
        let line = crate::python::requirements::Line {
            number: self.line.number,
            text: self.order.clone(),
        };
        let is_far = |said: &Said| match said.means {
            Means::Index | Means::ExtraIndex => true,
            Means::FindLinks => is_remote(&said.value),
            _ => false,
        };
        let far = line.options().into_iter().rev().filter(is_far);
        for said in far {
            text.replace_range(said.whole, "");
        }
        text
    }
}

/// Whether a URL, or a requirement with one, leads to another host.
pub(super) fn is_remote(text: &str) -> bool {
    let far = |(at, _): (usize, &str)| {
        let scheme = text[..at]
            .rsplit(|c: char| !c.is_ascii_alphanumeric())
            .next();
        scheme != Some("file")
    };
    text.match_indices("://").any(far)
}

/// What a line asks for that is no plain pin; none where it is an option, or for others than us.
fn asked_for(told: &Told, here: Option<&MarkerEnvironment>) -> Option<Asked> {
    let line = &told.line;
    let (requirement, editable) = (line.requirement(), told.editable());
    let shown = if editable { &line.text } else { requirement };
    let text = without_secrets_in(shown);
    let Ok(parsed) = requirement.parse::<Requirement>() else {
        return (editable || !requirement.is_empty()).then(|| Asked {
            name: None,
            version: String::new(),
            extras: Vec::new(),
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
    let why = match (&version, line.text.contains("--hash")) {
        _ if is_url => "it comes from there",
        (Some(_), true) => "its hash has to fit",
        (Some(_), false) => "what it requires is the installer's to choose",
        (None, _) => "its version is the installer's to choose",
    };
    Some(Asked {
        name: Some(parsed.name.to_string()),
        version: version.unwrap_or_default(),
        extras: parsed.extras,
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

/// Requirements that somebody asks for one by one, by normalized name; and those whose markers do not hold here.
pub(super) fn asked(
    texts: &[String],
    here: Option<&MarkerEnvironment>,
) -> Result<(BTreeMap<String, String>, Vec<String>), Unbuilt> {
    let (mut found, mut aside) = (BTreeMap::new(), Vec::new());
    for text in texts {
        let wrong = |what| Unbuilt::With {
            text: without_secrets_in(text),
            what,
        };
        if text.chars().any(char::is_control) {
            return Err(wrong(BadLine::Control));
        }
        let parsed = text.parse::<Requirement>();
        let parsed =
            parsed.map_err(|error| wrong(BadLine::Requirement(error.message.to_string())))?;
        if here.is_some_and(|here| !parsed.evaluate_markers(here, &[])) {
            aside.push(without_secrets_in(text.trim()));
            continue;
        }
        let name = normalized(parsed.name.as_ref());
        let before = found.insert(name, text.trim().to_owned());
        if before.is_some() {
            return Err(wrong(BadLine::Twice));
        }
    }
    Ok((found, aside))
}

/// The package that a line pins to one version without a hash; none of other lines, which are the installer's. An
/// error where no installer would understand it.
fn pinned(told: &Told) -> Result<Option<Wanted>, BadLine> {
    let line = &told.line;
    let requirement = line.requirement();
    if requirement.is_empty() || requirement.contains("://") || local(requirement).is_some() {
        return Ok(None);
    }
    let parsed: Requirement = requirement
        .parse()
        .map_err(|error: pep508_rs::Pep508Error| BadLine::Requirement(error.message.to_string()))?;
    let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &parsed.version_or_url else {
        return Ok(None);
    };
    let exact = exact(specifiers);
    let has_options = line.text.len() > requirement.len();
    let is_plain = !has_options && parsed.marker.is_true() && parsed.extras.is_empty();
    let package = |version| Package {
        name: parsed.name.to_string(),
        version,
        installer: None,
        editable: false,
        conda: None,
        direct_url: None,
    };
    Ok(exact.filter(|_| is_plain).map(|version| Wanted {
        is_pin: true,
        ..Wanted::of(package(version))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::requirements::logical;

    fn told(text: &str) -> Vec<Told> {
        let lines = logical(text).into_iter();
        lines
            .map(|line| Told {
                order: line.text.clone(),
                line,
                file: None,
            })
            .collect()
    }

    #[test]
    fn only_a_plain_pin_is_taken_from_a_requirements_file() {
        let pin = |line: &str| {
            let one = told(line).into_iter().next().unwrap();
            pinned(&one).map(|one| one.map(|one| one.package.requirement()))
        };
        assert_eq!(pin("click==8.1.7"), Ok(Some("click==8.1.7".to_owned())));
        for line in [
            "click>=8",
            "click",
            "uvicorn[standard]==1",
            "-e .",
            "x==1 --hash=sha256:0",
            "./x.whl",
            "a @ https://h/a.whl",
            "--index-url https://h/simple",
        ] {
            assert_eq!(pin(line), Ok(None), "{line}");
        }
        for line in ["click==", "== 1"] {
            assert!(pin(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn two_lines_of_one_package_have_to_agree() {
        let read = |text: &str, constraints: &str| {
            let lists = Lists {
                lines: told(text),
                constraints: told(constraints),
            };
            lines(&lists, None, true)
                .map(drop)
                .map_err(|error| error.to_string())
        };
        for (text, constraints) in [
            ("a==1.0\nA==1\n", ""),
            ("a==1.0\na>=0.5\n", ""),
            ("a==1.*\na==1.2\n", ""),
            ("a\n", "a==1\n"),
            ("a==1+cpu\na==1\n", "b==1\n"),
        ] {
            // A pin without a local version takes one with it.
            assert_eq!(read(text, constraints), Ok(()), "{text}{constraints}");
        }
        for (text, constraints, number, with) in [
            ("a==1.0\nb\na==2.0\n", "", 3, "a==1.0"),
            ("a==2.0\na[x]<2\n", "", 2, "a==2.0"),
            ("a<2\na==2.0 --hash=sha256:0\n", "", 2, "a<2"),
            ("a==1\n", "a==2\n", 1, "a==1"),
        ] {
            let expected = format!("line {number}: it cannot be met together with '{with}'");
            assert_eq!(read(text, constraints), Err(expected), "{text}");
        }
    }

    #[test]
    fn what_leads_to_another_host_is_known_by_its_scheme() {
        for (text, far) in [
            ("a @ https://h/a.whl", true),
            ("git+ssh://git@h/a", true),
            ("git+file:///srv/a", false),
            ("a @ file:///srv/a.whl", false),
            ("./a.whl", false),
        ] {
            assert_eq!(is_remote(text), far, "{text}");
        }
        let one = told("-i https://h/s --find-links https://h/f -f /srv/w --pre").remove(0);
        assert_eq!(one.ordered(false).trim(), "-f /srv/w --pre");
    }
}
