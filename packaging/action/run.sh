#!/usr/bin/env bash
# What the action does; its inputs come as variables, never as text within this script.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
if ! command -v venv-snap >/dev/null; then
  python3 -m venv "$RUNNER_TEMP/venv-snap"
  "$RUNNER_TEMP/venv-snap/bin/pip" install -q "venv-snap${INPUT_VERSION:+==$INPUT_VERSION}"
  PATH=$RUNNER_TEMP/venv-snap/bin:$PATH
fi
report=$RUNNER_TEMP/venv-snap.json
words=()
[ -z "${INPUT_STORE:-}" ] || words+=(--store "$INPUT_STORE")
case $INPUT_COMMAND in
  check) words+=(check --fail-on "$INPUT_FAIL_ON" "$INPUT_VENV") ;;
  diff) words+=(diff "$INPUT_VENV"); [ -z "${INPUT_SNAPSHOT:-}" ] || words+=("$INPUT_SNAPSHOT") ;;
  save) words+=(save --if-changed "$INPUT_VENV") ;;
  *) echo "::error title=venv-snap::command is '$INPUT_COMMAND': it may be check, diff or save"; exit 2 ;;
esac
code=0
venv-snap --json "${words[@]}" > "$report" 2> "$report.said" || code=$?
python3 "$here/tell.py" "$INPUT_COMMAND" "$INPUT_FAIL_ON" "$code" "$report" "$report.said"
