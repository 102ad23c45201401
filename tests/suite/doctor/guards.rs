//! Guards that leave the venv alone, and the same where they guard something else.

use super::scripts::{Told, all_are, rows};

const FILES: [(&str, &str); 4] = [
    ("/srv/app/readme", "x"),
    ("/srv/app/build/x", "x"),
    ("/srv/other/x", "x"),
    ("/etc/keep", ".venv\n"),
];

/// Loops over what is there, with `@` for the guard of each entry `$i`, whose path is `$d`.
const LOOPS: [&str; 6] = [
    "cd /srv/app; for i in * .v*; do d=$PWD/$i; @ rm -rf \"$i\"; done",
    "for d in /srv/app/* /srv/app/.[!.]*; do i=$(basename \"$d\"); @ rm -rf \"$d\"; done",
    "for d in /srv/app/{,.}*; do i=${d##*/}; @ rm -rf \"$d\"; done",
    "cd /srv/app; ls -A | while read -r i; do d=/srv/app/$i; @ rm -rf \"$i\"; done",
    "shopt -s dotglob; for d in /srv/*/*; do i=$(basename $d); @ rm -rf \"$d\"; done",
    "ALL=(readme build .venv); for i in \"${ALL[*]}\"; do d=/srv/app/$i; @ rm -rf \"$d\"; done",
];

/// Guards of which each leaves the venv alone.
const GUARDS: [&str; 20] = [
    "[ \"$i\" = .venv ] && continue;",
    "[ \"$i\" == \".venv\" ] && continue;",
    "test \"$i\" = .venv && continue;",
    "[[ $i == .venv ]] && continue;",
    "[[ $i == .v* ]] && continue;",
    "[[ $d == */.venv ]] && continue;",
    "[[ $i =~ venv ]] && continue;",
    "[ \"$i\" != .venv ] || continue;",
    "if [ \"$i\" = .venv ]; then continue; fi;",
    "if [ \"$i\" = readme ] || [ \"$i\" = .venv ]; then continue; fi;",
    "[ \"$i\" = readme -o \"$i\" = .venv ] && continue;",
    "[[ $i == readme || $i == .venv ]] && continue;",
    "case \"$i\" in readme|.venv) continue;; esac;",
    "case $d in */.venv) continue ;; *) : ;; esac;",
    "echo \"$i\" | grep -q venv && continue;",
    "if echo \"$i\" | grep -qE '^(readme|\\.venv)$'; then continue; fi;",
    "[ -f \"$d/pyvenv.cfg\" ] && continue;",
    "[ -e $d/bin/python ] && continue;",
    "KEEP=.venv; [ \"$i\" = \"$KEEP\" ] && continue;",
    "[ \"${i#.}\" = venv ] && continue;",
];
/// Guards that leave something else alone, or of which nobody knows.
const OPEN: [&str; 8] = [
    "[ \"$i\" = readme ] && continue;",
    "[ \"$i\" = .venv ] || continue;",
    "[[ $i == *.log ]] && continue;",
    "case \"$i\" in readme|build) continue;; esac;",
    "echo \"$i\" | grep -q readme && continue;",
    "[ -f \"$d/keep\" ] && continue;",
    "[ \"$i\" = \"$NOT_KNOWN\" ] && continue;",
    "[ -d \"$d\" ] || continue;",
];

fn in_all_loops(guards: &[&str]) -> Vec<String> {
    let each = LOOPS
        .iter()
        .flat_map(|text| guards.iter().map(|guard| text.replace('@', guard)));
    each.collect()
}

#[test]
fn a_guard_that_leaves_the_venv_alone_is_believed_in_each_loop() {
    all_are(Told::Nothing, &in_all_loops(&GUARDS), &FILES);
}

#[test]
fn a_guard_of_something_else_hides_nobody() {
    all_are(Told::Named, &in_all_loops(&OPEN), &FILES);
}

/// Ends of a script, before it removes all of the application.
const ENDS: [&str; 7] = [
    "@ && exit 0",
    "@ && { echo no; exit; }",
    "if @; then exit 0; fi",
    "! @ || exit 0",
    "if ! @; then :; else exit 0; fi",
    "f() { @ && exit 1; }; f",
    "f() { @ && return 1; rm -rf /srv/app; }; f; exit",
];

fn before_all_ends(tests: &[&str]) -> Vec<String> {
    let whole = |(end, test): (&str, &str)| format!("{}\nrm -rf /srv/app", end.replace('@', test));
    let pairs = ENDS
        .iter()
        .flat_map(|end| tests.iter().map(|test| (*end, *test)));
    pairs.map(whole).collect()
}

#[test]
fn a_script_that_ends_where_a_venv_is_there_is_harmless() {
    let there = [
        "test -e /srv/app/.venv",
        "[ -d /srv/app/.venv ]",
        "[[ -f /srv/app/.venv/pyvenv.cfg ]]",
        "[ -e /srv/app/.venv -a -d /srv/app/.venv ]",
        "[[ -e /no/such || -e /srv/app/.venv ]]",
        "[ ! -d /no/such -o -f \"/srv/app/.venv/pyvenv.cfg\" ]",
    ];
    all_are(Told::Nothing, &before_all_ends(&there), &FILES);
}

