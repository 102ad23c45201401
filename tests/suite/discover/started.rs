//! Which words of units and crontabs lead to an environment: quoted ones, variables, and names of instances.

use super::{program, put, users};
use crate::support::Sandbox;

/// Two environments with a blank in their paths, and others.
fn environments(sandbox: &Sandbox) {
    put(
        sandbox,
        "/etc/passwd",
        "web:x:1000:1000::/home/web:/bin/sh\n",
    );
    for dir in ["/srv/my app", "/srv/one", "/srv/two", "/srv/blue"] {
        put(
            sandbox,
            &format!("{dir}/venv/pyvenv.cfg"),
            "version = 3.11.2\n",
        );
        program(sandbox, &format!("{dir}/venv/bin/python"), "#!/bin/sh\n");
    }
}

/// Who uses an environment, where a machine has this file.
fn who(path: &str, text: &str, environment: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    environments(&sandbox);
    put(&sandbox, path, text);
    // A unit by which instances are wanted.
    let wants = "/etc/systemd/system/multi-user.target.wants/app@blue.service";
    if path.contains('@') {
        put(&sandbox, wants, text);
    }
    let answer = sandbox.json(0, &["discover", "root", "--root", "root"]);
    users(&answer, environment)
}

#[test]
fn a_path_with_blanks_is_one_word_where_it_is_quoted_or_escaped() {
    for command in [
        "\"/srv/my app/venv/bin/python\" -m app",
        "'/srv/my app/venv/bin/python' -m app",
        "/srv/my\\ app/venv/bin/python -m app",
        "/srv/'my app'/venv/bin/python -m app",
        "/bin/sh -c '\"/srv/my app/venv/bin/python\" -m app'",
        "/bin/sh -c 'cd \"/srv/my app\" && venv/bin/python -m app'",
        "/usr/bin/env \"VIRTUAL_ENV=/srv/my app/venv\" python",
    ] {
        let job = format!("5 4 * * * web {command}\n");
        let cron = who("/etc/cron.d/a", &job, "/srv/my app/venv");
        assert_eq!(cron, ["cron /etc/cron.d/a:1"], "{command}");
        // systemd knows no quotes within a word.
        if command.contains("/'my") || command.contains("\\ ") {
            continue;
        }
        let unit = format!("[Service]\nExecStart={command}\n");
        let unit = who("/etc/systemd/system/a.service", &unit, "/srv/my app/venv");
        assert_eq!(unit, ["a.service"], "{command}");
    }
}

#[test]
fn a_variable_of_a_crontab_counts_for_the_lines_that_use_it_and_with_its_last_value() {
    let text = "VENV=/srv/one/venv\nDIR=/srv\n1 1 * * * web $VENV/bin/python a\n2 2 * * * web /bin/true\n\
                VENV=/srv/two/venv\n3 3 * * * web \"${VENV}/bin/python\" b\n4 4 * * * web $DIR/one/venv/bin/python c\n\
                PATH=/srv/two/venv/bin:/usr/bin\n5 5 * * * web python d\n";
    let of = |environment: &str| who("/etc/cron.d/a", text, environment);
    assert_eq!(
        of("/srv/one/venv"),
        ["cron /etc/cron.d/a:3", "cron /etc/cron.d/a:7"]
    );
    assert_eq!(
        of("/srv/two/venv"),
        ["cron /etc/cron.d/a:6", "cron /etc/cron.d/a:9"]
    );
}

#[test]
fn an_instance_of_a_template_uses_what_its_name_leads_to() {
    for service in [
        "ExecStart=/srv/%i/venv/bin/python -m app",
        "WorkingDirectory=/srv/%i\nExecStart=venv/bin/python -m app",
        "Environment=VIRTUAL_ENV=/srv/%i/venv\nExecStart=/usr/bin/env python -m app",
    ] {
        let unit = format!("[Service]\n{service}\n");
        let all = who("/etc/systemd/system/app@.service", &unit, "/srv/blue/venv");
        assert_eq!(all, ["app@blue.service"], "{service}");
    }
}
