//! Programs that are handed a command or a script, and jobs that are handed on to others who run them.

use super::scripts::{Told, all_are, rows};

/// Where a command may be handed on, in place of `@`.
const HANDED: [&str; 38] = [
    "logsave /var/log/x @",
    "cronitor exec ab12 @",
    "cronitor exec ab12 '@'",
    "scl enable python27 '@'",
    "scl enable python27 -- @",
    "sg web -c '@'",
    "lockrun --lockfile=/run/x -- @",
    "timelimit -t 60 @",
    "screen -dmS clean @",
    "screen -d -m sh -c '@'",
    "tmux new -d '@'",
    "tmux new-session -d -s clean -- @",
    "tmux -L x new-window -n y '@'",
    "start-stop-daemon --start --exec /bin/sh -- -c '@'",
    "start-stop-daemon -S -b -a /usr/bin/env -- @",
    "echo '@' | at now + 1 hour",
    "at 22:00 <<'END'\n@\nEND",
    "batch <<< '@'",
    "chronic @",
    "flock -n /run/x @",
    "flock -n /run/x -c '@'",
    "su -c '@'",
    "su -s /bin/sh web -c '@'",
    "runuser -l web -c '@'",
    "systemd-run --on-calendar=daily @",
    "pkexec @",
    "run0 @",
    "daemonize -p /run/x /usr/bin/env @",
    "daemon --name=x -- @",
    "dtach -n /run/x @",
    "nq @",
    "faketime yesterday @",
    "choom -n 500 -- @",
    "ssh -l root localhost '@'",
    "ssh -o BatchMode=yes 127.0.0.1 @",
    "mispipe '@' 'logger -t x'",
    "watch -n 60 '@'",
    "runitor -uuid x -- @",
];

fn handed(command: &str) -> Vec<String> {
    HANDED
        .iter()
        .map(|form| form.replace('@', command))
        .collect()
}

#[test]
fn what_is_handed_on_is_followed_by_whoever_runs_it() {
    all_are(Told::Named, &handed("rm -rf /srv/app/.venv"), &[]);
    all_are(Told::Named, &handed("find /srv -name core.py -delete"), &[]);
    all_are(Told::Nothing, &handed("rm -rf /srv/other"), &[]);
    all_are(Told::Nothing, &handed("echo rm -rf /srv/app/.venv"), &[]);
}

