//! Links, pipes and foreign things in the place of the store's own files, and databases that were made to harm.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::place::Place;
use super::writer::{Pack, dir, file, object, tree};
use super::{Case, Tried, try_each};
use crate::support::faults::needs_root;
use crate::support::venv::pipe;

fn good(place: &Place) -> String {
    let inside = tree(&[file(b"a", b"hello")]);
    place.with_tree(&inside, &[object(0, b"hello")])
}

/// A good store of which one name is replaced by something else.
fn replaced(place: &Place, name: &str, by: fn(&Path)) -> String {
    let id = good(place);
    let path = place.sandbox.path("store").join(name);
    if path.is_dir() {
        fs::remove_dir_all(&path).unwrap();
    } else if path.exists() {
        fs::remove_file(&path).unwrap();
    }
    by(&path);
    id
}

/// A link to the canary beside the store.
fn to_dir(path: &Path) {
    symlink("../canary/dir", path).unwrap();
}

fn to_file(path: &Path) {
    symlink("../canary/file", path).unwrap();
}

#[test]
fn links_and_pipes_in_the_place_of_the_stores_files_are_not_followed() {
    let cases: &[Case] = &[
        ("link for packs/", (3, 3), |place| {
            replaced(place, "packs", to_dir)
        }),
        ("link for snapshots/", (3, 3), |place| {
            replaced(place, "snapshots", to_dir)
        }),
        ("link for tmp/", (3, 3), |place| {
            replaced(place, "tmp", to_dir)
        }),
        ("link for pins/", (3, 3), |place| {
            replaced(place, "pins", to_dir)
        }),
        ("link for forgotten/", (0, 0), |place| {
            replaced(place, "forgotten", to_dir)
        }),
        ("link for quarantine/", (0, 0), |place| {
            replaced(place, "quarantine", to_dir)
        }),
        ("link for lock", (3, 3), |place| {
            replaced(place, "lock", to_file)
        }),
        ("pipe for lock", (3, 3), |place| {
            replaced(place, "lock", pipe)
        }),
        ("link for the header", (3, 3), |place| {
            replaced(place, "venv-snap.json", to_file)
        }),
        ("pipe for the header", (3, 3), |place| {
            replaced(place, "venv-snap.json", pipe)
        }),
        ("endless header", (3, 3), |place| {
            replaced(place, "venv-snap.json", |path| {
                symlink("/dev/zero", path).unwrap();
            })
        }),
        ("header of arrays without an end", (3, 3), |place| {
            replaced(place, "venv-snap.json", |path| {
                fs::write(path, "[".repeat(60_000)).unwrap();
            })
        }),
        ("header of a GiB", (3, 3), |place| {
            replaced(place, "venv-snap.json", |path| {
                fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
            })
        }),
        ("link for the index", (0, 0), |place| {
            replaced(place, "index.db", to_file)
        }),
        ("link for the log of the index", (0, 0), |place| {
            with_index(place, |path| to_file(&path.join("index.db-wal")))
        }),
        ("link for the memory of the index", (0, 0), |place| {
            with_index(place, |path| to_file(&path.join("index.db-shm")))
        }),
        ("hard link for the log of the index", (0, 0), |place| {
            with_index(place, |path| {
                fs::hard_link(path.join("../canary/file"), path.join("index.db-wal")).unwrap();
            })
        }),
        ("pipe for the index", (0, 0), |place| {
            replaced(place, "index.db", pipe)
        }),
        ("directory for the index", (0, 0), |place| {
            replaced(place, "index.db", |path| fs::create_dir(path).unwrap())
        }),
        ("link for a pack", (0, 3), |place| {
            replaced(place, &format!("packs/{}", "0".repeat(64)), to_file)
        }),
        ("pipe for a pack", (0, 1), |place| {
            replaced(place, &format!("packs/{}", "0".repeat(64)), pipe)
        }),
        ("directory for a pack", (0, 3), |place| {
            replaced(place, &format!("packs/{}", "0".repeat(64)), |path| {
                fs::create_dir(path).unwrap();
            })
        }),
        ("link for a snapshot file", (0, 3), |place| {
            replaced(place, &format!("snapshots/{}", "0".repeat(64)), to_file)
        }),
        ("pipe for a snapshot file", (0, 1), |place| {
            replaced(place, &format!("snapshots/{}", "0".repeat(64)), pipe)
        }),
        ("link in tmp/", (0, 0), |place| {
            replaced(place, "tmp/half", to_dir)
        }),
        ("directory in which all may write", (3, 3), |place| {
            let id = good(place);
            fs::set_permissions(
                place.sandbox.path("store/packs"),
                fs::Permissions::from_mode(0o777),
            )
            .unwrap();
            id
        }),
    ];
    try_each("links and pipes", cases);
}

/// A good store with an index of its own, and then something beside it.
fn with_index(place: &Place, add: impl Fn(&Path)) -> String {
    let id = good(place);
    let path = place.sandbox.path("store");
    assert_eq!(place.run("an index", &["rebuild-index"]).code, 0);
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(path.join(format!("index.db{suffix}")));
    }
    add(&path);
    id
}

