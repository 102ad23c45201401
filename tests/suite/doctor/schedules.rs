//! Schedules: what starts a sweeper, in each form that it may be written in, and what only looks as if it would.

use super::{asked, machine, put, put_link, told};

/// Files of a machine: path and text, or `->` and where a link leads.
type Files<'f> = &'f [(&'f str, &'f str)];

pub(super) const TIMER: (&str, &str) = (
    "/etc/systemd/system/clean.timer",
    "[Timer]\nOnCalendar=*-*-* 02:00\n",
);
pub(super) const SERVICE: (&str, &str) = (
    "/etc/systemd/system/clean.service",
    "[Service]\nExecStart=/bin/rm -rf /srv/app/.venv\n",
);
pub(super) const WANTED: (&str, &str) = ("/etc/systemd/system/timers.target.wants/clean.timer", "");

/// How many are named where a machine has these files.
pub(super) fn named(files: Files<'_>) -> Vec<String> {
    let sandbox = machine();
    for (path, text) in files {
        match text.strip_prefix("->") {
            Some(to) => put_link(&sandbox, path, to),
            None => put(&sandbox, path, text),
        }
    }
    let answer = asked(&sandbox, &[]);
    assert_eq!(answer["riddles"].as_array().unwrap().len(), 0, "{answer:#}");
    told(&answer)
}

