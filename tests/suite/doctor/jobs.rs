//! Jobs that nothing starts by a clock, or that one hands on to another.

use super::schedules::{all_sweep, named, none_sweeps};
use super::{asked, machine, put, put_link, told};

const SWEEP: &str = "[Service]\nExecStart=/bin/rm -rf /srv/app/.venv\n";
const SERVICE: &str = "/etc/systemd/system/sweep.service";
const WANTED: (&str, &str) = (
    "/etc/systemd/system/multi-user.target.wants/sweep.service",
    "->../sweep.service",
);
const CRON: &str = "/etc/cron.d/x";

#[test]
fn what_starts_with_the_machine_or_by_a_file_is_named() {
    all_sweep(&[
        ("a service", &[(SERVICE, SWEEP), WANTED]),
        (
            "what a service runs when it has ended",
            &[
                (
                    SERVICE,
                    "[Service]\nExecStart=/bin/true\nExecStopPost=/bin/rm -rf /srv/app/.venv\n",
                ),
                WANTED,
            ],
        ),
        (
            "a service of a user",
            &[
                ("/srv/home/.config/systemd/user/sweep.service", SWEEP),
                (
                    "/srv/home/.config/systemd/user/default.target.wants/sweep.service",
                    "->../sweep.service",
                ),
            ],
        ),
        (
            "a script that a service starts",
            &[
                (SERVICE, "[Service]\nExecStart=/opt/sweep.sh\n"),
                WANTED,
                ("/opt/sweep.sh", "#!/bin/sh\nrm -rf /srv/app/.venv\n"),
            ],
        ),
        (
            "a path unit",
            &[
                (SERVICE, SWEEP),
                (
                    "/etc/systemd/system/sweep.path",
                    "[Path]\nPathChanged=/srv/in\n",
                ),
                (
                    "/etc/systemd/system/paths.target.wants/sweep.path",
                    "->../sweep.path",
                ),
            ],
        ),
        (
            "a path unit that names its service",
            &[
                (SERVICE, SWEEP),
                (
                    "/etc/systemd/system/in.path",
                    "[Path]\nDirectoryNotEmpty=/srv/in\nUnit=sweep.service\n",
                ),
                (
                    "/etc/systemd/system/multi-user.target.wants/in.path",
                    "->../in.path",
                ),
            ],
        ),
        (
            "a path unit that names its service by its own name",
            &[
                ("/etc/systemd/system/sweep-a.service", SWEEP),
                (
                    "/etc/systemd/system/in@.path",
                    "[Path]\nPathChanged=/srv/in\nUnit=sweep-%i.service\n",
                ),
                (
                    "/etc/systemd/system/multi-user.target.wants/in@a.path",
                    "->../in@.path",
                ),
            ],
        ),
        (
            "rc.local",
            &[("/etc/rc.local", "#!/bin/sh\nrm -rf /srv/app/.venv\n")],
        ),
        (
            "rc.local of Red Hat",
            &[("/etc/rc.d/rc.local", "#!/bin/sh\nrm -rf /srv/app/.venv\n")],
        ),
        (
            "cron, once",
            &[(CRON, "@reboot root rm -rf /srv/app/.venv\n")],
        ),
    ]);
}

#[test]
fn what_does_not_start_with_the_machine_is_not_named() {
    none_sweeps(&[
        ("nothing wants it", &[(SERVICE, SWEEP)]),
        (
            "its condition does not hold",
            &[
                (
                    SERVICE,
                    "[Unit]\nConditionPathExists=/x\n[Service]\nExecStart=/bin/rm -rf /srv/app\n",
                ),
                WANTED,
            ],
        ),
        ("it is switched off", &[(SERVICE, "->/dev/null"), WANTED]),
        (
            "nothing wants its path unit",
            &[
                (SERVICE, SWEEP),
                ("/etc/systemd/system/sweep.path", "[Path]\nPathChanged=/x\n"),
            ],
        ),
        (
            "it cannot be run",
            &[("/etc/rc.local", "rm -rf /srv/app\n")],
        ),
        (
            "it serves, and removes its own",
            &[
                (
                    SERVICE,
                    "[Service]\nExecStart=/srv/app/.venv/bin/python /opt/app.py\nExecStopPost=/bin/rm -f /run/x\n",
                ),
                WANTED,
                ("/opt/app.py", "import os\nos.remove(NAME)\n"),
            ],
        ),
    ]);
}

#[test]
fn a_service_that_sweeps_is_told_with_when_it_starts() {
    let sandbox = machine();
    put(&sandbox, SERVICE, SWEEP);
    put_link(&sandbox, WANTED.0, "../sweep.service");
    let answer = asked(&sandbox, &[]);
    assert_eq!(told(&answer).len(), 1, "{answer:#}");
    let one = &answer["sweepers"][0];
    assert_eq!(
        (&one["starter"], &one["when"], &one["next"]),
        (
            &"boot".into(),
            &"when the machine starts".into(),
            &serde_json::Value::Null
        )
    );
}

#[test]
fn what_several_services_want_is_one_job() {
    let sandbox = machine();
    put(&sandbox, SERVICE, SWEEP);
    for name in ["a", "b", "c"] {
        let path = format!("/etc/systemd/system/{name}.service");
        put(&sandbox, &path, "[Unit]\nWants=sweep.service d.service\n");
        let wanted = format!("/etc/systemd/system/multi-user.target.wants/{name}.service");
        put_link(&sandbox, &wanted, &format!("../{name}.service"));
    }
    put(
        &sandbox,
        "/etc/systemd/system/d.service",
        "[Unit]\nRequires=a.service\n[Service]\nExecStart=/bin/true\n",
    );
    let answer = asked(&sandbox, &[]);
    assert_eq!(told(&answer).len(), 1, "{answer:#}");
    assert_eq!(answer["jobs"], 2, "{answer:#}");
}

