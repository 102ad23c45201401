#!/usr/bin/env python3
"""The picture in the README: `packaging/cast.py SNAP > docs/cast.svg`. Runs `snap demo` in a terminal of its own and
makes of what it says an SVG that plays without a script. Nothing is added, left out or changed but colours."""

import html
import os
import pty
import re
import subprocess
import sys
import tempfile

COLUMNS, ROWS = 100, 32
# Of a character, and around the whole.
WIDTH, HEIGHT, MARGIN = 8.4, 19, 16
# How long a command is read before its answer comes, and a line of an answer.
COMMAND_S, LINE_S, END_S = 0.9, 0.22, 6.0
COLOURS = {"31": "red", "32": "green", "33": "yellow", "36": "cyan", "1": "bold", "2": "dim"}


def said(snap):
    """What the demo says on a terminal of that width, without its progress."""
    with tempfile.TemporaryDirectory() as home:
        ours, theirs = pty.openpty()
        subprocess.run(["stty", "cols", str(COLUMNS), "rows", "60"], stdin=theirs, check=True)
        kept = {"PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm", "TZ": "UTC"}
        # The name by which people call it.
        os.symlink(os.path.realpath(snap), os.path.join(home, "snap"))
        demo = subprocess.Popen(
            [os.path.join(home, "snap"), "--color", "always", "demo"],
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL, env=kept,
        )
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        if demo.wait() != 0:
            sys.exit("the demo failed")
    return text.decode().replace("\r\n", "\n").rstrip("\n").split("\n")


def spans(line):
    """A line with colours, as parts of a text of SVG."""
    parts, name = [], None
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b["):
            name = COLOURS.get(piece[2:-1])
        elif piece:
            text = html.escape(piece, quote=False)
            parts.append(f'<tspan class="{name}">{text}</tspan>' if name else text)
    return "".join(parts)


def moments(lines):
    """When each line comes, and how long it all lasts."""
    now, times = 0.6, []
    for line in lines:
        times.append(now)
        now += COMMAND_S if line.startswith(("$ ", "# ")) else LINE_S if line else 0.05
    return times, now + END_S


def picture(lines):
    """The SVG."""
    times, whole = moments(lines)
    per_cent = [round(100 * time / whole, 2) for time in times]
    frames, rows, steps = [], [], ["0%{transform:translateY(0)}"]
    for number, (line, at) in enumerate(zip(lines, per_cent)):
        frames.append(f"@keyframes l{number}{{0%,{at}%{{opacity:0}}{at + 0.01:.2f}%,100%{{opacity:1}}}}")
        kind = "prompt" if line.startswith("$ ") else "dim" if line.startswith("# ") else ""
        shown = spans(line)
        if line.strip():
            rows.append(
                f'<text y="{number * HEIGHT}" class="{kind}" style="animation-name:l{number}">{shown}</text>'
            )
        if number >= ROWS:
            up = (number - ROWS + 1) * HEIGHT
            steps.append(f"{at}%{{transform:translateY(-{up}px)}}")
    last = max(0, len(lines) - ROWS) * HEIGHT
    steps.append(f"100%{{transform:translateY(-{last}px)}}")
    width, height = COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + 2 * MARGIN
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-labelledby="t d">
<title id="t">snap demo: an outage, and its end</title>
<desc id="d">A terminal. A venv is saved; files are deleted, emptied and cut; the import fails; snap diff names every damaged
file and the cause; snap restore puts them back; the import works.</desc>
<style>
text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d5d9e0;white-space:pre;
animation:{whole:.1f}s linear infinite}}
#all{{animation:scroll {whole:.1f}s step-end infinite}}
.prompt{{fill:#8fd18f;font-weight:bold}} .dim{{fill:#9aa3b0}} .red{{fill:#ff8a80}} .yellow{{fill:#ffd166}}
.green{{fill:#8fd18f}} .cyan{{fill:#7fd1e0}} .bold{{font-weight:bold}}
@media (prefers-reduced-motion:reduce){{text,#all{{animation:none}}}}
@keyframes scroll{{{''.join(steps)}}}
{"".join(frames)}
</style>
<rect width="100%" height="100%" rx="8" fill="#1d2129"/>
<clipPath id="c"><rect x="0" y="{MARGIN}" width="{width:.0f}" height="{height - 2 * MARGIN}"/></clipPath>
<g clip-path="url(#c)" xml:space="preserve"><g transform="translate({MARGIN} {MARGIN + 13})"><g id="all">
{chr(10).join(rows)}
</g></g></g>
</svg>"""


print(picture(said(sys.argv[1])))
