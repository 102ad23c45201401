//! Which users and groups the namespace of this process knows (`user_namespaces(7)`).

use std::ops::Range;

/// Users or groups that are known here. Files of all others show the overflow id, mostly 65534, as their owner, and
/// nobody here can give it to a file.
#[derive(Debug)]
pub(crate) struct KnownIds(Vec<(Range<u64>, u64)>);

/// The map of a system without namespaces.
const ALL: &str = "0 0 4294967295";
/// The overflow id of the kernel where nobody set another one.
const OVERFLOW: u32 = 65_534;

impl KnownIds {
    /// The users.
    pub(crate) fn users() -> Self {
        Self::read("/proc/self/uid_map")
    }

    /// The groups.
    pub(crate) fn groups() -> Self {
        Self::read("/proc/self/gid_map")
    }

    /// Where nothing can be read, all are known.
    fn read(file: &str) -> Self {
        let text = std::fs::read_to_string(file);
        Self::parse(text.as_deref().unwrap_or(ALL))
    }

    /// Each line has the first id here, the first one outside, and how many there are.
    fn parse(text: &str) -> Self {
        let range = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse::<u64>);
            let (first, outside, count) = (numbers.next()?, numbers.next()?, numbers.next()?);
            let (first, outside, count) = (first.ok()?, outside.ok()?, count.ok()?);
            Some((first..first.checked_add(count)?, outside))
        };
        Self(text.lines().filter_map(range).collect())
    }

    /// Whether one of them is known.
    pub(crate) fn have(&self, id: u32) -> bool {
        self.0.iter().any(|(range, _)| range.contains(&id.into()))
    }

    /// Whether they are those of the whole system, so that nothing is called otherwise outside.
    pub(crate) fn are_all(&self) -> bool {
        self.0 == Self::parse(ALL).0
    }

    /// What one is called here that has this id outside; none where it is not known.
    pub(crate) fn of_outside(&self, id: u32) -> Option<u32> {
        self.0.iter().find_map(|(range, outside)| {
            let inside = range.start + u64::from(id).checked_sub(*outside)?;
            let inside = Some(inside).filter(|inside| range.contains(inside));
            inside?.try_into().ok()
        })
    }

    /// As whom files of those that are not known here are shown.
    pub(crate) fn overflow() -> (u32, u32) {
        let read = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?;
            text.trim().parse().ok()
        };
        let read = |name| read(name).unwrap_or(OVERFLOW);
        (read("overflowuid"), read("overflowgid"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_a_namespace_are_known_and_nothing_else() {
        let known =
            KnownIds::parse("         0       1001          1\n       100     100000      10\n");
        let found: Vec<u32> = (0..200).filter(|id| known.have(*id)).collect();
        assert_eq!(found[0], 0);
        assert_eq!(found[1..], (100..110).collect::<Vec<_>>());
        assert!(!known.have(65_534));
        let of_outside = [0, 1000, 1001, 1002, 100_009, 100_010].map(|id| known.of_outside(id));
        assert_eq!(of_outside, [None, None, Some(0), None, Some(109), None]);
        assert!(!known.are_all());
        let all = KnownIds::parse(ALL);
        assert!(all.are_all());
        assert!(all.have(0) && all.have(65_534) && all.have(u32::MAX - 1));
    }
}
