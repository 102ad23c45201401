//! What sweeps by each kind of command, what only looks like that, and what nobody can follow.

use super::scripts::{Told, all_are, rows, told_of};
use super::{asked, machine, put};

#[test]
fn what_is_given_to_a_remover_is_followed_from_wherever_it_comes() {
    let scripts = rows(&[
        "D=/srv/app/.venv\nrm -rf \"$D\"/*",
        "D=/srv/app/.venv/\nrm -rf \"${D%/}\"/lib",
        "D=/srv/app/.venv/lib/x\nrm -rf \"${D%/*}\"",
        "D=${D:-/srv/app}\nrm -rf \"${D:?}\"/.venv",
        "D=/srv/b; if a; then D=/srv/app; else D=/srv/c; fi\nrm -rf $D/.venv",
        "D=/srv; D+=/app; rm -rf \"$D\"/.venv",
        "D=(/srv); D+=(/srv/app); find \"${D[@]}\" -name core.py -delete",
        "ALL=\"/srv/a /srv/app/.venv\"; rm -rf $ALL",
        "OPTS=\"-name core.py -delete\"; find /srv $OPTS",
        "RM=\"rm -rf\"; $RM /srv/app/.venv",
        "ALL=(/srv/b /srv/app)\nfor d in \"${ALL[@]}\"; do find \"$d\" -name core.py -delete; done",
        "ARGS=(-name core.py -delete)\nfind /srv \"${ARGS[@]}\"",
        "f() { find \"$1\" -name core.py -delete; }\nf /srv",
        "f() { local d=$1; shift; rm -rf \"$d\"/\"$1\"; }\nf /srv/app .venv",
        "f() { rm -rf \"$1\"; f /srv/app/.venv; }\nf",
        "set -- /srv/app/.venv; rm -rf \"$@\"",
        "set -- /srv/app/.venv; for d; do rm -rf \"$d\"; done",
        "rm -rf /srv/app/{build,.venv}",
        "D=.venv; rm -rf /srv/{app,b}/\"$D\"",
        "rm -rf /srv/app/.v*",
        "rm -rf /srv/app/.[!.]*",
        "rm -rf /srv/app/.venv/!(bin)",
        "find /srv -name pyvenv.cfg | xargs dirname | xargs rm -rf",
        "rm -rf ~web/../app/.venv",
        "shopt -s dotglob\nrm -rf /srv/app/*",
        "shopt -s globstar\nrm -f /srv/app/.venv/**/core.py",
        "cd /srv/app && rm -rf .venv",
        "cd /srv/app\npushd /tmp >/dev/null\npopd >/dev/null\nrm -rf .venv",
        "cd /srv/app\ncd /tmp\ncd - >/dev/null\nrm -rf .venv",
        "HOME=/srv/app; cd; rm -rf .venv",
        "cd \"$(dirname /srv/app/x)\" && rm -rf .venv",
        "D=$(cd /srv/app && pwd); rm -rf \"$D/.venv\"",
        "for f in $(find /srv -name core.py); do rm $f; done",
        "for f in /srv/app/.venv/lib/*/site-packages/*/core.py; do rm \"$f\"; done",
        "find /srv -name core.py | while IFS= read -r f; do rm -f -- \"$f\"; done",
        "while IFS= read -r -d '' f; do rm \"$f\"; done < <(find /srv -name core.py -print0)",
        "mapfile -t ALL < <(find /srv -name core.py)\nrm \"${ALL[@]}\"",
        "find /srv -name core.py -printf '%p\\n' | xargs --max-args 10 rm -f",
        "find /srv -name core.py | xargs -I{} rm -f '{}'",
        "find /srv -name core.py | sort | head -n 5 | sudo xargs nice -n 5 rm",
        "find /srv -name core.py | parallel -j 4 rm",
        "parallel rm -rf ::: /srv/b /srv/app/.venv",
        "ls -d /srv/app/.venv/lib | xargs rm -rf",
        "cd /srv/app/.venv && ls | xargs rm -rf",
        "locate core.py | xargs rm -f",
        "fdfind -H -I '^core.py$' /srv -x rm",
        "fd -u core.py /srv -X rm -f",
        "xargs rm -rf < /etc/list",
        "cat /etc/list | xargs rm -rf",
        "while read d; do rm -rf \"$d\"; done < /etc/list",
        "rm -rf $(cat /etc/list)",
        "printf '%s\\n' /srv/b /srv/app/.venv | xargs rm -rf",
        "find /srv -name core.py -exec sudo -n rm {} \\;",
        "find /srv -name core.py -exec nice -n 5 rm {} +",
        "find /srv -name core.py -exec sh -c 'rm \"$1\"' _ {} \\;",
        "find /srv -name core.py -exec sh -c 'for f; do rm \"$f\"; done' _ {} +",
        "find /srv -name core.py -exec srm {} +",
        "find /srv -name core.py -execdir rm {} \\;",
        "find /srv -name core.py | grep -v /node_modules/ | xargs rm",
        "cd /srv/app && find . -path './.venv/*' -name core.py -delete",
        "find /srv -depth -name .venv -prune -o -name core.py -exec rm {} +",
        ". /etc/default/clean\nfind \"$WHERE\" -name core.py -delete",
        "/opt/clean.sh /srv",
        "PATH=/opt/bin:$PATH; clean-all",
    ]);
    let files = [
        ("/etc/list", "/srv/b\n/srv/app/.venv\n"),
        ("/etc/default/clean", "WHERE=/srv\n"),
        ("/opt/bin/clean-all", "#!/bin/sh\nrm -rf /srv/app/.venv\n"),
    ];
    let elsewhere = ["/opt/clean.sh /srv", "clean-all"];
    let own: Vec<String> = scripts
        .into_iter()
        .filter(|script| !elsewhere.iter().any(|end| script.ends_with(end)))
        .collect();
    all_are(Told::Named, &own, &files);
}

