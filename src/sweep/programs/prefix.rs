//! What a program starts that does nothing else.

use super::prefixes::{PREFIXES, Prefix};
use crate::sweep::options::{Options, is_one};
use crate::sweep::quotes::unescaped;

/// What a program starts.
pub(in crate::sweep) struct Started {
    /// The words of a command; none where it is a script.
    pub(in crate::sweep) command: Vec<String>,
    pub(in crate::sweep) script: Option<String>,
    pub(in crate::sweep) directory: Option<String>,
    /// `NAME=VALUE` before the command.
    pub(in crate::sweep) variables: Vec<(String, String)>,
}

/// The program of a name that only starts another one.
pub(in crate::sweep) fn prefix(name: &str) -> Option<&'static Prefix> {
    PREFIXES.iter().find(|one| is_one(one.names, name))
}

impl Prefix {
    /// What is started by these words, the name among them.
    pub(in crate::sweep) fn started(&self, words: &[String]) -> Started {
        let words = &words[1..];
        let options = Options::leading(words, self.valued);
        let mut rest = &words[options.begin..];
        let mut variables = Vec::new();
        while let Some((name, value)) = rest.first().and_then(|word| word.split_once('=')) {
            if !self.takes_variables || name.is_empty() || name.contains('/') {
                break;
            }
            variables.push((name.to_owned(), value.to_owned()));
            rest = &rest[1..];
        }
        let is_left_out =
            self.may_lack_number && rest.first().is_none_or(|word| word.parse::<i32>().is_err());
        let skipped = if is_left_out { 0 } else { self.operands };
        let mut command = rest.get(skipped..).unwrap_or_default();
        let mut script = options.value_of(self.script);
        // `flock FILE -c SCRIPT`
        if let [flag, text, ..] = command
            && is_one(self.script, flag)
        {
            script = Some(unescaped(text));
            command = &[];
        }
        if command.first().is_some_and(|word| word == "--") {
            command = &command[1..];
        }
        if let [text] = command
            && self.joins_words
            && text.contains(' ')
        {
            script = Some(unescaped(text));
            command = &[];
        }
        // `exec 3>file` starts nothing either.
        let only_asks = !self.asking.is_empty() && options.has(self.asking);
        Started {
            command: if only_asks {
                Vec::new()
            } else {
                command.to_vec()
            },
            script,
            directory: options.value_of(self.directory),
            variables,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_behind_the_options_of_each_prefix() {
        for prefixed in [
            "sudo -n -u web",
            "sudo --user=web -E A=b",
            "sudo -uweb --",
            "nice",
            "nice -19",
            "nice -n 5",
            "nice -n5",
            "ionice -c 3",
            "ionice -c3 -n 7",
            "chrt -b 0",
            "chrt --idle 0",
            "chrt -i",
            "timeout -k 5 60",
            "timeout --signal=KILL 1h",
            "flock -n /lock",
            "flock --wait 5 /lock",
            "env -i A=1 B=2",
            "env -u HOME -C /",
            "nohup",
            "setsid -w",
            "chronic -v",
            "stdbuf -oL -e 0",
            "time -p",
            "taskset -c 0,1",
            "setpriv --reuid 33",
            "setpriv --reuid=33 --clear-groups",
            "systemd-run --scope -p IOWeight=10",
            "systemd-run -t --uid=web",
            "systemd-cat -t x",
            "runuser -u web --",
            "busybox",
            "gosu web",
            "exec -a x",
            "command -p",
            "logsave -a /var/log/x",
            "cronitor exec ab12",
            "cronitor --env prod exec ab12",
            "scl enable python27 --",
            "lockrun --lockfile=/l --",
            "timelimit -t 60 -T 5",
            "screen -dmS clean",
            "screen -d -m",
            "sg web",
            "pkexec --user web",
            "run0 -u web",
            "setarch x86_64",
            "linux32",
            "envdir /etc/env",
            "faketime yesterday",
            "choom -n 5 --",
        ] {
            let words: Vec<String> = format!("{prefixed} rm -rf x")
                .split(' ')
                .map(str::to_owned)
                .collect();
            let started = prefix(&words[0]).unwrap().started(&words);
            assert_eq!(started.command, ["rm", "-rf", "x"], "{prefixed}");
        }
        for script in [
            "flock -n /lock -c",
            "env -S",
            "sg web -c",
            "scl enable x",
            "cronitor exec ab",
        ] {
            let mut words: Vec<String> = script.split(' ').map(str::to_owned).collect();
            words.push("rm x".to_owned());
            let started = prefix(&words[0]).unwrap().started(&words);
            assert_eq!(started.script.as_deref(), Some("rm x"), "{script}");
        }
    }
}
