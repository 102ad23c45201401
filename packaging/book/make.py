#!/usr/bin/env python3
"""The pages as a small site: usage: packaging/book/make.py MDBOOK PROGRAM FOLDER. Pages stand where they stand in the
repository, so that their links lead on; what each command says of itself is asked of PROGRAM. A link that leads nowhere
is an error."""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

MDBOOK, PROGRAM, OUT = sys.argv[1], os.path.abspath(sys.argv[2]), pathlib.Path(sys.argv[3]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
# What pages link to, beside the pages.
COPIED = ["README.md", "LICENSE", "docs", "benches/README.md", "findings", "packaging", "tests/corpus/README.md",
          "tests/packages/README.md"]


def asked(home, *words):
    """What the program answers, called by the name that every package has."""
    env = {"PATH": os.environ["PATH"], "HOME": home, "COLUMNS": "100", "NO_COLOR": "1"}
    told = subprocess.run([os.path.join(home, "venv-snap"), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          env=env, check=True)
    return told.stdout.decode()


def commands(source, home):
    """A page for each command, and their lines of the summary."""
    os.symlink(PROGRAM, os.path.join(home, "venv-snap"))
    pages = source / "commands"
    pages.mkdir()
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", asked(home, "--help"), re.M)
    lines = ["# What each command says of itself", ""]
    for name in ["venv-snap", *(name for name in listed if name != "help")]:
        words = [name, "--help"] if name != "venv-snap" else ["--help"]
        (pages / f"{name}.md").write_text(f"# {name}\n\n```text\n{asked(home, *words)}```\n")
        lines.append(f"- [{name}](commands/{name}.md)")
    assert len(lines) > 20, lines
    return "\n".join(lines) + "\n"


class Page(html.parser.HTMLParser):
    """The marks of a page, and what it links to."""

    def __init__(self, path):
        super().__init__()
        self.marks, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.marks.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def nowhere(site):
    """Links of the site that lead to no file and no mark."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        # All pages in one, for printers; and the page for a server that has none, whose links begin at its root.
        if path.name in ("print.html", "404.html"):
            continue
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if to.is_dir():
                to /= "index.html"
            if not to.exists() or (parts.fragment and to in pages and parts.fragment not in pages[to].marks):
                yield f"{path.relative_to(site)}: {link}"


def main():
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryDirectory() as home:
        source = pathlib.Path(work, "src")
        for name in COPIED:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, source / name)
        # What is README.md in the repository is the first page of its folder here.
        for page in source.rglob("*.md"):
            page.write_text(page.read_text().replace("/README.md)", "/index.html)"))
        schemas = sorted(path.name for path in (source / "docs/schema").iterdir())
        rows = "".join(f'<li><a href="{name}">{name}</a></li>' for name in schemas)
        (source / "docs/schema/index.html").write_text(f"<!doctype html><title>Schemas</title><ul>{rows}</ul>")
        here = ROOT / "packaging/book"
        shutil.copy(here / "book.toml", work)
        (source / "SUMMARY.md").write_text((here / "SUMMARY.md").read_text() + "\n" + commands(source, home))
        shutil.rmtree(OUT, ignore_errors=True)
        subprocess.run([MDBOOK, "build", "--dest-dir", OUT, work], check=True, stdin=subprocess.DEVNULL)
    lost = sorted(set(nowhere(OUT)))
    if lost:
        sys.exit("these links lead nowhere:\n" + "\n".join(lost))
    print(f"{len(list(OUT.rglob('*.html')))} pages, and every link leads somewhere")


main()
