//! Lines of cron, what anacron and at start, and rules of logrotate: each in the forms that systems write.

use serde_json::Value;

use super::{asked, machine, put, told};

const SWEEP: &str = "find /srv -name core.py -delete";
const SCRIPT: &str = "#!/bin/sh\nfind /srv -name core.py -delete\n";

fn answer(files: &[(&str, &str)]) -> Value {
    let sandbox = machine();
    for (path, text) in files {
        put(&sandbox, path, text);
    }
    asked(&sandbox, &[])
}

/// The one sweeper of a machine with these files.
fn sweeper(files: &[(&str, &str)]) -> Value {
    let answer = answer(files);
    let sweepers = answer["sweepers"].as_array().unwrap();
    assert_eq!(sweepers.len(), 1, "{files:?}: {answer:#}");
    sweepers[0].clone()
}

#[test]
fn variables_and_signs_of_a_crontab_count_as_cron_reads_them() {
    let sweeping = [
        "HOME=/srv/app\n1 2 * * * root rm -rf .venv",
        "HOME = \"/srv/app\"\n1 2 * * * root rm -rf ~/.venv",
        "PATH=/opt/tools\n1 2 * * * root clean",
        "1 2 * * * root cat | xargs rm -rf%/srv/app/.venv",
        "1 2 * * * root date +\\%Y >/dev/null; rm -rf /srv/app/.venv",
        "SHELL=/bin/bash\n@daily root cd /srv/app && rm -rf .venv",
        "CRON_TZ=Asia/Tokyo\n1 2 * * * root rm -rf /srv/app/.venv",
        "-1 2 * * * root rm -rf /srv/app/.venv\n1 2 * * * root rm -rf /srv/app/.venv",
        "1 2 * * mon,wed root rm -rf /srv/app/.venv",
        "*/5 1-3,5 1-31/2 jan-dec * root rm -rf /srv/app/.venv",
    ];
    for text in sweeping {
        let text = format!("{text}\n");
        let files = [
            ("/etc/cron.d/a", text.as_str()),
            ("/opt/tools/clean", SCRIPT),
        ];
        assert!(!told(&answer(&files)).is_empty(), "{text}");
    }
    let harmless = [
        "HOME=/srv/app\nHOME=/srv/other\n1 2 * * * root rm -rf .venv",
        "PATH=/opt/other\n1 2 * * * root clean",
        "1 2 * * * root cat >/dev/null%rm -rf /srv/app/.venv",
        "# 1 2 * * * root rm -rf /srv/app/.venv",
        "1 2 30 2 * root rm -rf /srv/app/.venv",
    ];
    for text in harmless {
        let text = format!("{text}\n");
        let files = [
            ("/etc/cron.d/a", text.as_str()),
            ("/opt/tools/clean", SCRIPT),
        ];
        assert_eq!(told(&answer(&files)), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_zone_of_a_crontab_counts_for_the_lines_below_it() {
    let line = "30 4 * * * root rm -rf /srv/app/.venv\n";
    for (zone, hour) in [
        ("Asia/Tokyo", "T19:30:00Z"),
        ("UTC", "T04:30:00Z"),
        ("America/Phoenix", "T11:30:00Z"),
    ] {
        let text = format!("CRON_TZ={zone}\n{line}");
        let next = sweeper(&[("/etc/cron.d/a", &text)])["next"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(next.ends_with(hour), "{zone}: {next}");
    }
}

#[test]
fn a_directory_of_scripts_runs_when_the_line_says_that_starts_it() {
    let crontab = "25 6 * * * root test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n";
    let script = ("/etc/cron.daily/clean", SCRIPT);
    let told = sweeper(&[script, ("/etc/crontab", crontab)]);
    assert_eq!(told["when"], "25 6 * * *", "{told:#}");
    let anacron = ("/usr/sbin/anacron", "#!/bin/sh\n");
    let table = (
        "/etc/anacrontab",
        "1 5 cron.daily run-parts --report /etc/cron.daily\n",
    );
    let told = sweeper(&[script, ("/etc/crontab", crontab), anacron, table]);
    assert_eq!(
        (&told["starter"], &told["next"]),
        (&"anacron".into(), &Value::Null),
        "{told:#}"
    );
    // Nobody says when: no time is invented.
    let told = sweeper(&[script]);
    assert_eq!(told["next"], Value::Null, "{told:#}");
    for name in ["clean.sh", ".clean", "clean.dpkg-old"] {
        let path = format!("/etc/cron.daily/{name}");
        assert_eq!(
            super::told(&answer(&[(&path, SCRIPT), ("/etc/crontab", crontab)])),
            Vec::<String>::new(),
            "{name}"
        );
    }
    let plain = "find /srv -name core.py -delete\n";
    assert_eq!(
        super::told(&answer(&[("/etc/cron.daily/clean", plain)])),
        Vec::<String>::new(),
        "not to be run"
    );
}

#[test]
fn jobs_of_at_are_read_in_the_forms_of_debian_and_of_red_hat() {
    let debian = format!(
        "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\nPATH=/usr/bin:/bin; export PATH\ncd /srv || {{\n\t \
         echo 'Execution directory inaccessible' >&2\n\t exit 1\n}}\n{SWEEP}\n"
    );
    let red_hat = format!(
        "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\nLANG=C; export LANG\ncd /srv || {{\n\t echo 'x' \
         >&2\n\t exit 1\n}}\n${{SHELL:-/bin/sh}} << 'marcinDELIMITER0a1b2c3d'\n{SWEEP}\n\nmarcinDELIMITER0a1b2c3d\n"
    );
    for (path, text) in [
        ("/var/spool/cron/atjobs/a0000101c8a1b2", debian),
        ("/var/spool/at/a0000101c8a1b2", red_hat),
    ] {
        assert_eq!(sweeper(&[(path, &text)])["starter"], "at", "{path}");
    }
}

#[test]
fn rules_of_logrotate_are_read_with_what_they_include_and_the_scripts_that_they_run() {
    let rules = [
        "/srv/app/.venv/lib/*/site-packages/*/core.py {\n  daily\n  rotate 3\n}\n",
        "/srv/app/.venv/pyvenv.cfg\n{\n  weekly\n  copytruncate\n}\n",
        "\"/srv/app/.venv/pyvenv.cfg\" /var/log/x { monthly }\n",
        "/var/log/x {\n  postrotate\n    find /srv -name core.py -delete\n  endscript\n}\n",
        "/var/log/x {\n  lastaction\n    rm -rf /srv/app/.venv\n  endscript\n}\n",
        "include /etc/more\n",
    ];
    let more = ("/etc/more/x", "/srv/app/.venv/pyvenv.cfg { daily }\n");
    for rule in rules {
        let files = [
            ("/etc/logrotate.d/a", rule),
            ("/etc/logrotate.conf", "include /etc/logrotate.d\n"),
            more,
        ];
        assert!(!told(&answer(&files)).is_empty(), "{rule}");
    }
    for rule in [
        "/var/log/x {\n  daily\n}\n",
        "/srv/app/.venv/pyvenv.cfg {\n  daily\n  copy\n}\n",
        "# /srv/app/.venv/pyvenv.cfg { daily }\n",
        "/var/log/x {\n  postrotate\n    systemctl reload app\n  endscript\n}\n",
    ] {
        assert_eq!(
            told(&answer(&[("/etc/logrotate.conf", rule)])),
            Vec::<String>::new(),
            "{rule}"
        );
    }
}
