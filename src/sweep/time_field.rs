//! One field of a schedule: which minutes, hours, days, months, years or weekdays it allows (crontab(5),
//! systemd.time(7)).

/// The numbers that a field allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    pub(super) all: Vec<i16>,
}

pub(super) const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
pub(super) const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    pub(super) fn open(low: i16, high: i16) -> Self {
        Self {
            all: (low..=high).collect(),
        }
    }

    /// `*`, `*/n`, `a-b`, `a..b`, `a-b/n`, `a/n`, lists of these; names where there are some.
    pub(super) fn parse(text: &str, low: i16, high: i16, names: &[&str]) -> Option<Self> {
        let number = |text: &str| {
            let lower = text.to_lowercase();
            let named = names.iter().position(|name| lower.starts_with(name));
            // Months count from 1, weekdays from 0.
            let first = i16::from(names.len() == 12);
            named
                .map(|at| at as i16 + first)
                .or_else(|| text.parse().ok())
        };
        let mut all = Vec::new();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => {
                    (range, step.parse::<usize>().ok().filter(|step| *step > 0)?)
                }
                None => (part, 1),
            };
            // Between two numbers with a `~`, chance decides.
            let mut signs = ["..", "-", "~"].into_iter();
            let ends = signs.find_map(|sign| range.split_once(sign));
            let (from, to) = match (range, ends) {
                ("*", _) => (low, high),
                (range, Some((from, to))) if range.contains('~') => {
                    let or = |text: &str, end| {
                        if text.is_empty() {
                            Some(end)
                        } else {
                            number(text)
                        }
                    };
                    (or(from, low)?, or(to, high)?)
                }
                (_, Some((from, to))) => (number(from)?, number(to)?),
                (one, None) => (number(one)?, if step > 1 { high } else { number(one)? }),
            };
            if from < low || to > high || to < from && names.len() != 7 {
                return None;
            }
            // A range of weekdays may go over the end of the week.
            let to = if to < from { to + 7 } else { to };
            all.extend(
                (from..=to)
                    .step_by(step)
                    .map(|one| if names.len() == 7 { one % 7 } else { one }),
            );
        }
        all.sort_unstable();
        all.dedup();
        Some(Self { all })
    }

    /// Days before the end of a month; a step goes towards that.
    pub(super) fn from_end(text: &str) -> Option<Self> {
        let Some((from, step)) = text.split_once('/') else {
            return Self::parse(text, 1, 31, &[]);
        };
        let (from, step) = (from.parse::<i16>().ok()?, step.parse::<usize>().ok()?);
        let all = (1..=from).rev().step_by(step.max(1)).collect::<Vec<_>>();
        Some(Self {
            all: all.into_iter().rev().collect(),
        })
    }

    pub(super) fn has(&self, number: i16) -> bool {
        self.all.binary_search(&number).is_ok()
    }

    pub(super) fn only(number: i16) -> Self {
        Self { all: vec![number] }
    }
}
