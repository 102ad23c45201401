//! Units of systemd (systemd.exec(5)): each job with the rights that it needs, and no others.

use std::fmt::Write;

use venv_snap::ops::ScheduleFile;

use super::jobs::Plan;
use super::{MARK, NAME};
use crate::cli::args::Job;

/// Settings that take away what no job needs.
const FENCE: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
";
/// The capabilities of a job that puts files of other users in their places, and runs interpreters as those users.
const OWNERS: &str = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID \
    CAP_SETUID";
/// The capabilities that a guard needs beside those, to see who did what and to mend it.
const GUARD: &str =
    "CAP_LINUX_IMMUTABLE CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_SYS_RESOURCE";

/// The units of all jobs.
pub(super) fn files(plan: &Plan, jobs: &[Job]) -> Vec<ScheduleFile> {
    let mut all = Vec::new();
    for job in jobs {
        all.push(ScheduleFile {
            name: format!("{NAME}-{}.service", job.name()),
            content: service(plan, *job),
        });
        if let Some((when, _)) = job.when() {
            all.push(ScheduleFile {
                name: format!("{NAME}-{}.timer", job.name()),
                content: timer(*job, when),
            });
        }
    }
    all
}

fn timer(job: Job, when: &str) -> String {
    format!(
        "{MARK}\n[Unit]\nDescription={}\n\n[Timer]\nOnCalendar={when}\nRandomizedDelaySec=30min\nPersistent=yes\n\n\
         [Install]\nWantedBy=timers.target\n",
        job.what()
    )
}

fn service(plan: &Plan, job: Job) -> String {
    let mut text = format!("{MARK}\n[Unit]\nDescription={}\n", job.what());
    if plan.is_bucket {
        text.push_str("Wants=network-online.target\nAfter=network-online.target\n");
    }
    if job == Job::Watch {
        text.push_str("StartLimitIntervalSec=300\nStartLimitBurst=5\n");
    }
    text.push_str("\n[Service]\n");
    text.push_str(match job {
        Job::Watch => {
            "Type=notify\nNotifyAccess=main\nWatchdogSec=120\nRestart=on-failure\nRestartSec=5\n"
        }
        _ => "Type=oneshot\n",
    });
    for words in plan.commands(job) {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(text, "ExecStart={}", words.join(" "));
    }
    if plan.is_bucket {
        text.push_str(&of_bucket(plan));
    }
    text.push_str("UMask=0077\n");
    if job != Job::Watch {
        text.push_str("Nice=10\nIOSchedulingClass=idle\n");
    }
    text.push_str(&fence(plan, job));
    if job == Job::Watch {
        let target = if plan.is_root {
            "multi-user.target"
        } else {
            "default.target"
        };
        let _ = write!(text, "\n[Install]\nWantedBy={target}\n");
    }
    text
}

/// What a job needs that reaches a bucket: keys, and a directory of its own for what is kept on this host, where most
/// of the file system is read-only. Systemd sets `XDG_CACHE_HOME` nowhere.
fn of_bucket(plan: &Plan) -> String {
    let keys = format!("EnvironmentFile=-{}\n", plan.variables("%E"));
    if !plan.is_root {
        return keys;
    }
    format!(
        "{keys}Environment=XDG_CACHE_HOME=/var/cache\nCacheDirectory={NAME}\nCacheDirectoryMode=0700\n"
    )
}

/// What holds a job back. The manager of a user may set only a few of these.
fn fence(plan: &Plan, job: Job) -> String {
    if !plan.is_root {
        return "NoNewPrivileges=yes\nLockPersonality=yes\nRestrictRealtime=yes\n\
                SystemCallArchitectures=native\n"
            .to_owned();
    }
    if job == Job::Watch {
        // The guard hears of every process of the host, starts services again, and changes venvs anywhere.
        let kept = FENCE
            .lines()
            .filter(|line| !line.starts_with("SystemCallFilter"));
        let kept: Vec<&str> = kept.collect();
        let kept = kept.join("\n");
        return format!(
            "{kept}\nRestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6\nCapabilityBoundingSet={OWNERS} \
             {GUARD}\n"
        );
    }
    let mut text = FENCE.to_owned();
    if plan.is_bucket {
        text.push_str("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n");
    } else {
        text.push_str("PrivateNetwork=yes\nIPAddressDeny=any\nRestrictAddressFamilies=AF_UNIX\n");
    }
    let store = quoted(&format!("-{}", plan.store.to_string_lossy()));
    let writes = if plan.is_bucket {
        String::new()
    } else {
        format!("ReadWritePaths={store}\n")
    };
    let own = match job {
        _ if plan.only_reads(job) => "DynamicUser=yes\nAmbientCapabilities=CAP_DAC_READ_SEARCH\n\
            CapabilityBoundingSet=CAP_DAC_READ_SEARCH\nProtectSystem=strict\nProtectHome=read-only\n\
            ProtectProc=invisible\nProcSubset=pid\nInaccessiblePaths=-/etc/shadow\n".to_owned(),
        Job::Verify | Job::Forget => format!(
            "CapabilityBoundingSet=CAP_DAC_READ_SEARCH\nMemoryDenyWriteExecute=yes\nProtectSystem=strict\n\
             ProtectHome=read-only\nProtectProc=invisible\nProcSubset=pid\n{writes}"
        ),
        // The copies of a drill lie in a private /var/tmp, which systemd removes after the job, also where that was
        // killed.
        Job::Drill => format!(
            "CapabilityBoundingSet={OWNERS}\nProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\n\
             ProtectProc=invisible\n{writes}"
        ),
        // These jobs first settle what an interrupted restore left beside a venv, and that may stand anywhere.
        _ => format!("CapabilityBoundingSet={OWNERS} CAP_SYS_PTRACE\nProtectSystem=full\nReadWritePaths=-/usr/local\n"),
    };
    text.push_str(&own);
    text
}

/// A word as systemd reads it (systemd.service(5), "Command lines"; specifiers are systemd.unit(5)).
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@,".contains(c);
    let doubled = word.replace('%', "%%").replace('$', "$$");
    if !word.is_empty() && word.chars().all(|c| is_plain(c) || c == '%') {
        return doubled;
    }
    format!("\"{}\"", doubled.replace('\\', "\\\\").replace('"', "\\\""))
}
