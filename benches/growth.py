#!/usr/bin/env python3
"""How time and memory grow with the number of files, of snapshots, and with the size of one file. Prints Markdown.

    benches/growth.py --work DIR [--snap BIN] [--runs N] [--quick] [--only files,snapshots,large,startup] [--files 1000,10000]

DIR must lie on the disk that is meant. A million files need about 15 GB there and half an hour; `--quick` takes a minute or two, and says
nothing of speed: it shows that the script works. Everything is generated, the same each time.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True
import generate
import measure
from measure import Failed, Runner, copy, damage, differences, peak, remove, seconds, size, table, tell

DAMAGED = 61
PARTS = ["files", "snapshots", "large", "startup"]


class Growth:
    def __init__(self, options):
        self.options = options
        self.work = os.path.abspath(options.work)
        self.runner = Runner(self.work)
        self.venv, self.store, self.out = self.work + "/venv", self.work + "/store", self.work + "/restored"
        self.wrong = []

    def snap(self, *words, store=None, ok=(0,)):
        return self.runner.run([self.options.snap, "--store", store or self.store, *words], ok=ok, sync=words[0] in ("save", "restore"))

    def clear(self):
        for path in (self.venv, self.store, self.out, self.work + "/copy", self.work + "/probe"):
            remove(path)

    def jobs(self, store, first=True):
        """Runs every job some times on what stands there; runs by job. The first save is done on an empty store."""
        runs = {}
        add = lambda job, run: runs.setdefault(job, []).append(run)
        for number in range(self.options.runs):
            if first:
                remove(store)
                add("save", self.snap("save", self.venv, store=store))
            add("again", self.snap("save", self.venv, store=store))
            add("diff", self.snap("diff", self.venv, store=store))
            add("check", self.snap("check", self.venv, store=store))
            add("list", self.snap("list", store=store))
            add("verify", self.snap("verify", store=store))
            add("restore --to", self.snap("restore", self.venv, "--to", self.out, "--exact", store=store))
            if number == 0:
                self.compare("restore --to", self.venv, self.out)
            damage(self.venv, DAMAGED)
            add("incident", self.snap("restore", self.venv, store=store))
            if number == 0:
                self.compare("incident", self.out, self.venv)
            remove(self.out)
            measure.settle(self.work)
        return runs

    def compare(self, job, one, other):
        found = differences(one, other)
        if found:
            self.wrong.append(f"{job}: {found} entries differ")

    def files(self):
        """Time and memory over the number of files."""
        columns = {}
        for count in self.options.files:
            tell(f"{count} files: generating")
            self.clear()
            generate.venv(self.venv, count)
            measure.settle(self.work)
            measure.warm(self.venv)
            tell(f"{count} files: measuring")
            columns[count] = (self.jobs(self.store), size(self.venv), self.sizes())
        self.clear()
        counts = list(columns)
        jobs = list(columns[counts[0]][0])
        print("### Files\n\nSeconds, median [fastest]; µs per file of the fastest; peak MB.\n")
        head = ["job"] + [f"{count:,} files" for count in counts]
        table(head, [[job] + [seconds(times(columns[count][0][job])) for count in counts] for job in jobs])
        table(["µs per file"] + head[1:], [[job] + [f"{min(times(columns[count][0][job])) * 1e6 / count:.0f}" for count in counts] for job in jobs])
        table(["peak MB"] + head[1:], [[job] + [peak(columns[count][0][job]) for count in counts] for job in jobs])
        table(["size"] + head[1:], [["venv MB"] + [f"{columns[count][1] / 1e6:.1f}" for count in counts],
                                    ["packs and snapshots MB"] + [f"{columns[count][2][0] / 1e6:.1f}" for count in counts],
                                    ["index MB"] + [f"{columns[count][2][1] / 1e6:.1f}" for count in counts]])

    def sizes(self):
        """Bytes of the truth, and of the index."""
        truth = sum(size(f"{self.store}/{name}") for name in ("packs", "snapshots"))
        return truth, size(self.store) - truth

    def snapshots(self):
        """The same over the number of snapshots of a venv that changes a little each day."""
        self.clear()
        count, packages = self.options.base, max(1, self.options.base // generate.FILES_IN_A_PACKAGE)
        tell(f"snapshots: a venv of {count} files")
        generate.venv(self.venv, count)
        columns = {}
        for day in range(1, max(self.options.snapshots) + 1):
            generate.another_day(self.venv, day, packages)
            self.snap("save", self.venv)
            if day in self.options.snapshots:
                tell(f"{day} snapshots: measuring")
                columns[day] = self.at(day, packages)
        head = ["job"] + [f"{day:,} snapshots" for day in columns]
        jobs = [job for job in next(iter(columns.values()))[0]]
        print(f"### Snapshots\n\nOf a venv of {count:,} files; each day one or two packages get a new version. Seconds, median [fastest].\n")
        table(head, [[job] + [seconds(times(column[0][job])) for column in columns.values()] for job in jobs])
        table(["peak MB"] + head[1:], [[job] + [peak(column[0][job]) for column in columns.values()] for job in jobs])
        table(["store"] + head[1:], [["packs and snapshots MB"] + [f"{column[1][0] / 1e6:.1f}" for column in columns.values()],
                                     ["index MB"] + [f"{column[1][1] / 1e6:.1f}" for column in columns.values()],
                                     ["an unchanged save adds, bytes"] + [f"{column[2]:,}" for column in columns.values()]])
        first, last = (column[0] for column in (columns[min(columns)], columns[max(columns)]))
        slower = [[job, f"{100 * (min(times(last[job])) / min(times(first[job])) - 1):+.0f} %"] for job in jobs]
        table(["job", f"{max(columns):,} against {min(columns):,} snapshots, fastest"], slower)

    def at(self, day, packages):
        """Measures on a copy of the store, so that the jobs add nothing to it. The venv goes back to what it was."""
        sizes = self.sizes()
        probe, kept = self.work + "/probe", self.work + "/copy"
        copy(self.store, probe)
        copy(self.venv, kept)
        before = sum(size(f"{probe}/{name}") for name in ("packs", "snapshots"))
        self.snap("save", self.venv, store=probe)
        added = sum(size(f"{probe}/{name}") for name in ("packs", "snapshots")) - before
        changed = []
        for number in range(self.options.runs):
            generate.another_day(self.venv, 10_000 + number, packages)
            changed.append(self.snap("save", self.venv, store=probe))
        runs = {"save after a day": changed, **self.jobs(probe, first=False)}
        if day == max(self.options.snapshots):
            self.listing = self.startup_rows(self.store, day)
        remove(probe)
        copy(kept, self.venv)
        remove(kept)
        return runs, sizes, added

    def startup_rows(self, store, day):
        rows = []
        for what, command in (("`true`, for comparison", ["true"]), ("`snap --help`", [self.options.snap, "--help"]),
                              (f"`snap list`, {day:,} snapshots", [self.options.snap, "--store", store, "list"]),
                              (f"`snap list --json`, {day:,} snapshots", [self.options.snap, "--store", store, "list", "--json"])):
            taken = sorted(self.runner.run(command).seconds * 1000 for _ in range(self.options.starts))
            rows.append([what, f"{taken[len(taken) // 2]:.1f} [{taken[0]:.1f}]"])
        return rows

    def startup(self):
        """Start-up, in milliseconds. After `snapshots`, whose store it uses."""
        rows = getattr(self, "listing", None)
        if rows is None:
            self.clear()
            generate.venv(self.venv, 200)
            for _ in range(max(self.options.snapshots)):
                self.snap("save", self.venv)
            rows = self.startup_rows(self.store, max(self.options.snapshots))
        print(f"### Start-up\n\nMilliseconds, median [fastest] of {self.options.starts}.\n")
        table(["command", "ms"], rows)

    def large(self):
        """Peak memory over the size of one file."""
        columns = {}
        for megabytes in self.options.large:
            tell(f"one file of {megabytes} MB")
            self.clear()
            generate.venv(self.venv, 100)
            os.makedirs(self.venv + "/lib/large")
            generate.large_file(self.venv + "/lib/large/weights.bin", megabytes)
            columns[megabytes] = self.jobs(self.store)
        self.clear()
        print("### One large file\n\nPeak MB, and seconds, median [fastest].\n")
        jobs = list(next(iter(columns.values())))
        head = [f"{megabytes:,} MB" for megabytes in columns]
        table(["job"] + [f"{name}, {what}" for name in head for what in ("peak MB", "s")],
              [[job] + [cell for runs in columns.values() for cell in (peak(runs[job]), seconds(times(runs[job])))] for job in jobs])


def times(runs):
    return [run.seconds for run in runs]


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, help="a directory on the disk that is meant")
    parser.add_argument("--snap", default=here + "/target/release/snap", type=os.path.abspath)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--files", type=numbers, help="numbers of files")
    parser.add_argument("--snapshots", type=numbers, help="numbers of snapshots")
    parser.add_argument("--large", type=numbers, help="sizes of one file in MB")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: does the script work?")
    options = parser.parse_args()
    quick = options.quick
    options.runs = 1 if quick else options.runs
    options.files = options.files or ([200, 1000] if quick else [1_000, 10_000, 100_000, 1_000_000])
    options.snapshots = options.snapshots or ([1, 10] if quick else [1, 10, 100, 1_000])
    options.large = options.large or ([5, 20] if quick else [200, 2_000])
    options.base, options.starts = (400, 5) if quick else (10_000, 50)
    growth = Growth(options)
    print(f"{measure.machine()}. Warm cache, {options.runs} runs, `sync -f` counted for save and restore.\n")
    for part in PARTS:
        if part in options.only:
            try:
                getattr(growth, part)()
            except Failed as error:
                growth.wrong.append(f"{part}: {error}")
    growth.clear()
    for text in growth.wrong:
        print(f"wrong: {text}")


if __name__ == "__main__":
    main()
