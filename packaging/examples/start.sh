#!/bin/sh
# Starts the app of a container if its venv is what it was when the image was built: start.sh PROGRAM [ARGUMENT]...
# A container is another host than the stage that saved, so the snapshot is named by the role that it was given there.
set -eu
code=0
venv-snap --store "${VENV_SNAP_STORE:-/srv/baseline}" -q diff "${APP_VENV:-/srv/app/venv}" @image || code=$?
# 1: it is not what was saved. What else went wrong is told, and stops nothing.
[ "$code" != 1 ] || exit 1
exec "$@"
