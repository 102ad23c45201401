//! How a person names a snapshot on the command line.

use std::str::FromStr;

use super::snapshot::Label;

/// A parsed name of a snapshot. What it stands for is decided against a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SnapshotRef {
    /// `latest` or `latest~N`: the N-th save before the newest of the venv.
    Latest(usize),
    /// `@label`: the newest that carries it.
    Label(Label),
    /// The first hex digits of an id, at least four.
    Prefix(String),
}

/// The text is none of the forms of a snapshot's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is no snapshot: use an id of 4 or more hex digits, 'latest', 'latest~N' or '@label'"
)]
pub struct BadRef {
    text: String,
}

impl FromStr for SnapshotRef {
    type Err = BadRef;

    fn from_str(text: &str) -> Result<Self, BadRef> {
        let bad = || BadRef {
            text: super::text::Shown(text.as_bytes()).to_string(),
        };
        if let Some(label) = text.strip_prefix('@') {
            return Label::new(label).map(Self::Label).map_err(|_| bad());
        }
        if let Some(rest) = text.strip_prefix("latest") {
            return match rest.strip_prefix('~') {
                None if rest.is_empty() => Ok(Self::Latest(0)),
                Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    digits.parse().map(Self::Latest).map_err(|_| bad())
                }
                _ => Err(bad()),
            };
        }
        let is_hex = text.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex && (4..=64).contains(&text.len()) {
            return Ok(Self::Prefix(text.to_ascii_lowercase()));
        }
        Err(bad())
    }
}

impl std::fmt::Display for SnapshotRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latest(0) => f.write_str("latest"),
            Self::Latest(n) => write!(f, "latest~{n}"),
            Self::Label(label) => write!(f, "@{}", label.as_str()),
            Self::Prefix(prefix) => f.write_str(prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_form_and_no_other() {
        assert_eq!("latest".parse(), Ok(SnapshotRef::Latest(0)));
        assert_eq!("latest~12".parse(), Ok(SnapshotRef::Latest(12)));
        assert_eq!("ABCD".parse(), Ok(SnapshotRef::Prefix("abcd".into())));
        assert_eq!(
            "@prod".parse(),
            Ok(SnapshotRef::Label(Label::new("prod").unwrap()))
        );
        for bad in [
            "",
            "abc",
            "latest~",
            "latest~x",
            "latest~-1",
            "latestx",
            ".venv",
            "@",
            "xyzt",
            "latest~99999999999999999999",
        ] {
            assert!(bad.parse::<SnapshotRef>().is_err(), "{bad:?}");
        }
    }
}
