#!/usr/bin/env bash
# The wheel, installed as people do: usage: wheel.sh [WHEEL]. Both names in bin, and the main job by each of them.
set -euo pipefail
here=$(realpath "$(dirname "$0")"); root=$here/../..
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
wheel=${1:-}
if [ -z "$wheel" ]; then
  code=0; "$root/packaging/build" --dev wheel >"$dir/built" 2>&1 || code=$?
  [ "$code" != 4 ] || { grep '^skipped:' "$dir/built"; exit 0; }
  [ "$code" = 0 ] || { cat "$dir/built"; exit 1; }
  wheel=$(ls -t "$root"/target/packages/venv_snap-*-linux_*.whl | head -n 1)
fi
wheel=$(realpath "$wheel")

installed() {  # WHO FOLDER_OF_PROGRAMS
  local name
  for name in venv-snap snap; do bash "$here/job.sh" "$2/$name" python3; done
  echo "by $1: venv-snap and snap save, diff, restore and undo"
}
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --no-index "$wheel"
installed pip "$dir/venv/bin"
[ "$("$dir/venv/bin/venv-snap" version)" = "venv-snap ${wheel##*/venv_snap-}" ] 2>/dev/null ||
  "$dir/venv/bin/venv-snap" version | grep -q "^venv-snap $(basename "$wheel" | cut -d- -f2)$"
"$dir/venv/bin/pip" uninstall -q -y venv-snap
[ ! -e "$dir/venv/bin/snap" ] && [ ! -e "$dir/venv/bin/venv-snap" ]

# Links in a folder of the user, where another 'snap' may stand as well.
uv=$root/target/installers/bin/uv pipx=$root/target/installers/bin/pipx
export PIP_CACHE_DIR=$dir/pip
export UV_TOOL_DIR=$dir/uv/tools UV_TOOL_BIN_DIR=$dir/uv/bin UV_CACHE_DIR=$dir/uv/cache UV_OFFLINE=1
export PIPX_HOME=$dir/pipx PIPX_BIN_DIR=$dir/pipx/bin PIPX_MAN_DIR=$dir/pipx/man PIP_NO_INDEX=1
if [ -x "$uv" ]; then
  "$uv" tool install -q "$wheel" && installed uv "$dir/uv/bin"
  "$uv" tool run -q --from "$wheel" venv-snap version >/dev/null
else echo "skipped: 1 there is no uv here"; fi
if [ -x "$pipx" ]; then
  # It brings its own pip from the index.
  if env -u PIP_NO_INDEX "$pipx" install --quiet "$wheel" >"$dir/said" 2>&1; then installed pipx "$dir/pipx/bin"
  else echo "skipped: 1 pipx cannot install here"; fi
else echo "skipped: 1 there is no pipx here"; fi
