//! Who may use whom.

use super::{files, room};

#[test]
fn imports_go_down_the_ladder() {
    // A room may use those of a lower number, and its own.
    let rank = |room: &str| match room {
        "model" => 0,
        "monitor" => 1,
        "disk" => 2,
        "archive" | "store" | "tree" | "witness" => 3,
        "python" | "replace" => 4,
        "audit" | "cache" | "sweep" => 5,
        "diagnose" => 6,
        "ops" | "watch" => 7,
        "report" => 8,
        "bin" | "lib" | "main" | "cli" | "bench" | "fuzz" => 9,
        other => panic!(
            "the room '{other}' has no place on the ladder; give it one here and in docs/architecture.md"
        ),
    };
    for (path, text) in files("src", ".rs") {
        let own = room(&path);
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for (at, _) in line.match_indices("crate::") {
                let used: String = line[at + 7..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if used.is_empty()
                    || used == own
                    || own == "lib"
                    || own == "cli"
                    || own == "main"
                    || used.starts_with(char::is_uppercase)
                {
                    continue;
                }
                assert!(
                    rank(&used) < rank(&own),
                    "{}: '{own}' must not use '{used}': move the code down, or the call up\n{line}",
                    path.display()
                );
            }
        }
        assert!(
            own == "cli" || own == "main" || !text.contains("venv_snap::"),
            "{}: the library says 'crate::'",
            path.display()
        );
    }
}