pub(super) fn all_sweep(rows: &[(&str, Files<'_>)]) {
    for (what, files) in rows {
        assert_eq!(named(files).len(), 1, "{what}");
    }
}

pub(super) fn none_sweeps(rows: &[(&str, Files<'_>)]) {
    for (what, files) in rows {
        assert!(named(files).is_empty(), "{what}");
    }
}

#[test]
fn units_are_found_wherever_a_manager_looks_for_them() {
    let timer = TIMER.1;
    let service = SERVICE.1;
    all_sweep(&[
        ("of the system", &[TIMER, SERVICE, WANTED]),
        (
            "of a user, by that user's home",
            &[
                ("/srv/home/.config/systemd/user/clean.timer", timer),
                (
                    "/srv/home/.config/systemd/user/clean.service",
                    "[Service]\nExecStart=/bin/rm -rf %h/../app/.venv\n",
                ),
                (
                    "/srv/home/.config/systemd/user/timers.target.wants/clean.timer",
                    "",
                ),
            ],
        ),
        (
            "of all users",
            &[
                ("/usr/lib/systemd/user/clean.timer", timer),
                ("/usr/lib/systemd/user/clean.service", service),
                ("/etc/systemd/user/timers.target.wants/clean.timer", "->x"),
            ],
        ),
        (
            "installed for a user, switched on by that user",
            &[
                ("/srv/home/.local/share/systemd/user/clean.timer", timer),
                ("/srv/home/.local/share/systemd/user/clean.service", service),
                (
                    "/srv/home/.config/systemd/user/timers.target.wants/clean.timer",
                    "->x",
                ),
            ],
        ),
        (
            "by the instance of a template",
            &[
                ("/etc/systemd/system/clean@.timer", timer),
                (
                    "/etc/systemd/system/clean@.service",
                    "[Service]\nExecStart=/bin/rm -rf %f/.venv\n",
                ),
                (
                    "/etc/systemd/system/timers.target.wants/clean@srv-app.timer",
                    "->/etc/systemd/system/clean@.timer",
                ),
            ],
        ),
        (
            "through a target",
            &[
                (TIMER.0, "[Timer]\nOnCalendar=daily\nUnit=nightly.target\n"),
                WANTED,
                (
                    "/etc/systemd/system/nightly.target",
                    "[Unit]\nWants=sweep.service\n",
                ),
                ("/etc/systemd/system/sweep.service", service),
            ],
        ),
        (
            "after another service",
            &[
                TIMER,
                WANTED,
                (
                    SERVICE.0,
                    "[Unit]\nOnSuccess=sweep.service\n[Service]\nExecStart=/bin/true\n",
                ),
                ("/etc/systemd/system/sweep.service", service),
            ],
        ),
        (
            "by what is added to all services",
            &[
                TIMER,
                WANTED,
                (SERVICE.0, "[Service]\nExecStart=/bin/true\n"),
                ("/etc/systemd/system/service.d/all.conf", service),
            ],
        ),
    ]);
}

#[test]
fn commands_of_units_know_the_home_the_directory_and_the_variables() {
    let with = |service: &str| {
        let files = [TIMER, WANTED, (SERVICE.0, service)];
        assert_eq!(named(&files).len(), 1, "{service}");
    };
    with("[Service]\nUser=web\nWorkingDirectory=~\nExecStart=/bin/rm -rf ../app/.venv\n");
    with("[Service]\nWorkingDirectory=-/srv/app\nExecStart=/bin/rm -rf .venv\n");
    with("[Service]\nEnvironment=\"D=/srv/app\" E=1\nExecStart=/bin/rm -rf ${D}/.venv\n");
    with("[Service]\nEnvironment=D=/srv/app\nExecStart=/bin/sh -c 'rm -rf $$D/.venv'\n");
    with("[Service]\nUser=web\nExecStart=/bin/sh -c 'rm -rf $$HOME/../app/.venv'\n");
    let files = [
        TIMER,
        WANTED,
        (
            SERVICE.0,
            "[Service]\nEnvironmentFile=-/etc/default/clean\nExecStart=/bin/rm -rf ${D}/.venv\n",
        ),
        ("/etc/default/clean", "# where\nD=/srv/app\n"),
    ];
    assert_eq!(named(&files).len(), 1);
}

#[test]
fn a_unit_that_is_overridden_or_switched_off_does_not_sweep() {
    let harmless = "[Service]\nExecStart=/bin/true\n";
    let usual = ("/usr/lib/systemd/system/clean.service", SERVICE.1);
    let added = ("/usr/lib/systemd/system/clean.service.d/a.conf", SERVICE.1);
    none_sweeps(&[
        (
            "another of its name counts first",
            &[TIMER, WANTED, usual, (SERVICE.0, harmless)],
        ),
        (
            "masked",
            &[TIMER, WANTED, usual, (SERVICE.0, "->/dev/null")],
        ),
        (
            "the timer is masked",
            &[
                ("/usr/lib/systemd/system/clean.timer", TIMER.1),
                (TIMER.0, "->/dev/null"),
                SERVICE,
                WANTED,
            ],
        ),
        (
            "what is added is overridden",
            &[
                TIMER,
                WANTED,
                (SERVICE.0, harmless),
                added,
                (
                    "/etc/systemd/system/clean.service.d/a.conf",
                    "[Service]\nNice=5\n",
                ),
            ],
        ),
        (
            "what is added is masked",
            &[
                TIMER,
                WANTED,
                (SERVICE.0, harmless),
                added,
                ("/etc/systemd/system/clean.service.d/a.conf", "->/dev/null"),
            ],
        ),
        (
            "what it ran is taken back",
            &[
                TIMER,
                WANTED,
                SERVICE,
                (
                    "/etc/systemd/system/clean.service.d/o.conf",
                    "[Service]\nExecStart=\nExecStart=/bin/true\n",
                ),
            ],
        ),
        ("nothing starts it", &[SERVICE]),
    ]);
}

#[test]
fn rules_of_tmpfiles_are_read_by_their_kinds() {
    let rules = |rows: &[&str], count: usize| {
        for rule in rows {
            let found = named(&[("/etc/tmpfiles.d/a.conf", rule)]);
            assert_eq!(found.len(), count, "{rule}: {found:?}");
        }
    };
    rules(
        &[
            "D /srv/app 0755 root root -\n",
            "D! /srv/app 0755 root root 10d\n# removes and cleans\nx /srv/app/.venv\n",
            "R! /srv/app/.v*\n",
            "R /srv/app/.venv\n",
            "r /srv/app/.venv/pyvenv.cfg\n",
            "L+ /srv/app/.venv - - - - /opt/x\n",
            "f+ /srv/app/.venv/pyvenv.cfg 0644 root root - x\n",
            "e /srv/*/.venv - - - m:1d\n",
            "d /srv/app 0755 root root 1d12h\n",
            "d /srv/app 0755 root root 0\n",
            "d /srv/app/.venv 0755 root root ~1h\n",
            "X /srv/app/.venv\nd /srv/app 0755 root root 1h\n",
            "x /srv/app/other*\nd /srv/app 0755 root root 1h\n",
            "d /srv 0755 root root -\nd /srv/app 0755 root root 1h\n",
        ],
        1,
    );
    rules(
        &[
            "d /srv/app 0755 root root -\n",
            "L /srv/app/.venv - - - - /opt/x\n",
            "f /srv/app/.venv/pyvenv.cfg 0644 root root - x\n",
            "Z /srv/app - root root\nr /srv/app/.venv\n",
            "x /srv/app/.v*\nd /srv/app 0755 root root 1h\n",
            "d /srv/app 0755 root root 1h\nd /srv/app/.venv 0755 root root -\n",
            "d /srv/app 0755 root root ~1h\nx /srv/app/.venv/*\n",
            "d /srv/app/tmp 0755 root root 1h\n",
        ],
        0,
    );
    let rule = "R! /srv/app/.venv\n";
    all_sweep(&[
        ("of the old place", &[("/lib/tmpfiles.d/a.conf", rule)]),
        (
            "of a user",
            &[("/srv/home/.config/user-tmpfiles.d/a.conf", rule)],
        ),
    ]);
    none_sweeps(&[
        (
            "masked",
            &[
                ("/usr/lib/tmpfiles.d/a.conf", rule),
                ("/etc/tmpfiles.d/a.conf", "->/dev/null"),
            ],
        ),
        (
            "overridden",
            &[
                ("/usr/lib/tmpfiles.d/a.conf", rule),
                ("/etc/tmpfiles.d/a.conf", "# none\n"),
            ],
        ),
    ]);
}
