//! Links of a machine: sweepers name a venv by them, and below `--root` they lead to nothing of this machine.

use super::scripts::{Told, all_are, rows};
use super::{asked, machine, put, put_link, told};
use serde_json::Value;

const LINKS: [(&str, &str); 5] = [
    ("/opt/current", "->../srv/app"),
    ("/opt/all", "->/srv"),
    ("/opt/file", "->/srv/app/.venv/pyvenv.cfg"),
    ("/var/www/site", "->/opt/current"),
    ("/srv/source/readme", "x"),
];

#[test]
fn a_venv_is_swept_by_any_name_that_leads_to_it() {
    let scripts = rows(&[
        "rm -rf /opt/current/.venv",
        "rm -rf /opt/current/.v*",
        "rm -rf /opt/c*/.venv",
        "rm -rf /o*/*/.venv",
        "rm -rf /var/www/site/.venv/lib",
        "rm -rf /opt/current/../app/.venv",
        "cd /opt/current && rm -rf .venv",
        "cd /opt/current && rm -rf \"$PWD\"/.venv",
        "cd /opt/current/.venv && rm -rf ../.venv",
        "cd /var/www && cd site && rm -rf .venv",
        "cd /opt/current && cd ../all && rm -rf app/.venv",
        "cd -P /opt/current && cd ../app && rm -rf .venv",
        "D=$(readlink -f /opt/current); rm -rf \"$D\"/.venv",
        "D=$(cd /opt/current && pwd -P); rm -rf \"${D%/app}\"/app/.venv",
        "rm -rf \"$(dirname \"$(realpath /opt/current)\")\"/app/.venv",
        "find /opt/current/ -name core.py -delete",
        "find /opt/*/ -name core.py -delete",
        "find /opt/all/app -name core.py -delete",
        "find -H /opt/current -name core.py -delete",
        "find -L /opt -name core.py -delete",
        "find / -follow -name core.py -path '/opt/*' -delete",
        "find -L /var/www -path '/var/www/site/*' -name core.py -exec rm {} +",
        "find -L /var -mindepth 3 -path '*/site/*' -name core.py | xargs rm",
        "cd /opt/current && find . -name core.py -delete",
        "fd -u core.py /opt/current -X rm",
        "cd /opt/current && git clean -fdx",
        "git -C /var/www/site clean -fdx",
        "rsync -a --delete /srv/source/ /opt/current/",
        "rsync -a --delete /srv/source/ /opt/current",
        "tmpwatch --mtime 10d /opt/current",
        "tmpreaper -m 10d /opt/current/.venv",
        ": > /opt/file",
        "truncate -s 0 /opt/file",
        "cp /dev/null /opt/file",
        "for d in /opt/*/; do rm -rf \"$d/.venv\"; done",
        "mv /opt/current/.venv /tmp",
        "tar --remove-files -cf /b.tar -C /opt/current .venv",
        "ls -d /opt/current/.venv | xargs rm -rf",
    ]);
    all_are(Told::Named, &scripts, &LINKS);
    let harmless = rows(&[
        "rm -rf /opt/current",
        "rm -rf /opt/current /opt/all /var/www/*",
        "rm -f /opt/file",
        "unlink /opt/file",
        "find /opt -name core.py -delete",
        "find /opt/current -name core.py -delete",
        "find /opt /var/www -type l -exec rm -rf {} +",
        "find -L /opt -type l -delete",
        "find -L /opt -maxdepth 2 -name core.py -delete",
        "find -L /opt -name current -prune -o -path /opt/all -prune -o -name core.py -delete",
        "find -L /opt -name current -exec rm -rf {} +",
        "tmpwatch --mtime 10d -x /opt/current/.venv /opt/current",
        "tmpwatch --mtime 10d -x /srv/app/.venv /opt/current",
        "cd /opt/current && git clean -fdx -e .venv",
        "rsync -a --delete --exclude=.venv /srv/source/ /opt/current/",
        "cd /opt/current && cd .. && rm -rf app",
    ]);
    all_are(Told::Nothing, &harmless, &LINKS);
}

fn with(files: &[(&str, &str)], more: &[(&str, &str)]) -> Value {
    let sandbox = machine();
    for (path, text) in files.iter().chain(more) {
        match text.strip_prefix("->") {
            Some(to) => put_link(&sandbox, path, to),
            None => put(&sandbox, path, text),
        }
    }
    asked(&sandbox, &[])
}

