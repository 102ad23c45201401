"""Run by the interpreter of a venv under test: imports what is named on standard input and tells how it went.

Input: JSON, a list of entrances, `module` or `module:attribute`. Output, on the descriptor named as first argument: one
JSON line for each entrance, so that what ends the process is told by the line that lacks:
{"entrance", "error": text or null, "origin": file of the module or null, "loaded": {module: file, ...}}.
"""

import importlib
import json
import os
import sys


def loaded():
    """Every imported module that has a file."""
    found = {}
    for name, module in list(sys.modules.items()):
        try:
            path = getattr(module, "__file__", None)
        except Exception:  # a lazy module may import on any touch, and fail
            continue
        if isinstance(path, str):
            found[name] = path
    return found


def enter(entrance):
    """Imports one entrance; the file of its module."""
    name, _, attribute = entrance.partition(":")
    module = importlib.import_module(name)
    found = module
    for part in filter(None, attribute.split(".")):
        found = getattr(found, part)
    return getattr(module, "__file__", None)


def main():
    out = os.fdopen(int(sys.argv[1]), "w")
    for entrance in json.load(sys.stdin):
        error = origin = None
        try:
            origin = enter(entrance)
        except BaseException as problem:  # also SystemExit: an import that ends the process does not work
            error = f"{type(problem).__name__}: {problem}"[:400]
        out.write(json.dumps({"entrance": entrance, "error": error, "origin": origin, "loaded": loaded()}) + "\n")
        out.flush()
    os._exit(0)  # threads that an import started shall not keep the process


main()
