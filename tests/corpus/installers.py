"""Fresh venvs with one package and its dependencies, made by uv or by pip."""

import os
import re
import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from processes import run

INSTALL_SECONDS = 420
MEGA = 1_000_000


class NotInstalled(Exception):
    """The installer gave up; the text is its reason in one line."""


class TooLarge(Exception):
    """The wheels together are larger than the limit; the text says how large."""


@dataclass
class Installers:
    """The tools, the one cache that they share, and what they may take."""

    python: Path
    uv: Path
    pip: list[str]
    cache: Path
    max_megabytes: int
    max_cache_megabytes: int
    sizes: dict[str, int] = field(default_factory=dict)

    def environment(self):
        """The variables of the installers: nothing of the person's own settings but certificates and index."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
        limits = {"UV_CONCURRENT_BUILDS": "1", "UV_CONCURRENT_INSTALLS": "1", "UV_PYTHON_DOWNLOADS": "never"}
        return kept | limits | {"UV_CACHE_DIR": str(self.cache / "uv"), "PIP_CACHE_DIR": str(self.cache / "pip")}

    def install(self, installer, package, venv):
        """Makes a venv with the package alone."""
        shutil.rmtree(venv, ignore_errors=True)
        self.measure(package, venv.parent)
        if installer == "uv":
            self.must(self.uv, "venv", "-q", "--python", self.python, venv)
            self.must(self.uv, "pip", "install", "-q", "--python", venv / "bin/python", package)
        else:
            self.must(self.python, "-m", "venv", "--without-pip", venv)
            self.must(*self.pip, "--python", venv / "bin/python", "install", "-q", "--no-input", package)

    def measure(self, package, folder):
        """Refuses what would be too much to download: the sum of the wheels that a resolution names."""
        lock = folder / "pylock.toml"
        lock.unlink(missing_ok=True)
        self.must(self.uv, "pip", "compile", "-q", "--python", self.python, "--format", "pylock.toml", "-o", lock, "-",
                  stdin=package)
        total = 0
        for locked in tomllib.loads(lock.read_text()).get("packages", []):
            size = wheel_size(locked)
            self.sizes[locked["name"]] = size
            total += size
        if total > self.max_megabytes * MEGA:
            raise TooLarge(f"{total // MEGA} MB of wheels")

    def must(self, *command, stdin=""):
        ended = run(command, INSTALL_SECONDS, stdin=stdin, env=self.environment())
        if ended.code != 0:
            raise NotInstalled(reason(ended.err))

    def bound(self):
        """Takes the largest distributions out of uv's cache until it is within its limit."""
        largest = sorted(self.sizes, key=self.sizes.get, reverse=True)
        while disk_usage(self.cache) > self.max_cache_megabytes * MEGA:
            some, largest = largest[:10], largest[10:]
            run([self.uv, "cache", "clean", *some], INSTALL_SECONDS, env=self.environment())
            if not some:
                shutil.rmtree(self.cache, ignore_errors=True)


def wheel_size(locked):
    """The size of the largest wheel for CPython on x86-64 Linux, or of the source, in bytes."""
    fits = re.compile(r"-(py2\.py3|py3|cp3\d+)[\w.]*-[\w.]+-(any|[\w.]*linux[\w.]*x86_64[\w.]*)\.whl")
    wheels = [wheel for wheel in locked.get("wheels", []) if fits.search(wheel.get("url", ""))]
    sources = [locked["sdist"]] if "sdist" in locked else []
    return max((one.get("size", 0) for one in wheels or sources), default=0)


def disk_usage(folder):
    """What a directory takes, in bytes; a file with several names counts once."""
    seen, total = set(), 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(os.path.join(base, name))
            except FileNotFoundError:
                continue
            if found.st_ino not in seen:
                seen.add(found.st_ino)
                total += found.st_blocks * 512
    return total


def reason(text):
    """What an installer says last, in one line: the lines of uv's tree of causes, without its marks."""
    lines = [line.strip(" ×├─▶╰│·\t") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
    return " / ".join(lines)[:400] or "no reason given"
