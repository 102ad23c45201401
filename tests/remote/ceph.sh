#!/usr/bin/env bash
# A real engine: Ceph's S3 with three OSDs, under a dozen hosts at once. One OSD is killed (-9) in the middle.
#
# Usage: tests/remote/ceph.sh [SECONDS]      (60 by default; needs root)
#        tests/remote/ceph.sh -- COMMAND     (the engine for one command instead, as AWS_ENDPOINT_URL tells it)
#
# Installs Ceph from Debian where it is not there; 'skipped:' where that cannot be had. All that it starts lies in a
# temporary directory, listens on loopback and ends with the script, which ends with 1 where anything was lost. The
# program is target/debug/snap, or $SNAP.
set -uo pipefail
cd "$(dirname "$0")/../.."
SNAP=$(realpath "${SNAP:-target/debug/snap}")
SECONDS_LONG=60
[ "${1:-}" = -- ] || SECONDS_LONG=${1:-60}
DIR=$(mktemp -d)
stop() {
    local pids; pids=$(cat "$DIR"/run/*.pid 2>/dev/null)
    [ -z "$pids" ] || { kill $pids; sleep 2; kill -9 $pids; } 2>/dev/null
    rm -rf "$DIR"
}
trap stop EXIT
. tests/remote/hosts.sh
PACKAGES=(ceph-mon ceph-osd radosgw ceph-common)
command -v radosgw >/dev/null && command -v ceph-osd >/dev/null && command -v ceph-mon >/dev/null \
    || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >/dev/null 2>&1 \
    || skip "Ceph cannot be installed here"

# Below the ports that others are given by the kernel: mon, S3, and a hundred for the OSDs.
PORT=$(python3 - <<'PY'
import random, socket
def is_free(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0
bases = random.sample(range(20000, 32000, 110), 50)
print(next(base for base in bases if all(is_free(port) for port in range(base, base + 30))))
PY
)
C=$DIR/ceph.conf K=$DIR/keyring N=3
mkdir -p "$DIR"/{run,log,mon,rgw}
cat > "$C" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:$PORT/0]
public_network = 127.0.0.0/8
keyring = $K
run_dir = $DIR/run
admin_socket = $DIR/run/\$cluster-\$name.asok
pid_file = $DIR/run/\$name.pid
log_file = $DIR/log/\$name.log
mon_cluster_log_file = $DIR/log/cluster.log
ms_bind_msgr1 = false
ms_bind_port_min = $((PORT + 10))
ms_bind_port_max = $((PORT + 99))
mon_allow_pool_size_one = true
osd_pool_default_size = $N
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_objectstore = bluestore
bluestore_block_size = 4294967296
osd_memory_target = 939524096
osd_data = $DIR/osd.\$id
mon_data = $DIR/mon
rgw_data = $DIR/rgw
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$((PORT + 1)) tcp_nodelay=1
rgw_thread_pool_size = 32
CONF
# Without an input, and for so long at most: 'ceph' waits for ever for a mon that it cannot reach.
run() { timeout 120 "$@" </dev/null >>"$DIR/log/start" 2>&1 || { tail -5 "$DIR/log/start" >&2; fail "$*"; }; }
key() { run ceph-authtool "$K" --gen-key "$@" --cap mon 'allow *' --cap osd 'allow *'; }
run ceph-authtool --create-keyring "$K" --gen-key -n mon. --cap mon 'allow *'
key -n client.admin; key -n client.rgw
for i in $(seq 0 $((N - 1))); do
    run ceph-authtool "$K" --gen-key -n "osd.$i" --cap mon 'allow profile osd' --cap osd 'allow *'
done
run monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$C")" --addv a "[v2:127.0.0.1:$PORT/0]" "$DIR/monmap"
run ceph-mon -c "$C" --mkfs -i a --monmap "$DIR/monmap" --keyring "$K"
run ceph-mon -c "$C" -i a
for i in $(seq 0 $((N - 1))); do
    id=$(cat /proc/sys/kernel/random/uuid); mkdir "$DIR/osd.$i"
    run ceph -c "$C" osd new "$id" "$i"
    run ceph-osd -c "$C" -i "$i" --mkfs --osd-uuid "$id"
    run ceph -c "$C" osd crush add "osd.$i" 1.0 root=default "host=h$i"
    run ceph-osd -c "$C" -i "$i"
done
run radosgw -c "$C" -n client.rgw
until_it_answers $((PORT + 1))
run radosgw-admin -c "$C" user create --uid snap --display-name snap --access-key AKSNAP --secret-key SKSNAPSKSNAP
export AWS_ENDPOINT_URL=http://127.0.0.1:$((PORT + 1)) VENV_SNAP_STORE=s3://bucket/store
make_bucket() {
    python3 - <<'PY'
import base64, email.utils, hashlib, hmac, os, urllib.request
date = email.utils.formatdate(usegmt=True)
key = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
sign = hmac.new(key, f"PUT\n\n\n{date}\n/bucket".encode(), hashlib.sha1).digest()
who = "AWS " + os.environ["AWS_ACCESS_KEY_ID"] + ":" + base64.b64encode(sign).decode()
asked = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/bucket", method="PUT",
                               headers={"Date": date, "Authorization": who})
urllib.request.urlopen(asked, timeout=100).read()
PY
}
make_bucket || fail "no bucket could be made"
[ "${1:-}" != -- ] || { shift; "$@"; exit; }
echo "== Ceph with $N OSDs, a dozen hosts for $SECONDS_LONG s"
( sleep $((SECONDS_LONG / 2)); kill -9 "$(cat "$DIR/run/osd.2.pid")"; echo "osd.2 was killed" ) &
KILLER=$!
( dozen "$SECONDS_LONG" ); STATE=$?
wait "$KILLER"
exit "$STATE"