#[test]
fn what_empties_files_is_named_as_well() {
    let scripts = rows(&[
        ": > /srv/app/.venv/pyvenv.cfg",
        "> /srv/app/.venv/pyvenv.cfg",
        "true >| /srv/app/.venv/pyvenv.cfg",
        "echo x > /srv/app/.venv/pyvenv.cfg",
        "cat /dev/null > /srv/app/.venv/pyvenv.cfg",
        "cp /dev/null /srv/app/.venv/pyvenv.cfg",
        "dd if=/dev/zero of=/srv/app/.venv/pyvenv.cfg count=1",
        "truncate --size 0 /srv/app/.venv/pyvenv.cfg",
        "echo | tee /srv/app/.venv/pyvenv.cfg",
        "find /srv -name core.py -exec cp /dev/null {} \\;",
        "find /srv -name core.py | while read -r f; do : > \"$f\"; done",
        "find /srv -name core.py -exec gzip {} +",
        "virtualenv --clear /srv/app/.venv",
        "python3 -m venv --clear /srv/app/.venv",
        "mv --target-directory=/tmp /srv/app/.venv",
    ]);
    all_are(Told::Named, &scripts, &[]);
}

#[test]
fn git_is_read_with_its_trees_and_what_they_ignore() {
    let ignoring = [
        ("/srv/app/.gitignore", ".venv/\n"),
        ("/srv/app/.git/HEAD", "x"),
        ("/srv/app/sub/x", "x"),
    ];
    let anyhow = [
        "git -C /srv/app clean -ffdx",
        "cd /srv/app && git clean --force -d -x -q",
        "cd / && git --git-dir=/srv/app/.git --work-tree=/srv/app clean -fdx",
        "cd /srv/app && git clean -fdX",
        "cd /srv/app && git clean -fdx -- .venv",
        "cd /srv/app && git stash -a",
        "cd /srv/app/sub && git stash push --all",
        "cd /srv/app && git worktree remove --force .venv",
    ];
    let only_unless_ignored = ["git -C /srv/app clean -fd", "cd /srv/app && git stash -u"];
    all_are(Told::Named, &rows(&anyhow), &ignoring);
    all_are(Told::Nothing, &rows(&only_unless_ignored), &ignoring);
    all_are(Told::Named, &rows(&only_unless_ignored), &[]);
    let spared = [
        "cd /srv/app && git clean -fdx -e .venv/",
        "git -C /srv/app clean -fdx --exclude=/.venv",
        "git -C /srv/app clean -fx",
        "cd /srv/app/sub && git clean -fdx",
        "cd /srv/app && git clean -fdx build dist",
        "cd /srv/app && git reset --hard && git checkout .",
        "cd /srv/app && git stash",
    ];
    all_are(Told::Nothing, &rows(&spared), &[("/srv/app/sub/x", "x")]);
}

