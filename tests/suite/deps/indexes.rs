//! From which index a project takes its packages, and what of its lists is read.

use super::{app, told, write};
use crate::support::Sandbox;

/// A file of a project that needs `acme-lib`, and the options by which the command asks where the project does.
const INDEXES: [(&str, &str, &str); 21] = [
    (
        "requirements.txt",
        "-i https://h.invalid/s\nacme-lib\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "requirements.txt",
        "  --index-url=https://h.invalid/s --extra-index-url 'https://k.invalid/s' # why\nacme-lib\n",
        "--index-url https://h.invalid/s --extra-index-url https://k.invalid/s",
    ),
    (
        "requirements.txt",
        "--no-index\n--find-links https://h.invalid/f\nacme-lib\n",
        "--no-index --find-links https://h.invalid/f",
    ),
    (
        "requirements.txt",
        "--index-url https://pypi.org/simple\nacme-lib\n",
        "",
    ),
    (
        "requirements.txt",
        "--extra-index-url https://user:hunter2@h.invalid/s\nacme-lib\n",
        "--extra-index-url https://h.invalid/s",
    ),
    (
        "requirements.txt",
        "--index-url https://${USER}:${HUNTER2}@h.invalid/s?token=hunter2\nacme-lib\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "requirements.txt",
        "-i https://h.invalid/a\n--index-url https://h.invalid/b\nacme-lib\n",
        "--index-url https://h.invalid/a --extra-index-url https://h.invalid/b",
    ),
    (
        "environment.yml",
        "dependencies:\n  - python\n  - pip:\n    - --extra-index-url https://h.invalid/s\n    - acme-lib\n",
        "--extra-index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'm'\ndependencies = ['acme-lib']\n[[tool.uv.index]]\nurl = 'https://h.invalid/s'\n\
         default = true\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'm'\ndependencies = ['acme-lib']\n[[tool.uv.index]]\nname = 'a'\nurl = \
         'https://h.invalid/s'\n[[tool.uv.index]]\nname = 'b'\nurl = 'https://k.invalid/s'\nexplicit = true\n",
        "--extra-index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'm'\ndependencies = ['acme-lib']\n[tool.uv]\nindex-url = 'https://h.invalid/s'\n\
         extra-index-url = ['https://k.invalid/s']\n",
        "--index-url https://h.invalid/s --extra-index-url https://k.invalid/s",
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'm'\ndependencies = ['acme-lib']\n[[tool.uv.index]]\nurl = 'https://h.invalid/f'\nformat = \
         'flat'\n",
        "--find-links https://h.invalid/f",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = '*'\n[[tool.poetry.source]]\nname = 'h'\nurl = \
         'https://h.invalid/s'\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = '*'\n[[tool.poetry.source]]\nname = 'h'\nurl = \
         'https://h.invalid/s'\npriority = 'primary'\n[[tool.poetry.source]]\nname = 'PyPI'\npriority = 'primary'\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = '*'\n[[tool.poetry.source]]\nname = 'h'\nurl = \
         'https://h.invalid/s'\npriority = 'supplemental'\n",
        "--extra-index-url https://h.invalid/s",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = '*'\n[[tool.poetry.source]]\nname = 'h'\nurl = \
         'https://h.invalid/s'\npriority = 'explicit'\n",
        "",
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'm'\ndependencies = ['acme-lib']\n[[tool.pdm.source]]\nname = 'pypi'\nurl = \
         'https://h.invalid/s'\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "Pipfile",
        "[[source]]\nname = 'h'\nurl = 'https://h.invalid/s'\n[[source]]\nname = 'pypi'\nurl = \
         'https://pypi.org/simple'\n[packages]\nacme-lib = '*'\n",
        "--index-url https://h.invalid/s",
    ),
    (
        "Pipfile",
        "[[source]]\nname = 'pypi'\nurl = 'https://pypi.org/simple'\n[packages]\nacme-lib = '*'\n",
        "",
    ),
    ("setup.cfg", "[options]\ninstall_requires = acme-lib\n", ""),
    (
        "requirements.in",
        "--extra-index-url https://h.invalid/s\nacme-lib\n",
        "--extra-index-url https://h.invalid/s",
    ),
];

