//! Where a script goes: a `cd` to what is not there leaves it where it is.

use super::scripts::{Told, all_are, rows};

#[test]
fn a_script_that_cannot_go_elsewhere_sweeps_where_it_is() {
    let scripts = rows(&[
        "cd /srv/app/.venv\ncd cache; rm -rf *",
        "cd /srv/app\ncd cache 2>/dev/null\nrm -rf .venv",
        "cd /srv/app\ncd /srv/app/cache; rm -rf .venv",
        "cd /srv/app; cd readme; rm -rf .venv",
        "cd /srv/app; pushd cache; rm -rf .venv",
        "set -e; cd /srv/app; cd cache || true; rm -rf .venv",
        "set -e; set +e; cd /srv/app; cd cache; rm -rf .venv",
        "cd /srv/app; if cd cache; then true; else rm -rf .venv; fi",
        "cd /srv/app; ! cd cache && rm -rf .venv",
        "cd /srv/app; cd cache || rm -rf .venv",
        "cd /srv/app; mkdir -p cache; cd cache; rm -rf ../.venv",
        "cd /srv/app; (cd cache; rm -rf .venv)",
        "cd /srv/app; (cd cache && rm -rf x); rm -rf .venv",
        "cd /srv/app; cd $UNSET/cache; cd /srv/app; rm -rf .venv",
        "cd /srv/app; until false; do rm -rf .venv; done",
    ]);
    all_are(Told::Named, &scripts, &[("/srv/app/readme", "x")]);
    let harmless = rows(&[
        "cd /srv/app && cd cache && rm -rf .venv",
        "set -e\ncd /srv/app/.venv\ncd cache\nrm -rf *",
        "set -euo pipefail\ncd /srv/app/.venv\ncd cache\nrm -rf *",
        "set -o errexit\ncd /srv/app/.venv\ncd cache\nrm -rf *",
        "#!/bin/bash -e\ncd /srv/app/.venv\ncd cache\nrm -rf *\n",
        "bash -ec 'cd /srv/app/.venv; cd cache; rm -rf *'",
        "set -e; f() { cd cache; rm -rf *; }; cd /srv/app/.venv; f",
        "cd /srv/app/.venv; cd cache || exit 1; rm -rf *",
        "cd /srv/app/.venv; cd cache || { echo no; exit 1; }\nrm -rf *",
        "cd /srv/app/.venv; if ! cd cache; then exit; fi; rm -rf *",
        "cd /srv/app/.venv; if cd cache; then rm -rf *; fi",
        "cd /srv/app/.venv; mkdir -p cache; cd cache; rm -rf *",
        "cd /srv/app/.venv; mkdir -p /srv/app/.venv/cache/x; cd cache; rm -rf *",
        "cd /srv/app/.venv; tar xf /var/a.tar; cd a; rm -rf *",
        "cd /srv/app/.venv; git clone https://example.org/a; cd a; rm -rf *",
        "cd /srv/app/.venv; (cd cache && rm -rf *)",
        "cd /srv/app; cd build; rm -rf *",
        "env -C /srv/app/cache rm -rf ../.venv",
    ]);
    all_are(Told::Nothing, &harmless, &[("/srv/app/build/x", "x")]);
}
