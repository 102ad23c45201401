#!/usr/bin/env bash
# Z: plants each bug of tests/faults/planted in a copy of the tree and wants the harness that it names to turn red.
# usage: planted.sh [NAME…]   e.g. planted.sh no-syncfs delete-journal; without a name all of them.
#
# The copy and its build lie in target/planted, so that a second bug costs only the build of the crate itself. A bug that does not
# compile, and a harness that is red without it, count as not caught. Needs what the harness needs (root, FUSE, loop devices).
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$PWD/target/planted
# Unoptimised, the crate itself builds in a third of the time; what it depends on stays as it is.
export CARGO_TARGET_DIR=$scratch/target CARGO_TERM_COLOR=never CARGO_PROFILE_DEV_OPT_LEVEL=0
mkdir -p "$scratch/tree"

# Only what differs is written, with the time of now, so that cargo builds that and nothing else.
copy() {
  git ls-files -z --cached --others --exclude-standard src tests fixtures Cargo.toml Cargo.lock docs README.md .ci |
    rsync -rlp --checksum --files-from=- --from0 ./ "$scratch/tree/"
}
# The patched files of the bug before are put back by the copy.
# The tests in the files of the library are no binary of their own.
tests_of() { if [ "$1" = lib ]; then echo --lib; else echo "--test=$1"; fi; }
run() { (cd "$scratch/tree" && cargo test --locked --quiet "$(tests_of "$1")" -- "$2" >"$scratch/$3.log" 2>&1); }

names=("$@")
[ ${#names[@]} -gt 0 ] || for file in tests/faults/planted/*.patch; do names+=("$(basename "$file" .patch)"); done
caught=0
declare -A green
for name in "${names[@]}"; do
  file=tests/faults/planted/$name.patch
  read -r binary test < <(sed -n 's/^Harness: //p' "$file")
  copy
  if [ -z "${green[$test]:-}" ]; then
    run "$binary" "$test" sound || { echo "$name: '$test' is red without any bug, see $scratch/sound.log"; exit 1; }
    grep -q '^running [1-9]' "$scratch/sound.log" || { echo "$name: there is no test like '$test'"; continue; }
    grep -q '^skipped' "$scratch/sound.log" && { echo "skipped: 1 $name: '$test' cannot run here"; continue; }
    green[$test]=1
  fi
  patch --quiet --batch --fuzz=0 -p1 -d "$scratch/tree" -i "$PWD/$file"
  (cd "$scratch/tree" && cargo test --locked --quiet "$(tests_of "$binary")" --no-run) || { echo "$name: does not build"; continue; }
  if run "$binary" "$test" "$name"; then
    echo "$name: NOT caught by '$test'"
  else
    caught=$((caught + 1))
    echo "$name: caught by '$test': $(grep -oE '[0-9]+ of [0-9]+ lost' "$scratch/$name.log" || echo 'a check failed')"
  fi
done
echo "caught $caught / ${#names[@]}"
[ "$caught" = "${#names[@]}" ]