#[test]
fn scripts_are_called_as_they_are_told() {
    let scripts = rows(&[
        "sh -c 'rm -rf \"$0\"' /srv/app/.venv",
        "sh -c 'rm -rf \"$0/$1\"' /srv/app .venv",
        "sh -c 'rm -rf \"$@\"' _ /srv/b /srv/app/.venv",
        "sh -c 'shift; rm -rf \"$1\"' _ a /srv/app/.venv",
        "bash -c 'for d; do rm -rf $d; done' sh /srv/app/.venv",
        "find /srv -name core.py -exec sh -c 'rm \"$0\"' {} \\;",
        "find /srv -name core.py -exec sh -c 'rm \"$0\" \"$@\"' {} +",
        "echo /srv/app/.venv | xargs sh -c 'rm -rf \"$0\"'",
        "echo /srv/app/.venv | xargs -I% sh -c 'rm -rf %'",
        "for f in /opt/s/*; do \"$f\"; done",
        "for f in /opt/s/*; do [ -x \"$f\" ] && \"$f\"; done",
        "for f in /opt/s/*.sh; do sh $f; done",
        "for f in /opt/s/*; do . \"$f\"; done",
        "run-parts /opt/p",
        "/opt/s/*",
        "at -f /opt/s/a.sh midnight",
    ]);
    let files = [
        ("/opt/s/a.sh", "#!/bin/sh\nrm -rf /srv/app/.venv\n"),
        ("/opt/p/a", "#!/bin/sh\nrm -rf /srv/app/.venv\n"),
    ];
    let elsewhere = ["/opt/", "/opt/s"];
    let (others, own): (Vec<String>, Vec<String>) = scripts
        .into_iter()
        .partition(|script| elsewhere.iter().any(|place| script.contains(place)));
    all_are(Told::Named, &own, &files);
    let mut wrong = Vec::new();
    for script in others {
        let sandbox = super::machine();
        for (path, text) in files {
            super::put(&sandbox, path, text);
        }
        super::put(
            &sandbox,
            "/etc/cron.daily/x",
            &format!("#!/bin/sh\n{script}\n"),
        );
        let answer = super::asked(&sandbox, &[]);
        let told = super::told(&answer);
        if told.len() != 1 || !told[0].starts_with("/opt/") {
            wrong.push(format!("{script}: {told:?} {}", answer["riddles"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let harmless = rows(&[
        "sh -c 'rm -rf \"$1\"' /srv/app/.venv",
        "sh -c 'rm -rf \"$0\"' _ /srv/app/.venv",
        "sh -c 'rm -rf \"$2\"' _ /srv/app/.venv",
        "for f in /opt/s/*; do echo \"$f\"; done",
        "for f in /opt/none/*; do \"$f\"; done 2>/dev/null",
        "at -l; atq; at -d 3",
        "tmux kill-session -t '/srv/app/.venv'",
        "ssh backup 'rm -rf /srv/app/.venv'",
    ]);
    all_are(Told::Nothing, &harmless, &files);
}

#[test]
fn what_a_search_runs_prints_what_others_remove() {
    let scripts = rows(&[
        "find /srv -name '*.py' -exec grep -l . {} + | xargs rm -f",
        "find /srv -name core.py -exec grep -L nothing {} \\; | xargs rm",
        "find /srv -name core.py -exec echo {} \\; | xargs rm",
        "find /srv -name core.py -exec printf '%s\\n' {} + | xargs rm",
        "find /srv -name core.py -exec stat -c %n {} \\; | xargs rm",
        "find /srv -name core.py -exec ls {} + | xargs rm",
        "find /srv -name core.py -exec readlink -f {} \\; | while read -r f; do rm \"$f\"; done",
        "for f in $(find /srv -name core.py -exec echo {} \\;); do rm $f; done",
        "find /srv -name core.py -exec sh -c 'echo \"$1\"' _ {} \\; | xargs rm",
        "find /srv -name core.py -execdir rm {} \\;",
        "find /srv -name core.py -execdir rm ./{} +",
        "find /srv -name core.py -execdir rm -- './{}' \\;",
        "find /srv -name core.py -execdir sh -c 'rm \"$0\"' {} \\;",
        "find /srv -name .venv -execdir rm -rf {} +",
        "find /srv -name core.py -execdir truncate -s0 ./{} \\;",
    ]);
    all_are(Told::Named, &scripts, &[]);
    let odd = rows(&[
        "find /srv -name core.py -exec stat -c '%Y %n' {} + | sort | cut -d' ' -f2 | xargs rm",
        "find /srv -name pyvenv.cfg | xargs dirname | xargs dirname | xargs rm -rf",
    ]);
    all_are(Told::Unknown, &odd, &[]);
    let harmless = rows(&[
        "find /srv -name '*.log' -exec grep -l . {} + | xargs -r rm -f",
        "find /srv -name core.py -exec grep -l . {} + | xargs ls",
        "find /srv -name core.py -exec echo {} \\; | grep -v /.venv/ | xargs rm",
        "find /var/cache -name core.py -execdir rm -rf lib \\;",
        "find /srv -name '*.log' -execdir rm ./{} \\;",
        "find /srv -name core.py -exec gzip -k {} \\; | xargs rm",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
}

#[test]
fn one_of_an_array_is_that_one() {
    let scripts = rows(&[
        "declare -A D=([app]=/srv/app [b]=/srv/b); rm -rf \"${D[app]}/.venv\"",
        "declare -A D; D[app]=/srv/app; D[b]=/srv/b; rm -rf \"${D[app]}\"",
        "declare -A D; D[\"my app\"]=/srv/app; rm -rf \"${D[my app]}\"",
        "declare -A D=([\"a\"]=/srv/app); rm -rf \"${D[\"a\"]}\"",
        "D=(/srv/b /srv/app); rm -rf \"${D[1]}\"",
        "D=(/srv/b /srv/app); rm -rf \"${D[@]}\"",
        "D=(/srv/b /srv/app); for k in \"${!D[@]}\"; do rm -rf \"${D[$k]}\"; done",
        "declare -A D=([a]=/srv/app); for k in \"${!D[@]}\"; do rm -rf \"${D[$k]}/.venv\"; done",
        "D=(/srv/b); D+=(/srv/app); rm -rf \"${D[1]}\"",
        "D=(/srv/app); rm -rf $D/.venv",
        "D=([5]=/srv/app); rm -rf \"${D[5]}\"",
        "i=1; D=(/srv/b /srv/app); rm -rf \"${D[i]}\"",
        "for k in a b; do D[$k]=/srv/app; done; rm -rf \"${D[$k]}\"",
    ]);
    all_are(Told::Named, &scripts, &[]);
    let harmless = rows(&[
        "declare -A D=([app]=/srv/app [b]=/srv/b); rm -rf \"${D[b]}\"",
        "D=(/srv/b /srv/app); rm -rf \"${D[0]}\"",
        "D=(/srv/b /srv/app); rm -rf \"$D\"",
        "declare -A D; D[app]=/srv/app; D[b]=/srv/b; rm -rf \"${D[b]}\"",
        "D=(); rm -rf \"${D[0]}\" \"${D[$k]}\" \"${D[@]}\"",
        "while read -r f; do rm -rf \"$f\"; done < /dev/null",
        "mapfile -t D < /dev/null; for d in \"${D[@]}\"; do rm -rf \"$d\"; done; rm -rf ${D[1]}",
        "while read -r a b; do rm -rf \"$b\"; done < /dev/null; set --; rm -rf \"$@\" $1",
        "D=(/srv/app); unset D; D=(/srv/b); rm -rf \"${D[0]}\"",
        "D=(/srv/app /srv/b); D=(/srv/c /srv/d); rm -rf \"${D[@]}\"",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
}

#[test]
fn what_stands_beside_what_is_found_is_known() {
    let scripts = rows(&[
        "find /srv -name pyvenv.cfg -execdir rm -rf lib \\;",
        "find /srv -maxdepth 2 -execdir rm -rf .venv \\;",
        "find /srv -name package.json -execdir rm -rf .venv \\;",
        "find /srv -name package.json -execdir sh -c 'rm -rf .venv' \\;",
        "find /srv -name core.py -exec dirname {} \\; | xargs rm -rf",
        "find /srv -name pyvenv.cfg | xargs dirname | xargs rm -rf",
        "find /srv -name pyvenv.cfg -printf '%h\\n' | xargs rm -rf",
        "find /srv -name pyvenv.cfg -printf '%h\\0' | xargs -0 rm -rf",
        "find /srv -name pyvenv.cfg | while read f; do rm -rf \"$(dirname \"$f\")\"; done",
        "find /srv -name pyvenv.cfg | while read -r f; do rm -rf \"${f%/*}\"; done",
        "find /srv -name pyvenv.cfg | while read -r f; do d=$(dirname $f); rm -rf $d/lib; done",
        "find /srv -name package.json | while read -r f; do rm -rf \"$(dirname \"$f\")/.venv\"; done",
        "find /srv -name package.json -exec sh -c 'rm -rf \"${1%/*}\"/.v*' _ {} \\;",
        "for d in $(find /srv -name bin -type d); do rm -rf $d/../lib; done",
        "for d in $(find /srv -type d -name app); do rm -rf \"$d\"/.venv; done",
        "find /srv -maxdepth 1 -type d | while read -r d; do cd \"$d\" && rm -rf .venv; done",
        "find /srv -maxdepth 1 -type d | while read -r d; do (cd $d; rm -rf ./.v*); done",
        "find /srv -name core.py -printf '%T@ %p\\n' | sort -n | cut -d' ' -f2- | xargs rm",
        "find /srv -name core.py -printf '%T@ %p\\n' | awk '{print $2}' | xargs rm",
        "find /srv -name core.py -printf '%T@ %p\\n' | while read -r t f; do rm \"$f\"; done",
        "xargs -a <(find /srv -name core.py) rm",
        "cat <(find /srv -name core.py) | xargs rm",
        "bash <(echo rm -rf /srv/app/.venv)",
        "source <(echo rm -rf /srv/app/.venv)",
        "while IFS=: read -r a b; do rm -rf \"$b\"; done <<< 'x:/srv/app/.venv'",
        "while read -r a b c; do rm -rf \"$a/$b\"; done <<'E'\n/srv app/.venv x y\nE",
        "D=/SRV/App/.venv; rm -rf \"${D,,}\"",
        "D=/srv/xapp; rm -rf \"${D/xapp/app}\"/.venv",
        "D=/srv/app/.venvXX; rm -rf \"${D:0:14}\"",
        "shopt -s extglob; rm -rf /srv/app/.@(venv|cache)",
        "shopt -s extglob dotglob; cd /srv/app; rm -rf !(readme|build)",
        "shopt -s extglob; rm -rf /srv/app/.!(git)",
        "rm -rf /srv/+([a-z])/.venv",
    ]);
    let files = [
        ("/srv/app/package.json", "{}"),
        ("/srv/other/x.log", "x"),
        ("/var/cache/x.log", "x"),
    ];
    all_are(Told::Named, &scripts, &files);
    let harmless = rows(&[
        "find /srv -name '*.log' -execdir rm -rf lib \\;",
        "find /var/cache -name '*.log' | xargs dirname | xargs rm -rf",
        "find /srv -name '*.log' | while read f; do rm -rf \"$(dirname \"$f\")\"; done",
        "find /srv -name package.json | while read -r f; do rm -rf \"${f%/*}/node_modules\"; done",
        "find /srv -name package.json -execdir rm -rf node_modules \\;",
        "find /srv -maxdepth 1 -type d | while read -r d; do rm -rf \"$d\"/*.log \"$d\"/build; done",
        "find /srv -mindepth 1 -maxdepth 1 -type d | while read -r d; do cd \"$d\" && rm -rf *; done",
        "find /srv -maxdepth 1 -type d | while read -r d; do cd \"$d\" && rm -rf build *.tmp; done",
        "find /srv -name pyvenv.cfg -printf '%h\\n' | grep -v /srv/app | xargs -r ls",
        "while IFS=: read -r a b; do rm -rf \"$a\"; done <<< 'x:/srv/app/.venv'",
        "D=/srv/app; rm -rf \"${D^^}\"",
        "D=/srv/app/.venv; rm -rf \"${D/app/b}\"",
        "shopt -s extglob; rm -rf /srv/app/!(.venv)",
        "shopt -s extglob dotglob; cd /srv/app; rm -rf !(.venv|.git)",
        "shopt -s extglob; rm -rf /srv/app/.!(venv|.|)",
        "shopt -s extglob; rm -rf /srv/!(app)",
    ]);
    all_are(Told::Nothing, &harmless, &files);
    let odd = rows(&[
        "find /srv -name pyvenv.cfg -printf '%f\\n' | xargs rm -rf",
        "bash <(curl -s https://example.org/clean)",
        "D=/srv/app; rm -rf \"${D/$X/}\"/.venv",
    ]);
    all_are(Told::Unknown, &odd, &files);
}

#[test]
fn who_goes_on_from_what_is_found_is_followed() {
    let files = [
        ("/srv/app/package.json", "{}"),
        ("/srv/app/src/x", "x"),
        ("/srv/other/x", "x"),
    ];
    let each = |body: &str, name: &str| {
        format!("find /srv -name {name} | while read -r d; do {body}; done")
    };
    let scripts = [
        each("cd \"$d\"; cd .venv; rm -rf lib", "app"),
        each("cd \"$d\"; cd ./.venv/lib; rm -rf python3*", "app"),
        each("cd \"$d\" && cd .. && rm -rf .venv", "src"),
        each("cd \"$d\"; cd ../.venv; cd lib; cd ..; rm -rf bin", "src"),
        each("pushd \"$d\"; pushd .venv; popd; rm -rf .venv", "app"),
        each("cd \"$d\"; cd .venv; cd ..; rm -rf .venv", "app"),
        each("cd \"$d\"; cd .v*/lib; cd ..; rm -rf bin", "app"),
        each("command cd \"$d\"; rm -rf .venv", "app"),
        "find /srv -name package.json -execdir sh -c 'cd .venv; rm -rf lib' \\;".to_owned(),
    ];
    all_are(Told::Named, &scripts, &files);
    let harmless = [
        each("cd \"$d\"; cd ..; rm -rf build", ".git"),
        each("cd \"$d\"; cd ..; rm -rf .venv", "app"),
        each("cd \"$d\"; cd sub; rm -rf y", "app"),
        each("pushd \"$d\"; pushd .venv; popd; rm -rf lib", "app"),
        each("cd \"$d\"; cd /srv/other; rm -rf .venv", "app"),
        "find /srv -name package.json -execdir sh -c 'cd sub; rm x' \\;".to_owned(),
    ];
    all_are(Told::Nothing, &harmless, &files);
    let odd = [
        each("cd \"$d\"; cd ..; cd ..; cd $UNSET; rm -rf .venv", "src"),
        each("cd \"$d\"; cd \"$UNSET\"; rm -rf .venv", "app"),
        each("cd \"$d\"; env -C \"$UNSET\" rm -rf .venv", "app"),
        each("cd \"$d\"; tmux new -c \"$UNSET\" 'rm -rf .venv'", "app"),
    ];
    all_are(Told::Unknown, &odd, &files);
}

#[test]
fn a_slice_of_a_list_is_some_of_its_words() {
    let scripts = rows(&[
        "set -- x /srv/app/.venv; rm -rf \"${@:2}\"",
        "set -- x /srv/app/.venv; rm -rf ${*:2}",
        "set -- x /srv/app/.venv y; rm -rf \"${@:2:1}\"",
        "set -- x /srv/app/.venv; rm -rf \"${@: -1}\"",
        "sh -c 'rm -rf \"${@:2}\"' _ a /srv/app/.venv",
        "f() { rm -rf \"${@:2}\"; }; f a /srv/app/.venv",
        "A=(x /srv/app/.venv); rm -rf \"${A[@]:1}\"",
        "A=(x); A+=(/srv/app/.venv); rm -rf \"${A[@]:1}\"",
        "A=(x /srv/app/.venv); for d in \"${A[@]:1}\"; do rm -rf \"$d\"; done",
    ]);
    all_are(Told::Named, &scripts, &[]);
    let harmless = rows(&[
        "set -- /srv/app/.venv x; rm -rf \"${@:2}\"",
        "set -- x /srv/app/.venv; rm -rf \"${@:1:1}\"",
        "set -- x /srv/app/.venv; rm -rf \"${@:3}\"",
        "A=(/srv/app/.venv x); rm -rf \"${A[@]:1}\"",
        "A=(/srv/app/.venv x); rm -rf \"${A[*]: -1}\"",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
    let mut odd = rows(&[
        "A=([5]=/srv/app/.venv); rm -rf \"${A[@]:1}\"",
        "A=(x); A+=([9]=/srv/app/.venv); rm -rf \"${A[@]:5}\"",
        "set -- $X /srv/app/.venv; rm -rf \"${@:2}\"",
        "set -- x /srv/app/.venv; rm -rf \"${@:$N}\"",
        "set -- $(find /srv -name core.py); rm -f \"${@:2}\"",
    ]);
    // Of very many words nobody keeps at which place each stands.
    let many = "x ".repeat(70);
    odd.push(format!("A=({many} /srv/app/.venv); rm -rf \"${{A[70]}}\""));
    all_are(Told::Unknown, &odd, &[]);
}

#[test]
fn what_is_found_may_go_as_well_as_what_is_named() {
    let scripts = rows(&[
        "find /srv -name '*.py' | xargs rename 's/a/b/'",
        "find /srv -name core.py -exec rename 's/a/b/' {} +",
        "find /srv -name .venv -type d | xargs fdupes -rdN",
        "rename 's/a/b/' /srv/app/.venv/lib/*/*",
        "rename 's/a/b/' /srv/app/.venv/$X",
    ]);
    all_are(Told::Unknown, &scripts, &[]);
    let harmless = rows(&[
        "find /srv -name '*.log' | xargs rename 's/a/b/'",
        "find /srv -name '*.py' | xargs rename -n 's/a/b/'",
        "rename 's/a/b/' /srv/other/$X",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
}
