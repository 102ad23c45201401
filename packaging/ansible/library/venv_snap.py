#!/usr/bin/python
"""Saves, audits and restores Python venvs on a host with venv-snap. The program does it all; this asks it in JSON."""

from __future__ import annotations

DOCUMENTATION = r"""
module: venv_snap
short_description: Save, audit and restore Python venvs with venv-snap
description:
  - Asks the program C(venv-snap) on the host, which has to be there (wheel or Debian package).
  - In check mode it tells what would be done, and changes nothing.
options:
  path:
    description: The venv.
    type: path
    required: true
  state:
    description:
      - C(saved) saves it if something changed since its newest save, or that has another label, role or note than is
        wanted. A damaged venv is refused.
      - C(restored) makes it what the snapshot is. What is replaced is saved first.
      - C(checked) audits it without any snapshot, and fails where it is damaged. It never changes anything.
    choices: [saved, restored, checked]
    default: saved
  snapshot:
    description: For C(restored), an id, C(@label) or C(@role). By default the newest baseline of the venv.
    type: str
  heal:
    description: For C(restored), mends damage alone, and leaves packages that were upgraded.
    type: bool
    default: false
  label:
    description: For C(saved), the label of a new snapshot.
    type: str
  role:
    description: For C(saved), the role of which a new snapshot is a state.
    type: str
  note:
    description: For C(saved), the note of a new snapshot.
    type: str
  any:
    description: For C(saved), whether a directory that is no venv may be saved.
    type: bool
    default: false
  store:
    description: The store, a directory or an URL. By default that of the program.
    type: str
  program:
    description: The program.
    type: str
    default: venv-snap
author: the venv-snap developers
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
"""

EXAMPLES = r"""
- name: Save the venv before the deploy
  venv_snap:
    path: /srv/app/venv
    label: before-deploy

- name: Put it right
  venv_snap:
    path: /srv/app/venv
    state: restored
"""

