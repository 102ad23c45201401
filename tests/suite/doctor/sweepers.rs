//! Who sweeps: sweepers of every make are named with what they would take, and those that only look alike are not.

use super::{VENV, asked, machine, put, told};

/// The outage: a cleaner of core dumps that nobody looked at, since no tool named the pattern.
#[test]
fn the_core_dump_cleaner_is_named_with_file_line_files_and_next_time() {
    let sandbox = machine();
    put(
        &sandbox,
        "/etc/cron.d/cleanup",
        "# dumps\nMAILTO=root\n17 3 * * * root find / -xdev -name 'core.*' -mtime +7 -delete\n",
    );
    let answer = asked(&sandbox, &[]);
    assert_eq!(told(&answer), ["/etc/cron.d/cleanup:3 2 2"]);
    let one = &answer["sweepers"][0];
    assert_eq!(
        (&one["starter"], &one["user"], &one["when"]),
        (&"cron".into(), &"root".into(), &"17 3 * * *".into())
    );
    assert_eq!(
        one["sample"][0],
        format!("{VENV}/lib/python3.11/site-packages/click/core.py")
    );
    assert!(
        one["next"]
            .as_str()
            .is_some_and(|next| next.contains(":17:00")),
        "{one}"
    );
    assert!(answer["bad"].as_bool().unwrap());
    let run = sandbox.code(1, &["doctor", "root/srv/app/.venv", "--root", "root"]);
    assert!(
        run.stdout
            .contains("bad      sweeping: /etc/cron.d/cleanup:3: find / -xdev -name core.*"),
        "{run}"
    );
    assert!(
        run.stdout.contains("takes 2 files of '/srv/app/.venv' at "),
        "{run}"
    );
}

#[test]
fn sweepers_of_every_make_are_named() {
    // The file, its text, and where the command stands that removes.
    let all = 13;
    for (path, text, told_as) in [
        (
            "/etc/crontab",
            "0 4 * * *\troot\tfind /srv -name core.\\* -exec rm -f {} \\;\n",
            "/etc/crontab:1 2 2",
        ),
        (
            "/var/spool/cron/crontabs/web",
            "@daily cd /srv/app && find . -type f -name 'core.*' -print0 | xargs -0 rm -f\n",
            "/var/spool/cron/crontabs/web:1 2 2",
        ),
        (
            "/var/spool/cron/root",
            "*/5 * * * * rm -rf /srv/*/.venv/lib\n",
            "/var/spool/cron/root:1 ALL 9",
        ),
        (
            "/etc/cron.daily/tidy",
            "#!/bin/sh\nset -e\nDIR=/srv\nfor d in $DIR/app $DIR/other; do\n  find \"$d\" -name '*.py' -size -1k -o \
             -name 'core.py' -delete\ndone\n",
            "/etc/cron.daily/tidy:5 2 2",
        ),
        (
            "/etc/cron.d/list",
            "0 4 * * * root find /srv -name '*.py' -fprintf /var/log/all '\\%p' , -name 'core.*' -delete\n",
            "/etc/cron.d/list:1 2 2",
        ),
        (
            "/etc/cron.weekly/temp",
            "#!/bin/bash\ntmpwatch --mtime 10d /srv\n",
            "/etc/cron.weekly/temp:2 ALL 13",
        ),
        (
            "/etc/cron.hourly/reap",
            "#!/bin/sh\n/usr/sbin/tmpreaper -m 30d /srv/app\n",
            "/etc/cron.hourly/reap:2 ALL 13",
        ),
        (
            "/etc/anacrontab",
            "SHELL=/bin/sh\n7 5 weekly.x nice find /srv -path '*/idna/*' -delete\n",
            "/etc/anacrontab:2 ANY",
        ),
        (
            "/etc/tmpfiles.d/srv.conf",
            "# age\nd /srv/app 0755 root root 30d\n",
            "/etc/tmpfiles.d/srv.conf:2 0",
        ),
        (
            "/usr/lib/tmpfiles.d/gone.conf",
            "R! /srv/*/.venv\n",
            "/usr/lib/tmpfiles.d/gone.conf:1 ALL",
        ),
        (
            "/etc/logrotate.d/app",
            "/srv/app/.venv/lib/python3.11/site-packages/*/*.py {\n  weekly\n  rotate 3\n}\n",
            "/etc/logrotate.d/app:1 5",
        ),
        ("/var/spool/cron/atjobs/a0000201cb5c4a0", "", ""),
        (
            "/var/spool/cron/atjobs/a0000201d0f2c5",
            "#!/bin/sh\n# atrun uid=0\ncd /srv/app || {\n  exit 1\n}\ngit clean -fdx\n",
            "/var/spool/cron/atjobs/a0000201d0f2c5:6 ALL",
        ),
        (
            "/etc/cron.d/mirror",
            "0 1 * * * root rsync -a --delete /srv/source/ /srv/app/\n",
            "/etc/cron.d/mirror:1 ALL",
        ),
        (
            "/etc/cron.d/script",
            "0 1 * * * root /opt/clean.sh >/dev/null 2>&1\n",
            "/opt/clean.sh:4 2 2",
        ),
    ] {
        let sandbox = machine();
        put(&sandbox, path, text);
        put(&sandbox, "/srv/source/readme", "x");
        put(
            &sandbox,
            "/opt/clean.sh",
            "#!/usr/bin/env bash\n# what it does\nBASE=${BASE:-/srv}\nfind \"$BASE\" -name core.py | while read -r f; \
             do rm -f \"$f\"; done\n",
        );
        let answer = asked(&sandbox, &[]);
        let found = told(&answer);
        if told_as.is_empty() {
            assert!(found.is_empty(), "{path}");
            continue;
        }
        let place = told_as.split(' ').next().unwrap();
        assert_eq!(found.len(), 1, "{path}: {answer:#}");
        assert!(
            found[0].starts_with(&format!("{place} ")),
            "{path}: {found:?}"
        );
        if told_as.ends_with(" 2 2") {
            assert_eq!(found[0], told_as, "{path}");
        }
        let _ = all;
    }
}

