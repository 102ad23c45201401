//! What commands print, and what others make of that: filters, `xargs`, `read`.

use super::state::limited;
use super::{FOUND, Reader};
use crate::sweep::find::Find;
use crate::sweep::glob::ANYTHING;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;

/// What a command prints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    /// Nothing that is known of.
    None,
    /// Something that only a run tells.
    Unknown,
    /// Lines; patterns of a shell.
    Texts(Vec<String>),
    /// What a search finds, by its number.
    Found(usize),
}

impl Stream {
    pub(super) fn of_text(text: &str) -> Self {
        Self::Texts(text.lines().map(str::to_owned).collect())
    }

    /// What two commands print one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (Self::Texts(mut lines), Self::Texts(more)) => {
                lines.extend(more);
                Self::Texts(lines)
            }
            (one, other) if one == other => one,
            _ => Self::Unknown,
        }
    }

    /// The same, and nothing where it is not known and of no matter.
    pub(super) fn filter(self, is_mute: bool) -> Self {
        match self {
            Self::Unknown if is_mute => Self::None,
            other => other,
        }
    }

    /// The words that `xargs` makes of it.
    fn words(&self) -> Vec<String> {
        match self {
            Self::Texts(lines) => {
                let words = lines.iter().flat_map(|line| line.split_whitespace());
                words
                    .map(|word| word.trim_matches(['"', '\'']).to_owned())
                    .collect()
            }
            other => other.lines(),
        }
    }

    fn lines(&self) -> Vec<String> {
        match self {
            Self::Texts(lines) => lines.clone(),
            Self::Found(number) => vec![format!("{FOUND}{number}{FOUND}")],
            Self::None | Self::Unknown => vec![ANYTHING.to_string()],
        }
    }

    /// All of it as a script; none where nobody knows it.
    pub(super) fn script(&self) -> Option<String> {
        match self {
            Self::Texts(lines) => {
                let text = lines
                    .iter()
                    .map(|line| unescaped(line))
                    .collect::<Vec<_>>()
                    .join("\n");
                (!text.contains([ANYTHING, FOUND])).then_some(text)
            }
            _ => None,
        }
    }
}

impl Reader<'_> {
    pub(super) fn found_by(&mut self, find: Find) -> Stream {
        self.searches.push(find);
        Stream::Found(self.searches.len() - 1)
    }

    /// `xargs COMMAND`: the command for what it reads.
    pub(super) fn for_each(&mut self, words: &[String], input: &Stream) -> Stream {
        const VALUED: &str = "-n -L -P -I -s -d -a -E --max-args --max-lines --max-procs --max-chars --delimiter \
            --arg-file --process-slot-var";
        let options = Options::leading(&words[1..], VALUED);
        let mut input = input.clone();
        if let Some(file) = options.value(&["-a", "--arg-file"]) {
            input = self.contents(&file);
        }
        let mut command = options.operands.clone();
        if command.is_empty() {
            return input;
        }
        let sign = options.value(&["-I", "--replace"]);
        let sign = sign.or_else(|| options.has(&["-i", "--replace"]).then(|| "{}".to_owned()));
        let each = if sign.is_some() || options.has(&["-d", "--delimiter"]) {
            input.lines()
        } else {
            input.words()
        };
        if let Some(sign) = sign {
            return self.replaced(&command, &sign, &each);
        }
        command.extend(each);
        self.call(&command, &Stream::None)
    }

    /// A command with each of some words in place of a sign.
    pub(super) fn replaced(&mut self, command: &[String], sign: &str, each: &[String]) -> Stream {
        let mut printed = Stream::None;
        for one in each {
            let words: Vec<String> = command.iter().map(|word| word.replace(sign, one)).collect();
            printed = printed.and(self.call(&words, &Stream::None));
        }
        printed
    }

    /// `parallel COMMAND ::: WORD…`, of which the command is a script.
    pub(super) fn parallel(&mut self, words: &[String], input: &Stream) -> Stream {
        const VALUED: &str = "-j --jobs -a --arg-file -n -N -L -I -S --joblog --delay --timeout";
        let end = words
            .iter()
            .position(|word| word.starts_with(":::"))
            .unwrap_or(words.len());
        let options = Options::leading(&words[1..end], VALUED);
        let each = if end < words.len() {
            words[end + 1..].to_vec()
        } else {
            input.lines()
        };
        let mut script = options.operands.join(" ");
        if !script.contains('{') {
            script.push_str(" {}");
        }
        let before = self.state.clone();
        self.state.set(
            "PARALLEL_WORD",
            each.into_iter().map(|word| vec![word]).collect(),
        );
        for sign in ["{}", "{1}"] {
            script = script.replace(sign, "\"${PARALLEL_WORD}\"");
        }
        self.inner(&script, None, &Stream::None);
        self.state = before;
        Stream::Unknown
    }

    /// `read NAME…`, `mapfile NAME`
    pub(super) fn reads(&mut self, words: &[String], input: &Stream) {
        let is_array = matches!(words[0].as_str(), "mapfile" | "readarray");
        let valued = if is_array {
            "-d -n -O -s -u -C -c"
        } else {
            "-d -n -N -p -t -u -i -a"
        };
        let options = Options::all(&words[1..], valued);
        let mut names = options.operands.clone();
        names.extend(options.value(&["-a"]));
        match &names[..] {
            [name] if is_array => {
                self.state.unset(name);
                self.state.set(&format!("{name}[@]"), vec![input.lines()]);
            }
            [name] => {
                let lines = input.lines().into_iter().map(|line| vec![line]).collect();
                let lines = limited(lines);
                self.state.set(name, lines);
            }
            names => self.reads_parts(names, input),
        }
    }

    /// `read NAME NAME…`: each line in its parts, of which the last one is all that is left. The last column of what a
    /// search prints is its path.
    fn reads_parts(&mut self, names: &[String], input: &Stream) {
        let is_plain = |line: &String| !line.contains([ANYTHING, FOUND]);
        let lines = match input {
            Stream::Texts(lines) if lines.iter().all(is_plain) => lines,
            _ => {
                for name in names {
                    self.state.unset(name);
                }
                if let (true, Some(last)) = (self.has_columns(input), names.last()) {
                    let found = input.lines().into_iter().map(|one| vec![one]);
                    self.state.set(last, found.collect());
                }
                return;
            }
        };
        let signs = self.state.get("IFS").unwrap_or_default().concat().concat();
        let signs = if signs.is_empty() { " \t" } else { &signs };
        for (number, name) in names.iter().enumerate() {
            let part = |line: &String| {
                let count = if number + 1 == names.len() {
                    names.len()
                } else {
                    usize::MAX
                };
                let mut parts = line.trim().splitn(count, |c| signs.contains(c));
                vec![parts.nth(number).unwrap_or_default().trim().to_owned()]
            };
            self.state
                .set(name, limited(lines.iter().map(part).collect()));
        }
    }
}
