"""Commands with a time limit, of which nothing is left behind."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (None where its time was up), and what it wrote."""

    code: int | None
    out: str
    err: str


def run(command, seconds, *, stdin="", env=None, cwd=None, pass_fds=()):
    """Runs a command in a process group of its own, which ends with it."""
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace", env=env, cwd=cwd, start_new_session=True, pass_fds=pass_fds,
    )
    try:
        out, err = process.communicate(stdin, timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        code, out, err = None, "", f"no end after {seconds} s"
    finally:
        stop_group(process.pid)
    if code is None:
        process.wait()
    return Ended(code, out, err)


def stop_group(group):
    """Kills what is left of a process group."""
    for _ in range(3):
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.01)