#[test]
fn filters_of_rsync_keep_what_they_keep() {
    let copy = |flags: &str| format!("rsync -a --delete {flags} /srv/source/ /srv/app/");
    let files = [
        ("/srv/source/readme", "x"),
        ("/etc/ex", "# keep\n.venv/\n"),
        ("/etc/rules", "- .venv\n"),
    ];
    let keeping = [
        "--exclude='.v*'",
        "--exclude /.venv/",
        "--exclude-from=/etc/ex",
        "--exclude-from /etc/ex",
        "--filter='- .venv/'",
        "--filter='P .venv/'",
        "-f 'protect .venv'",
        "--filter='merge /etc/rules'",
        "--delete-excluded --filter='P .venv'",
        "--exclude='/.venv/***'",
        "-n",
        "--exclude=/.venv --include='*'",
    ];
    all_are(Told::Nothing, &keeping.map(copy), &files);
    let taking = [
        "",
        "--exclude=/venv",
        "--include=.venv --exclude=.venv",
        "--delete-excluded --exclude=.venv",
        "-e ssh",
        "--filter='P *.log'",
        "--numeric-ids --info=progress2",
        "--max-delete 5",
    ];
    all_are(Told::Named, &taking.map(copy), &files);
    let kept = [
        ("/srv/source/.rsync-filter", "- .venv\n"),
        ("/srv/app/.rsync-filter", "- .venv\n"),
    ];
    all_are(Told::Nothing, &[copy("-F")], &kept);
}

#[test]
fn tests_of_find_are_decided_rather_than_taken_for_true() {
    let search = |test: &str| format!("find /srv -xdev {test} -type f -delete");
    let old = [("/etc/stamp", "")];
    let holding = [
        "-regex '.*/core\\.py'",
        "-iregex '.*/CORE\\.PY'",
        "-regextype posix-extended -regex '.*/(core|main)\\.py'",
        "! -newer /etc/stamp",
        "! -newermt 2099-01-01",
        "-newermt '@1'",
        "-links 1",
        "! -links +5",
        "-size -2",
        "-size +0",
        "-perm -400",
        "-perm /u+r",
        "! -perm -4000",
        "-mtime -9999",
        "-not -path '*/node_modules/*'",
        "-iname 'CORE.*'",
        "\\( -name core.py -o -name '*.log' \\)",
        "-mindepth 3",
        "-maxdepth 9",
        "-path '*/idna/*'",
        "-fstype ext4",
    ];
    all_are(Told::Named, &holding.map(search), &old);
    let failing = [
        "-regex '.*/core\\.[0-9]+'",
        "-regextype posix-extended -regex '.*/core\\.[0-9]{1,6}'",
        "-newermt 2099-01-01",
        "-user nobody",
        "-group nogroup",
        "-perm -4000",
        "-perm 7777",
        "-links +5",
        "-size +100M",
        "-empty -size +1",
        "-name '*.log'",
        "-maxdepth 2",
        "-mindepth 12",
        "-inum 1",
        "-uid 4242",
        "-path './app/*'",
        "-false",
        "-name core.py -newermt '1 day ago' -mtime +2",
    ];
    all_are(Told::Nothing, &failing.map(search), &old);
    let piped = rows(&[
        "find /srv -name 'core.*' | grep -v '/\\.venv/' | xargs -r rm -f",
        "find /srv -type f | grep -E '/core\\.[0-9]+$' | xargs -r rm",
        "find /srv -type f | fgrep .log | xargs -r rm",
        "find /srv -name core.py | wc -l",
        "find /srv -name core.py > /tmp/l; rm -f /tmp/l",
        "find /srv -name core.py -exec false \\; -delete",
        "find /srv -name core.py -exec sh -c 'echo rm \"$1\"' _ {} \\;",
        "find /srv -name core.py -exec gzip -k {} +",
        "find /srv -name .venv -prune -o -name core.py -print0 | xargs -0 rm -rf",
        "find '/srv/*' -name core.py -delete",
        "find /srv -xtype l -delete",
        "cd /srv/app && find * -name core.py -delete",
        "find /srv -name core.py | awk '{print \"rm \" $0}' > /tmp/todo",
    ]);
    all_are(Told::Nothing, &piped, &[("/usr/bin/python3", "x")]);
}

