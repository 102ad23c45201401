#!/usr/bin/env bash
# One would expect: the modules of tomli lie in tomli/, and the .py files there are what runs; a top-level module that
# no source file names belongs to nobody who needs it.
# What happens: the wheel (mypyc) brings a top-level `c787785866c7b801238d__mypyc…so` with all of the code, and stubs
# of 17 kB in tomli/. Beside RECORD no text names it but top_level.txt. Without it `import tomli` fails although
# tomli/__init__.py and all else of tomli/ stand there: the stub beside it is taken first, and no source is fallen
# back to.
# Why it matters here: imports that lead nowhere cannot be found from sources alone, and "not imported by anything"
# proves nothing of a top-level module.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.11}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --only-binary :all: tomli==2.5.0
site=$(echo "$work"/venv/lib/python3.*/site-packages)
cd "$work"
python="$work/venv/bin/python"
"$python" -I -c "import tomli, importlib.metadata as m; print(m.version('tomli'), 'runs from', tomli.loads.__module__)"
hashed=$(basename "$(echo "$site"/*__mypyc*.so)")
name=${hashed%%.*}
ls -l "$site/$hashed" "$site"/tomli/*.so | awk '{print $5, $NF}' | sed "s|$site/||"
named_in=$(cd "$site" && grep -rl --include='*.py' --include='*.pyi' --include='*.txt' "$name" tomli tomli-*.dist-info)
echo "texts that name it: $named_in"
[ "$(echo "$named_in" | wc -l)" = 1 ] && [[ "$named_in" == *top_level.txt ]]
mkdir other && cp -a "$site/tomli" other/
told=$("$python" -I -S -c 'import sys; sys.path.insert(0, "other"); import tomli' 2>&1 | tail -1) || true
echo "tomli/ alone, elsewhere: $told"
[ "$told" = "ModuleNotFoundError: No module named '$name'" ]
