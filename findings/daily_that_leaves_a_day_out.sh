#!/usr/bin/env bash
# One would expect: a timer with OnCalendar=daily (or a time of its own) elapses once on each day; where the clock jumps
# over that time it elapses right after the jump, as cron and those who read its lines do, and Persistent=yes makes up
# for what was missed.
# What happens: systemd leaves that day out. A time that the jump takes away is normalized (00:00 becomes 01:00), no
# longer fits, and the search goes on at the next day. `daily` is 00:00, and in Chile, Cuba, Egypt and Lebanon summer
# begins at just that time, so each daily timer of the host is silent for 47 hours once a year; elsewhere it is those
# between 02:00 and 03:00. Persistent=yes does not help, as there is no such time to be late for. croniter and cronsim
# go by the old rule of cron and say 01:00.
# Why it matters here: an alarm on "no check for 36 hours" goes off where nothing is broken, and when somebody's sweeper
# runs next is another time for systemd than for cron, from the same words. Both times are right, each for its reader.
# Needs systemd-analyze (it works where systemd does not run). Seen with systemd 252.38 of Debian 12, croniter 7.0.0,
# cronsim 2.8; croniter 6.0.0 told a time that does not exist.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q --disable-pip-version-check croniter==7.0.0 cronsim==2.8
systemd-analyze --version | sed -n 1p
cat >ask.py <<'EOF'
import datetime, os, re, subprocess, zoneinfo
from cronsim import CronSim
from croniter import croniter
def by_systemd(zone, start, spec):
    argv = ["systemd-analyze", "calendar", "--iterations=2", f"--base-time={start:%Y-%m-%d %H:%M}", spec]
    env = {**os.environ, "TZ": zone, "LC_ALL": "C"}
    text = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    return re.findall(r"(?:Next elapse|Iter. #2|Iteration #2): \w+ (\S+ \d\d:\d\d):", text)
for zone, noon, spec, line in [("America/Santiago", "2027-09-04 12:00", "daily", "0 0 * * *"),
                               ("America/Havana", "2027-03-13 12:00", "daily", "0 0 * * *"),
                               ("Africa/Cairo", "2027-04-29 12:00", "daily", "0 0 * * *"),
                               ("Asia/Beirut", "2027-03-27 12:00", "daily", "0 0 * * *"),
                               ("Europe/Berlin", "2027-03-27 12:00", "02:30", "30 2 * * *")]:
    start = datetime.datetime.fromisoformat(noon).replace(tzinfo=zoneinfo.ZoneInfo(zone))
    first = start.date() + datetime.timedelta(days=1)
    systemd = by_systemd(zone, start, spec)
    cron = croniter(line, start).get_next(datetime.datetime), next(CronSim(line, start))
    cron = [f"{one:%Y-%m-%d %H:%M}" for one in cron]
    print(f"{zone}, after {noon}:\n    systemd ({spec}): {', '.join(systemd)}")
    print(f"    croniter, cronsim ({line}): {', '.join(cron)}")
    after = first + datetime.timedelta(days=1)
    hour = "02:30" if spec == "02:30" else "00:00"
    assert systemd == [f"{after} {hour}", f"{after + datetime.timedelta(days=1)} {hour}"], systemd
    assert cron == [f"{first} {'03:00' if spec == '02:30' else '01:00'}"] * 2, cron
EOF
tools/bin/python ask.py