#[test]
fn what_never_runs_or_only_speaks_of_it_is_passed_over() {
    let scripts = rows(&[
        "old() { rm -rf /srv/app/.venv; }\necho hi",
        "if false; then rm -rf /srv/app/.venv; fi",
        "false && rm -rf /srv/app/.venv",
        "true || rm -rf /srv/app/.venv",
        "while false; do rm -rf /srv/app/.venv; done",
        "exit 0\nrm -rf /srv/app/.venv",
        "f() { g; f; }\ng() { f; g; }\nf",
        "flock /lock true || exec \"$0\" again && \"$0\" again; \"$0\"",
        "exec true\nrm -rf /srv/app/.venv",
        "if a; then exit; else return; fi\nrm -rf /srv/app/.venv",
        "D=/srv/app/.venv; D+=/x; rm -rf \"$D\"",
        "RM='echo rm'; $RM -rf /srv/app/.venv",
        ": <<'X'\nrm -rf /srv/app/.venv\nX",
        "cat <<X\nrm -rf /srv/app/.venv\nX",
        "echo 'do not\nrm -rf /srv/app/.venv'",
        "ssh backup rm -rf /srv/app/.venv",
        "kubectl exec app -- rm -rf /srv/app/.venv",
        "chroot /mnt rm -rf /srv/app/.venv",
        "docker rm -f app",
        "logger rm -rf /srv/app/.venv",
        "T=$(mktemp -d); trap 'rm -rf \"$T\"' EXIT",
        "rm -f /var/backups/x-$(date +%F).tar /tmp/x.$$",
        "cd /srv/app/build || exit 1; rm -rf *",
        "rm -rf \"/srv/app/.v*\"",
        "rm -f /srv/app/.venv",
        "rmdir /srv/app/.venv",
        "python3 -c 'import os; print(os.listdir(\"/srv\"))'",
        "/srv/app/.venv/bin/python /srv/app/manage.py clear",
        "unknown-tool --backup /srv/app/.venv",
        "D=/srv/app/.venv/x.tar.gz; echo ${D##*.}",
    ]);
    let files = [
        ("/srv/app/build/x", "x"),
        ("/srv/app/manage.py", "print(1)\n"),
    ];
    all_are(Told::Nothing, &scripts, &files);
}

