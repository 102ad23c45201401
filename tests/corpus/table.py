#!/usr/bin/env python3
"""Results to the figures of docs/corpus.md, as Markdown: `table.py RESULTS.jsonl…`."""

import json
import sys
import tomllib
from collections import Counter
from enum import Enum
from fnmatch import fnmatch
from pathlib import Path

EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
HOLLOW = "is an empty namespace now"


class Import(Enum):
    """What the interpreter says after a removal."""

    WORKS = "works"
    #: The import works, but the package that is imported lost its own `__init__` and gives nothing.
    HOLLOW = "hollow"
    #: It fails, and what was removed is the very module that is asked for: only what lies elsewhere tells of it.
    ENTRANCE = "entrance"
    #: It fails, since something that it imports is gone.
    BROKEN = "broken"

    @classmethod
    def of(cls, removal):
        errors = set(removal["broken"].values())
        if not errors:
            return cls.WORKS
        if errors == {HOLLOW}:
            return cls.HOLLOW
        return cls.ENTRANCE if removal["is_entrance"] else cls.BROKEN


def summary(results):
    """The figures of one run, and everything that is not as it should be with its reason."""
    exceptions = tomllib.loads(EXCEPTIONS.read_text())["exception"]
    tried = [result for result in results if "healthy" in result]
    alarms = [result for result in tried if result["healthy"]["damage"] or result["healthy"]["error"]]
    notices = Counter(one["check"] for result in tried for one in result["healthy"]["notices"])
    removals = [(result["package"], one) for result in tried for one in result.get("removals", [])]
    silences = [(package, one) for package, one in removals if is_silent(one)]
    excesses = [(package, one) for package, one in removals if Import.of(one) is Import.WORKS and one["convicted"]]
    aborted = [(package, one) for package, one in removals if one["check_error"]]
    told = ", ".join(f"{name} {count}" for name, count in notices.most_common())
    lines = ["| figure | count |", "|---|---|", f"| packages | {len(results)} |"]
    lines += [f"| {name} | {count} |" for name, count in sorted(Counter(one["status"] for one in results).items())]
    lines += [f"| checked | {len(tried)} |", f"| false alarms | {len(alarms)} |", f"| notices | {told or 'none'} |"]
    lines += [f"| modules removed | {len(removals)} |", *convictions([one for _, one in removals])]
    lines += section("False alarms", exceptions, "alarm", [
        (one["package"], "", first(one["healthy"]["damage"]) or one["healthy"]["error"]) for one in alarms])
    lines += section("Silences", exceptions, "silence", [
        (package, one["row"], ": ".join(next(iter(one["broken"].items())))) for package, one in silences])
    lines += section("Convicted though the import works", exceptions, "excess", [
        (package, one["row"], first(one["new"]["damage"])) for package, one in excesses])
    lines += section("Check gave no answer", exceptions, "no answer", [
        (package, one["row"], one["check_error"]) for package, one in aborted])
    lines += section("Not tried", exceptions, "not tried", [
        (one["package"], "", f"{one['status']}: {one['reason']}") for one in results if "reason" in one])
    return "\n".join(lines)


def is_silent(removal):
    return Import.of(removal) is not Import.WORKS and not removal["convicted"] and not removal["check_error"]


def convictions(removals):
    """How many of each outcome are called damage."""
    names = {Import.BROKEN: "imports that fail", Import.ENTRANCE: "the imported module itself gone, so that it fails",
             Import.HOLLOW: "the `__init__` of the imported package gone, so that it is empty",
             Import.WORKS: "imports that still work"}
    for outcome, name in names.items():
        some = [one for one in removals if Import.of(one) is outcome]
        hits = sum(one["convicted"] for one in some)
        silent = sum(bool(one["check_error"]) for one in some)
        more = f", no answer {silent}" if silent else ""
        yield f"| {name} | {len(some)}, called damage {hits} ({100 * hits / max(1, len(some)):.1f} %){more} |"


def first(findings):
    """The first finding in one line, and how many there are."""
    return findings and f"{len(findings)}, {findings[0]['check']} {findings[0]['path']}: {findings[0]['text']}"


def section(title, exceptions, kind, rows):
    """One list: each row with its reason from exceptions.toml."""
    told = [f"- {package} {row}: {' '.join(text.split())[:240]} -- {reason(exceptions, kind, package, row)}"
            for package, row, text in rows]
    return ["", f"## {title}", "", *told] if told else []


def reason(exceptions, kind, package, row):
    for one in exceptions:
        fits = one["package"] == package and fnmatch(row, one.get("row", "*"))
        if one["kind"] == kind and fits:
            return one["reason"]
    return "**no reason known yet**"


if __name__ == "__main__":
    print(summary([json.loads(line) for name in sys.argv[1:] for line in open(name)]))
