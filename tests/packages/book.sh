#!/usr/bin/env bash
# The pages as a site: usage: book.sh. Every link of it leads somewhere, and each command has a page.
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
code=0; "$root/packaging/build" --dev book >"$dir/built" 2>&1 || code=$?
[ "$code" != 4 ] || { grep '^skipped:' "$dir/built"; exit 0; }
[ "$code" = 0 ] || { cat "$dir/built"; exit 1; }
site=$root/target/packages/book
grep -q 'core-dump-cleaner' "$site/index.html" || { echo "the first page is not the README"; exit 1; }
for page in commands/restore commands/venv-snap docs/cli docs/install; do
  [ -s "$site/$page.html" ] || { echo "it holds no $page"; exit 1; }
done
grep 'every link' "$dir/built"
