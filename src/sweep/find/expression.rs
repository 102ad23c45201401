//! The words of an expression of `find`.

use super::moment::moment;
use super::start::Links;
use super::test::{Bits, Size, Test, When};
use super::{Action, Find, Prints, Run};
use crate::sweep::Machine;
use crate::sweep::quotes::unescaped;
use crate::sweep::regexes::{Syntax, compile};
use crate::sweep::target::{Clock, Kind};

/// So many words of an expression are read.
const WORDS_MAX: usize = 2_000;

/// Where an expression is read.
pub(super) struct Parser<'w> {
    machine: &'w Machine<'w>,
    /// Patterns of a shell.
    words: &'w [String],
    at: usize,
    find: Find,
    /// Whether it has an action other than pruning, so that nothing is printed by itself.
    acts: bool,
    syntax: Syntax,
}

impl<'w> Parser<'w> {
    pub(super) fn new(machine: &'w Machine<'w>, words: &'w [String], find: Find) -> Self {
        Self {
            machine,
            words: &words[..words.len().min(WORDS_MAX)],
            at: 0,
            find,
            acts: false,
            syntax: Syntax::Emacs,
        }
    }

    /// The search with all of its expression.
    pub(super) fn whole(&mut self) -> Find {
        let expression = self.list();
        let mut find = self.find.clone();
        find.expression = if self.acts {
            expression
        } else {
            expression.and(Test::Act(Action::Print, Some(true)))
        };
        if find.does(Action::Delete) {
            find.wanted = Action::Delete;
        }
        find
    }

