#!/usr/bin/env bash
# One would expect: a cache of compiled templates goes by what it was compiled from, as Python's bytecode does, so that
# after a rollback of the templates, exact to their times, at least a newly started service shows the old ones.
# What happens: Mako with a module_directory, where it keeps what it compiled, compiles a template anew only where the
# file is *newer* than the compiled module. After `cp -p`, `rsync -a`, `tar -x` or a restore of the older template each
# process, also each new one, renders what was taken back, for good: no restart helps, and nothing is damaged. Only a
# touch does, or clearing the directory. Jinja2 keeps a digest of the source in its cache and shows the old template.
# Why it matters here: "restored and restarted" is not the end where something compiled lies outside of the tree that
# was restored. What was made from the newer state has to go with it: a cache goes into the snapshot, or is cleared.
# Seen with Mako 1.4.3, Jinja2 3.1.6.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
export PIP_CACHE_DIR="$work/pip"
"${PYTHON:-python3.11}" -m venv venv
venv/bin/pip install -q --disable-pip-version-check mako==1.4.3 jinja2==3.1.6
venv/bin/pip list 2>/dev/null | grep -iE '^(mako|jinja2) '
cat >render.py <<'EOF'
import jinja2, mako.lookup
mako_page = mako.lookup.TemplateLookup(["site"], module_directory="cache/mako").get_template("page.html")
cache = jinja2.FileSystemBytecodeCache("cache/jinja2")
jinja2_page = jinja2.Environment(loader=jinja2.FileSystemLoader("site"), bytecode_cache=cache).get_template("page.html")
print(f"Mako: {mako_page.render()}, Jinja2: {jinja2_page.render()}")
EOF
mkdir -p good site cache/mako cache/jinja2
echo "the good page" >good/page.html; touch -d '2 days ago' good/page.html
echo "the bad page" >site/page.html; touch -d '1 day ago' site/page.html
render() { venv/bin/python render.py | tr -d '\n'; }
deployed=$(render)
cp -p good/page.html site/page.html
rolled_back=$(render)
sleep 2 # Mako compares whole seconds
touch site/page.html
touched=$(render)
printf '%s\n' "deployed: $deployed" "rolled back, a new process: $rolled_back" "touched: $touched"
[ "$deployed" = "Mako: the bad page, Jinja2: the bad page" ]
[ "$rolled_back" = "Mako: the bad page, Jinja2: the good page" ]
[ "$touched" = "Mako: the good page, Jinja2: the good page" ]
