#!/usr/bin/env bash
# What the action does; its inputs come as variables, never as text within this script.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# Tells why nothing is done, in the log and in the summary, and ends.
refuse() {
  echo "::error title=venv-snap::$2"
  printf '### venv-snap: not done\n\n%s\n' "$2" >> "$GITHUB_STEP_SUMMARY"
  exit "$1"
}
case $INPUT_FAIL_ON in
  damage|drift|notice|never) ;;
  *) refuse 2 "fail-on is '$INPUT_FAIL_ON': it may be damage, drift, notice or never" ;;
esac
case $INPUT_COMMAND in
  check|diff|save) ;;
  *) refuse 2 "command is '$INPUT_COMMAND': it may be check, diff or save" ;;
esac
if ! command -v venv-snap >/dev/null; then
  python3 -m venv "$RUNNER_TEMP/venv-snap" || refuse 3 "python3 cannot make a venv for venv-snap"
  "$RUNNER_TEMP/venv-snap/bin/pip" install -q "venv-snap${INPUT_VERSION:+==$INPUT_VERSION}" ||
    refuse 3 "pip cannot install venv-snap${INPUT_VERSION:+ $INPUT_VERSION}"
  PATH=$RUNNER_TEMP/venv-snap/bin:$PATH
fi
report=$RUNNER_TEMP/venv-snap.json
words=()
[ -z "${INPUT_STORE:-}" ] || words+=(--store "$INPUT_STORE")
case $INPUT_COMMAND in
  check) words+=(check --fail-on "$INPUT_FAIL_ON" "$INPUT_VENV") ;;
  diff) words+=(diff "$INPUT_VENV"); [ -z "${INPUT_SNAPSHOT:-}" ] || words+=("$INPUT_SNAPSHOT") ;;
  save) words+=(save --if-changed "$INPUT_VENV") ;;
esac
code=0
venv-snap --json "${words[@]}" > "$report" 2> "$report.said" || code=$?
if [ "$INPUT_COMMAND" = save ] && [ "$code" = 1 ]; then
  # Damage is not saved; what it is, the audit tells.
  code=0 INPUT_COMMAND=check INPUT_FAIL_ON=damage
  echo "::error title=venv-snap::the venv is damaged, and so it was not saved"
  venv-snap --json check "$INPUT_VENV" > "$report" 2> "$report.said" || code=$?
  unsaved=1
fi
python3 "$here/tell.py" "$INPUT_COMMAND" "$INPUT_FAIL_ON" "$code" "$report" "$report.said"
# Who mended it before the audit has not saved it.
exit "${unsaved:-0}"