    fn word(&mut self) -> Option<String> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(unescaped(word))
    }

    /// What is done one after the other.
    fn list(&mut self) -> Test {
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
                        Some(left) => left.and(right),
                        None => right,
                    });
                }
            }
        }
        left.unwrap_or(Test::Always)
    }

    fn one(&mut self) -> Test {
        let word = self.word().unwrap_or_default();
        let any_case = word.starts_with("-i");
        match word.as_str() {
            "!" | "-not" => Test::Not(Box::new(self.one())),
            "(" => {
                let inner = self.list();
                self.at += 1;
                inner
            }
            "-name" | "-iname" => Test::Name(self.argument(), any_case),
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                Test::Path(self.argument(), any_case)
            }
            "-lname" | "-ilname" => Test::LinkTo(self.argument(), any_case),
            "-regex" | "-iregex" => {
                let pattern = self.argument();
                compile(&pattern, self.syntax, any_case, true).map_or(Test::Unknown, Test::Regex)
            }
            "-regextype" => {
                let syntax = Syntax::named(&self.argument());
                self.syntax = syntax.unwrap_or(self.syntax);
                Test::Always
            }
            "-type" => Test::Type(self.kinds()),
            "-xtype" => self.leads_to(),
            "-mtime" => self.age(Clock::Changed, 86_400),
            "-atime" => self.age(Clock::Read, 86_400),
            "-ctime" => self.age(Clock::AnyChange, 86_400),
            "-mmin" => self.age(Clock::Changed, 60),
            "-amin" => self.age(Clock::Read, 60),
            "-cmin" => self.age(Clock::AnyChange, 60),
            "-newer" | "-anewer" | "-cnewer" => self.newer(&word),
            word if word.starts_with("-newer") && word.len() == 8 => self.newer(word),
            "-size" => self.size(),
            "-empty" => Test::Empty,
            "-links" => self.number(Test::Links),
            "-inum" => self.number(Test::Inode),
            "-perm" => self.mode(),
            "-executable" => Test::Mode(Bits::Any, 0o111),
            "-user" | "-uid" | "-group" | "-gid" | "-nouser" | "-nogroup" => self.owner(&word),
            "-prune" => Test::Prune,
            "-false" => Test::Never,
            "-xdev" | "-mount" | "-x" => {
                self.find.one_device = true;
                Test::Always
            }
            "-depth" | "-d" => {
                self.find.is_deep = true;
                Test::Always
            }
            "-maxdepth" => {
                self.find.max_depth = self.argument().parse().unwrap_or(usize::MAX);
                Test::Always
            }
            "-mindepth" => {
                self.find.min_depth = self.argument().parse().unwrap_or(0);
                Test::Always
            }
            "-true"
            | "-quit"
            | "-daystart"
            | "-noleaf"
            | "-ignore_readdir_race"
            | "-readable"
            | "-writable" => Test::Always,
            word => self.action(word),
        }
    }

    fn action(&mut self, word: &str) -> Test {
        match word {
            "-print" | "-print0" | "-ls" => {
                self.acts = true;
                Test::Act(Action::Print, Some(true))
            }
            "-printf" => {
                self.find.prints = printed(&self.argument());
                self.acts = true;
                Test::Act(Action::Print, Some(true))
            }
            "-fprint" | "-fprint0" | "-fls" | "-fprintf" => {
                // A file, and for one of them a format.
                self.at += 1 + usize::from(word == "-fprintf");
                self.acts = true;
                Test::Always
            }
            "-delete" => {
                self.acts = true;
                Test::Act(Action::Delete, Some(true))
            }
            "-follow" => {
                self.find.links = Links::Always;
                Test::Always
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => self.executed(word.ends_with("dir")),
            "-used" | "-fstype" | "-samefile" | "-context" => {
                self.at += 1;
                Test::Unknown
            }
            _ => Test::Unknown,
        }
    }

    fn argument(&mut self) -> String {
        self.word().unwrap_or_default()
    }

    fn kinds(&mut self) -> Vec<Kind> {
        let kinds = self.argument();
        let kinds = kinds.split(',').filter_map(|kind| match kind {
            "f" => Some(Kind::File),
            "d" => Some(Kind::Dir),
            "l" => Some(Kind::Link),
            "b" | "c" | "p" | "s" => Some(Kind::Other),
            _ => None,
        });
        kinds.collect()
    }

    /// Links count as what they lead to; one that leads nowhere is a link.
    fn leads_to(&mut self) -> Test {
        let kinds = self.kinds().into_iter();
        Test::LeadsTo(
            kinds
                .map(|kind| (kind != Kind::Link).then_some(kind))
                .collect(),
        )
    }

    fn number(&mut self, test: fn(Size) -> Test) -> Test {
        Size::parse(&self.argument()).map_or(Test::Unknown, test)
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

    /// `-newer FILE`, `-newermt TIME` and all between them.
    fn newer(&mut self, word: &str) -> Test {
        let argument = self.argument();
        let (own, others) = match word {
            "-newer" => ('m', 'm'),
            "-anewer" => ('a', 'm'),
            "-cnewer" => ('c', 'm'),
            _ => {
                let mut signs = word.chars().skip(6);
                (signs.next().unwrap_or('m'), signs.next().unwrap_or('m'))
            }
        };
        let clock = match own {
            'a' => Clock::Read,
            'c' => Clock::AnyChange,
            _ => Clock::Changed,
        };
        let when = match others {
            't' => moment(self.machine, &argument),
            other => self.machine.root.time(&argument, other).map(When::At),
        };
        when.map_or(Test::Unknown, |when| Test::Newer(clock, when))
    }

    fn owner(&mut self, word: &str) -> Test {
        let machine = self.machine;
        match word {
            "-nouser" => return Test::NoUser(machine.uids().collect()),
            "-nogroup" => {
                return Test::NoGroup(machine.groups().into_iter().map(|(_, gid)| gid).collect());
            }
            _ => {}
        }
        let name = self.argument();
        let is_user = word == "-user" || word == "-uid";
        let known = if is_user {
            machine.uid(&name)
        } else {
            let mut groups = machine.groups().into_iter();
            groups.find(|(group, _)| *group == name).map(|(_, gid)| gid)
        };
        let size = known.map(Size::only).or_else(|| Size::parse(&name));
        let size =
            size.or_else(|| (name == "nobody" || name == "nogroup").then(|| Size::only(65_534)));
        match (size, is_user) {
            (Some(size), true) => Test::User(size),
            (Some(size), false) => Test::Group(size),
            (None, _) => Test::Unknown,
        }
    }

    /// `-perm 644`, `-perm -u+w,o+w`, `-perm /222`.
    fn mode(&mut self) -> Test {
        let text = self.argument();
        let (how, bits) = match text.as_bytes().first() {
            Some(b'-') => (Bits::All, &text[1..]),
            Some(b'/') => (Bits::Any, &text[1..]),
            Some(b'+') if text[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Bits::Any, &text[1..])
            }
            _ => (Bits::Same, text.as_str()),
        };
        let bits = u32::from_str_radix(bits, 8).ok().or_else(|| symbolic(bits));
        bits.map_or(Test::Unknown, |bits| Test::Mode(how, bits))
    }

    /// A command that is run for what is found.
    fn executed(&mut self, beside: bool) -> Test {
        self.acts = true;
        let mut words: Vec<String> = Vec::new();
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            let is_end =
                word == ";" || word == "+" && words.last().is_some_and(|last| last == "{}");
            if is_end {
                break;
            }
            words.push(word.clone());
        }
        let truth = match words.first().map(String::as_str) {
            Some("true" | "/bin/true" | "/usr/bin/true") => Some(true),
            Some("false" | "/bin/false" | "/usr/bin/false") => Some(false),
            _ => None,
        };
        self.find.runs.push(Run { words, beside });
        Test::Act(Action::Run(self.find.runs.len() - 1), truth)
    }
}

/// What `-printf` prints by its format.
fn printed(format: &str) -> Prints {
    let bare = format.replace("\\n", "").replace("\\0", "");
    match bare.trim() {
        "%p" => Prints::Path,
        "%h" => Prints::Dir,
        other if other.contains("%p") => Prints::Columns,
        _ => Prints::Other,
    }
}

/// `u+w,go=r` as bits.
fn symbolic(text: &str) -> Option<u32> {
    let mut bits = 0;
    for part in text.split(',') {
        let at = part.find(['+', '=', '-'])?;
        let (who, what) = (&part[..at], &part[at + 1..]);
        for sign in what.chars() {
            let (each, special) = match sign {
                'r' => (4, 0),
                'w' => (2, 0),
                'x' | 'X' => (1, 0),
                's' => (0, 0o6000),
                't' => (0, 0o1000),
                _ => return None,
            };
            let has = |one: char| who.is_empty() || who.contains('a') || who.contains(one);
            let classes = [('u', 6, 0o4000), ('g', 3, 0o2000), ('o', 0, 0o1000)];
            for (_, shift, own) in classes.iter().filter(|(one, ..)| has(*one)) {
                bits |= each << shift | special & own;
            }
        }
    }
    Some(bits)
}
