#!/usr/bin/env bash
# What packaging/ holds for the places where people run it, run: usage: places.sh [SNAP]. pre-commit and Ansible come from
# the package index; what GitHub and Docker do around it is played here, since neither runs here.
set -euo pipefail
here=$(realpath "$(dirname "$0")"); root=$(realpath "$here/../..")
snap=$(realpath "${1:-$root/target/debug/snap}")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"; ln -s "$snap" "$dir/bin/venv-snap"
export PATH=$dir/bin:$PATH HOME=$dir TMPDIR=$dir PIP_CACHE_DIR=$dir/pip
export XDG_CACHE_HOME=$dir/cache XDG_CONFIG_HOME=$dir/config PRE_COMMIT_HOME=$dir/pre-commit ANSIBLE_HOME=$dir/ansible
unset VIRTUAL_ENV
fail() { echo "FAILED: $1"; cat "$dir/said" 2>/dev/null || true; exit 1; }
ends() { local wanted=$1 code=0; shift; "$@" >"$dir/said" 2>&1 </dev/null || code=$?
  [ "$code" = "$wanted" ] || fail "'$*' ended with $code, not $wanted"; }
# A venv with a package of one module, as an installer leaves it.
fresh() {
  rm -rf "$1"; python3 -m venv --without-pip "$1"
  site=$(echo "$1"/lib/python3*/site-packages)
  mkdir -p "$site/click" "$site/click-8.1.7.dist-info"
  echo 'value = 42' > "$site/click/core.py"; echo 'from click.core import value' > "$site/click/__init__.py"
  printf 'Metadata-Version: 2.1\nName: click\nVersion: 8.1.7\n' > "$site/click-8.1.7.dist-info/METADATA"
  python3 - "$site" <<'PY'
import base64, hashlib, sys
site, info = sys.argv[1], "click-8.1.7.dist-info"
with open(f"{site}/{info}/RECORD", "w") as record:
    for name in "click/__init__.py", "click/core.py", f"{info}/METADATA":
        text = open(f"{site}/{name}", "rb").read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
        record.write(f"{name},sha256={digest},{len(text)}\n")
    record.write(f"{info}/RECORD,,\n")
PY
}

github() {
  # A runner gives these files and folders, and reads them after the step.
  export RUNNER_TEMP=$dir/runner GITHUB_ACTION_PATH=$root/packaging/action
  export GITHUB_STEP_SUMMARY=$dir/summary GITHUB_OUTPUT=$dir/output
  mkdir -p "$RUNNER_TEMP"; fresh "$dir/hub"
  local step=(bash "$GITHUB_ACTION_PATH/run.sh")
  play() { : > "$GITHUB_STEP_SUMMARY"; : > "$GITHUB_OUTPUT"
    ends "$1" env INPUT_VENV="$dir/hub" INPUT_COMMAND="$2" INPUT_FAIL_ON="$3" "${step[@]}"; }
  play 0 check drift; grep -q '^drift=false$' "$GITHUB_OUTPUT"; grep -q 'venv-snap check: sound' "$GITHUB_STEP_SUMMARY"
  play 0 save damage; play 0 diff drift
  rm "$site/click/core.py"
  play 1 check damage; grep -q '^drift=true$' "$GITHUB_OUTPUT"
  grep -q 'click/core.py' "$GITHUB_STEP_SUMMARY"; grep -q '^::error title=venv-snap::.*core.py' "$dir/said"
  play 1 diff damage; grep -q '| damage | `lib/.*click/core.py` | `missing` | `click` |' "$GITHUB_STEP_SUMMARY"
  play 0 diff never; play 1 save damage
  grep -q '^drift=true$' "$GITHUB_OUTPUT"; grep -q 'click/core.py' "$GITHUB_STEP_SUMMARY"
  play 2 nonsense damage; grep -q 'it may be check, diff or save' "$GITHUB_STEP_SUMMARY"
  play 2 diff bogus; grep -q '^::error title=venv-snap::fail-on' "$dir/said"
  ends 3 env INPUT_VENV="$dir/nowhere" INPUT_COMMAND=check INPUT_FAIL_ON=damage "${step[@]}" || true
  # Each input that the script reads is one that the action has, and the other way round.
  python3 - "$root/packaging/action" <<'PY'
import re, sys
action, run = (open(f"{sys.argv[1]}/{name}").read() for name in ("action.yml", "run.sh"))
given = dict(re.findall(r"(INPUT_\w+): \$\{\{ inputs\.([\w-]+) \}\}", action))
declared = set(re.findall(r"^  ([\w-]+):\n    description", action.split("outputs:")[0], re.M))
assert set(given.values()) == declared, (given, declared)
assert set(re.findall(r"INPUT_\w+", run)) == set(given), given
PY
  echo "the action for GitHub checks, compares and saves, and tells it in summary, errors and outputs"
}