#[test]
fn the_command_asks_the_index_that_the_project_asks_and_tells_no_secret() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[("mine/run.py", "import acme_lib\n")]);
    for (file, text, options) in INDEXES {
        write(&sandbox, &format!("mine/{file}"), text);
        let answer = sandbox.json(1, &["deps", "venv", "mine"]);
        let install = answer["install"].as_str().unwrap_or_default();
        let blank = if options.is_empty() { "" } else { " " };
        let end = format!("install{blank}{options} acme-lib");
        let no_python = install.replace(" --python", "");
        let is_so = install.ends_with(&end)
            || no_python.contains("uv pip install ") && install.ends_with(&end["install".len()..]);
        assert!(is_so, "{text}: {install}");
        assert_eq!(
            install.contains("--index-url"),
            options.contains("--index-url"),
            "{install}"
        );
        let run = sandbox.code(1, &["deps", "venv", "mine"]);
        assert_eq!(
            run.stdout.contains("the project takes"),
            !options.is_empty(),
            "{run}"
        );
        for told in [&answer.to_string(), &run.stdout, &run.stderr] {
            assert!(!told.to_lowercase().contains("hunter2"), "{told}");
        }
        let secret = text.contains("unter2") || text.contains("UNTER2");
        assert_eq!(run.stdout.contains("credentials"), secret, "{run}");
        std::fs::remove_file(sandbox.path(&format!("mine/{file}"))).unwrap();
    }
    // Settings of uv beside the project, archives beside a list, and an index that nobody knows here.
    write(
        &sandbox,
        "mine/uv.toml",
        "index-url = 'https://h.invalid/s'\n",
    );
    write(&sandbox, "mine/requirements.txt", "-r lists/a.txt\n");
    write(
        &sandbox,
        "mine/lists/a.txt",
        "--find-links ../wheels\nacme-lib\n",
    );
    let answer = sandbox.json(1, &["deps", "venv", "mine"]);
    let install = answer["install"].as_str().unwrap();
    let links = format!("--find-links {}", sandbox.path("mine/wheels").display());
    assert!(
        install.contains(&links) && install.contains("--index-url https://h.invalid/s"),
        "{install}"
    );
    write(
        &sandbox,
        "mine/lists/a.txt",
        "--index-url https://h.invalid/${TOKEN}/s\nacme-lib\n",
    );
    let answer = sandbox.json(1, &["deps", "venv", "mine"]);
    assert!(answer["install"].is_null(), "{answer}");
    let run = sandbox.code(1, &["deps", "venv", "mine"]);
    assert!(run.stdout.contains("no command is printed"), "{run}");
}

/// What `setup.py` does with its list, what of it counts, and whether that is all.
const LISTS: [(&str, &[&str], bool); 10] = [
    (
        "r = ['a1']\nr.append('a2')\nr += ['a3']\nr.extend(['a4'])\n",
        &["a1", "a2", "a3", "a4"],
        true,
    ),
    (
        "r = ['a1'] + ['a2']\nif x:\n    r.append('a3')\n",
        &[],
        false,
    ),
    ("r = ['a1']\nif x:\n    r.append('a3')\n", &["a1"], false),
    ("r = ['a1']\nr += more()\n", &["a1"], false),
    ("r = ['a1']\nr.remove('a1')\n", &["a1"], false),
    ("r = ['a1', name]\n", &["a1"], false),
    ("r: list = ['a1']\n", &["a1"], true),
    ("r = ['a1']\nfor n in b:\n    r += [n]\n", &["a1"], false),
    ("r = ['a1']\nr[0] = 'a2'\n", &["a1"], false),
    ("r = ['a1']\nprint(r)\nother.append('a2')\n", &["a1"], true),
];

#[test]
fn a_list_that_code_adds_to_is_whole_only_where_that_is_plain() {
    for (text, asked, is_whole) in LISTS {
        let sandbox = Sandbox::new();
        let setup =
            format!("from setuptools import setup\n{text}setup(name='m', install_requires=r)\n");
        app(
            &sandbox,
            &[("mine/run.py", "import click\n"), ("mine/setup.py", &setup)],
        );
        let answer = sandbox.json(i32::from(!asked.is_empty()), &["deps", "venv", "mine"]);
        let needed = answer["needed"].as_array().unwrap().iter();
        let names: Vec<&str> = needed
            .map(|one| one["distribution"].as_str().unwrap())
            .collect();
        assert_eq!(names, asked, "{text}: {answer}");
        assert_eq!(
            answer["undeclared"].as_array().unwrap().is_empty(),
            is_whole,
            "{text}: {answer}"
        );
    }
}

#[test]
fn lists_are_included_in_every_form_once_and_what_is_missing_is_told() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("mine/run.py", "import click\n"),
            (
                "mine/requirements.txt",
                "   -r lists/../lists/one.txt\n--requirement=gone.txt\nattrs-more\nattrs\n",
            ),
            ("mine/lists/one.txt", "-r two\n-r ../requirements.txt\n"),
            (
                "mine/lists/two",
                "-r one.txt\n\tredis\t# x\nbo\\\nto3\n-r https://h.invalid/r.txt\n",
            ),
            (
                "mine/environment.yml",
                "dependencies:\n  - pip\n  - pip:\n    - -r lists/three.txt\n    - \"pytz\"\n",
            ),
            ("mine/lists/three.txt", "tomli\n"),
        ],
    );
    let answer = sandbox.json(1, &["deps", "venv", "mine"]);
    let expected = [
        "attrs requirements.txt:4",
        "attrs-more requirements.txt:3",
        "boto3 two:3",
        "pytz environment.yml:5",
        "redis two:2",
        "tomli three.txt:1",
    ];
    assert_eq!(told(&answer, "needed"), expected, "{answer}");
    for need in answer["needed"].as_array().unwrap() {
        assert_eq!(need["evidence"].as_array().unwrap().len(), 1, "{need}");
        assert!(!need.to_string().contains(".."), "{need}");
    }
    let untold = answer["undeclared"].as_array().unwrap().iter();
    let mut untold: Vec<&str> = untold
        .map(|one| one["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    untold.sort_unstable();
    assert_eq!(untold, ["gone.txt", "two"], "{answer}");
}
