//! Follows a script command by command, as far as that can be done without running it: what it would remove, and what
//! of it cannot be understood. A word may stand for several values; one of which nobody knows the value is kept as
//! such, so that only who removes something by it is told.

mod assignments;
mod builtins;
mod calls;
mod changes;
mod commanded;
mod conditions;
mod files;
mod flow;
mod goes;
mod grep;
mod guards;
mod pip;
mod prints;
mod searches;
mod spread;
mod started_jobs;
mod state;
mod steps;
mod streams;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Machine;
use super::find::Find;
use super::removal::Removal;
use super::shell::{List, parse};
use goes::Made;
use state::{Place, State, Values};
use streams::Stream;

use super::quotes::escaped;

/// Scripts and functions that start each other are followed so far.
const DEPTH_MAX: usize = 12;
/// So many commands are followed.
const COMMANDS_MAX: usize = 10_000;
/// So many commands may stand before each other, as `nice sudo rm`.
const STARTED_MAX: usize = 40;
/// So many meanings of a word are followed.
const MEANINGS_MAX: usize = 64;
/// The beginning of the name of a file that a command writes, as Bash gives it.
const PIPE: &str = "/dev/fd/6";
/// The sign around the number of a search in a word that stands for what it finds.
const FOUND: char = '\u{1}';

/// One removal, with the place that says so.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) path: PathBuf,
    /// From 1.
    pub(super) line: usize,
    /// The command, as it is understood.
    pub(super) command: String,
    pub(super) removal: Removal,
    /// Why it is not sure that it removes this, where it is not.
    pub(super) doubt: Option<String>,
}

/// What cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Riddle {
    pub(super) path: PathBuf,
    /// From 1.
    pub(super) line: usize,
    pub(super) why: String,
    /// Code in another language.
    pub(super) code: Option<String>,
    /// Whether it matters only where that code names a venv.
    pub(super) if_named: bool,
}

/// What is known of a script.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(super) steps: Vec<Step>,
    pub(super) riddles: Vec<Riddle>,
}

/// How a script is started.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) cwd: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    /// What it reads, where that is stated.
    pub(super) input: Option<String>,
}

/// Reads the text of a script.
pub(super) fn read(machine: &Machine<'_>, text: &str, start: &Start) -> Read {
    let mut state = State::new(start.cwd.clone());
    for (name, value) in &start.variables {
        state.set(name, vec![vec![escaped(value)]]);
    }
    let mut reader = Reader {
        machine,
        path: start.path.clone(),
        offset: start.line.saturating_sub(1),
        line: 1,
        state,
        functions: HashMap::new(),
        searches: Vec::new(),
        pipes: Vec::new(),
        traps: Vec::new(),
        dirs: Vec::new(),
        found: Read::default(),
        doubt: None,
        ended: Ended::No,
        status: None,
        conditions: 0,
        made: Made::default(),
        fixed: Vec::new(),
        depth: 0,
        commands: 0,
        started: 0,
        running: Vec::new(),
        locals: Vec::new(),
    };
    let input = start
        .input
        .as_ref()
        .map_or(Stream::None, |text| Stream::of_text(text));
    // The shell of a crontab may be none.
    let shell = start
        .variables
        .iter()
        .rev()
        .find(|(name, _)| name == "SHELL");
    let shell = shell.map_or("sh", |(_, shell)| shell.as_str());
    reader.language(shell, text, &input);
    reader.at_its_end();
    reader.found
}

/// How far a script has come to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ended {
    No,
    /// One round of a loop.
    Continue,
    /// The loop.
    Break,
    /// The function.
    Return,
    /// The script.
    Exit,
}

/// A script while it is followed.
struct Reader<'a> {
    machine: &'a Machine<'a>,
    path: PathBuf,
    /// How many lines of the file stand before the text that is read.
    offset: usize,
    /// The line of the command at hand, of that text.
    line: usize,
    state: State,
    functions: HashMap<String, (List, PathBuf, usize)>,
    /// Searches of which something else reads what they print.
    searches: Vec<Find>,
    /// What commands write that another one reads as a file: `<(…)`.
    pipes: Vec<Stream>,
    /// What runs at the end.
    traps: Vec<(usize, String)>,
    /// Where `popd` leads.
    dirs: Vec<Place>,
    found: Read,
    /// Why it is not sure that the commands at hand run.
    doubt: Option<String>,
    ended: Ended,
    /// Whether the last command succeeded; none where nobody knows.
    status: Option<bool>,
    /// So many conditions are read at the moment, in which a failure ends nothing.
    conditions: usize,
    made: Made,
    /// Variables of loops of which each value is followed by itself.
    fixed: Vec<String>,
    depth: usize,
    commands: usize,
    /// So many commands start each other at the moment.
    started: usize,
    /// Functions and files that are followed at the moment.
    running: Vec<String>,
    /// What the variables were before that the function at hand has for itself.
    locals: Vec<(String, Option<Values>)>,
}

impl Reader<'_> {
    /// Commands within, of this file from a line of it on, or of another file.
    fn inner(&mut self, text: &str, file: Option<PathBuf>, input: &Stream) -> Stream {
        if self.depth >= DEPTH_MAX {
            self.riddle("scripts start each other too deep");
            return Stream::Unknown;
        }
        let offset = if file.is_some() {
            0
        } else {
            self.offset + self.line - 1
        };
        let path = file.unwrap_or_else(|| self.path.clone());
        let own = (
            std::mem::replace(&mut self.path, path),
            std::mem::replace(&mut self.offset, offset),
            self.line,
        );
        self.depth += 1;
        let printed = self.list(&parse(text), input);
        self.depth -= 1;
        (self.path, self.offset, self.line) = own;
        printed
    }

    /// Commands of which a word takes what they print. They run in a shell of their own: where that goes, what it sets,
    /// and that it ends is its own matter.
    fn substituted(&mut self, text: &str) -> Stream {
        let (state, ended) = (self.state.clone(), self.ended);
        let printed = self.inner(text, None, &Stream::None);
        (self.state, self.ended) = (state, ended);
        printed
    }

    /// The same by a shell of its own, which leaves no trace in this one.
    fn apart(
        &mut self,
        text: &str,
        file: Option<PathBuf>,
        args: Option<Vec<String>>,
        input: &Stream,
    ) -> Stream {
        let state = self.state.clone();
        let traps = std::mem::take(&mut self.traps);
        let conditions = std::mem::take(&mut self.conditions);
        self.state.args = args;
        self.state.is_strict = std::mem::take(&mut self.state.begins_strict);
        if file.is_some() {
            self.state.zero = None;
        }
        let name = file.clone();
        let printed = self.inner(text, file, input);
        if let Some(name) = name {
            let own = std::mem::replace(&mut self.path, name);
            self.at_its_end();
            self.path = own;
        } else {
            self.at_its_end();
        }
        self.traps = traps;
        self.conditions = conditions;
        self.state = state;
        self.ended = Ended::No;
        printed
    }

    /// Whether a function or a file is followed already, and once more: what runs itself removes no more than that.
    fn is_running(&self, name: &str) -> bool {
        self.running.iter().filter(|one| *one == name).count() > 1
    }

    /// What was put off to the end of the script.
    fn at_its_end(&mut self) {
        for (line, text) in std::mem::take(&mut self.traps) {
            self.line = line;
            self.ended = Ended::No;
            self.inner(&text, None, &Stream::None);
        }
    }

    fn cwd(&self) -> &Path {
        &self.state.cwd
    }
}
