"""What beside.py and growth.py share: one command measured, the caches, the damage, a tree compared, a Markdown table.

Only Python's own library. Memory is the peak of the largest process of the command, as the kernel tells it when the process
ends; the kernel counts the moment before the program starts too, so less than this script itself takes cannot be seen (`≤`).
"""
import functools
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import traceback

SNAP_HOST = {"LC_ALL": "C", "NO_COLOR": "1"}


class Failed(Exception):
    """A command that should have worked did not."""


def apart(function):
    """Runs it in a process of its own, so that the memory that it takes does not hide that of the commands that are measured."""
    @functools.wraps(function)
    def call(*args, **options):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.write(writer, json.dumps(function(*args, **options)).encode())
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writer)
        with open(reader, "rb") as answer:
            text = answer.read()
        if os.waitpid(child, 0)[1]:
            raise Failed(f"{function.__name__} failed")
        return json.loads(text)
    return call


class Run:
    """One command that ended."""

    def __init__(self, seconds, peak_kb, code, out):
        self.seconds, self.code, self.out = seconds, code, out
        own_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.peak_mb = peak_kb / 1024
        self.unseen = peak_kb <= own_kb


class Runner:
    """Runs commands with an environment of their own; what they print goes to a log."""

    def __init__(self, work, env=None):
        self.work = os.path.abspath(work)
        os.makedirs(self.work, exist_ok=True)
        self.env = {**os.environ, **SNAP_HOST, **(env or {})}
        self.log = open(os.path.join(self.work, "log"), "ab")

    def run(self, command, ok=(0,), keep=False, sync=False):
        """Seconds from start to exit, with `sync -f` of the work directory where that is asked for."""
        shell = isinstance(command, str)
        self.log.write(f"\n$ {command}\n".encode())
        self.log.flush()
        out = os.path.join(self.work, "out.txt")
        with open(out, "wb") as kept:
            start = time.perf_counter()
            process = subprocess.Popen(command, shell=shell, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=kept if keep else self.log, stderr=self.log)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if sync:
                settle(self.work)
            seconds = time.perf_counter() - start
        if process.returncode not in ok:
            raise Failed(f"exit {process.returncode}: {command} (see {self.work}/log)")
        text = open(out, encoding="utf-8", errors="replace").read() if keep else ""
        return Run(seconds, usage.ru_maxrss, process.returncode, text)


def settle(directory):
    """Makes all that was written to the file system durable, so that nothing is left to pay for the next command."""
    subprocess.check_call(["sync", "-f", directory])


def may_drop_caches():
    return os.access("/proc/sys/vm/drop_caches", os.W_OK)


def drop_caches(directory):
    settle(directory)
    with open("/proc/sys/vm/drop_caches", "w") as switch:
        switch.write("3")


@apart
def warm(*trees):
    """Reads every file once."""
    for tree in trees:
        for directory, _, names in os.walk(tree):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        while file.read(1 << 20):
                            pass


def copy(source, target):
    """A new copy with all attributes."""
    remove(target)
    subprocess.check_call(["cp", "-a", source, target])


def move_in(source, target, place):
    """A new copy of a venv whose scripts run the interpreter that will stand at `place`, as if it had been made there: a
    copy whose scripts run that of the other venv is damaged."""
    copy(source, target)
    for name in ["pyvenv.cfg"] + [f"bin/{name}" for name in os.listdir(os.path.join(target, "bin"))]:
        path = os.path.join(target, name)
        if os.path.islink(path) or os.path.getsize(path) > 1 << 20:
            continue
        with open(path, "r+b") as file:
            content = file.read()
            file.seek(0)
            file.write(content.replace(os.fsencode(source), os.fsencode(place)))
            file.truncate()


def remove(path):
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    elif os.path.isdir(path):
        subprocess.check_call(["rm", "-rf", path])


@apart
def damage(venv, count, seed=61):
    """The incident: of files that are not tiny, some gone, some emptied, some cut. The same seed hits the same files."""
    files = []
    for directory, _, names in os.walk(os.path.join(venv, "lib")):
        for name in names:
            path = os.path.join(directory, name)
            if not os.path.islink(path) and os.path.getsize(path) > 256:
                files.append(path)
    files.sort()
    hit = random.Random(seed).sample(files, min(count, len(files)))
    for number, path in enumerate(hit):
        if number % 3 == 0:
            os.unlink(path)
        else:
            os.truncate(path, 0 if number % 3 == 1 else os.path.getsize(path) // 2)


@apart
def differences(one, other, nanoseconds=1000):
    """How many things two trees do not have in common: type, content, mode, link, and time of files, as exactly as is asked for: some
    peers keep whole microseconds."""
    found = 0
    names = lambda tree: {os.path.relpath(os.path.join(directory, name), tree)
                          for directory, dirs, files in os.walk(tree) for name in dirs + files}
    left, right = names(one), names(other)
    found += len(left ^ right)
    for name in left & right:
        found += not same(os.path.join(one, name), os.path.join(other, name), nanoseconds)
    return found


def same(one, other, nanoseconds):
    a, b = os.lstat(one), os.lstat(other)
    if os.path.islink(one) or os.path.islink(other):
        return os.path.islink(one) and os.path.islink(other) and os.readlink(one) == os.readlink(other)
    if a.st_mode != b.st_mode:
        return False
    if os.path.isdir(one):
        return True
    if a.st_size != b.st_size or abs(a.st_mtime_ns - b.st_mtime_ns) > nanoseconds:
        return False
    with open(one, "rb") as first, open(other, "rb") as second:
        while piece := first.read(1 << 20):
            if piece != second.read(1 << 20):
                return False
    return True


@apart
def size(path):
    """Bytes of all files below, as their lengths say."""
    return sum(os.lstat(os.path.join(directory, name)).st_size
               for directory, _, names in os.walk(path) for name in names)


def tool(name):
    return shutil.which(name)


def present(one, only, skipped):
    """Whether a tool is asked for and there; notes where it is not there."""
    if only and one.name not in only:
        return False
    if not tool(one.needs):
        skipped.append(f"{one.name} is not installed")
        return False
    return True


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def median(times):
    ordered = sorted(times)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def seconds(times):
    """Median and fastest, with as many digits as they deserve."""
    if not times:
        return "–"
    middle, fastest = median(times), min(times)
    digits = 3 if middle < 1 else 2
    return f"{middle:.{digits}f} [{fastest:.{digits}f}]"


def peak(runs):
    if not runs:
        return "–"
    most = max(runs, key=lambda run: run.peak_mb)
    return f"{'≤ ' if most.unseen else ''}{most.peak_mb:.0f}"


def tell(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    """One line on where this ran."""
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, Linux {os.uname().release}, load at the start {load:.1f}"
