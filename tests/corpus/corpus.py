#!/usr/bin/env python3
"""Holds `snap check` against the interpreter, over the packages that the world uses. See README.md beside this file."""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from installers import Installers
from table import summary
from trial import Bench


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path, help="package names, one a line")
    parser.add_argument("results", type=Path, help="one JSON line for each package; those in it are not tried again")
    parser.add_argument("--first", type=int, default=1000, metavar="N", help="how many of the list")
    parser.add_argument("--snap", type=Path, required=True, help="the program under test")
    parser.add_argument("--state", default="", help="what the program was built from; kept with each result")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="the interpreter of the venvs")
    parser.add_argument("--installer", choices=["uv", "pip"], default="uv")
    parser.add_argument("--uv", type=Path, default=Path("uv"))
    parser.add_argument("--pip", default=f"{sys.executable} -m pip", help="a pip that knows --python (22.3 and later)")
    parser.add_argument("--work", type=Path, help="for venvs and cache, which stays [default: a temporary one]")
    parser.add_argument("--removals", type=int, default=3, help="modules taken away of each package, one at a time")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--max-size", type=int, default=1500, metavar="MB", help="no package whose wheels are larger")
    parser.add_argument("--max-cache", type=int, default=15000, metavar="MB")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no package after that time")
    return parser.parse_args()


def be_modest():
    """One core, and that only where nobody else wants it."""
    os.nice(max(0, 15 - os.nice(0)))
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main():
    options = arguments()
    be_modest()
    work = options.work or Path(tempfile.mkdtemp(prefix="snap-corpus-"))
    installers = Installers(options.python, options.uv, options.pip.split(), work / "cache", options.max_size,
                            options.max_cache)
    bench = Bench(installers, options.snap.resolve(), work / f"trial-{os.getpid()}", options.seed, options.removals)
    names = [line.split("#")[0].strip() for line in options.list.read_text().splitlines()]
    names = [name for name in names if name][:options.first]
    before = options.results.read_text().splitlines() if options.results.exists() else []
    done = {json.loads(line)["package"] for line in before}
    end = time.monotonic() + options.minutes * 60
    with open(options.results, "a") as results:
        for count, name in enumerate(names):
            if name in done:
                continue
            if time.monotonic() > end:
                print(f"time is up: {len(names) - count} packages of the list are left", file=sys.stderr)
                break
            began = time.monotonic()
            result = {"package": name, "installer": options.installer, "state": options.state}
            result |= bench.try_package(name, options.installer)
            result["seconds"] = round(time.monotonic() - began, 1)
            results.write(json.dumps(result) + "\n")
            results.flush()
            tell(count + 1, result)
            if count % 25 == 24:
                installers.bound()
    print(summary([json.loads(line) for line in options.results.read_text().splitlines()]))


def tell(count, result):
    """One line of progress: what disagrees is said in it."""
    removals = result.get("removals", [])
    marks = "".join({(True, True): "+", (True, False): "MISSED ", (False, False): ".", (False, True): "TOO-MUCH "}[
        bool(one["broken"]), one["convicted"]] for one in removals)
    alarms = len(result.get("healthy", {}).get("damage", []))
    alarm = f" FALSE ALARM {alarms}" if alarms else ""
    told = f"{count} {result['package']} {result['status']} {result['seconds']} s {marks}{alarm}"
    print(told, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
