"""One package: installed, checked, hurt a few times, and each time the interpreter and `check` are asked."""

import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from distribution import Distribution, Removed
from installers import Installers, NotInstalled, TooLarge
from processes import run

PROBE = Path(__file__).with_name("probe.py")
IMPORT_SECONDS = 90
CHECK_SECONDS = 300


@dataclass
class Bench:
    """Where trials happen and with what."""

    installers: Installers
    snap: Path
    folder: Path
    seed: int
    removals: int

    def try_package(self, package, installer):
        """Everything that is found out about one package, as one line of the results."""
        venv = self.folder / "venv"
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ["home", "aside", "empty"]:
            (self.folder / name).mkdir(parents=True)
        try:
            self.installers.install(installer, package, venv)
        except NotInstalled as problem:
            return {"status": "not installed", "reason": str(problem)}
        except TooLarge as problem:
            return {"status": "too large", "reason": str(problem)}
        try:
            return self.look(package, venv)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def look(self, package, venv):
        healthy = self.check(venv)
        site = next(venv.glob("lib/python3*/site-packages"))
        result = {"status": "tried", "distributions": len(list(site.glob("*.dist-info"))), "healthy": healthy}
        distribution = Distribution.find(site, package)
        if distribution is None:
            return result | {"status": "no RECORD"}
        tops, points = distribution.tops(), distribution.entry_points()
        answers = self.enter(venv, tops)
        loaded = {path for answer in answers.values() for path in answer["loaded"].values()}
        rows = sorted(row for row in distribution.modules().values() if str(site / row) in loaded)
        entrances = tops + [point for point in points if point not in tops]
        answers |= self.enter(venv, entrances[len(tops):])
        works = {name: answer["origin"] for name, answer in answers.items() if answer["error"] is None}
        fails = {name: answer["error"] for name, answer in answers.items() if answer["error"] is not None}
        chosen = random.Random(f"{self.seed} {package}").sample(rows, min(self.removals, len(rows)))
        removals = [self.remove(venv, distribution, row, works, healthy) for row in chosen] if works else []
        return result | {"version": distribution.version, "entrances": sorted(works), "fails_healthy": fails,
                         "loaded": len(rows), "removals": removals}

    def remove(self, venv, distribution, row, works, healthy):
        """Takes one module away and asks both; the module is back afterwards."""
        with Removed(distribution, row, self.folder / "aside"):
            answers = self.enter(venv, list(works))
            broken = {}
            for name, answer in answers.items():
                if answer["error"] is not None:
                    broken[name] = answer["error"]
                elif works[name] is not None and answer["origin"] is None:
                    broken[name] = "is an empty namespace now"
            report = self.check(venv)
        known = {json.dumps(finding, sort_keys=True) for finding in healthy["damage"] + healthy["notices"]}
        new = {kind: [one for one in report[kind] if json.dumps(one, sort_keys=True) not in known]
               for kind in ["damage", "notices"]}
        return {"row": row, "is_entrance": any(origin == str(distribution.site / row) for origin in works.values()),
                "broken": broken, "convicted": bool(new["damage"]), "new": new, "check_error": report["error"]}

    def enter(self, venv, entrances):
        """Imports entrances in one fresh interpreter; what fails in company is tried once more alone."""
        answers = self.probe(venv, entrances)
        for name in entrances:
            if len(entrances) > 1 and (name not in answers or answers[name]["error"] is not None):
                answers |= self.probe(venv, [name])
        ended = {"error": "the process ended, or its time was up", "origin": None, "loaded": {}}
        return {name: answers.get(name, ended) for name in entrances}

    def probe(self, venv, entrances):
        if not entrances:
            return {}
        answer = self.folder / "answer"
        with open(answer, "w") as out:
            home = {"HOME": str(self.folder / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
            # Bytecode goes elsewhere, so that imports are quick the second time and leave the venv as it is.
            bytecode = f"pycache_prefix={self.folder / 'bytecode'}"
            command = [venv / "bin/python", "-I", "-X", bytecode, PROBE, out.fileno()]
            run(command, IMPORT_SECONDS, stdin=json.dumps(entrances), env=home, cwd=self.folder / "empty",
                pass_fds=[out.fileno()])
        lines = [json.loads(line) for line in answer.read_text().splitlines() if line.endswith("}")]
        return {line["entrance"]: line for line in lines}

    def check(self, venv):
        """The findings of `snap check`, damage and notices apart, and its exit code."""
        store = ["--store", self.folder / "store"]
        ended = run([self.snap, "check", "--json", *store, venv], CHECK_SECONDS)
        try:
            document = json.loads(ended.out)
        except json.JSONDecodeError:
            return {"exit": ended.code, "damage": [], "notices": [], "error": (ended.err or ended.out)[-400:]}
        fields = ["check", "package", "path", "text"]
        brief = [({field: one[field] for field in fields}, one["damage"]) for one in document["findings"]]
        return {"exit": ended.code, "error": None, "took_ms": document["took_ms"],
                "damage": [one for one, bad in brief if bad], "notices": [one for one, bad in brief if not bad]}