#[test]
fn code_in_other_languages_is_told_where_it_may_remove() {
    let scripts = rows(&[
        "perl -e 'unlink glob \"/srv/app/.venv/*\"'",
        "python3 -c 'import shutil; shutil.rmtree(\"/srv/app/.venv\")'",
        "sudo -u web python3.11 <<EOF\nimport shutil\nshutil.rmtree('/srv/app/.venv')\nEOF",
        "echo 'import shutil; shutil.rmtree(\"x\")' | python3 -",
        "curl -s https://example.org/clean | sh",
        "curl -s https://example.org/clean | python3",
        "find /srv -name core.py | sed 's/^/rm /' | sh",
        "node -e 'fs.rmSync(\"/srv\")'",
        "ruby -rfileutils -e 'FileUtils.rm_rf(\"/srv\")'",
        "awk 'BEGIN { system(\"rm -rf /srv\") }'",
        "python3 -c 'open(\"/srv/app/.venv/pyvenv.cfg\", \"w\")'",
        "python3 /opt/clean.py",
        "docker run --rm -v /srv:/d alpine rm -rf /d/app/.venv",
        "my-wrapper --now rm -rf /srv/app/.venv",
        "$NOT_KNOWN rm -rf /srv/app/.venv",
        "rm -rf /srv/app/$NOT_KNOWN",
        "rm -rf /srv/app/.venv/!($NOT_KNOWN)",
        "eval \"$NOT_KNOWN\"",
        "cd \"$1\"; rm -rf build",
        "#!/usr/bin/fish\nset d /srv\nfor f in (find $d -name core.py)\n  rm $f\nend\n",
        "#!/bin/csh -f\nset d=/srv\nfind $d -name core.py -delete\n",
        "#!/usr/bin/perl\nunlink '/srv/app/.venv/pyvenv.cfg';\n",
        "#!/usr/bin/env python3\nfrom pathlib import Path\nfor p in Path('/srv').rglob('core.py'): p.unlink()\n",
        "#!/usr/bin/env -S python3 -u\nimport subprocess\nsubprocess.run(['rm', '-rf', '/srv'])\n",
        "#!/usr/bin/env node\nrequire('fs').rm('/srv', {recursive: true}, () => {})\n",
    ]);
    all_are(
        Told::Unknown,
        &scripts,
        &[("/opt/clean.py", "import os\nos.remove('x')\n")],
    );
    // What names the venv, a part of its path, or a variable of it, is told with that name.
    for (code, name) in [
        (
            "shutil.rmtree(\"/srv/app/.venv\")",
            "it names '/srv/app/.venv'",
        ),
        ("shutil.rmtree(\"/srv/app\")", "it names '/srv/app'"),
        (
            "shutil.rmtree(os.environ[\"VIRTUAL_ENV\"])",
            "it names 'VIRTUAL_ENV'",
        ),
    ] {
        let sandbox = machine();
        put(
            &sandbox,
            "/etc/cron.daily/x",
            &format!("#!/bin/sh\npython3 -c '{code}'\n"),
        );
        let answer = asked(&sandbox, &[]);
        let why = answer["riddles"][0]["why"].as_str().unwrap();
        assert!(why.ends_with(name), "{why}");
    }
}

#[test]
fn a_hostile_script_neither_ends_doctor_nor_keeps_it_for_long() {
    let many = |text: &str, count: usize| text.repeat(count);
    let doubled = format!("A=x\n{}rm $A", many("A=\"$A$A\"\n", 60));
    let array = format!(
        "A=(x)\n{}rm ${{A[@]}}",
        many("A=(\"${A[@]}\" \"${A[@]}\")\n", 60)
    );
    let chain = |number: usize| format!("f{number}() {{ f{0}; f{0}; }}\n", number + 1);
    let functions: String = (0..20).map(chain).collect();
    let scripts = [
        doubled,
        array,
        functions + "f0",
        many("(", 2_000),
        many("if a; then ", 2_000),
        many("case a in a) ", 2_000),
        many("\"$(", 2_000),
        many("cat <<A\n", 1_000),
        many("f() ", 2_000),
        many("a=(", 2_000),
        format!("rm {}", many("{a,", 2_000)),
        format!("rm {}", many("{a,b}", 2_000)),
        format!("{}rm -rf /x", many("sudo ", 2_000)),
        format!("{}rm -rf /x", many("xargs ", 2_000)),
        format!("find / {} -delete", many("\\( ", 2_000)),
        format!("find / {} -delete", many("! ", 2_000)),
        format!("find / {} -delete", many("-name x ", 2_000)),
        format!("rm -rf /srv/{}", many("*", 10_000)),
        format!("rm -rf /srv/{}", many("*$A", 2_000)),
        ":(){ :|:& };:".to_owned(),
    ];
    // That there is an answer is what counts, within the time that a test may take.
    let told = told_of(&scripts, &[]);
    assert_eq!(told.len(), scripts.len());
}