/// A good store with an index that some statements made, instead of ours.
fn database(place: &Place, statements: &str) -> String {
    with_index(place, |path| {
        let index = rusqlite::Connection::open(path.join("index.db")).unwrap();
        index.execute_batch(statements).unwrap();
    })
}

#[test]
fn databases_that_were_made_to_harm_are_made_anew() {
    let cases: &[Case] = &[
        ("index of garbage", (0, 0), |place| {
            with_index(place, |path| {
                fs::write(path.join("index.db"), b"garbage".repeat(5000)).unwrap();
            })
        }),
        ("view without an end", (0, 0), |place| {
            database(
                place,
                "
            DROP TABLE packs;
            CREATE VIEW packs AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                SELECT i AS rowid, 'x' || i AS name, i AS size, zeroblob(100000) AS tail FROM n;",
            )
        }),
        ("trigger", (0, 0), |place| {
            database(
                place,
                "
            CREATE TRIGGER t AFTER INSERT ON packs BEGIN DELETE FROM packs; END;",
            )
        }),
        ("table of another form", (0, 0), |place| {
            database(place, "
            DROP TABLE packs; CREATE TABLE packs (name, size, tail, more DEFAULT (randomblob(1000000)));")
        }),
        ("rows that lie", (0, 0), |place| {
            database(place, "UPDATE packs SET tail = randomblob(1000)")
        }),
        ("rows of packs that are not there", (0, 0), |place| {
            database(place, "
            INSERT INTO packs SELECT '../../canary/file' || value, 9, x'00' FROM json_each('[1,2,3]');")
        }),
        ("sizes that lie", (0, 0), |place| {
            database(place, "UPDATE packs SET size = -1")
        }),
        ("a table of another pack", (0, 0), |place| {
            let other = Pack::of(&[object(0, b"hello"), object(1, &tree(&[]))]).bytes();
            place.put_pack(&other);
            database(
                place,
                "UPDATE packs SET (size, tail) = (SELECT size, tail FROM packs ORDER BY name LIMIT 1)",
            )
        }),
        ("a log of nonsense", (0, 0), |place| {
            database(
                place,
                "
            INSERT INTO log (event) VALUES ('{'), (''), ('[[[['), ('{\"verb\":\"\u{1b}[2J\"}');",
            )
        }),
        ("a journal that names another file", (0, 0), |place| {
            with_index(place, journal)
        }),
    ];
    try_each("databases", cases);
}

/// A rollback journal with the name of a file that `SQLite` would delete, once it is done with it.
fn journal(store: &Path) {
    let victim = store.join("../canary/file");
    let name = victim.to_str().unwrap().as_bytes();
    let mut out = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    // No pages to bring back, no nonce, the database of one page, sectors of 512 bytes, pages of 4096.
    for number in [0_u32, 0, 1, 512, 4096] {
        out.extend(number.to_be_bytes());
    }
    out.resize(512, 0);
    let sum: u32 = name.iter().map(|&b| u32::from(b)).sum();
    out.extend(0x4000_0001_u32.to_be_bytes());
    out.extend(name);
    out.extend((name.len() as u32).to_be_bytes());
    out.extend(sum.to_be_bytes());
    out.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    fs::write(store.join("index.db-journal"), out).unwrap();
}

#[test]
fn root_takes_nothing_on_trust_in_the_store_of_another_user() {
    if !needs_root() {
        return;
    }
    let tried = Tried::default();
    for trap in [
        "index.db",
        "index.db-wal",
        "index.db-shm",
        "index.db-journal",
    ] {
        let place = Place::new();
        let id = with_index(&place, |path| {
            let _ = fs::remove_file(path.join(trap));
            to_file(&path.join(trap));
        });
        let owned = std::process::Command::new("chown")
            .args(["-hR", "65534:65534"])
            .arg(place.sandbox.path("store"))
            .status();
        assert!(owned.unwrap().success());
        place.try_all(trap, &id);
        assert!(
            place.sandbox.path("area/target/a").is_file(),
            "{trap}: nothing was restored"
        );
        // Nothing of root's stays behind that the owner could not use.
        for (path, record) in crate::support::Tree::of(&place.sandbox.path("store")).0 {
            assert_eq!(record.owner, (65534, 65534), "{}", path.display());
        }
        tried.one();
    }
    tried.tell("root in another's store");
}

#[test]
fn what_a_store_has_lost_is_not_looked_for_where_a_snapshot_says() {
    let tried = Tried::default();
    for path in ["/proc", "/dev", "/", "/etc"] {
        let place = Place::new();
        let inside = tree(&[file(b"a", b"lost")]);
        let root = tree(&[dir(b"", &inside)]);
        place.put_pack(&Pack::of(&[object(1, &root), object(1, &inside)]).bytes());
        let host = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let mut snapshot = place.snapshot(&root);
        snapshot["venv"] = serde_json::json!({"host": host.trim(), "path": path});
        let id = place.put_snapshot(&snapshot);
        assert_eq!(place.try_all(path, &id).2, 1, "{path}");
        tried.one();
    }
    tried.tell("healing from anywhere");
}
