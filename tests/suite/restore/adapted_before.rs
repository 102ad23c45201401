//! What an earlier version adapted to its place is no damage for a later one. The texts below are what the first
//! version wrote: they are only ever added to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Sandbox, venv};

/// Files that name their place, which stands as `@`.
const NAMING: [(&str, &str); 8] = [
    ("bin/idna", "#!@/bin/python\nprint('idna')\n"),
    (
        "bin/long",
        "#!/bin/sh\n'''exec' \"@/bin/python\" \"$0\" \"$@\"\n' '''\nprint('long')\n",
    ),
    ("bin/activate", "VIRTUAL_ENV=\"@\"\nexport VIRTUAL_ENV\n"),
    ("bin/activate.csh", "setenv VIRTUAL_ENV \"@\"\n"),
    ("bin/activate.fish", "set -gx VIRTUAL_ENV \"@\"\n"),
    (
        "pyvenv.cfg",
        "home = /usr/bin\nversion = 3.11.7\ncommand = /usr/bin/python3 -m venv @\n",
    ),
    (
        "share/jupyter/kernels/x/kernel.json",
        "{\"argv\": [\"@/bin/python\", \"-m\", \"ipykernel_launcher\"], \"display_name\": \"x\"}\n",
    ),
    ("lib/python3.11/site-packages/more.pth", "@/share/more\n"),
];

/// What was made for a place too long for a first line, adapted to one that is not.
const SHORTENED: (&str, &str) = ("bin/long", "#!@/bin/python\nprint('long')\n");

/// A venv as it stands at a place: as it was made there, or as the first version adapted it to there.
fn stand(root: &Path, adapted: bool) {
    venv::tiny(root);
    let place = root.to_str().unwrap();
    let record = root.join(venv::SITE).join("idna-1.0.dist-info/RECORD");
    venv::write(root, "share/more/module.py", b"");
    for (path, text) in NAMING {
        let text = match SHORTENED {
            (of, short) if adapted && of == path => short,
            _ => text,
        };
        // `$@` of a shell is none.
        let text = text
            .replace("$@", "$\0")
            .replace('@', place)
            .replace("$\0", "$@");
        venv::write(root, path, text.as_bytes());
        if let Some(name) = path
            .strip_prefix("bin/")
            .filter(|name| !name.starts_with("activate"))
        {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
            let row = format!("../../../bin/{name},{}\n", venv::recorded(text.as_bytes()));
            venv::append(&record, &row);
        }
    }
    symlink(root.join("bin/python"), root.join("bin/python3")).unwrap();
    venv::age(root, 1_700_000_000);
}

#[test]
fn what_the_first_version_adapted_is_no_damage_in_this_one() {
    let sandbox = Sandbox::new();
    stand(&sandbox.venv(), false);
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    stand(&sandbox.path("there"), true);
    let diff = sandbox.json(0, &["diff", "there", &id]);
    assert_eq!(diff["entries"], serde_json::json!([]), "{diff}");
    assert_eq!(diff["unadapted"], serde_json::json!([]), "{diff}");
    sandbox.ok(&["check", "there"]);
    for part in [&["--heal"][..], &["--only", "idna"], &[]] {
        let args = [&["restore", "there", &id, "--from-other"], part].concat();
        let again = sandbox.ok(&args);
        assert!(
            again.stdout.starts_with("nothing to do"),
            "{args:?}: {again}"
        );
    }
}
