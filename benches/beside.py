#!/usr/bin/env python3
"""Measures snap beside its peers and above its floors: the same venv, one run, in turn. Prints Markdown.

    benches/beside.py VENV --work DIR [--snap BIN] [--floors BIN] [--runs N] [--cold] [--prune] [--only NAMES]

DIR must lie on the disk that is meant; it needs room for a few copies of the venv. Peers that are not installed are named as
skipped. Each job runs for one tool after the other before the next job begins, so a slow phase of the machine hits all.
benches/README.md says what each job is.
"""
import argparse
import json
import os
import sys

sys.dont_write_bytecode = True
import measure
from measure import Failed, Runner, copy, damage, differences, median, move_in, remove, seconds, size, table, tell, tool

DAMAGED = 61
OLD, KEPT = 90, 10


class Tool:
    """One program: a command for each job that it has. Words in braces are replaced."""

    def __init__(self, name, needs, jobs, start=None, ok=None, below="", whole_seconds=False):
        self.name, self.needs, self.jobs = name, needs, jobs
        self.start = start          # makes an empty store
        self.ok = ok or {}          # exit codes that are fine, where 0 is not the only one
        self.below = below          # where under {out} the restored tree stands
        self.whole_seconds = whole_seconds  # as far as it keeps times


def tools(snap, venv_python):
    snap_store = [snap, "--store", "{repo}"]
    restic, rustic = "restic -q -r {repo} ", "rustic --no-progress -r {repo} "
    return [
        Tool("snap", snap, {
            "save": snap_store + ["save", "{src}"], "again": snap_store + ["save", "{src}"],
            "diff": snap_store + ["diff", "{src}"], "check": snap_store + ["check", "{src}"], "verify": snap_store + ["verify"],
            "export": snap_store + ["export", "latest", "--venv", "{src}", "{scratch}/x.tar.zst"],
            "import": [snap, "--store", "{scratch}/entered", "import", "{scratch}/kept.tar.zst", "--venv", "{src}"],
            "restore": snap_store + ["restore", "{src}", "--to", "{out}", "--exact"],
            "incident": snap_store + ["restore", "{src}"],
            "prune": "{snap} --store {repo} forget --keep-last %d --venv {src} && {snap} --store {repo} prune --grace 0" % KEPT}),
        Tool("tar+zstd", "zstd", {
            "save": "tar -C {src} -cf - . | zstd -q -f -3 -T0 -o {repo}/a.tar.zst", "again": "tar -C {src} -cf - . | zstd -q -f -3 -T0 -o {repo}/b.tar.zst",
            "verify": "zstd -tq {repo}/a.tar.zst",
            "export": "tar -C {src} -cf - . | zstd -q -f -3 -T0 -o {scratch}/y.tar.zst",
            "import": "mkdir {scratch}/entered && zstd -dcq {scratch}/kept.tar.zst | tar -C {scratch}/entered -xf -",
            "restore": "mkdir {out} && zstd -dcq {repo}/a.tar.zst | tar -C {out} -xf -",
            "incident": "zstd -dcq {repo}/a.tar.zst | tar -C {src} -xf -"}, start="mkdir {repo}", whole_seconds=True),
        Tool("cp -a", "cp", {
            "save": "cp -a {src} {repo}/a", "again": "cp -a {src} {repo}/b", "restore": "cp -a {repo}/a {out}"}, start="mkdir {repo}"),
        Tool("rsync", "rsync", {
            "save": "rsync -a {src}/ {repo}/a/", "again": "rsync -a {src}/ {repo}/a/", "diff": "rsync -acni --delete {src}/ {repo}/a/",
            "restore": "rsync -a {repo}/a/ {out}/", "incident": "rsync -ac --delete {repo}/a/ {src}/"}, start="mkdir {repo}"),
        Tool("restic", "restic", {
            "save": restic + "backup {src}", "again": restic + "backup {src}", "verify": restic + "check --read-data",
            "restore": restic + "restore latest --target {out}", "incident": restic + "restore latest --target /",
            "prune": restic + f"forget --keep-last {KEPT} --prune"}, start=restic + "init", below="{src}",
             ok={"incident": (0, 1)}),  # old versions fail at links that are there already; the tree is compared anyway
        Tool("rustic", "rustic", {
            "save": rustic + "backup {src}", "again": rustic + "backup {src}", "verify": rustic + "check --read-data",
            "restore": rustic + "restore latest:{src} {out}", "incident": rustic + "restore latest:{src} {src}",
            "prune": rustic + f"forget --keep-last {KEPT} --prune --instant-delete"}, start=rustic + "init"),
        Tool("borg", "borg", {
            "save": "borg create -C zstd,3 {repo}::a {src}", "again": "borg create -C zstd,3 {repo}::b {src}",
            "verify": "borg check --verify-data {repo}",
            "export": "borg export-tar {repo}::a - | zstd -q -f -3 -T0 -o {scratch}/z.tar.zst",
            "restore": "mkdir {out} && cd {out} && borg extract {repo}::a", "incident": "cd / && borg extract {repo}::a",
            "prune": f"borg prune --keep-last {KEPT} {{repo}} && borg compact {{repo}}"}, start="borg init -e none {repo}", below="{src}"),
        Tool("b3sum", "b3sum", {"diff": "find {src} -type f -print0 | xargs -0 -P{cores} -n 512 b3sum > {scratch}/sums"}),
        # The same with SHA-256, by the processor's instructions; sha256sum may do without them.
        Tool("openssl", "openssl", {"check": "find {src} -type f -print0 | xargs -0 -P{cores} -n 512 openssl dgst -sha256 > {scratch}/sums"}),
        Tool("pip check", venv_python, {"check": "{src}/bin/python -m pip check"}, ok={"check": (0, 1)}),
    ]