RETURN = r"""
snapshot:
  description: The id of the snapshot that was made or restored, or of the one that holds all of it already.
  type: str
  returned: saved and restored, but where check mode would make one
  sample: 57dbc5c5e1a2
incident:
  description: The id of the snapshot of what was replaced. Null where nothing was replaced, and in check mode.
  type: str
  returned: restored
  sample: 6b461bff07d3
entries:
  description:
    - What differs, as C(venv-snap diff --json) tells it; of a save, from the newest save before. Empty where there is
      none.
  type: list
  elements: dict
  returned: saved and restored
  sample: [{"path": "lib/python3.11/site-packages/click/core.py", "class": "damage", "kind": "missing"}]
findings:
  description: What the audit found, as C(venv-snap check --json) tells it.
  type: list
  elements: dict
  returned: checked, and where a task fails since the venv is damaged or cannot be read
  sample: [{"path": "lib/python3.11/site-packages/click/core.py", "check": "file-missing", "damage": true}]
diff:
  description: The same as C(entries) in lines, from what was to what is, or would be.
  type: dict
  returned: saved and restored
  contains:
    before_header: {description: The venv., type: str}
    after_header: {description: The venv., type: str}
    before: {description: A line for each entry as it was., type: str}
    after: {description: A line for each entry as it is., type: str}
rc:
  description: How the program ended.
  type: int
  returned: where a task fails since the program did
  sample: 3
stderr:
  description: What the program wrote to standard error, one JSON object a line.
  type: str
  returned: where a task fails since the program did
stdout:
  description: What the program answered.
  type: str
  returned: where a task fails since that is no JSON
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule

DONE, FOUND, NOT_DONE, NO_SNAPSHOT = 0, 1, 3, 10
# A diff that a person reads; the whole of it stands in 'entries'.
LINES_MAX = 200


class Program:
    """The program on this host, asked in JSON."""

    def __init__(self, module):
        self.module = module
        found = module.params["program"]
        self.words = [found if "/" in found else module.get_bin_path(found, required=True)]
        if module.params["store"]:
            self.words += ["--store", module.params["store"]]

    def ask(self, *words, also=()):
        """The exit code and the answer; another code than 0 and those in `also` ends the task."""
        words = [word for word in words if word]
        code, out, err = self.module.run_command(self.words + ["--json", "-q", *words])
        if code != DONE and code not in also:
            self.module.fail_json(msg=said(err) or f"it ended with {code}", rc=code, stderr=err)
        try:
            return code, json.loads(out) if out.strip() else {}
        except ValueError:
            return self.module.fail_json(msg="the answer is no JSON", rc=code, stdout=out, stderr=err)


def said(err):
    """The error in a standard error of one JSON object a line, with its causes and its hint."""
    for line in reversed(err.splitlines()):
        try:
            error = json.loads(line)["error"]
        except (ValueError, KeyError, TypeError):
            continue
        return "; ".join([error["message"], *error["causes"], *filter(None, [error["hint"]])])
    return err.strip()


def shown(entries, side):
    """One side of what differs, a line for each entry, as `--diff` prints it."""
    lines = []
    for entry in entries[:LINES_MAX]:
        state = entry[side]
        if state is not None:
            what = state.get("blake3") or state.get("target") or state["type"]
            lines.append(f"{entry['path']} {state.get('mode') or ''} {what}\n")
    if len(entries) > LINES_MAX:
        lines.append(f"and {len(entries) - LINES_MAX} more\n")
    return "".join(lines)


def difference(entries, path, forwards):
    """For `--diff`: forwards from the snapshot to what stands there, else the way that a restore goes."""
    entries = [entry for entry in entries if entry["class"] != "noise"]
    before, after = ("expected", "actual") if forwards else ("actual", "expected")
    return {
        "before_header": path,
        "after_header": path,
        "before": shown(entries, before),
        "after": shown(entries, after),
    }


def damaged(audit):
    """The findings of damage that nobody accepted."""
    return [one for one in audit.get("findings", []) if one["damage"] and not one.get("accepted")]


def would_be_saved(module, program):
    """Fails where a save would be refused, which the audit tells. Of a plain directory there is none to tell it."""
    path = module.params["path"]
    has_audit = not module.params["any"] or not os.access(path, os.R_OK | os.X_OK)
    _, audit = program.ask("check", path, also=(FOUND,) if has_audit else (FOUND, NOT_DONE))
    if damage := damaged(audit):
        module.fail_json(msg="it is damaged, and would not be saved", findings=damage)
    if audit.get("unread"):
        findings = audit["findings"]
        module.fail_json(msg="not all of it can be read, and so it would not be saved", findings=findings)


def saved(module, program):
    """Saves what changed since the newest save."""
    path = module.params["path"]
    code, differs = program.ask("diff", path, "latest", also=(FOUND, NO_SNAPSHOT))
    entries = differs.get("entries", [])
    result = {"entries": entries, "diff": difference(entries, path, True)}
    wanted = {name: module.params[name] for name in ("label", "role", "note") if module.params[name]}
    newest = differs.get("snapshot") or {}
    # Who asks for a label wants to find this state by it, and not an older one that has it.
    if code == DONE and all(newest.get(name) == text for name, text in wanted.items()):
        return dict(result, changed=False, snapshot=newest["id"])
    if module.check_mode:
        would_be_saved(module, program)
        return dict(result, changed=True)
    words = ["save", path, "--any" if module.params["any"] else None]
    for name, text in wanted.items():
        words += [f"--{name}", text]
    _, answer = program.ask(*words)
    return dict(result, changed=not answer["unchanged"], snapshot=answer["snapshot"]["id"])


def restored(module, program):
    """Makes the venv what the snapshot is."""
    path = module.params["path"]
    words = ["restore", path, module.params["snapshot"], "--heal" if module.params["heal"] else None]
    words.append("-n" if module.check_mode else "-y")
    _, answer = program.ask(*words)
    return {
        # Where nothing stood, nothing differs, and all of it is new.
        "changed": answer["mode"] == "placed"
        or answer["mode"] not in ("identical", "left-alone") and bool(answer["entries"]),
        "snapshot": answer["snapshot"]["id"],
        "incident": answer["incident"],
        "entries": answer["entries"],
        "diff": difference(answer["entries"], path, False),
    }


def checked(module, program):
    """Audits it."""
    code, audit = program.ask("check", module.params["path"], also=(FOUND,))
    findings = audit["findings"]
    if damage := damaged(audit):
        number = "1 finding" if len(damage) == 1 else f"{len(damage)} findings"
        module.fail_json(msg=f"it is damaged: {number}", findings=findings)
    if code != DONE:
        told = findings[0]["text"] if findings else "look at what check says of it"
        module.fail_json(msg=f"it is not damaged, and does not work: {told}", findings=findings)
    return {"changed": False, "findings": findings}


def main():
    """What Ansible starts."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"choices": ["saved", "restored", "checked"], "default": "saved"},
            "snapshot": {"type": "str"},
            "heal": {"type": "bool", "default": False},
            "label": {"type": "str"},
            "role": {"type": "str"},
            "note": {"type": "str"},
            "any": {"type": "bool", "default": False},
            "store": {"type": "str"},
            "program": {"type": "str", "default": "venv-snap"},
        },
        supports_check_mode=True,
    )
    if module.params["state"] != "restored" and (module.params["snapshot"] or module.params["heal"]):
        module.fail_json(msg="'snapshot' and 'heal' are for state: restored")
    does = {"saved": saved, "restored": restored, "checked": checked}[module.params["state"]]
    module.exit_json(**does(module, Program(module)))


if __name__ == "__main__":
    main()
