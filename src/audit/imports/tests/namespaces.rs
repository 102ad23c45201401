//! What distributions offer that have parts of one namespace.

use super::lost_in;

const NAME: (&str, &str) = ("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
const LIST: (&str, &str) = ("a-1.dist-info/RECORD", "a-1.dist-info/METADATA,,\n");
/// What others bring of a namespace in which `a` has modules.
const OTHERS: [(&str, &str); 4] = [
    ("b-1.dist-info/METADATA", "Name: b\nVersion: 1\n"),
    ("b-1.dist-info/RECORD", "ns/b/__init__.py,,\nns/c.py,,\n"),
    ("ns/b/__init__.py", ""),
    ("ns/c.py", ""),
];

/// What a tree lacks of which others have a part of the namespace.
fn lacks(files: &[(&str, &str)]) -> Vec<String> {
    lost_in(&[&OTHERS[..], files].concat())
}

#[test]
fn a_part_in_a_namespace_of_several_is_missed_where_its_distribution_had_it() {
    for group in ["x.plugins", "console_scripts"] {
        let names = |target: &str| format!("[{group}]\np = {target}\n");
        for (target, gone) in [
            ("ns.p:main", "ns.p"),
            ("ns.a.p:main", "ns.a.p"),
            ("ns:p", "ns.p"),
        ] {
            let told = [format!("a-1.dist-info/entry_points.txt:2 {gone}")];
            let points = names(target);
            let points = ("a-1.dist-info/entry_points.txt", &points[..]);
            assert_eq!(
                lacks(&[NAME, LIST, points]),
                told,
                "{target}: all that it had"
            );
            let beside = ("a-1.dist-info/RECORD", "ns/d.py,,\nns/a/e.py,,\n");
            let beside = [NAME, beside, points, ("ns/d.py", ""), ("ns/a/e.py", "")];
            assert_eq!(lacks(&beside), told, "{target}: it has others there");
            let elsewhere = ("a-1.dist-info/RECORD", "a/__init__.py,,\n");
            let elsewhere = [NAME, elsewhere, points, ("a/__init__.py", "")];
            assert_eq!(
                lacks(&elsewhere),
                [""; 0],
                "{target}: of somebody who is not installed"
            );
            let editable = (
                "a-1.dist-info/direct_url.json",
                "{\"url\":\"file:///a\",\"dir_info\":{\"editable\":true}}",
            );
            assert_eq!(
                lacks(&[NAME, LIST, points, editable]),
                [""; 0],
                "{target}: it lies elsewhere"
            );
        }
    }
}

/// The host of a plugin may lie in the same namespace, and not be installed (`paste.script` for `paste.deploy`).
#[test]
fn a_plugin_alone_in_its_namespace_may_be_one_for_another_part_of_it() {
    let point = (
        "a-1.dist-info/entry_points.txt",
        "[ns.script_part]\nx = ns.a.m:main\n",
    );
    // Whether it has a module right in the namespace.
    for has_module in [false, true] {
        let list = "ns/a/__init__.py,,\nns/a/m.py,,\n";
        let beside = if has_module { "ns/b.py,,\n" } else { "" };
        let list = format!("{list}{beside}");
        let mut files = vec![
            NAME,
            ("a-1.dist-info/RECORD", &list[..]),
            ("a-1.dist-info/top_level.txt", "ns\n"),
            point,
            ("ns/a/__init__.py", ""),
            ("ns/a/m.py", "from ns.script import main\n"),
        ];
        if has_module {
            files.push(("ns/b.py", ""));
        }
        let lost = lost_in(&files);
        let is_told = lost.contains(&"ns/a/m.py:1 ns.script".to_owned());
        assert_eq!(is_told, has_module, "{lost:?}");
    }
}

#[test]
fn a_plugin_in_a_namespace_of_several_may_have_outlived_the_host_in_it() {
    let record = ("a-1.dist-info/RECORD", "ns/a/__init__.py,,\nns/a/m.py,,\n");
    let point = (
        "a-1.dist-info/entry_points.txt",
        "[b.part]\nx = ns.a.m:main\n",
    );
    let own = &["ns/a/m.py:1 ns.a.gone"][..];
    let trees = [("ns.b.gone", &[][..]), ("ns.a.gone", own)];
    for (gone, expected) in trees {
        let source = format!("from {gone} import main\n");
        let files = [
            NAME,
            record,
            point,
            ("ns/a/__init__.py", ""),
            ("ns/a/m.py", &source[..]),
        ];
        assert_eq!(lacks(&files), expected, "{gone}");
    }
}