#[test]
fn timers_are_read_with_their_services_and_what_is_added_to_these() {
    for (more, is_idle) in [(true, false), (false, true)] {
        let sandbox = machine();
        put(
            &sandbox,
            "/etc/systemd/system/clean.timer",
            "[Timer]\nOnCalendar=Mon *-*-* 02:00\n[Install]\nWantedBy=timers.target\n",
        );
        put(
            &sandbox,
            "/usr/lib/systemd/system/clean.service",
            "[Service]\nUser=web\nEnvironment=\"WHERE=/srv\"\nExecStart=/bin/true\n",
        );
        put(
            &sandbox,
            "/etc/systemd/system/clean.service.d/more.conf",
            "[Service]\nExecStartPost=-/usr/bin/find ${WHERE} -name core.py \\\n  -delete\n",
        );
        if more {
            put(
                &sandbox,
                "/etc/systemd/system/timers.target.wants/clean.timer",
                "",
            );
        }
        let mut answer = asked(&sandbox, &[]);
        if is_idle {
            assert!(told(&answer).is_empty(), "{answer:#}");
            assert_eq!(answer["bad"], false);
            answer["sweepers"] = answer["idle"].take();
        }
        assert_eq!(
            told(&answer),
            ["/etc/systemd/system/clean.service.d/more.conf:2 2 2"]
        );
        let one = &answer["sweepers"][0];
        assert_eq!(
            (&one["starter"], &one["user"]),
            (&"timer".into(), &"web".into())
        );
        assert!(
            one["next"].as_str().unwrap().ends_with("T02:00:00Z"),
            "{one}"
        );
        assert_eq!(one["idle"].is_string(), is_idle);
    }
}

#[test]
fn what_only_looks_like_a_sweeper_is_not_named() {
    for (path, text) in [
        (
            "/etc/cron.d/a",
            "0 3 * * * root find / -xdev -name 'core.[0-9]*' -delete\n",
        ),
        (
            "/etc/cron.d/b",
            "0 3 * * * root find /var/tmp -name 'core.*' -delete\n",
        ),
        (
            "/etc/cron.d/c",
            "0 3 * * * root find / -name 'core.*' -print | mail root\n",
        ),
        (
            "/etc/cron.d/d",
            "# 0 3 * * * root rm -rf /srv\n0 3 * * * root echo rm -rf /srv/app\n",
        ),
        ("/etc/cron.d/e.disabled", "0 3 * * * root rm -rf /srv\n"),
        (
            "/etc/cron.d/f",
            "0 3 * * * root find /srv -path /srv/app -prune -o -type f -name 'core.*' -delete\n",
        ),
        (
            "/etc/cron.d/g",
            "0 3 * * * root find /srv -maxdepth 2 -name 'core.*' -delete\n",
        ),
        (
            "/etc/cron.d/h",
            "0 3 * * * root find /srv -name 'core.*' -size +1G -delete\n",
        ),
        (
            "/etc/cron.d/i",
            "0 3 * * * root rsync -a --delete --exclude=.venv /srv/source/ /srv/app/\n",
        ),
        (
            "/etc/cron.d/j",
            "0 3 * * * root cd /srv/app && git clean -fd -e .venv\n",
        ),
        (
            "/etc/cron.d/k",
            "0 3 * * * root cd /srv/app && git clean -n -dx; git -C /srv/app clean -dx\n",
        ),
        (
            "/etc/cron.d/l",
            "0 3 * * * root docker system prune -af --volumes\n",
        ),
        (
            "/etc/cron.d/m",
            "0 3 * * * root rm -rf '/srv/*/.venv' /srv/app/build /srv/app/*.venv\n",
        ),
        ("/etc/cron.daily/n", "#!/bin/sh\nexit 0\nrm -rf /srv/app\n"),
        (
            "/etc/cron.daily/o",
            "#!/bin/sh\ncat <<EOF\nrm -rf /srv/app\nEOF\n",
        ),
        ("/etc/cron.daily/p.sh", "#!/bin/sh\nrm -rf /srv/app\n"),
        (
            "/etc/tmpfiles.d/q.conf",
            "d /srv/app 0755 root root -\nx /srv/app/.venv\ne /srv/app - - - 1d\n",
        ),
        (
            "/etc/logrotate.d/r",
            "/srv/app/log/*.log {\n  postrotate\n    kill -HUP 1\n  endscript\n}\n",
        ),
        (
            "/etc/cron.d/s",
            "0 3 * * * root tmpreaper --protect '/srv/app/.venv' 7d /srv/app\n",
        ),
        (
            "/etc/cron.d/t",
            "0 3 * * * root rsync -an --delete /srv/source/ /srv/app/\n",
        ),
        (
            "/etc/cron.d/u",
            "0 3 * * * root rsync -a --delete /srv/app/ backup:/srv/app/\n",
        ),
        ("/root/old.sh", "#!/bin/sh\nrm -rf /srv/app\n"),
    ] {
        let sandbox = machine();
        put(&sandbox, "/srv/source/readme", "x");
        put(&sandbox, path, text);
        let answer = asked(&sandbox, &[]);
        assert!(told(&answer).is_empty(), "{path}: {answer:#}");
        assert!(
            answer["riddles"].as_array().unwrap().is_empty(),
            "{path}: {answer:#}"
        );
    }
}

