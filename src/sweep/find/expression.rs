//! The words of an expression of `find`.

use super::{Clock, Find, Size, Test, removal};
use crate::sweep::target::Kind;

/// Where an expression is read.
pub(super) struct Parser<'w> {
    pub(super) words: &'w [String],
    pub(super) at: usize,
    pub(super) find: Find,
    /// Whether it has an action other than printing, so that nothing is printed by itself.
    pub(super) acts: bool,
    /// Whether it prints what it finds.
    pub(super) prints: bool,
}

impl Parser<'_> {
    fn word(&mut self) -> Option<&str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// What is done one after the other.
    pub(super) fn list(&mut self) -> Test {
        let mut left = self.alternatives();
        while self.takes(&[","]) {
            let right = self.alternatives();
            left = Test::Each(Box::new(left), Box::new(right));
        }
        left
    }

    fn alternatives(&mut self) -> Test {
        let mut left = self.all();
        while self.takes(&["-o", "-or"]) {
            let right = self.all();
            left = Test::Or(Box::new(left), Box::new(right));
        }
        left
    }

    /// Whether one of these words comes next; it is behind then.
    fn takes(&mut self, words: &[&str]) -> bool {
        let next = self.words.get(self.at);
        let is_one = next.is_some_and(|next| words.contains(&next.as_str()));
        self.at += usize::from(is_one);
        is_one
    }

    fn all(&mut self) -> Test {
        let mut left: Option<Test> = None;
        while let Some(word) = self.words.get(self.at) {
            match word.as_str() {
                "-o" | "-or" | "," | ")" => break,
                "-a" | "-and" => self.at += 1,
                _ => {
                    let right = self.one();
                    left = Some(match left {
                        Some(left) => Test::And(Box::new(left), Box::new(right)),
                        None => right,
                    });
                }
            }
        }
        left.unwrap_or(Test::Always)
    }

    fn one(&mut self) -> Test {
        let word = self.word().unwrap_or_default().to_owned();
        match word.as_str() {
            "!" | "-not" => Test::Not(Box::new(self.one())),
            "(" => {
                let inner = self.list();
                self.at += 1;
                inner
            }
            "-name" | "-iname" => Test::Name(self.argument(), word == "-iname"),
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                Test::Path(self.argument(), word.starts_with("-i"))
            }
            "-type" | "-xtype" => self.kind(),
            "-mtime" => self.age(Clock::Changed, 86_400),
            "-atime" => self.age(Clock::Read, 86_400),
            "-ctime" => self.age(Clock::AnyChange, 86_400),
            "-mmin" => self.age(Clock::Changed, 60),
            "-amin" => self.age(Clock::Read, 60),
            "-cmin" => self.age(Clock::AnyChange, 60),
            "-size" => self.size(),
            "-empty" => Test::Empty,
            "-uid" => self.argument().parse().map_or(Test::Unknown, Test::User),
            "-prune" => Test::Prune,
            "-true"
            | "-quit"
            | "-depth"
            | "-d"
            | "-daystart"
            | "-noleaf"
            | "-follow"
            | "-ignore_readdir_race" => Test::Always,
            "-false" => Test::Never,
            "-xdev" | "-mount" => {
                self.find.one_device = true;
                Test::Always
            }
            "-maxdepth" | "-mindepth" => {
                let depth = self.argument().parse();
                match (word.as_str(), depth) {
                    ("-maxdepth", Ok(depth)) => self.find.max_depth = depth,
                    (_, Ok(depth)) => self.find.min_depth = depth,
                    _ => {}
                }
                Test::Always
            }
            "-print" | "-print0" | "-ls" => {
                self.prints = true;
                Test::Always
            }
            "-printf" | "-fprint" | "-fprint0" | "-fls" | "-fprintf" => {
                // A file, a format, or both.
                self.at += 1 + usize::from(word == "-fprintf");
                self.acts = true;
                Test::Always
            }
            "-delete" => {
                self.acts = true;
                Test::Remove { with_all: false }
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => self.executed(),
            "-newer" | "-anewer" | "-cnewer" | "-perm" | "-user" | "-group" | "-gid" | "-regex"
            | "-iregex" | "-links" | "-inum" | "-newermt" | "-newerat" | "-newerct" | "-used"
            | "-fstype" | "-samefile" | "-regextype" | "-lname" | "-ilname" => {
                self.at += 1;
                Test::Unknown
            }
            _ => Test::Unknown,
        }
    }

    fn argument(&mut self) -> String {
        self.word().unwrap_or_default().to_owned()
    }

    fn kind(&mut self) -> Test {
        let kinds = self.argument();
        let kinds = kinds.split(',').filter_map(|kind| match kind {
            "f" => Some(Kind::File),
            "d" => Some(Kind::Dir),
            "l" => Some(Kind::Link),
            "b" | "c" | "p" | "s" => Some(Kind::Other),
            _ => None,
        });
        Test::Type(kinds.collect())
    }

    fn age(&mut self, clock: Clock, unit: i64) -> Test {
        let size = Size::parse(&self.argument());
        size.map_or(Test::Unknown, |size| Test::Age(clock, size, unit))
    }

    fn size(&mut self) -> Test {
        let text = self.argument();
        let unit = match text.chars().last() {
            Some('c') => 1,
            Some('w') => 2,
            Some('k') => 1 << 10,
            Some('M') => 1 << 20,
            Some('G') => 1 << 30,
            _ => 512,
        };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        Size::parse(digits).map_or(Test::Unknown, |size| Test::Size(size, unit))
    }

    /// A command that is run for what is found: one that removes it, or another one.
    fn executed(&mut self) -> Test {
        self.acts = true;
        let mut words = Vec::new();
        while let Some(word) = self.word() {
            let is_end = word == ";"
                || word == "+" && words.last().is_some_and(|last: &String| last == "{}");
            if is_end {
                break;
            }
            words.push(word.to_owned());
        }
        match removal(&words) {
            Some(with_all) => Test::Remove { with_all },
            None => Test::Unknown,
        }
    }
}
