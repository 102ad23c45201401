//! METADATA, PKG-INFO and WHEEL: headers as in mail (packaging.python.org, "Core metadata specifications").

use mailparse::MailHeaderMap;

/// What METADATA says, as far as it is needed here. Texts are as they stand in the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) requires: Vec<String>,
    pub(crate) requires_python: Option<String>,
}

/// Headers may be this long, with all requirements; the description after them is of no interest.
const HEADERS_MAX: usize = 1 << 20;

impl Metadata {
    /// Parses METADATA; none where there is no name or no version in it.
    pub(crate) fn parse(content: &[u8]) -> Option<Self> {
        let headers = headers(content)?;
        let first = |key: &str| headers.get_first_value(key).map(|v| v.trim().to_owned());
        let named = |key: &str| first(key).filter(|value| !value.is_empty());
        Some(Self {
            name: named("Name")?,
            version: named("Version")?,
            requires: headers.get_all_values("Requires-Dist"),
            requires_python: named("Requires-Python"),
        })
    }
}

/// The requirements in `requires.txt` of setuptools, as METADATA would state them. A section is named after an extra,
/// a marker, or both: `[extra:marker]` (setuptools, "The Internal Structure of Python Eggs").
pub(super) fn requires_txt(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().map(str::trim);
    let mut condition = String::new();
    let mut found = Vec::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let section = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let Some(section) = section else {
            found.push(format!("{line}{condition}"));
            continue;
        };
        condition = match section.split_once(':').unwrap_or((section, "")) {
            ("", "") => String::new(),
            ("", marker) => format!(" ; {marker}"),
            (extra, "") => format!(" ; extra == '{extra}'"),
            (extra, marker) => format!(" ; ({marker}) and extra == '{extra}'"),
        };
    }
    found
}

/// The tags of a WHEEL file, such as `cp311-cp311-manylinux_2_17_x86_64`.
pub(crate) fn wheel_tags(content: &[u8]) -> Vec<String> {
    headers(content).map_or_else(Vec::new, |headers| headers.get_all_values("Tag"))
}

fn headers(content: &[u8]) -> Option<Vec<mailparse::MailHeader<'_>>> {
    let end = content
        .windows(2)
        .take(HEADERS_MAX)
        .position(|pair| pair == b"\n\n")
        .map_or(content.len().min(HEADERS_MAX), |at| at + 1);
    mailparse::parse_headers(&content[..end])
        .ok()
        .map(|(headers, _)| headers)
}

/// A name as indexes compare it: lower case, runs of `-`, `_` and `.` as one `-` (PEP 503).
pub(crate) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_headers_and_not_the_description() {
        let text = b"Metadata-Version: 2.1\nName: Zope.Interface\nVersion: 7.1\nRequires-Python: \
            >=3.8\nRequires-Dist: a>1\n\
            Requires-Dist: b ; extra == 'x'\n\nRequires-Dist: not this one\n";
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(metadata.requires, ["a>1", "b ; extra == 'x'"]);
        assert_eq!(metadata.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(normalized(&metadata.name), "zope-interface");
        assert_eq!(Metadata::parse(b""), None);
        assert_eq!(Metadata::parse(b"\0\0\0\0"), None);
        assert_eq!(Metadata::parse(b"Name: x\n"), None);
    }

    #[test]
    fn reads_the_sections_of_requires_txt() {
        let text = b"six\nnosuch>3\n\n[fast]\nspeed\n\n[:python_version < '3']\nold\n\n[x:sys_platform == \
            'win32']\nwin\n";
        let expected = [
            "six",
            "nosuch>3",
            "speed ; extra == 'fast'",
            "old ; python_version < '3'",
            "win ; (sys_platform == 'win32') and extra == 'x'",
        ];
        assert_eq!(requires_txt(text), expected);
    }

    #[test]
    fn reads_wheel_tags() {
        let text = b"Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\nTag: \
            cp311-cp311-manylinux2014_x86_64\n";
        assert_eq!(wheel_tags(text).len(), 2);
    }
}