examples() {
  # CI: damage goes and upgrades stay; what is good is saved.
  fresh "$dir/ci"
  local ci=("$root/packaging/examples/ci.sh" "$dir/ci")
  ends 0 "${ci[@]}" true
  rm "$site/click/core.py"
  ends 0 "${ci[@]}" "$dir/ci/bin/python" -B -c 'import click'
  ends 1 "${ci[@]}" false
  # A container: another host than the one that saved, as a user who is not root, nothing to be written to.
  fresh "$dir/app"
  ends 0 env VENV_SNAP_STORE="$dir/baseline" venv-snap save "$dir/app" --role image
  local start=(env VENV_SNAP_STORE="$dir/baseline" APP_VENV="$dir/app" "$root/packaging/examples/start.sh" echo started)
  if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    chmod 755 "$dir"; chown -R 65534 "$dir/baseline"; echo 0123456789abcdef0123456789abcdef > "$dir/machine-id"
    start=(unshare -m --propagation private bash -c '
      mount --bind "$1/machine-id" /etc/machine-id 2>/dev/null || true
      mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"; shift
      exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' _ "$dir" "${start[@]}")
  else echo "skipped: 1 a root that is read-only needs root and namespaces"; fi
  ends 0 "${start[@]}"; grep -q '^started$' "$dir/said" || fail "it was not started"
  truncate -s 0 "$site/click/core.py"
  ends 1 "${start[@]}"; if grep -q '^started$' "$dir/said"; then fail "it was started on a damaged venv"; fi
  # What is not there to compare with stops nothing.
  rm -rf "$dir/baseline"; ends 0 "${start[@]}"; grep -q '^started$' "$dir/said"
  # cron runs each line by sh; systemd knows each line of the unit.
  local line
  while read -r line; do
    line=$(echo "$line" | cut -d' ' -f6- | sed "s|/usr/bin/venv-snap|$dir/bin/venv-snap|g")
    ends 0 sh -c "$line"; [ ! -s "$dir/said" ] || fail "cron would send a mail of: $line"
  done < <(grep '^[0-9]' "$root/packaging/examples/crontab")
  if command -v systemd-analyze >/dev/null; then
    sed "s|/usr/bin/venv-snap|$snap|; s|/srv/app/venv/bin/python|/bin/true|; s|^User=app|User=daemon|" \
      "$root/packaging/examples/app.service" > "$dir/app.service"
    ends 0 systemd-analyze verify --man=no "$dir/app.service"; [ ! -s "$dir/said" ] || fail "systemd-analyze says something"
  else echo "skipped: 1 there is no systemd-analyze here"; fi
  fresh "$dir/ci"; rm "$site/click/core.py"
  ends 0 sh -c "$(sed -n "s|^ExecStartPre=+/usr/bin/venv-snap|venv-snap|p" "$root/packaging/examples/app.service" |
    sed "s|/srv/app/venv|$dir/ci|")"
  [ -e "$site/click/core.py" ]
  echo "the examples for CI, a container, cron and systemd do what they say"
}

tools() {
  python3 -m venv "$dir/tools" &&
    "$dir/tools/bin/pip" install -q --disable-pip-version-check ansible-core==2.19.14 pre-commit==4.7.0 >"$dir/said" 2>&1 ||
    { rm -rf "$dir/tools"; echo "skipped: 2 Ansible and pre-commit cannot be had here"; }
}

