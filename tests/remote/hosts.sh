# A dozen hosts that share a store, for the scripts beside this one, which source it. They set SNAP and DIR.

skip() { echo "skipped: 1 $1"; exit 0; }
fail() { echo "FAILED: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "hosts of their own names need root and namespaces"

export AWS_ACCESS_KEY_ID=AKSNAP AWS_SECRET_ACCESS_KEY=SKSNAPSKSNAP AWS_REGION=us-east-1 HOME=$DIR/home VENV_SNAP_LOCK_WAIT=120
unset AWS_PROFILE

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_it_answers() {
    for _ in $(seq 300); do curl -s -o /dev/null "http://127.0.0.1:$1/" && return; sleep 0.2; done
    fail "the server on port $1 does not answer"
}

# on HOST COMMAND...: the program on a host of that number, with a cache of its own.
on() {
    local host=$1; shift; mkdir -p "$DIR/host-$host"
    printf 'host%028d\n' "$host" > "$DIR/host-$host/id"
    XDG_CACHE_HOME=$DIR/host-$host/cache unshare -m sh -c 'mount --bind "$0" /etc/machine-id && exec "$@"' \
        "$DIR/host-$host/id" "$SNAP" "$@" </dev/null
}
make_venv() { # DIR NUMBER: a venv of which a part is the same everywhere
    python3 -m venv --without-pip "$1"
    head -c 300000 /dev/urandom > "$1/own-$2"; seq 50000 > "$1/same"
}

# One host, until END: saves, restores in place and elsewhere, forgets, and the first one prunes.
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

# dozen SECONDS: twelve hosts at once on the store of VENV_SNAP_STORE, and what came of it.
dozen() {
    local hosts=() number state saved all=0 listed
    rm -rf "$DIR"/host-*
    on 1 remote init --owner || fail "the server breaks a promise"
    END=$(( $(date +%s) + $1 ))
    for number in $(seq 12); do host "$number" 2>"$DIR/errors-$number" & hosts+=($!); done
    wait "${hosts[@]}"
    for number in $(seq 12); do
        read -r state saved < "$DIR/host-$number/done"; all=$((all + saved))
        [ "$state" = 0 ] || { cat "$DIR/errors-$number" >&2; fail "host $number stopped at step $state of round $saved"; }
    done
    rm -rf "$DIR/host-1/cache"
    on 1 verify -q || fail "the store is damaged"
    on 1 status -q | tail -14
    listed=$(on 1 list --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["snapshots"]))')
    echo "ok: $all saves by 12 hosts, as many restores in place and elsewhere; $listed snapshots verify"
}
