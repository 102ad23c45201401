//! Programs that only start another one, by their manual pages: which of their options have a value, and what stands
//! before the command.

/// How a program is told what it starts.
pub(in crate::sweep) struct Prefix {
    pub(super) names: &'static str,
    pub(super) valued: &'static str,
    /// So many words stand before the command, such as a duration.
    pub(super) operands: usize,
    /// Options whose value is a script.
    pub(super) script: &'static str,
    /// Options whose value is the directory in which the command runs.
    pub(super) directory: &'static str,
    /// Options with which it starts nothing.
    pub(super) asking: &'static [&'static str],
    /// Whether `NAME=VALUE` may stand before the command.
    pub(super) takes_variables: bool,
    /// Whether the number may be left out that stands before the command.
    pub(super) may_lack_number: bool,
    /// Whether a command in one word is a script.
    pub(super) joins_words: bool,
}

const fn row(names: &'static str, valued: &'static str, operands: usize) -> Prefix {
    Prefix {
        names,
        valued,
        operands,
        script: "",
        directory: "",
        asking: &[],
        takes_variables: false,
        may_lack_number: false,
        joins_words: false,
    }
}

pub(super) const PREFIXES: [Prefix; 66] = [
    Prefix {
        directory: "-D --chdir",
        takes_variables: true,
        ..row(
            "sudo",
            "-u -g -C -D -h -p -r -t -T -U -R --user --group --chdir --host --prompt --role --type \
                --chroot --close-from --command-timeout --other-user",
            0,
        )
    },
    Prefix {
        takes_variables: true,
        ..row("doas", "-u -C -a", 0)
    },
    Prefix {
        script: "-S --split-string",
        directory: "-C --chdir",
        takes_variables: true,
        ..row("env", "-u -C -S --unset --chdir --split-string", 0)
    },
    row("runuser", "-u -g -G -w --user --group --supp-group", 0),
    row(
        "setpriv",
        "--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps \
                --bounding-set --securebits --pdeathsig --selinux-label --apparmor-profile --ptracer",
        0,
    ),
    row("nice", "-n --adjustment", 0),
    row("ionice", "-c -n -p -P -u --class --classdata", 0),
    Prefix {
        may_lack_number: true,
        ..row(
            "chrt",
            "-T -P -D --sched-runtime --sched-period --sched-deadline",
            1,
        )
    },
    row("taskset", "", 1),
    row("timeout", "-s -k --signal --kill-after", 1),
    Prefix {
        script: "-c --command",
        ..row(
            "flock",
            "-w -E -c --wait --timeout --conflict-exit-code --command",
            1,
        )
    },
    row(
        "lckdo with-lock-ex setlock setuidgid s6-setuidgid gosu su-exec",
        "-W",
        1,
    ),
    row(
        "chpst",
        "-u -U -b -e -/ -C -n -l -L -m -d -o -p -f -c -t",
        0,
    ),
    row("softlimit", "-m -d -s -l -a -o -p -f -c -r -t", 0),
    row(
        "nohup chronic cronic run-one run-this-one eatmydata nocache ifne",
        "",
        0,
    ),
    row(
        "setsid busybox toybox catchsegv unbuffer dumb-init builtin noglob nocorrect",
        "",
        0,
    ),
    Prefix {
        asking: &["-v", "-V"],
        ..row("command", "", 0)
    },
    row("exec", "-a", 0),
    row("time", "-f -o --format --output", 0),
    row("stdbuf", "-i -o -e --input --output --error", 0),
    row("tini catatonit", "-p -e", 0),
    row("fakeroot", "-i -s -l -b --lib --faked", 0),
    row("prlimit", "-p --pid", 0),
    row("cpulimit", "-l -p -e --limit", 0),
    row("cgexec", "-g", 0),
    row(
        "numactl",
        "-i -N -C -m -p --interleave --cpunodebind --membind",
        0,
    ),
    row("strace ltrace", "-e -o -s -p -u -E -a -I -O -S -b -P -X", 0),
    row(
        "systemd-cat",
        "-t -p --identifier --priority --stderr-priority --level-prefix",
        0,
    ),
    row("systemd-inhibit", "--what --who --why --mode", 0),
    Prefix {
        directory: "--working-directory",
        ..row(
            "systemd-run",
            "-p -u -E -H -M --property --unit --slice --uid --gid --nice --setenv --working-directory \
                --description --service-type --on-active --on-boot --on-startup \
                --on-unit-active --on-unit-inactive --on-calendar --timer-property --host --machine \
                --path-property --socket-property",
            0,
        )
    },
    row(
        "unshare",
        "-S -G -R -w --setuid --setgid --root --wd --map-user",
        0,
    ),
    row("firejail proot", "", 0),
    row(
        "dbus-run-session dbus-launch",
        "--config-file --dbus-daemon",
        0,
    ),
    row("xvfb-run", "-e -f -n -p -s -w", 0),
    row("annotate-output torsocks proxychains proxychains4", "-f", 0),
    row("trickle", "-d -u -w -t -l -n", 0),
    row("solo", "", 0),
    row("logsave", "", 1),
    row("lockrun", "-L --lockfile -M --maxtime -W --sleep", 0),
    row("runlock runstat", "-f -t", 0),
    row("runalarm", "-t -s", 0),
    row("timelimit", "-p -s -S -t -T", 0),
    row(
        "runitor",
        "-uuid -slug -ping-key -api-url -api-retries -api-timeout -every",
        0,
    ),
    row("cronwrap", "-c -e -t --cmd --emails --time", 0),
    row("withlock faketime", "", 1),
    row("croncape choom valgrind", "-n --adjust", 0),
    Prefix {
        script: "-c",
        ..row("sg", "-c", 1)
    },
    row("nq tsp", "-L -N -D -S", 0),
    row("screen", "-S -c -e -h -p -s -t -T", 0),
    row("dtach abduco", "-e", 1),
    row("daemonize", "-c -e -o -p -l -u -E", 0),
    row(
        "daemon",
        "-n --name -u --user -r -F --pidfile -D --chdir -o --output -l --errlog -b --dbglog",
        0,
    ),
    row("pkexec", "-u --user", 0),
    row(
        "run0",
        "-u --user -g --group -D --chdir --setenv --unit --property --description --slice --nice --background",
        0,
    ),
    row("setarch", "", 1),
    row("linux32 linux64 i386 x86_64 uname26", "", 0),
    row("envdir s6-envdir envuidgid s6-envuidgid", "", 1),
    row("pgrphack fghack krenew", "-b -k -p", 0),
    row("kstart k5start", "-f -u -k -K -l -p", 0),
    row("retry", "-t -d --times --delay --until", 0),
    row("ssh-agent", "-a -t", 0),
    Prefix {
        joins_words: true,
        ..row("cronitor", "-k --api-key -c --config -e --env", 2)
    },
    Prefix {
        joins_words: true,
        ..row("scl", "", 2)
    },
    Prefix {
        joins_words: true,
        ..row("watch", "-n --interval -q --equexit", 0)
    },
    row("caffeinate", "-t -w", 0),
    Prefix {
        script: "-c --command",
        ..row("script", "-c --command -E -I -O -B -T -m -o", 0)
    },
];