#[test]
fn rules_that_name_a_link_are_followed_as_their_program_does() {
    for (rule, count) in [
        ("R! /opt/current/.venv\n", 1),
        ("r /opt/current/.venv/pyvenv.cfg\n", 1),
        ("d /opt/all/app 0755 root root 1d\n", 1),
        ("e /opt/c*/.venv - - - 1d\n", 1),
        ("R! /opt/current\n", 0),
        ("d /opt/current 0755 root root 1d\n", 0),
        ("x /opt/all/app/.v*\nd /opt/all/app 0755 root root 1d\n", 0),
        ("x /srv/app/.v*\nd /opt/all/app 0755 root root 1d\n", 1),
    ] {
        let found = told(&with(&LINKS, &[("/etc/tmpfiles.d/a.conf", rule)]));
        assert_eq!(found.len(), count, "{rule}: {found:?}");
    }
    let rule = (
        "/etc/logrotate.d/a",
        "/opt/current/.venv/pyvenv.cfg { daily }\n",
    );
    assert_eq!(told(&with(&LINKS, &[rule])).len(), 1);
    // Code that writes somewhere is told where that is the venv, by whatever name.
    let code = "#!/bin/sh\npython3 -c 'open(\"/opt/current/.venv/pyvenv.cfg\", \"w\")'\n";
    let answer = with(&LINKS, &[("/etc/cron.daily/a", code)]);
    assert_eq!(answer["riddles"].as_array().unwrap().len(), 1, "{answer:#}");
}

/// Below another root an absolute link led to a file of this machine: silence, or a culprit that is none.
#[test]
fn links_below_another_root_stay_there() {
    let line = "1 2 * * * root rm -rf /srv/app/.venv\n";
    let script = "#!/bin/sh\nrm -rf /srv/app/.venv\n";
    let rows: [(&str, &[(&str, &str)]); 6] = [
        (
            "a crontab",
            &[("/usr/a", line), ("/etc/cron.d/a", "->/usr/a")],
        ),
        (
            "a directory",
            &[("/usr/c/a", line), ("/etc/cron.d", "->/usr/c")],
        ),
        (
            "up and up",
            &[("/usr/a", line), ("/etc/cron.d/a", "->../../../../usr/a")],
        ),
        (
            "a program",
            &[("/usr/a", script), ("/etc/cron.daily/a", "->/usr/a")],
        ),
        (
            "what a line runs",
            &[
                ("/usr/b/a", script),
                ("/opt/bin", "->/usr/b"),
                ("/etc/cron.d/a", "1 2 * * * root /opt/bin/a\n"),
            ],
        ),
        (
            "a unit",
            &[
                (
                    "/usr/a",
                    "[Service]\nExecStart=/bin/rm -rf /srv/app/.venv\n",
                ),
                ("/etc/systemd/system/a.service", "->/usr/a"),
                ("/etc/systemd/system/a.timer", "[Timer]\nOnCalendar=daily\n"),
                (
                    "/etc/systemd/system/timers.target.wants/a.timer",
                    "->/etc/systemd/system/a.timer",
                ),
            ],
        ),
    ];
    for (what, files) in rows {
        assert_eq!(told(&with(files, &[])).len(), 1, "{what}");
    }
    // What the links name on this machine is none of it.
    let sandbox = machine();
    let outside = sandbox.path("outside");
    std::fs::write(&outside, line).unwrap();
    put_link(&sandbox, "/etc/cron.d/a", outside.to_str().unwrap());
    put_link(&sandbox, "/etc/cron.d/b", "../../../outside");
    put_link(&sandbox, "/etc/cron.d/loop", "loop");
    assert_eq!(told(&asked(&sandbox, &[])), Vec::<String>::new());
    // The venv itself may be named by such a link.
    put_link(&sandbox, "/opt/absolute", "/srv/app");
    put(&sandbox, "/etc/cron.d/c", line);
    let run = sandbox.snap(&[
        "doctor",
        "root/opt/absolute/.venv",
        "--root",
        "root",
        "--json",
    ]);
    let answer: Value = serde_json::from_str(run.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(told(&answer).len(), 1, "{answer:#}");
    // A pipe is no schedule, and nobody waits for who writes to it.
    let pipe = sandbox.path("root/etc/cron.d/pipe");
    let made = std::process::Command::new("mkfifo").arg(pipe).status();
    assert!(made.is_ok_and(|made| made.success()));
    assert_eq!(told(&asked(&sandbox, &[])).len(), 1);
}
