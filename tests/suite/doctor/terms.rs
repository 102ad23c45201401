//! Times that never come, and rules for files with their terms.

use jiff::Timestamp;

use super::schedules::{SERVICE, TIMER, WANTED, all_sweep, named, none_sweeps};
use super::{asked, machine, put, put_link, told};
use crate::support::Sandbox;

#[test]
fn a_time_that_never_comes_again_is_none() {
    let timer = |text: &str| format!("[Timer]\n{text}\n");
    for (text, sweeps) in [
        ("OnCalendar=2020-01-01", false),
        ("OnCalendar=*-02-31", false),
        ("OnCalendar=2020-01-01\nOnCalendar=*-02-31", false),
        ("OnCalendar=2020-01-01\nOnCalendar=daily", true),
        ("OnCalendar=2020-01-01\nOnBootSec=5min", true),
        ("OnCalendar=2020-01-01\nOnBootSec=", false),
        ("OnCalendar=weekly UTC", true),
        ("OnCalendar=nobody knows", true),
        (
            "OnCalendar=daily\n[Unit]\nConditionPathExists=/no/such",
            false,
        ),
        (
            "OnCalendar=daily\n[Unit]\nConditionPathExists=!/no/such",
            true,
        ),
    ] {
        let timer = timer(text);
        let found = named(&[(TIMER.0, &timer), SERVICE, WANTED]);
        assert_eq!(found.len(), usize::from(sweeps), "{text}");
    }
    // Within an hour that has begun already, another minute comes next.
    let hour = (Timestamp::now().as_second() / 3_600 + 2) % 24;
    for (fields, next) in [
        ("0~0 3 * * *".to_owned(), ":00:00".to_owned()),
        ("30~30 3~3 * * *".to_owned(), "T03:30:00".to_owned()),
        (format!("~ {hour} * * *"), format!("T{hour:02}:00:00")),
    ] {
        let sandbox = machine();
        put(
            &sandbox,
            "/etc/cron.d/x",
            &format!("CRON_TZ=UTC\n{fields} root rm -rf /srv/app\n"),
        );
        let answer = asked(&sandbox, &[]);
        let told = answer["sweepers"][0]["next"].as_str().unwrap_or_default();
        assert!(told.contains(&next), "{fields}: {answer:#}");
    }
}

#[test]
fn a_rule_for_all_users_is_one_job() {
    let sandbox = machine();
    let users = (0..50).map(|one| format!("u{one}:x:{one}:0::/home/u{one}:/bin/sh\n"));
    put(&sandbox, "/etc/passwd", &users.collect::<String>());
    let rule = "/usr/share/user-tmpfiles.d/a.conf";
    let jobs = |sandbox: &Sandbox| {
        let answer = asked(sandbox, &[]);
        (told(&answer).len(), answer["jobs"].as_u64().unwrap())
    };
    put(
        &sandbox,
        rule,
        "d /srv/app - - - 1d\nR /srv/app/.venv\nx %h/cache\n",
    );
    assert_eq!(jobs(&sandbox), (1, 2));
    // One user keeps it, and the others do not.
    put(&sandbox, rule, "d /srv/app - - - 1d\n");
    let own = "/home/u0/.config/user-tmpfiles.d/b.conf";
    put(&sandbox, own, "x /srv/app/.v*\n");
    assert_eq!(jobs(&sandbox), (1, 2));
    // One user has no such timer.
    let timer = "user/systemd-tmpfiles-clean.timer";
    put(
        &sandbox,
        &format!("/usr/lib/systemd/{timer}"),
        "[Timer]\nOnCalendar=daily\n",
    );
    put(&sandbox, own, "");
    put_link(
        &sandbox,
        &format!("/home/u0/.config/systemd/{timer}"),
        "/dev/null",
    );
    assert_eq!(jobs(&sandbox), (1, 2));
}

#[test]
fn rules_for_files_are_read_with_their_terms() {
    let rule = "d /srv/app 0755 root root 1d\n";
    let unit = "[Timer]\nOnCalendar=daily\n";
    let clean = "systemd-tmpfiles-clean.timer";
    let here = format!("/usr/lib/systemd/system/{clean}");
    let off = format!("/etc/systemd/system/{clean}");
    all_sweep(&[
        ("by age", &[("/etc/tmpfiles.d/a.conf", rule), (&here, unit)]),
        (
            "a doubled slash",
            &[("/etc/tmpfiles.d/a.conf", "R //srv//app/.venv/\n")],
        ),
        (
            "a dot",
            &[("/etc/tmpfiles.d/a.conf", "R /srv/./app/../app/.venv\n")],
        ),
        (
            "removed at once, whatever the timer",
            &[
                ("/etc/tmpfiles.d/a.conf", "R /srv/app/.venv\n"),
                (&off, "->/dev/null"),
            ],
        ),
        (
            "for all users",
            &[("/usr/share/user-tmpfiles.d/a.conf", "R %h/../app/.venv\n")],
        ),
    ]);
    none_sweeps(&[
        (
            "the timer is switched off",
            &[
                ("/etc/tmpfiles.d/a.conf", rule),
                (&here, unit),
                (&off, "->/dev/null"),
            ],
        ),
        (
            "a rule of its own with a doubled slash",
            &[(
                "/etc/tmpfiles.d/a.conf",
                "d /srv/app - - - 1d\nx //srv/app/.venv\n",
            )],
        ),
    ]);
    let files = "/srv/app/.venv/lib/python3.11/site-packages/*/*.py";
    let rotate = |terms: &str| format!("{files} {{\n{terms}\n}}\n");
    for (terms, sweeps) in [
        ("daily", true),
        ("size 1", true),
        ("daily\nnotifempty", true),
        ("size=0k", true),
        ("size 100M", false),
        ("minsize 1G\nweekly", false),
        ("maxsize 100M\ndaily", true),
        ("su web web\ncreate 0640 daily adm", true),
        ("copy", false),
    ] {
        let text = rotate(terms);
        let found = named(&[("/etc/logrotate.d/a", &text)]);
        assert_eq!(found.len(), usize::from(sweeps), "{terms}");
    }
    let sandbox = machine();
    put(&sandbox, "/etc/logrotate.d/a", &rotate("su web adm\ndaily"));
    put(&sandbox, "/etc/logrotate.d/b", &rotate("weekly"));
    put(
        &sandbox,
        "/etc/cron.d/x",
        "CRON_TZ=UTC\n25 6 * * * root logrotate /etc/logrotate.conf\n",
    );
    let answer = asked(&sandbox, &[]);
    let of = |name: &str| {
        let mut all = answer["sweepers"].as_array().unwrap().iter();
        all.find(|one| one["path"] == format!("/etc/logrotate.d/{name}"))
            .unwrap()
            .clone()
    };
    assert_eq!(of("a")["user"], "web");
    assert!(
        of("a")["next"].as_str().unwrap().contains("T06:25:00"),
        "{answer:#}"
    );
    assert_eq!(
        (&of("b")["user"], &of("b")["next"]),
        (&"root".into(), &serde_json::Value::Null)
    );
}
