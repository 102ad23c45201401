#!/usr/bin/env bash
# One would expect: a service that answers "No module named …" since a file is missing works again as soon as the file
# is back, when it imports inside the function that needs it: it asks anew at each request. Python notices that a
# directory changed by the directory's time.
# What happens: `rsync -a` and `tar -x` put the file back and then the time that the directory had. Where that is the
# time which the service saw, as after a deploy by the same tool that left one file out, the listing that Python keeps
# is not read again: each import fails for as long as the process lives, and importlib.metadata too says that nothing
# is installed. Every new process finds all. Had somebody removed the file by hand, the time would differ and the
# running service would import it. The cause: FileFinder and importlib.metadata keep one listing for each directory,
# and read it again only where st_mtime is not equal to the one they know.
# Why it matters here: a restore that is exact to the times of directories is not seen by what runs. Services have to be
# started again after it, and a health check by a new process says nothing about the old one.
# Seen with CPython 3.11.7 and 3.12.1, rsync 3.5.0, GNU tar 1.34.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv release
release/bin/pip install -q --disable-pip-version-check click==8.1.7
release/bin/python --version; rsync --version | sed -n 1p; tar --version | sed -n 1p
cat >service.py <<'EOF'
import importlib.metadata, sys
def request():
    try:
        import click.testing
        module = "found"
    except ModuleNotFoundError:
        module = "missing"
    try:
        version = importlib.metadata.version("click")
    except importlib.metadata.PackageNotFoundError:
        version = "missing"
    print(module, version, flush=True)
request()
for line in sys.stdin:
    request()
EOF
cat >drive.py <<'EOF'
import subprocess, sys
way, after = sys.argv[1:]
argv = ["venv/bin/python", "service.py"]
service = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
before = service.stdout.readline().strip()
subprocess.run(["sh", "-c", way], check=True)
told = set()
for _ in range(3):
    service.stdin.write("again\n"); service.stdin.flush()
    told.add(service.stdout.readline().strip())
service.stdin.close(); service.wait()
new = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout.strip()
print(f"    {way}\n        before: {before}; after: {', '.join(told)}; a new process: {new}")
assert before == "missing missing" and told == {after} and new == "found 8.1.7"
EOF
sleep 2 # rsync does not set the time of a directory that is of the same second
left_out=(--exclude=testing.py --exclude='click-*.dist-info')
echo "a deploy that leaves out testing.py and the dist-info of click, then the same tool without leaving them out:"
mkdir venv; rsync -a "${left_out[@]}" release/ venv/
release/bin/python drive.py "rsync -a release/ venv/" "missing missing"
rm -r venv; mkdir venv; tar -C release "${left_out[@]}" -cf - . | tar -C venv -xf -
release/bin/python drive.py "tar -C release -cf - . | tar -C venv -xf -" "missing missing"
echo "the same two removed by hand, which gives their directories a new time:"
rm -r venv; rsync -a release/ venv/
(cd venv/lib/python3*/site-packages && rm -r click/testing.py click-8.1.7.dist-info)
release/bin/python drive.py "rsync -a release/ venv/" "found 8.1.7"