#[test]
fn what_cannot_be_understood_is_told_as_such() {
    for (text, what) in [
        (
            "#!/bin/sh\nrm -rf \"$SOMEWHERE\"/*\n",
            "known only when it runs",
        ),
        ("#!/bin/sh\neval \"$CLEAN\"\n", "eval"),
        (
            "#!/bin/sh\nfind $(cat /etc/places) -delete\n",
            "known only when it runs",
        ),
        (
            "#!/usr/bin/python3\nimport shutil\nshutil.rmtree('/srv')\n",
            "a script of python3",
        ),
        ("#!/bin/sh\ncd \"$1\"\nrm -rf build\n", "in which directory"),
    ] {
        let sandbox = machine();
        put(&sandbox, "/etc/cron.daily/odd", text);
        let answer = asked(&sandbox, &[]);
        assert!(told(&answer).is_empty(), "{text}");
        let riddles = answer["riddles"].as_array().unwrap();
        assert_eq!(riddles.len(), 1, "{text}: {answer:#}");
        assert!(
            riddles[0]["why"].as_str().unwrap().contains(what),
            "{text}: {answer:#}"
        );
    }
}

#[test]
fn a_script_that_somebody_starts_is_looked_at_when_it_is_named() {
    let sandbox = machine();
    put(
        &sandbox,
        "/srv/app/deploy/go.sh",
        "#!/bin/sh\ncd \"$(dirname /srv/app/x)\"\ngit pull\ngit clean -fdx\n",
    );
    assert!(told(&asked(&sandbox, &[])).is_empty());
    for place in ["root/srv/app/deploy", "root/srv/app/deploy/go.sh"] {
        let answer = asked(&sandbox, &["--look-in", place]);
        let found = told(&answer);
        assert_eq!(found.len(), 1, "{answer:#}");
        assert!(
            found[0].starts_with("/srv/app/deploy/go.sh:4 "),
            "{found:?}"
        );
        assert_eq!(answer["sweepers"][0]["starter"], "named");
    }
    // Installers write a .gitignore into each venv, which keeps it from a clean that leaves what is ignored.
    for written in ["*", "# created by virtualenv automatically\n*\n"] {
        put(&sandbox, "/srv/app/.venv/.gitignore", written);
        for (flags, takes) in [("-fd", 0), ("-fdx", 1), ("-fdX", 1)] {
            let script = format!("#!/bin/sh\ncd /srv/app && git clean {flags}\n");
            put(&sandbox, "/srv/app/deploy/go.sh", &script);
            let found = told(&asked(&sandbox, &["--look-in", "root/srv/app/deploy"]));
            assert_eq!(found.len(), takes, "{flags}, {written:?}: {found:?}");
        }
    }
}

#[test]
fn what_is_too_young_by_then_is_told_as_what_goes_later() {
    let sandbox = machine();
    put(
        &sandbox,
        "/etc/cron.d/age",
        "0 * * * * root find /srv -name '*.py' -mtime +36500 -delete\n",
    );
    let answer = asked(&sandbox, &[]);
    let one = &answer["sweepers"][0];
    assert_eq!(one["takes"], 0);
    assert!(one["takes_later"].as_u64().unwrap() >= 5);
    assert!(answer["bad"].as_bool().unwrap());
}