#[test]
fn a_script_that_ends_where_a_file_may_be_there_is_told() {
    let unsure = [
        "[ -e /no/such ]",
        "[ -f /srv/app/.venv ]",
        "[ -e /srv/app/.venv -a -e /no/such ]",
        "[ -e /etc/keep ]",
        "[ -d /srv/app ]",
        "[ ! -d /no/such -o -f \"/etc/keep\" ]",
        "[ -e \"$NOT_KNOWN\" ]",
        "[ -s /etc/keep ]",
        "[ -n /etc/keep ]",
    ];
    let mut all = before_all_ends(&unsure);
    for gone in [
        "rm -f /srv/app/.venv/pyvenv.cfg",
        "find /srv/app/.venv -maxdepth 1 -name '*.cfg' -delete",
        "mv /srv/app/.venv /srv/old",
    ] {
        let test = "[ -e /srv/app/.venv/pyvenv.cfg ]";
        all.push(format!("{gone}; {test} && exit 0; rm -rf /srv/app"));
    }
    all.push("[ -d /srv/app ] || exit 0; rm -rf /srv/app".to_owned());
    all_are(Told::Named, &all, &FILES);
}

#[test]
fn what_a_shell_of_its_own_does_is_its_own_matter() {
    let sweeping = rows(&[
        "x=$(exit 0); rm -rf /srv/app/.venv",
        "x=`false || exit 1`; rm -rf /srv/app/.venv",
        "cd /srv/app; BASE=$(cd \"$(dirname \"$0\")/..\" && pwd); rm -rf .venv",
        "V=/srv/app/.venv; d=$(V=/tmp/x; echo a); rm -rf $V",
        "cd /srv/app; cd /tmp | cat; rm -rf .venv",
        "cd /srv/app; ls | while read -r i; do cd /tmp; done; rm -rf .venv",
        "diff <(cd /tmp; exit) /etc/keep; rm -rf /srv/app",
        "dir=/srv/app/.venv; size() { local dir=$1; du -s \"$dir\"; }; size /var/log; rm -rf \"$dir\"",
        "f() { declare V=/srv/other; g; }; g() { local V=/srv/app/.venv; rm -rf $V; }; f",
        "shopt -s globstar; rm -rf /srv/app/.venv/**",
        "set -e; check() { [ ! -d /srv/app/.venv ]; echo x; }; check || true; rm -rf /srv/app",
        "set -e; check() { [ ! -d /srv/app/.venv ]; echo x; }; if ! check; then :; fi; rm -rf /srv/app",
        "set -e; { [ ! -d /srv/app/.venv ] && echo; }; rm -rf /srv/app",
        "for d in readme; do rm -f /srv/app/$d; [ -f /srv/app/$d ] && continue; rm -rf /srv/app/.venv; done",
        "for d in readme; do mv /srv/app/$d /tmp; [ -f /srv/app/$d ] && continue; rm -rf /srv/app/.venv; done",
    ]);
    all_are(Told::Named, &sweeping, &FILES);
    let harmless = rows(&[
        "cd /srv/other; d=$(cd /srv/app && pwd); rm -rf .venv",
        "V=/srv/other; f() { local V=/srv/app/.venv; ls $V; }; f; rm -rf $V",
        "cd /srv/other; ls | while read -r i; do cd /srv/app; done; rm -rf .venv",
        "rm -rf /srv/app/[!k]venv",
        "cd /srv/app; for f in [!a]venv; do rm -rf $f; done",
    ]);
    all_are(Told::Nothing, &harmless, &FILES);
}

#[test]
fn lists_of_names_without_the_venv_are_harmless() {
    let harmless = rows(&[
        "cd /srv/app && ls -A | grep -v venv | xargs rm -rf",
        "cd /srv/app && ls -A | grep -vx .venv | xargs -I{} rm -rf {}",
        "cd /srv/app && rm -rf $(ls -A | grep -v venv)",
        "cd /srv/app && ls -A | grep -v -e readme -e .venv | xargs rm -rf",
        "cd /srv/app && ls -A | grep -vFf /etc/keep | xargs rm -rf",
        "cd /srv/app && ls | xargs rm -rf",
        "cd /srv && ls app | xargs rm -rf",
        "cd /srv/app && for f in $(ls -a | grep -v venv | grep -v '^\\.*$'); do rm -rf $f; done",
        "ls -d /srv/app/.* /srv/app/* | grep -v /.venv | grep -v '/\\.*$' | xargs rm -rf",
        "find /srv/app -maxdepth 1 -mindepth 1 | grep -v venv | xargs rm -rf",
        "cd /srv/app && shopt -s extglob dotglob && rm -rf build readme",
        "for i in venv build; do [ $i = venv ] && break; rm -rf /srv/app/.venv; done",
        "for d in /srv/app; do [ -d $d/.venv ] && { echo no; continue; }; rm -rf $d; done",
    ]);
    all_are(Told::Nothing, &harmless, &FILES);
    let sweeping = rows(&[
        "cd /srv/app && ls -A | grep venv | xargs rm -rf",
        "cd /srv/app && ls -A | grep -v readme | xargs rm -rf",
        "cd /srv/app && ls -A | xargs rm -rf",
        "cd /srv/app && rm -rf $(ls -A | head -n 5)",
        "cd /srv && ls -A app | sed 's,^,app/,' >/dev/null; rm -rf app",
        "cd /srv/app; for i in .venv build; do [ $i = build ] && break; rm -rf $i; done",
        "cd /srv/app; for i in a b; do continue; done; rm -rf .venv",
        "cd /srv/app; while true; do break; done; rm -rf .venv",
        "cd /srv/app; for i in x .venv; do case $i in x) continue;; esac; rm -rf $i; done",
    ]);
    all_are(Told::Named, &sweeping, &FILES);
}

