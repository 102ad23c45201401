#!/usr/bin/env bash
# The steps of a CI job of any kind, for a runner that keeps its venv between jobs: usage: ci.sh VENV COMMAND...
# A venv that was damaged since the last good job is put back; after a good job it is saved.
set -euo pipefail
venv=$1; shift
code=0; venv-snap -q diff "$venv" || code=$?
case $code in
  0) ;;                                          # as the last good job left it
  1) venv-snap -q restore --heal -y "$venv" ;;   # damage goes, upgrades stay
  10) ;;                                         # the first job here
  *) exit "$code" ;;
esac
"$@"
venv-snap -q save --if-changed "$venv"
