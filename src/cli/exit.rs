//! The exit codes: one enum, one table in docs/cli.md, and a test that compares the two.

use std::process::ExitCode;

/// How the program ends. "Found something" and "could not look" never share a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Done; identical; clean.
    Done,
    /// Differences or damage were found.
    Findings,
    /// The command line is wrong.
    Usage,
    /// Not done, or not complete.
    NotDone,
    /// No store, or no such snapshot.
    NoStore,
    /// Locked by another process.
    Locked,
    /// Ended by SIGINT.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
    /// As Nagios counts, where that was asked for.
    Nagios(u8),
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::NotDone => 3,
            Self::NoStore => 10,
            Self::Locked => 11,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Nagios(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_docs_is_the_enum() {
        use Exit::{Done, Findings, Interrupted, Locked, NoStore, NotDone, Terminated, Usage};
        let docs =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).unwrap();
        let table: Vec<u8> = docs
            .lines()
            .skip_while(|line| !line.starts_with("## Exit codes"))
            .skip(1)
            .take_while(|line| !line.starts_with("## "))
            .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        let all = [
            Done,
            Findings,
            Usage,
            NotDone,
            NoStore,
            Locked,
            Interrupted,
            Terminated,
        ];
        // 101 is the code of a panic, which no value stands for.
        let mut codes: Vec<u8> = all.iter().map(|exit| exit.code()).chain([101]).collect();
        codes.sort_unstable();
        assert_eq!(table, codes);
    }
}