#[test]
fn what_one_job_hands_on_to_another_is_followed_there() {
    let unit = (SERVICE, SWEEP);
    let makefile = (
        "/srv/app/Makefile",
        "VENV := .venv\n.PHONY: clean\nall: build\n\techo all\nclean: pyc\n\t@rm -rf $(VENV)\npyc:\n\techo pyc\n\
         distclean: clean\n\trm -f x\n",
    );
    let rules = (
        "/opt/rotate.conf",
        "/srv/app/.venv/lib/python3.11/site-packages/*/*.py {\n  daily\n  rotate 1\n}\n",
    );
    let init = (
        "/etc/init.d/sweep",
        "#!/bin/sh\ncase \"$1\" in\n  start) rm -rf /srv/app/.venv;;\nesac\n",
    );
    for (command, place) in [
        ("systemctl start sweep.service", SERVICE),
        ("systemctl start sweep", SERVICE),
        ("systemctl --no-block restart other sweep", SERVICE),
        ("systemctl enable --now sweep", SERVICE),
        ("service sweep start", SERVICE),
        ("cd /srv/app && make clean", "/srv/app/Makefile"),
        ("make -C /srv/app clean", "/srv/app/Makefile"),
        (
            "make -s -C /srv -f app/Makefile distclean VENV=app/.venv",
            "/srv/app/Makefile",
        ),
        (
            "cd /srv && make --directory=app clean all",
            "/srv/app/Makefile",
        ),
        ("logrotate /opt/rotate.conf", "/opt/rotate.conf"),
        (
            "logrotate -s /var/x -f /opt/rotate.conf",
            "/opt/rotate.conf",
        ),
    ] {
        let line = format!("0 3 * * * root {command}\n");
        let found = named(&[(CRON, &line), unit, makefile, rules]);
        assert_eq!(found.len(), 1, "{command}");
        assert!(
            found[0].starts_with(&format!("{place}:")),
            "{command}: {found:?}"
        );
    }
    assert_eq!(
        named(&[(CRON, "0 3 * * * root service sweep start\n"), init]).len(),
        1
    );
    let found = named(&[(CRON, "0 3 * * * root make -C /srv/app clean\n"), makefile]);
    assert!(found[0].starts_with("/srv/app/Makefile:6 "), "{found:?}");
    for command in [
        "systemctl status sweep",
        "systemctl start other",
        "systemctl enable sweep",
        "systemctl stop sweep",
        "systemctl -H far start sweep",
        "service other start",
        "cd /srv/app && make",
        "cd /srv && make clean",
        "make -n -C /srv/app clean",
        "make -C /srv/app clean VENV=build",
        "make -C /srv/app pyc",
        "logrotate -d /opt/rotate.conf",
        "logrotate /etc/logrotate.conf",
    ] {
        let line = format!("0 3 * * * root {command}\n");
        let found = named(&[(CRON, &line), unit, makefile, rules]);
        assert!(found.is_empty(), "{command}: {found:?}");
    }
}

#[test]
fn which_names_cron_takes_depends_on_the_system() {
    let red_hat = (
        "/etc/os-release",
        "NAME=Rocky\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
    );
    let debian = ("/etc/os-release", "ID=ubuntu\nID_LIKE=debian\n");
    let crond = ("/usr/sbin/crond", "#!/bin/sh\n");
    let line = "0 3 * * * root rm -rf /srv/app/.venv\n";
    let script = "#!/bin/sh\nrm -rf /srv/app/.venv\n";
    let parts = (CRON, "0 3 * * * root run-parts /opt/parts\n");
    all_sweep(&[
        ("a crontab", &[red_hat, ("/etc/cron.d/clean.cron", line)]),
        (
            "a copy of one",
            &[red_hat, ("/etc/cron.d/clean.disabled", line)],
        ),
        ("a script", &[red_hat, ("/etc/cron.daily/clean.sh", script)]),
        (
            "a script of run-parts",
            &[red_hat, parts, ("/opt/parts/a.sh", script)],
        ),
        (
            "by the program alone",
            &[crond, ("/etc/cron.d/clean.cron", line)],
        ),
        ("a plain name", &[debian, ("/etc/cron.d/clean_up-1", line)]),
        (
            "a plain name there",
            &[red_hat, ("/etc/cron.d/clean_up-1", line)],
        ),
    ]);
    none_sweeps(&[
        ("a crontab", &[debian, ("/etc/cron.d/clean.cron", line)]),
        ("a script", &[debian, ("/etc/cron.daily/clean.sh", script)]),
        (
            "a script of run-parts",
            &[debian, parts, ("/opt/parts/a.sh", script)],
        ),
        (
            "what a package left",
            &[red_hat, ("/etc/cron.d/clean.rpmsave", line)],
        ),
        (
            "what an editor left",
            &[red_hat, ("/etc/cron.d/clean~", line)],
        ),
        ("what is hidden", &[red_hat, ("/etc/cron.d/.clean", line)]),
        (
            "a script that an editor left",
            &[red_hat, ("/etc/cron.daily/clean.swp", script)],
        ),
        (
            "Debian's program",
            &[
                crond,
                ("/usr/sbin/cron", "#!/bin/sh\n"),
                ("/etc/cron.d/a.b", line),
            ],
        ),
    ]);
}
