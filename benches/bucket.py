#!/usr/bin/env python3
"""Measures snap beside its peers with a store in a bucket: one venv, one server, one run, in turn. Prints Markdown.

    benches/bucket.py VENV --work DIR [--snap BIN] [--runs N] [--latency MS] [--only NAMES]

The server is that of AWS_ENDPOINT_URL, which has a bucket `bucket` and lets AWS_ACCESS_KEY_ID in; what stands there below
`bench-` is left behind. `tests/remote/ceph.sh -- COMMAND` starts one for a command. With --latency all goes through
latency.py. benches/README.md says more.
"""
import argparse
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import measure
from measure import Failed, Runner, copy, damage, differences, median, move_in, remove, seconds, table, tell

DAMAGED = 61
JOBS = {
    "save": "first save, empty store",
    "again": "save again, nothing changed",
    "incident": f"{DAMAGED} files damaged, restored in place, cache empty",
    "host": "a new host: whole, into an empty place, cache empty",
}


class Tool:
    def __init__(self, name, needs, start, jobs, below="", ok=(0,)):
        self.name, self.needs, self.start, self.jobs, self.below, self.ok = name, needs, start, jobs, below, ok


def tools(snap):
    own = [snap, "--store", "s3://bucket/{prefix}"]
    restic = "restic -q -r s3:{endpoint}/bucket/{prefix} "
    rustic = "rustic --no-progress -r opendal:s3 "
    return [
        Tool("snap", snap, None, {
            "save": own + ["save", "{src}"], "again": own + ["save", "{src}"], "incident": own + ["restore", "{src}"],
            "host": own + ["restore", "{src}", "--to", "{out}", "--exact"]}),
        Tool("restic", "restic", restic + "init", {
            "save": restic + "backup {src}", "again": restic + "backup {src}", "incident": restic + "restore latest --target /",
            "host": restic + "restore latest --target {out}"}, below="{src}", ok=(0, 1)),
        Tool("rustic", "rustic", rustic + "init", {
            "save": rustic + "backup {src}", "again": rustic + "backup {src}",
            "incident": rustic + "restore latest:{src} {src}", "host": rustic + "restore latest:{src} {out}"}),
    ]


