"""What the program answered, as GitHub shows it: lines of '::error', a summary of the job, outputs, an exit code."""

import json
import os
import sys

ROWS_MAX, ERRORS_MAX = 50, 10


def escaped(text):
    """A text as the data of a line of '::error' is written."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def cell(text):
    """A text within a table of Markdown, as code."""
    text = "".join(c if c.isprintable() else "?" for c in str(text)).replace("|", "\\|")
    return "`" + text.replace("`", "'") + "`"


def appended(variable, text):
    """Adds to the file that a variable of GitHub names."""
    with open(os.environ[variable], "a", encoding="utf-8") as file:
        file.write(text)


def last_error(path):
    """The error that the program ended with, of its standard error."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return json.loads(line)["error"]
        except (ValueError, KeyError, TypeError):
            continue
    return {"message": "it ended without an answer", "hint": None}


def rows(command, answer):
    """What was found: severity, path, what, package."""
    if command == "diff":
        wanted = [entry for entry in answer["entries"] if entry["class"] != "noise"]
        return [(entry["class"], entry["path"], entry["kind"], entry["package"]) for entry in wanted]
    found = answer["findings"] if command == "check" else answer["audit"]["findings"]
    found = [one for one in found if not one["accepted"]]
    return [(one["severity"], one["path"] or "", one["text"], one["package"]) for one in found]


def main():
    """Tells it, and ends as it was asked to."""
    command, fail_on, code, report, said = sys.argv[1:]
    code = int(code)
    with open(report, encoding="utf-8") as file:
        text = file.read()
    if code not in (0, 1) or not text.strip():
        error = last_error(said)
        print(f"::error title=venv-snap::{escaped(error['message'])}")
        appended("GITHUB_STEP_SUMMARY", f"### venv-snap {command}: not done\n\n{cell(error['message'])}\n")
        return code or 3
    answer = json.loads(text)
    found = rows(command, answer)
    order = ["damage", "drift", "notice"]
    found.sort(key=lambda row: order.index(row[0]))
    counts = ", ".join(f"{n} {what}" for what in order if (n := sum(row[0] == what for row in found)))
    lines = [f"### venv-snap {command}: {counts or 'sound'}\n", f"\n{cell(answer['venv'])}\n"]
    if found:
        lines.append("\n| | path | what | package |\n|---|---|---|---|\n")
        lines += [f"| {row[0]} | {cell(row[1])} | {cell(row[2])} | {cell(row[3] or '')} |\n" for row in found[:ROWS_MAX]]
        if len(found) > ROWS_MAX:
            lines.append(f"\nand {len(found) - ROWS_MAX} more\n")
    lines += [f"\n> {cell(cause['text'])}\n" for cause in answer.get("diagnosis", [])]
    appended("GITHUB_STEP_SUMMARY", "".join(lines))
    fails = {"damage": ["damage"], "drift": ["damage", "drift"], "notice": order, "never": []}[fail_on]
    bad = [row for row in found if row[0] in fails] if command != "save" else []
    for row in bad[:ERRORS_MAX]:
        print(f"::error title=venv-snap::{escaped(row[1])}: {escaped(row[2])}")
    drift = "true" if any(row[0] != "notice" for row in found) else "false"
    appended("GITHUB_OUTPUT", f"drift={drift}\nreport={report}\n")
    print(f"{command} of {answer['venv']}: {counts or 'sound'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
