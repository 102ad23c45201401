//! Commands in each form that a script may give them: those that sweep are named, those of which nobody knows what
//! they take are told, and those that are harmless are neither.

use super::scripts::{Told, all_are};

/// Commands that take files of the venv, and nothing of them stands in single quotes.
const SWEEPING: [&str; 8] = [
    "rm -rf /srv/app/.venv",
    "find /srv -name core.py -delete",
    "find /srv -name core.py -print0 | xargs -0 -r rm -f",
    "mv -t /tmp /srv/app/.venv",
    "truncate -s0 /srv/app/.venv/pyvenv.cfg",
    "git -C /srv/app clean -fdx",
    "rsync -a --delete /srv/source/ /srv/app/",
    "tmpwatch --mtime 10d /srv",
];
/// Commands of which only a run tells what they take.
const OPEN: [&str; 4] = [
    "rm -rf \"$NOT_KNOWN\"/x",
    "find \"$NOT_KNOWN\" -delete",
    "cat /no/such/list | xargs rm -rf",
    "python3 -c \"import shutil; shutil.rmtree(1)\"",
];
/// Commands that take nothing of the venv.
const HARMLESS: [&str; 8] = [
    "rm -rf /srv/other /srv/app/build",
    "echo rm -rf /srv/app/.venv",
    "find /var/tmp -name core.py -delete",
    "find /srv -name core.py | xargs ls -l",
    "mv /tmp/new /srv/app/new",
    "git -C /srv/app clean -n -fdx",
    "rsync -a --delete --exclude=.venv /srv/source/ /srv/app/",
    "true",
];
/// Where a command may stand, in place of `@`.
const FORMS: [&str; 48] = [
    "@",
    "sudo -n -u web @",
    "nice -n 5 @",
    "nice -19 @",
    "ionice -c3 @",
    "chrt -b 0 @",
    "timeout -k 5 60 @",
    "flock -n /lock @",
    "env -i A=1 @",
    "nohup @",
    "setsid -w @",
    "chronic @",
    "stdbuf -oL @",
    "time -p @",
    "setpriv --reuid 33 @",
    "systemd-run --scope -p A=1 @",
    "runuser -u web -- @",
    "systemd-cat -t x @",
    "sudo nice timeout 5 @",
    "busybox @",
    "command @",
    "exec @",
    "A=1 @",
    "! @",
    "true && @",
    "false || @",
    "test -d /srv && @",
    "cd /tmp || exit 1; @",
    "( @ )",
    "{ @; }",
    "if test -e /x; then @; fi",
    "if a; then b; else @; fi",
    "for a in 1 2; do @; done",
    "while sleep 1; do @; done",
    "echo x | while read a; do @; done",
    "f() { @; }; f",
    "function f { @; }\nf",
    "case $1 in a) b;; *) @ ;; esac",
    "@ >/dev/null 2>&1 | logger",
    "a=$(@)",
    "echo \"$(@)\"",
    "cat <(@)",
    "trap f EXIT; f() { @; }",
    "set -e; @ || true",
    "@ &",
    "[[ -d /srv && -w /srv ]] && @",
    "((a > 1)) || @",
    "sh <<'END'\n@\nEND",
];
/// The same within single quotes.
const QUOTED: [&str; 12] = [
    "sh -c '@'",
    "/bin/bash -ec '@'",
    "sudo -u web sh -c '@'",
    "su web -c '@'",
    "su - web -s /bin/sh -c '@'",
    "runuser web -c '@'",
    "flock -n /lock -c '@'",
    "eval '@'",
    "trap '@' EXIT",
    "echo '@' | sh",
    "printf '%s\\n' '@' | sudo bash",
    "script -qc '@' /dev/null",
];

fn in_all_forms(commands: &[&str]) -> Vec<String> {
    let forms = FORMS.iter().chain(&QUOTED);
    let all = forms.flat_map(|form| commands.iter().map(|command| form.replace('@', command)));
    all.collect()
}

const SOURCE: [(&str, &str); 1] = [("/srv/source/readme", "x")];

#[test]
fn what_sweeps_is_named_in_each_form() {
    all_are(Told::Named, &in_all_forms(&SWEEPING), &SOURCE);
}

#[test]
fn what_nobody_knows_is_told_in_each_form() {
    all_are(Told::Unknown, &in_all_forms(&OPEN), &SOURCE);
}

#[test]
fn what_is_harmless_is_passed_over_in_each_form() {
    all_are(Told::Nothing, &in_all_forms(&HARMLESS), &SOURCE);
}
