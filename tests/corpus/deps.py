"""`snap deps` held against the interpreter, over real applications.

Each application is taken from its sdist, its declared dependencies are installed, and then each installed
distribution is removed alone. Whether the application needs it is told by importing all its modules; `deps` has to
name it, in one pass, and nothing else. It runs outside of CI, since it needs a package index and executes the
packages.

    python3 tests/corpus/deps.py RESULTS.jsonl --snap target/release/snap --uv uv --python python3.11 \
        --work /var/tmp/deps NAME==VERSION...
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

PROBE = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
failed = []
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append([name, type(error).__name__ + ": " + str(error)[:200]])
print("\\n" + json.dumps(failed))
"""
# What is no part of what runs; `deps` leaves out the same.
OTHERS = {"tests", "test", "docs", "doc", "examples", "benchmarks", "build", "dist", "testing"}


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def run(*command, **options):
    options.setdefault("timeout", 600)
    return subprocess.run(command, capture_output=True, text=True, **options)


def unpacked(name, args, work):
    """The directory of the sdist."""
    place = work / "sdist"
    done = run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
               "--disable-pip-version-check", "--dest", str(place), name)
    files = sorted(place.glob("*.tar.gz"))
    if not files:
        raise RuntimeError(done.stderr[-400:])
    with tarfile.open(files[0]) as tar:
        tar.extractall(work / "tree", filter="data")
    return next((work / "tree").iterdir())


def packages(tree, dist, python):
    """The top-level packages of an application, as its installed RECORD names them, found in its source."""
    code = f"import importlib.metadata as m; print('\\n'.join(str(f) for f in m.files({dist!r}) or []))"
    files = run(python, "-c", code).stdout.splitlines()
    tops = {file.split("/")[0] for file in files if file.endswith(".py") and not file.startswith("..")}
    found = []
    for root in (tree, tree / "src"):
        found += [root / top for top in sorted(tops) if (root / top).exists()]
    return found


def modules(parts):
    """The dotted names of all modules of some packages, with the directory from which they are imported."""
    names = []
    for part in parts:
        for file in [part] if part.is_file() else sorted(part.rglob("*.py")):
            below = file.relative_to(part.parent)
            is_test = file.name.startswith("test_") or file.name.endswith("_test.py")
            if OTHERS & set(below.parts) or is_test or file.name == "conftest.py":
                continue
            dotted = ".".join(below.with_suffix("").parts)
            dotted = dotted.removesuffix(".__init__")
            if not dotted.endswith("__main__"):
                names.append(dotted)
    return names


def imported(python, names, root):
    """The modules that cannot be imported; none where that cannot be told."""
    try:
        done = run(python, "-c", PROBE, input=json.dumps(names), timeout=180, cwd=root,
                   env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{root}:{root.parent / 'info'}", "HOME": str(root), "PYTHONDONTWRITEBYTECODE": "1"})
        return json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, json.JSONDecodeError):
        return None


def deps(args, venv, apps):
    done = run(args.snap, "deps", str(venv), *map(str, apps), "--json", "--quiet")
    answer = json.loads(done.stdout.splitlines()[-1])
    if "needed" not in answer:
        raise RuntimeError(done.stdout[-400:] + done.stderr[-400:])
    return answer


def names_of(answer, group="needed"):
    return {one["distribution"]: one["known"] for one in answer[group]}


def trial(name, args):
    work = pathlib.Path(args.work).resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tree = unpacked(name, args, work)
    venv, python = work / "venv", str(work / "venv/bin/python")
    uv = lambda *words: run(args.uv, *words, "--python", python)
    run(args.uv, "venv", "--quiet", "--python", args.python, str(venv))
    done = uv("pip", "install", str(tree))
    if done.returncode:
        raise RuntimeError(done.stderr[-400:])
    own = re.split(r"[=<>]", name)[0]
    parts = packages(tree, own, python)
    # Many an application asks for its own version; only the interpreter sees that, not `deps`.
    info = next((venv / "lib").glob(f"*/site-packages/{own.replace('-', '_')}-*.dist-info"))
    shutil.copytree(info, work / "info" / info.name)
    uv("pip", "uninstall", own)
    # The code alone, without what the project declares.
    bare = work / "bare"
    bare.mkdir()
    for part in parts:
        copy = shutil.copytree if part.is_dir() else shutil.copy
        copy(part, bare / part.name)
    names = modules([bare / part.name for part in parts])
    healthy = imported(python, names, bare)
    if healthy is None:
        raise RuntimeError("the healthy application cannot be imported")
    broken = {one for one, _ in healthy}
    names = [one for one in names if one not in broken]
    installed = json.loads(uv("pip", "list", "--format", "json").stdout)
    base, declared = deps(args, venv, [bare]), deps(args, venv, [tree])
    result = {"application": name, "modules": len(names), "broken": healthy, "files": base["files"],
              "installed": len(installed), "healthy_needed": base["needed"], "healthy_nameless": base["nameless"],
              "healthy_declared": names_of(declared), "healthy_optional": names_of(base, "optional"), "removed": []}
    for one in installed:
        dist, version = one["name"], one["version"]
        uv("pip", "uninstall", dist)
        failed = imported(python, names, bare)
        answer, with_project = deps(args, venv, [bare]), deps(args, venv, [tree])
        uv("pip", "install", "--no-deps", f"{dist}=={version}")
        key = normalized(dist)
        named, new = names_of(answer), set(names_of(answer)) - set(names_of(base)) - {key}
        result["removed"].append({
            "distribution": key, "fails": failed is None or bool(failed), "how": (failed or [])[:1],
            "named": named.get(key), "optional": key in names_of(answer, "optional"),
            "named_with_project": names_of(with_project).get(key), "wrong": sorted(new),
            "nameless": [one["module"] for one in answer["nameless"]], "took_ms": answer["took_ms"]})
    return result


def table(lines):
    print("| application | sources | needed at import | named | with what the project declares | wrong names |")
    print("|---|---|---|---|---|---|")
    total = [0, 0, 0, 0]
    for one in lines:
        needed = [gone for gone in one["removed"] if gone["fails"]]
        row = [len(needed), sum(bool(gone["named"]) for gone in needed),
               sum(bool(gone["named_with_project"]) for gone in needed), sum(len(gone["wrong"]) for gone in one["removed"])]
        total = [a + b for a, b in zip(total, row)]
        print(f"| {one['application']} | {one['files']} | " + " | ".join(map(str, row)) + " |")
    print("| all | | " + " | ".join(map(str, total)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("applications", nargs="*", metavar="NAME==VERSION")
    parser.add_argument("--snap", default="target/release/snap")
    parser.add_argument("--uv", default="uv")
    parser.add_argument("--python", default="python3.11")
    parser.add_argument("--work", default="/var/tmp/deps")
    args = parser.parse_intermixed_args()
    args.snap = str(pathlib.Path(args.snap).resolve())
    results = pathlib.Path(args.results)
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    for name in args.applications:
        if any(line["application"] == name for line in lines):
            continue
        try:
            lines.append(trial(name, args))
        except (RuntimeError, OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        with results.open("a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
    table(lines)


if __name__ == "__main__":
    main()
