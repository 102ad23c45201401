//! Jobs that a script hands on to what runs them by its own rules: `systemctl`, `make`, `logrotate`.

use std::path::{Path, PathBuf};

use super::Reader;
use super::state::State;
use super::streams::Stream;
use crate::sweep::makefile::Makefile;
use crate::sweep::options::Options;
use crate::sweep::orders::{Orders, orders};
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::removal::Removal;
use crate::sweep::rotations::{Deed, rotations};
use crate::sweep::units::managers;

impl Reader<'_> {
    /// What is started by a command of these; none for another one.
    pub(super) fn starts_job(&mut self, name: &str, words: &[String]) -> Option<Stream> {
        let rest = &words[1..];
        match name {
            "systemctl" => self.by_systemd(rest),
            "service" | "invoke-rc.d" => self.service(rest),
            "make" | "gmake" => self.by_make(rest),
            "logrotate" => self.rotated(rest),
            _ => return None,
        }
        Some(Stream::Unknown)
    }

    /// `systemctl start NAME…`
    fn by_systemd(&mut self, words: &[String]) {
        let options = Options::all(
            words,
            "-H --host -M --machine -p -t -n -o --root --job-mode -s",
        );
        let Some((verb, names)) = options.operands.split_first() else {
            return;
        };
        let starts = match verb.as_str() {
            "start" | "restart" | "reload-or-restart" | "isolate" | "stop" => true,
            "enable" | "reenable" => options.has(&["--now"]),
            _ => false,
        };
        if starts && !options.has(&["-H", "--host", "-M", "--machine"]) {
            for name in names {
                self.unit(&unescaped(name), options.has(&["--user"]), verb == "stop");
            }
        }
    }

    /// `service NAME start`, of systemd or of a script in `/etc/init.d`.
    fn service(&mut self, words: &[String]) {
        let options = Options::all(words, "");
        let [name, verb, ..] = &options.operands[..] else {
            return;
        };
        let script = PathBuf::from("/etc/init.d").join(unescaped(name));
        let is_unit = self.unit(&unescaped(name), false, verb == "stop");
        if !is_unit && self.machine.root.is_program(&script) {
            let script = script.to_string_lossy().into_owned();
            self.file(
                &escaped(&script),
                Some(vec![verb.clone()]),
                &Stream::None,
                false,
            );
        }
    }

    /// Follows what a unit runs, or what it runs when it is stopped. Whether there is such a unit.
    fn unit(&mut self, name: &str, of_user: bool, is_stopped: bool) -> bool {
        let name = if name.contains('.') {
            name.to_owned()
        } else {
            format!("{name}.service")
        };
        let machine = self.machine;
        let mut managers = managers(machine).into_iter();
        let manager = managers
            .find(|manager| manager.of_user == of_user && manager.unit(machine, &name).is_some());
        let Some(manager) = manager else {
            return false;
        };
        if self.is_running(&name) {
            return true;
        }
        self.running.push(name.clone());
        for (name, unit) in manager.started_with(machine, vec![name]) {
            let mut orders = orders(machine, &manager, &name, &unit);
            if is_stopped {
                orders
                    .commands
                    .retain(|one| one.key.starts_with("ExecStop"));
            }
            if orders.idle.is_none() {
                self.ordered(orders);
            }
        }
        self.running.pop();
        true
    }

    fn ordered(&mut self, orders: Orders) {
        let mut state = State::new(orders.cwd);
        for (name, value) in &orders.variables {
            state.set(name, vec![vec![escaped(value)]]);
        }
        for one in orders.commands {
            self.elsewhere(&one.path, one.line, state.clone(), |reader| {
                reader.apart(&one.text, None, None, &Stream::None);
            });
        }
    }

    /// `make [-C DIR] [-f FILE] [TARGET…]`
    fn by_make(&mut self, words: &[String]) {
        let options = Options::all(
            words,
            "-C --directory -f --file --makefile -j --jobs -l -I -o -W --eval",
        );
        if options.has(&["-n", "--dry-run", "--just-print", "-q", "-t"]) {
            return;
        }
        let mut cwd = self.state.cwd.clone();
        for dir in options.values(&["-C", "--directory"]) {
            let place = crate::sweep::links::absolute(self.machine.root, &escaped(&dir), &cwd);
            cwd = PathBuf::from(place);
        }
        let named = options.value(&["-f", "--file", "--makefile"]);
        let usual = ["GNUmakefile", "makefile", "Makefile"].map(str::to_owned);
        let names = named.map_or_else(|| usual.to_vec(), |name| vec![name]);
        let places = names.iter().map(|name| {
            let place = crate::sweep::links::absolute(self.machine.root, &escaped(name), &cwd);
            PathBuf::from(unescaped(&place))
        });
        let mut texts = places.filter_map(|path| Some((self.machine.root.text(&path)?, path)));
        let Some((text, path)) = texts.next() else {
            return;
        };
        let mut file = Makefile::parse(&text);
        let (set, targets): (Vec<String>, Vec<String>) = options
            .operands
            .into_iter()
            .partition(|word| word.contains('='));
        for (name, value) in set.iter().filter_map(|word| word.split_once('=')) {
            file.set(name, value);
        }
        let shown = path.to_string_lossy().into_owned();
        if self.is_running(&shown) {
            return;
        }
        self.running.push(shown);
        for (line, text) in file.commands(&targets) {
            let mut state = self.state.clone();
            state.cwd.clone_from(&cwd);
            self.elsewhere(&path, line, state, |reader| {
                reader.apart(&text, None, None, &Stream::None);
            });
        }
        self.running.pop();
    }

    /// `logrotate FILE`; what it does by its own settings is told of itself.
    fn rotated(&mut self, words: &[String]) {
        let options = Options::all(words, "-s --state -m --mail -l --log");
        if options.has(&["-d", "--debug"]) {
            return;
        }
        let own = ["/etc/logrotate.conf", "/etc/logrotate.d"].map(PathBuf::from);
        let paths: Vec<PathBuf> = options
            .operands
            .iter()
            .filter_map(|word| self.plain_place(word))
            .filter(|path| !own.contains(path))
            .collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        for one in rotations(self.machine, &paths) {
            let state = self.state.clone();
            self.elsewhere(&one.path, one.line, state, |reader| match one.deed {
                Deed::Rotates(shown, rotated) => {
                    let removal = Removal::Rotated(rotated);
                    reader.step(&[escaped(&shown)], removal, None);
                }
                Deed::Runs(text) => {
                    reader.apart(&text, None, None, &Stream::None);
                }
            });
        }
    }

    /// Follows something that stands in a file of its own, with what a shell knows there.
    fn elsewhere(
        &mut self,
        path: &Path,
        line: usize,
        state: State,
        follow: impl FnOnce(&mut Self),
    ) {
        let own = (
            std::mem::replace(&mut self.path, path.to_owned()),
            std::mem::replace(&mut self.offset, line.saturating_sub(1)),
            std::mem::replace(&mut self.line, 1),
            std::mem::replace(&mut self.state, state),
        );
        follow(self);
        (self.path, self.offset, self.line, self.state) = own;
    }
}
