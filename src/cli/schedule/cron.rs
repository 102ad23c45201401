//! Lines for cron (crontab(5)). They need nothing of the environment, and say something only where a job fails: cron
//! sends that by mail.

use std::fmt::Write;

use venv_snap::model::shell_line;
use venv_snap::ops::ScheduleFile;

use super::jobs::Plan;
use super::{MARK, NAME};
use crate::cli::args::Job;

/// One file with a line for each job.
pub(super) fn file(plan: &Plan, jobs: &[Job]) -> ScheduleFile {
    let mut content = format!("{MARK}\n");
    for job in jobs {
        let commands: Vec<String> = plan.commands(*job).iter().map(shell_line).collect();
        let command = commands.join(" && ");
        let command = if plan.is_bucket {
            // A shell that reads what systemd reads.
            let file = plan.variables("${XDG_CONFIG_HOME:-$HOME/.config}");
            format!("set -a; [ ! -r \"{file}\" ] || . \"{file}\"; set +a; {command}")
        } else {
            command
        };
        let user = if plan.is_root { "root " } else { "" };
        let (when, run) = match job.when() {
            Some((_, when)) => (
                when,
                format!("out=$({{ {command}; }} 2>&1) || echo \"$out\""),
            ),
            None => ("@reboot", format!("{{ {command}; }} >/dev/null")),
        };
        let (what, run) = (job.what(), run.replace('%', "\\%"));
        let _ = writeln!(content, "# {what}\n{when} {user}{run}");
    }
    ScheduleFile {
        name: NAME.to_owned(),
        content,
    }
}