class Bench:
    def __init__(self, options, endpoint):
        self.options, self.endpoint = options, endpoint
        self.work = os.path.abspath(options.work)
        self.cache, self.src, self.out = self.work + "/cache", self.work + "/src", self.work + "/out"
        self.pristine = self.work + "/pristine"
        os.makedirs(self.work, exist_ok=True)
        self.mark = f"bench-{int(time.time())}"
        self.wrong, self.skipped = [], []
        self.tools = [one for one in tools(options.snap) if measure.present(one, options.only, self.skipped)]
        self.runs = {(one.name, job): [] for one in self.tools for job in JOBS}

    def prefix(self, one, number):
        return f"{self.mark}-{number}-{one.name}"

    def runner(self, one, number):
        """Everything that a tool takes from its surroundings. Each has a cache of its own."""
        key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
        return Runner(self.work, {
            "AWS_ENDPOINT_URL": self.endpoint, "XDG_CACHE_HOME": f"{self.cache}/{one.name}",
            "RESTIC_PASSWORD": "x", "RUSTIC_PASSWORD": "x",
            "RUSTIC_REPO_OPT_BUCKET": "bucket", "RUSTIC_REPO_OPT_ROOT": "/" + self.prefix(one, number),
            "RUSTIC_REPO_OPT_ENDPOINT": self.endpoint, "RUSTIC_REPO_OPT_REGION": os.environ.get("AWS_REGION", "us-east-1"),
            "RUSTIC_REPO_OPT_ACCESS_KEY_ID": key, "RUSTIC_REPO_OPT_SECRET_ACCESS_KEY": secret})

    def fill(self, one, number, command):
        words = {"src": self.src, "out": self.out, "endpoint": self.endpoint, "prefix": self.prefix(one, number)}
        fill = lambda text: text.format(**words)
        return [fill(word) for word in command] if isinstance(command, list) else fill(command)

    def measure(self):
        for number in range(self.options.runs):
            for path in (self.cache, self.src, self.pristine):
                remove(path)
            move_in(self.options.venv, self.pristine, self.src)
            copy(self.pristine, self.src)
            for one in self.tools:
                if one.start:
                    self.runner(one, number).run(self.fill(one, number, one.start))
            for job in JOBS:
                # Who comes first changes, so that nobody is always the one who finds the server busy.
                at = number % len(self.tools)
                for one in self.tools[at:] + self.tools[:at]:
                    tell(f"run {number + 1}: {job}: {one.name}")
                    self.one(one, job, number)

    def one(self, one, job, number):
        remove(self.out)
        if job in ("incident", "host"):
            remove(f"{self.cache}/{one.name}")
        if job == "incident":
            damage(self.src, DAMAGED)
        measure.settle(self.work)
        measure.warm(self.src)
        try:
            run = self.runner(one, number).run(self.fill(one, number, one.jobs[job]), ok=one.ok, sync=job in ("incident", "host"))
        except Failed as error:
            self.wrong.append(f"{one.name}: {job}: {error}")
            return
        self.runs[one.name, job].append(run)
        if job in ("incident", "host"):
            got = self.src if job == "incident" else self.out + self.fill(one, number, one.below)
            found = differences(self.pristine, got)
            if found:
                self.wrong.append(f"{one.name}: {job}: {found} entries differ from the venv")
        if job == "incident":
            copy(self.pristine, self.src)

    def report(self):
        files = sum(len(names) for _, _, names in os.walk(self.options.venv))
        line = f"{self.options.latency:g} ms of latency" if self.options.latency else "no latency"
        print(f"`{os.path.basename(self.options.venv)}`: {files} files, {measure.size(self.options.venv) / 1e6:.0f} MB; {line}. "
              f"{measure.machine()}. {self.options.runs} runs in turn.\n")
        times = lambda one, job: [run.seconds for run in self.runs[one.name, job]]
        head = ["job"] + [one.name for one in self.tools]
        print("Seconds, median [fastest].\n")
        table(head, [[f"{job}: {what}"] + [seconds(times(one, job)) for one in self.tools] for job, what in JOBS.items()])
        own = next((one for one in self.tools if one.name == "snap"), None)
        peers = [one for one in self.tools if one is not own]
        if own and peers:
            print("Ratios of the medians: snap / peer.\n")
            ratio = lambda job, one: f"{median(times(own, job)) / median(times(one, job)):.2f}" if times(own, job) and times(one, job) else "–"
            table(["job"] + [one.name for one in peers], [[job] + [ratio(job, one) for one in peers] for job in JOBS])
        print("Peak memory, MB.\n")
        table(["tool"] + list(JOBS), [[one.name] + [measure.peak(self.runs[one.name, job]) for job in JOBS] for one in self.tools])
        for text in self.wrong:
            print(f"wrong: {text}")
        for text in self.skipped:
            print(f"skipped: 1 {text}")


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", type=os.path.abspath)
    parser.add_argument("--work", required=True, help="a directory on a real disk; its content is replaced")
    parser.add_argument("--snap", default=here + "/target/release/snap", type=os.path.abspath)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0, help="milliseconds there and back")
    parser.add_argument("--only", type=lambda text: text.split(","), help="tools by name, with commas")
    options = parser.parse_args()
    endpoint, line = os.environ["AWS_ENDPOINT_URL"], None
    if options.latency:
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "latency.py")
        command = [sys.executable, script, endpoint.rsplit(":", 1)[1].strip("/"), str(options.latency)]
        line = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        endpoint = f"http://127.0.0.1:{line.stdout.readline().strip()}"
    try:
        bench = Bench(options, endpoint)
        bench.measure()
        bench.report()
    finally:
        if line:
            line.stdin.close()
            line.wait()


if __name__ == "__main__":
    main()
