"""One installed distribution: its RECORD, its modules, and what others import of it."""

import configparser
import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

ENTRANCES_MAX = 20
SUFFIX = re.compile(r"(\.cpython-\d+[\w-]*|\.abi3)?\.(py|so)$")


def normalized(name):
    """The name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Distribution:
    """A `*.dist-info` directory and the rows of its RECORD, relative to the site."""

    site: Path
    info: Path
    version: str
    rows: list[str]

    @classmethod
    def find(cls, site, name):
        """The distribution of that name; None where there is none with a RECORD."""
        for info in sorted(site.glob("*.dist-info")):
            stem, _, version = info.name.removesuffix(".dist-info").partition("-")
            if normalized(stem) == normalized(name) and (info / "RECORD").exists():
                with open(info / "RECORD", newline="", encoding="utf-8") as record:
                    rows = [row[0] for row in csv.reader(record) if row]
                return cls(site, info, version, rows)
        return None

    def modules(self):
        """The module of each row that Python can import: {dotted name: row}."""
        found = {}
        for row in self.rows:
            if not SUFFIX.search(row) or row.startswith(("..", "/")):
                continue
            parts = SUFFIX.sub("", row).split("/")
            if parts[-1] == "__init__":
                parts.pop()
            if parts and all(part.isidentifier() for part in parts):
                found.setdefault(".".join(parts), row)
        return found

    def tops(self):
        """The modules that are imported by their users: of a namespace, what lies first below it."""
        modules = self.modules()

        def is_first(name):
            parts = name.split(".")
            return not any(".".join(parts[:end]) in modules for end in range(1, len(parts)))

        firsts = [name for name in sorted(modules) if is_first(name)]
        return sorted(firsts, key=lambda name: (name.count("."), name))[:ENTRANCES_MAX]

    def entry_points(self):
        """What scripts and plugins load, as `module:attribute`."""
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str
        try:
            parser.read(self.info / "entry_points.txt", encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            return []
        groups = [parser[group] for group in parser.sections()]
        values = [value.split("[")[0].strip() for group in groups for value in group.values()]
        return sorted({re.sub(r"\s*:\s*", ":", value) for value in values if value})[:ENTRANCES_MAX]


class Removed:
    """A module that is gone for a while: its file, bytecode and rows of RECORD, as if they had never been there.

    No file is written in place, since an installer may have linked it into its cache.
    """

    def __init__(self, distribution, row, aside):
        self.site, self.record, self.row = distribution.site, distribution.info / "RECORD", row
        self.aside = aside
        self.moved = []

    def __enter__(self):
        source = self.site / self.row
        bytecode = list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")) if source.suffix == ".py" else []
        gone = {self.row} | {str(path.relative_to(self.site)) for path in bytecode}
        text = self.record.read_bytes().decode("utf-8", "surrogateescape")
        kept = [line for line in text.splitlines(True) if line.strip() and next(csv.reader([line]))[0] not in gone]
        for path in [source, *bytecode, self.record]:
            self.put_aside(path)
        times = self.moved[-1][2]
        self.record.write_text("".join(kept), encoding="utf-8", errors="surrogateescape", newline="")
        os.utime(self.record, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.settle()
        return self

    def put_aside(self, path):
        self.moved.append((path, self.aside / str(len(self.moved)), path.stat(), path.parent.stat()))
        os.rename(path, self.moved[-1][1])

    def settle(self):
        """Gives directories the times that they had before their entries went and came."""
        for path, _, _, parent in reversed(self.moved):
            os.utime(path.parent, ns=(parent.st_atime_ns, parent.st_mtime_ns))

    def __exit__(self, *_):
        for path, kept, _, _ in self.moved:
            os.replace(kept, path)
        self.settle()