#[test]
fn what_rsync_and_git_are_told_to_leave_stays() {
    let copy = |flags: &str| format!("rsync -a --delete {flags} /srv/source/ /srv/app/");
    let files = [
        ("/srv/source/readme", "x"),
        ("/srv/source/.gitignore", "*.pyc\n!x\n/.venv/\n"),
        ("/srv/app/.gitignore", "*.pyc\n.venv\n"),
        ("/etc/list", "readme\n"),
        ("/etc/dirs", "sub/\n"),
        ("/etc/venv", ".venv/\n"),
        ("/srv/source/sub/x", "x"),
    ];
    let keeping = [
        "--filter=':- .gitignore'",
        "--filter='dir-merge,- .gitignore'",
        "--filter='dir-merge,- /.gitignore'",
        "-f ':- .gitignore' --exclude '*.log'",
        "--filter='merge,- /srv/app/.gitignore'",
        "--filter='.- /srv/app/.gitignore'",
        "--files-from=/etc/list",
        "--files-from=/etc/dirs",
        "-r --files-from=/etc/dirs",
        "--files-from=/etc/venv --dry-run",
    ];
    all_are(Told::Nothing, &keeping.map(copy), &files);
    let taking = [
        "--filter=':- .nothing'",
        "--filter='dir-merge,+ .gitignore'",
        "-r --files-from=/etc/venv",
    ];
    let with_venv = [&files[..], &[("/srv/source/.venv/x", "x")]].concat();
    all_are(Told::Named, &taking.map(copy), &with_venv);
    all_are(Told::Unknown, &[copy("--files-from=/no/such")], &files);

    let git = |words: &str| format!("cd /srv/app && git clean -fdx {words}");
    let tree = [("/srv/app/.git/HEAD", "x"), ("/srv/app/sub/x", "x")];
    let spared = [
        "-- . ':(exclude).venv'",
        "-- . ':!.venv'",
        "-- ':^.venv'",
        "':(exclude,top).venv'",
        "-- ':!/.venv'",
        "-- ':!*venv*'",
        "-- ':(exclude,glob)**/.venv/**'",
        "-- ':(exclude,icase).VENV'",
        "-e .venv",
        "-e '.v*'",
        "--exclude .venv/",
        "-- '*.pyc'",
        "-- ':(glob)*venv'",
        "-- '*venv'",
        "-- sub ':/build'",
    ];
    all_are(Told::Nothing, &spared.map(git), &tree);
    let swept = [
        "-- . ':!build'",
        "-- '.venv/*'",
        "-- . ':!*venv'",
        "-- '*/core.py'",
        "-- ':(glob)**/core.py'",
        "-- ':(icase).VENV'",
        "-- ':(top).venv'",
        "-- :/",
        "-e build",
    ];
    all_are(Told::Named, &swept.map(git), &tree);
    let below = [
        "cd /srv/app/sub && git clean -fdx :/",
        "cd /srv/app/sub && git clean -fdx -- ':/.v*'",
    ];
    all_are(Told::Named, &rows(&below), &tree);

    let other = [("/srv/b/pyproject.toml", "x"), ("/srv/b/x", "x")];
    let anew = rows(&[
        "cd /srv/app && uv venv --clear --project /srv/b",
        "cd /srv/app && uv venv --clear --directory /srv/b",
        "cd /srv/app && uv --directory ../b venv --clear",
        "cd /srv/app && uv venv --clear --directory /srv/b .venv",
    ]);
    all_are(Told::Nothing, &anew, &other);
    let anew = rows(&[
        "cd /srv/b && uv venv --clear --directory /srv/app",
        "cd /srv/b && uv venv --clear --directory /srv/app .venv",
        "cd /srv && uv venv --clear --directory app",
        // It is no project, so that it makes the environment where it stands.
        "cd /srv/app && uv venv --clear --project /srv",
    ]);
    all_are(Told::Named, &anew, &other);
}
