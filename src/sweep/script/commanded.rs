//! Commands and scripts that a script hands to somebody else: `at`, `tmux`, a daemon, a shell by the network.

use std::path::PathBuf;

use super::steps::known_when_run;
use super::streams::Stream;
use super::{FOUND, Reader};
use crate::sweep::glob::ANYTHING;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;

/// Options of `tmux` that have a value, before its verb and after it.
const OF_TMUX: &str = "-c -e -f -F -L -n -s -S -t -T -x -y";
/// Options of `ssh` that have a value.
const OF_SSH: &str = "-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w";

impl Reader<'_> {
    /// What somebody else is told to run; none for a command that tells nobody.
    pub(super) fn commanded(
        &mut self,
        name: &str,
        words: &[String],
        input: &Stream,
    ) -> Option<Stream> {
        let rest = &words[1..];
        Some(match name {
            "at" | "batch" => self.at_a_time(rest, input),
            "start-stop-daemon" => self.daemon(rest, input),
            "tmux" => self.by_tmux(words),
            "mispipe" => {
                let each = rest
                    .iter()
                    .map(|word| self.given(words, word, &Stream::None));
                each.fold(Stream::None, Stream::and)
            }
            "ssh" => self.at_this_host(words, input)?,
            _ => return None,
        })
    }

    /// A script that is one word of a command.
    pub(super) fn given(&mut self, words: &[String], script: &str, input: &Stream) -> Stream {
        if script.contains([ANYTHING, FOUND]) {
            self.riddle(&known_when_run(words));
            return Stream::Unknown;
        }
        self.apart(&unescaped(script), None, None, input)
    }

    /// `at -f FILE TIME`, or `at TIME` that reads its commands.
    fn at_a_time(&mut self, words: &[String], input: &Stream) -> Stream {
        let options = Options::all(words, "-q -f -t");
        if options.has(&["-l", "-d", "-r", "-c"]) {
            return Stream::None;
        }
        if let Some(file) = options.value(&["-f"]) {
            return self.file(&file, None, &Stream::None, false);
        }
        match (input, input.script()) {
            (Stream::None, _) => Stream::None,
            (_, Some(script)) => self.apart(&script, None, None, &Stream::None),
            (_, None) => {
                self.riddle("what 'at' runs is known only when it runs");
                Stream::Unknown
            }
        }
    }

    /// `start-stop-daemon --start --exec PROGRAM -- WORD…`
    fn daemon(&mut self, words: &[String], input: &Stream) -> Stream {
        const VALUED: &str = "-x --exec -a --startas -p --pidfile -u --user -c --chuid -n --name -s --signal -R \
            --retry -g --group -d --chdir -N --nicelevel -r --chroot -k --umask -O --output";
        let options = Options::all(words, VALUED);
        let program = options.value(&["-a", "--startas"]);
        let program = program.or_else(|| options.value(&["-x", "--exec"]));
        match program.filter(|_| options.has(&["-S", "--start"])) {
            Some(program) => self.call(&[&[program], &options.operands[..]].concat(), input),
            None => Stream::None,
        }
    }

    /// `tmux new-session -d COMMAND`, of which one word is a script.
    fn by_tmux(&mut self, words: &[String]) -> Stream {
        const VERBS: [&str; 12] = [
            "new",
            "new-session",
            "neww",
            "new-window",
            "splitw",
            "split-window",
            "run",
            "run-shell",
            "respawnp",
            "respawn-pane",
            "respawnw",
            "respawn-window",
        ];
        let own = Options::leading(&words[1..], OF_TMUX);
        let Some((verb, rest)) = words[1 + own.begin..].split_first() else {
            return Stream::None;
        };
        if !VERBS.contains(&verb.as_str()) {
            return Stream::None;
        }
        let options = Options::leading(rest, OF_TMUX);
        let before = self.state.place();
        if let Some(dir) = options.value(&["-c"]) {
            let place = PathBuf::from(self.place(&dir));
            self.state.go((place, None));
        }
        match &options.operands[..] {
            [] => {}
            [script] => {
                self.given(words, script, &Stream::None);
            }
            command => {
                self.call(command, &Stream::None);
            }
        }
        self.state.go(before);
        Stream::None
    }

    /// `ssh localhost COMMAND`; none for another host.
    fn at_this_host(&mut self, words: &[String], input: &Stream) -> Option<Stream> {
        let options = Options::leading(&words[1..], OF_SSH);
        let (host, command) = options.operands.split_first()?;
        let host = host.rsplit('@').next().unwrap_or_default();
        if !matches!(host, "localhost" | "127.0.0.1" | "::1") {
            return None;
        }
        let state = self.state.clone();
        let home = self.state.get("HOME");
        let home = home.and_then(|values| values.into_iter().flatten().next());
        match home {
            Some(home) => self.state.cwd = PathBuf::from(home),
            None => self.state.lose_cwd(),
        }
        let printed = if command.is_empty() {
            self.shell(&["sh".to_owned()], input)
        } else {
            self.given(words, &command.join(" "), input)
        };
        self.state = state;
        Some(printed)
    }
}
