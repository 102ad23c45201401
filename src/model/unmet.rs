//! A requirement that is not met.

use std::fmt::{self, Display};

/// What a distribution needs and does not have. A finding holds it as its text, from which it can be read again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unmet {
    /// The requirement without its marker and without secrets, as an installer takes it.
    pub need: String,
    /// The version that is installed; none where there is none.
    pub found: Option<String>,
}

impl Unmet {
    /// Reads the text of a finding; none where it is not that of a requirement.
    pub fn read(text: &str) -> Option<Self> {
        let (need, rest) = text.strip_prefix("needs '")?.split_once('\'')?;
        let found = rest.strip_prefix(", but ");
        let found = found.and_then(|rest| rest.strip_suffix(" is installed"));
        Some(Self {
            need: need.to_owned(),
            found: found.map(str::to_owned),
        })
    }

    /// The name of the distribution that is needed.
    pub fn name(&self) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = self.need.find(|c: char| !is_part(c));
        self.need[..end.unwrap_or(self.need.len())].to_owned()
    }
}

impl Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let need = &self.need;
        match &self.found {
            Some(found) => write!(f, "needs '{need}', but {found} is installed"),
            None => write!(f, "needs '{need}', which is not installed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_says_is_read_as_it_was_written() {
        for found in [None, Some("1.0+local".to_owned())] {
            let need = "click>=8.1,<9".to_owned();
            let unmet = Unmet { need, found };
            assert_eq!(Unmet::read(&unmet.to_string()), Some(unmet));
        }
        assert_eq!(Unmet::read("it is gone"), None);
    }
}