JOBS = {  # name: what it is, its floor, whether it writes what must be durable
    "save": ("first save, empty store", "save", True),
    "again": ("save again, nothing changed", "list", True),
    "diff": ("diff, every byte", "blake3", False),
    "check": ("audit without a snapshot", "sha256", False),
    "verify": ("read the whole store back", "verify", False),
    "export": ("a snapshot as .tar.zst", "export", True),
    "import": ("that file into an empty store", None, True),
    "restore": ("whole, into an empty place", "restore", True),
    "incident": (f"{DAMAGED} files damaged, restored in place", "incident", True),
    "prune": (f"forget {OLD} of {OLD + KEPT} snapshots, free what they held", None, True),
}


class Beside:
    def __init__(self, options):
        self.options = options
        self.work = os.path.abspath(options.work)
        self.scratch, self.pristine = self.work + "/scratch", self.work + "/pristine"
        self.runner = Runner(self.work, {
            "RESTIC_PASSWORD": "x", "RUSTIC_PASSWORD": "x", "RESTIC_CACHE_DIR": self.scratch + "/restic", "XDG_CACHE_HOME": self.scratch + "/cache",
            "BORG_BASE_DIR": self.scratch + "/borg", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"})
        self.skipped, self.wrong = [], []
        self.tools = [one for one in tools(options.snap, options.venv + "/bin/pip") if self.present(one)]
        self.times = {(one.name, job): [] for one in self.tools for job in JOBS}
        self.runs = {key: [] for key in self.times}
        self.stored = {}
        self.floors = {}

    def present(self, one):
        if not measure.present(one, self.options.only, self.skipped):
            return False
        if one.name == "snap" and self.runner.run([one.needs, "import", "--help"], ok=range(256)).code:
            del one.jobs["import"]
            self.skipped.append("import: this snap has none")
        return True

    def fill(self, one, command):
        words = {"src": self.src(one), "repo": f"{self.work}/repo-{one.name.replace(' ', '')}", "out": self.work + "/out",
                 "scratch": self.scratch, "snap": self.options.snap, "cores": os.cpu_count()}
        fill = lambda text: text.format(**words)
        return [fill(word) for word in command] if isinstance(command, list) else fill(command)

    def src(self, _):
        return self.work + "/src"

    def measure(self):
        for number in range(self.options.runs):
            self.clear()
            self.floor(number)
            move_in(self.options.venv, self.pristine, self.src(None))
            copy(self.pristine, self.src(None))
            for one in self.tools:
                remove(self.fill(one, "{repo}"))
                if one.start:
                    self.runner.run(self.fill(one, one.start))
            for job in JOBS:
                if job == "prune" and not self.options.prune:
                    continue
                # Who comes first changes, so that nobody is always the one who finds the disk busy.
                turn = self.tools[number % len(self.tools):] + self.tools[:number % len(self.tools)]
                for one in turn:
                    if job in one.jobs:
                        tell(f"run {number + 1}: {job}: {one.name}")
                        self.one(one, job)
                if job == "save":
                    for one in self.tools:
                        if "save" in one.jobs:
                            self.stored[one.name] = size(self.fill(one, "{repo}"))
        self.clear()

    def one(self, one, job):
        src, out = self.src(one), self.work + "/out"
        remove(out)
        if job == "import":
            remove(self.scratch + "/entered")
            if not os.path.exists(self.scratch + "/kept.tar.zst"):
                self.runner.run(f"tar -C {self.pristine} --format=pax -cf - . | zstd -q -3 -T0 -o {self.scratch}/kept.tar.zst")
        for name in "xyz":
            remove(f"{self.scratch}/{name}.tar.zst")
        if job == "incident":
            copy(self.pristine, src)
            damage(src, DAMAGED)
        if job == "prune":
            self.age(one)
        measure.settle(self.work)
        if self.options.cold:
            measure.drop_caches(self.work)
        else:
            measure.warm(src)
        durable = JOBS[job][2] and (self.options.sync == "all" or job in ("restore", "incident"))
        try:
            run = self.runner.run(self.fill(one, one.jobs[job]), ok=one.ok.get(job, (0,)), sync=durable)
        except Failed as error:
            self.wrong.append(f"{one.name}: {job}: {error}")
            return
        self.times[one.name, job].append(run.seconds)
        self.runs[one.name, job].append(run)
        if len(self.times[one.name, job]) == 1 and job in ("restore", "incident"):
            got = src if job == "incident" else out + self.fill(one, one.below)
            found = differences(self.pristine, got, 10**9 if one.whole_seconds else 1000)
            if found:
                self.wrong.append(f"{one.name}: {job}: {found} entries differ from the venv")
        if job == "incident":
            copy(self.pristine, src)
        remove(out)

    def age(self, one):
        """Gives a store so many snapshots of a venv that changes a little between them."""
        src = self.src(one)
        copy(self.pristine, src)
        for number in range(OLD + KEPT):
            with open(f"{src}/lib/day-{number % 7}.txt", "w") as file:
                file.write(f"{number}\n" * 500)
            save = one.jobs["save"]
            save = save.replace("::a ", f"::day{number} ") if isinstance(save, str) else save
            self.runner.run(self.fill(one, save))

    def floor(self, number):
        if not tool(self.options.floors):
            if number == 0:
                self.skipped.append("floors: cargo build --release --features bench --example floors")
            return
        tell(f"run {number + 1}: floors")
        cold = ["--cold"] if self.options.cold else []
        command = [self.options.floors, self.options.venv, self.work + "/floors", "--runs", "1", "--json"] + cold
        for name, times in json.loads(self.runner.run(command, keep=True).out).items():
            self.floors.setdefault(name, []).extend(times)
        remove(self.work + "/floors")

    def clear(self):
        for path in [self.scratch, self.pristine, self.src(None), self.work + "/out", self.work + "/floors"]:
            remove(path)
        for one in self.tools:
            remove(self.fill(one, "{repo}"))
        os.makedirs(self.scratch)

    def report(self):
        files = sum(len(names) for _, _, names in os.walk(self.options.venv))
        cache = "cold" if self.options.cold else "warm"
        synced = "every job that writes" if self.options.sync == "all" else "both restores"
        print(f"`{os.path.basename(self.options.venv)}`: {files} files, {size(self.options.venv) / 1e6:.0f} MB. {measure.machine()}. {cache.capitalize()} cache, "
              f"{self.options.runs} runs in turn, `sync -f` counted for {synced}.\n")
        print("Seconds, median [fastest]. Floor: the unavoidable part of the job alone (benches/README.md).\n")
        peers = [one for one in self.tools if one.name != "snap"]
        rows, ratios = [], []
        for job, (what, floor, _) in JOBS.items():
            own = self.times.get(("snap", job), [])
            under = self.floors.get(floor, [])
            if not own and not any(self.times[one.name, job] for one in peers):
                continue
            rows.append([f"{job}: {what}", seconds(under), seconds(own), ratio(own, under)] + [seconds(self.times[one.name, job]) for one in peers])
            ratios.append([job] + [ratio(own, self.times[one.name, job]) for one in peers])
        table(["job", "floor", "snap", "snap / floor"] + [one.name for one in peers], rows)
        print("Ratios of the medians: snap / peer. Below 1, snap is faster.\n")
        table(["job"] + [one.name for one in peers], ratios)
        print("Peak memory of the largest process, MB; size of the store after the first save, MB.\n")
        jobs = [job for job in JOBS if any(self.runs[one.name, job] for one in self.tools)]
        rows = [[one.name] + [measure.peak(self.runs[one.name, job]) for job in jobs] + [f"{self.stored[one.name] / 1e6:.1f}" if one.name in self.stored else "–"]
                for one in self.tools]
        table(["tool"] + jobs + ["store"], rows)
        if self.floors:
            print("All floors, seconds, median [fastest].\n")
            table(["floor", "time"], [[name, seconds(times)] for name, times in self.floors.items()])
        for text in self.wrong:
            print(f"wrong: {text}")
        for text in self.skipped:
            print(f"skipped: 1 {text}")


def ratio(own, other):
    return f"{median(own) / median(other):.2f}" if own and other else "–"


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", type=os.path.abspath)
    parser.add_argument("--work", required=True, help="a directory on the disk that is meant; its content is replaced")
    parser.add_argument("--snap", default=here + "/target/release/snap", type=os.path.abspath)
    parser.add_argument("--floors", default=here + "/target/release/examples/floors", type=os.path.abspath)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="drop the page cache before each command (root)")
    parser.add_argument("--prune", action="store_true", help=f"also forget {OLD} of {OLD + KEPT} snapshots; takes minutes")
    parser.add_argument("--sync", choices=["all", "restores"], default="all", help="for which jobs sync -f is counted")
    parser.add_argument("--only", type=lambda text: text.split(","), help="tools by name, with commas")
    options = parser.parse_args()
    if options.cold and not measure.may_drop_caches():
        print("skipped: 1 cold cache: only root may drop it")
        return
    beside = Beside(options)
    beside.measure()
    beside.report()


if __name__ == "__main__":
    main()