ansible() {
  [ -x "$dir/tools/bin/ansible" ] || return 0
  fresh "$dir/web"
  # A task by itself: what it answers is its last line.
  task() { ANSIBLE_LIBRARY=$root/packaging/ansible/library ANSIBLE_NOCOLOR=1 ANSIBLE_LOAD_CALLBACK_PLUGINS=1 \
      "$dir/tools/bin/ansible" localhost -c local -i localhost, -e ansible_python_interpreter="$(command -v python3)" \
      -m venv_snap -a "path=$dir/web $1" "${@:2}" >"$dir/said" 2>&1 </dev/null; }
  task "" --check || fail "a save in check mode"; grep -q 'CHANGED' "$dir/said"
  if venv-snap list "$dir/web" 2>/dev/null | grep -q .; then fail "check mode saved"; fi
  task "label=golden" || fail "a save"; grep -q 'CHANGED' "$dir/said"
  task "label=golden" || fail "a save again"; grep -q 'SUCCESS' "$dir/said" || fail "a save again is a change"
  task "state=checked" || fail "an audit"
  rm "$site/click/core.py"
  if task "state=checked"; then fail "damage passes an audit"; fi
  if task ""; then fail "damage is saved"; fi
  task "state=restored" --check --diff || fail "a restore in check mode"
  grep -q 'CHANGED' "$dir/said"; grep -q '^+.*click/core.py' "$dir/said" || fail "no diff"
  [ ! -e "$site/click/core.py" ] || fail "check mode restored"
  task "state=restored" --diff || fail "a restore"; grep -q 'CHANGED' "$dir/said"; [ -e "$site/click/core.py" ]
  task "state=restored" || fail "a restore again"; grep -q 'SUCCESS' "$dir/said" || fail "a restore again is a change"
  rm -r "$dir/web"; task "state=restored" || fail "a venv that is gone"
  grep -q 'CHANGED' "$dir/said" || fail "what was put where nothing was is no change"
  task "label=other" || fail "another label"; grep -q 'CHANGED' "$dir/said" || fail "another label is no change"
  # A plain directory has no audit that could say whether it would be saved.
  mkdir "$dir/web/plain"; echo one > "$dir/web/plain/one"
  task "path=$dir/web/plain any=true" --check || fail "a plain directory in check mode"; grep -q 'CHANGED' "$dir/said"
  if task "path=$dir/web/plain" --check; then fail "a plain directory that was not asked for"; fi
  if task "path=$dir/web/nothing any=true" --check; then fail "nothing at all"; fi
  task "path=$dir/web/plain any=true" || fail "a plain directory"; grep -q 'CHANGED' "$dir/said"
  task "path=$dir/web/plain any=true" --check || fail "the same again"; grep -q 'SUCCESS' "$dir/said"
  rm -r "$dir/web/plain"
  if task "snapshot=@golden"; then fail "a snapshot is named to a save"; fi
  ends 0 "$dir/tools/bin/ansible-doc" -M "$root/packaging/ansible/library" venv_snap
  export ANSIBLE_LIBRARY=$root/packaging/ansible/library
  rm -rf "$VENV_SNAP_STORE"
  local play=("$dir/tools/bin/ansible-playbook" -i localhost, -c local "$root/packaging/ansible/playbook.yml"
    -e "venv=$dir/web" -e "ansible_python_interpreter=$(command -v python3)")
  ends 0 "${play[@]}" -e "{deploy: rm $site/click/core.py}"
  # The deploy went well by what it said; the next one does not, and brings back what was saved.
  venv-snap -q restore "$dir/web" >/dev/null
  ends 0 "${play[@]}" -e "{deploy: sh -c 'rm $site/click/core.py; exit 1'}"
  [ -e "$site/click/core.py" ] || fail "a deploy that failed is not taken back"
  ends 0 "${play[@]}"; grep -q 'changed=0' "$dir/said" || fail "the play changes something again"
  # What was saved since by somebody else is what comes back, and not the state of the last deploy.
  touch "$site/later.py"; venv-snap -q save "$dir/web" >/dev/null
  ends 0 "${play[@]}" -e "{deploy: sh -c 'rm $site/later.py; exit 1'}"
  [ -e "$site/later.py" ] || fail "an older deploy comes back"
  echo "the module for Ansible saves, audits and restores, tells it in check mode, and is idempotent"
}

precommit() {
  [ -x "$dir/tools/bin/pre-commit" ] || return 0
  command -v git >/dev/null || { echo "skipped: 1 there is no git here"; return; }
  # A repository of the hooks as they stand here, and a project.
  local git=(git -c user.name=test -c user.email=test@example.invalid -c init.defaultBranch=main)
  mkdir "$dir/hooks" "$dir/project"; cp "$root/.pre-commit-hooks.yaml" "$dir/hooks"
  (cd "$dir/hooks" && "${git[@]}" init -q && git add . && "${git[@]}" commit -qm hooks)
  fresh "$dir/project/.venv"
  cd "$dir/project"; "${git[@]}" init -q; echo .venv > .gitignore; echo one > one; git add .
  local hook=("$dir/tools/bin/pre-commit" try-repo "$dir/hooks" venv-snap-check-system --all-files)
  ends 0 "${hook[@]}"
  # With the path of the venv, another one may be active.
  printf '%s\n' repos: "  - repo: $dir/hooks" "    rev: $(git -C "$dir/hooks" rev-parse HEAD)" \
    "    hooks: [{id: venv-snap-check-system, args: [.venv]}]" > .pre-commit-config.yaml
  git add .; VIRTUAL_ENV=$dir/nowhere ends 0 "$dir/tools/bin/pre-commit" run --all-files
  truncate -s 0 "$site/click/core.py"
  ends 1 "${hook[@]}"; grep -q 'core.py' "$dir/said" || fail "it does not name the damage"
  # With the wheel, as the example has it.
  local wheel; wheel=$(ls -t "$root"/target/packages/venv_snap-*-linux_*.whl 2>/dev/null | head -n 1) || true
  if [ -n "$wheel" ]; then
    cp "$root/packaging/examples/pre-commit-config.yaml" .pre-commit-config.yaml; git add .
    export PIP_FIND_LINKS=$root/target/packages
    ends 1 "$dir/tools/bin/pre-commit" run --all-files; grep -q 'core.py' "$dir/said" || fail "it does not name the damage"
    echo 'value = 42' > "$site/click/core.py"
    ends 0 "$dir/tools/bin/pre-commit" run --all-files
  else echo "skipped: 1 there is no wheel here (packaging/build --dev wheel)"; fi
  ends 0 "$dir/tools/bin/pre-commit" validate-manifest "$root/.pre-commit-hooks.yaml"
  echo "pre-commit fails on damage, by the program of the host and by the wheel"
}

for part in ${PARTS:-github examples tools ansible precommit}; do (export VENV_SNAP_STORE=$dir/$part.store; "$part"); done
