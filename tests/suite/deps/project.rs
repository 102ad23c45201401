//! What a project declares, who brings a module, and bad input.

use std::fs;

use super::{app, told, write};
use crate::support::session::Session;
use crate::support::{Sandbox, venv};

#[test]
fn what_is_declared_and_not_installed_is_needed_and_told_as_it_is_declared() {
    for (file, text) in [
        (
            "pyproject.toml",
            "[project]\nname = 'Mine'\ndependencies = [\n 'click>=1',\n 'python-jose[crypto]>=3',\n 'odd; \
             python_version < \"3\"',\n]\n\
             [project.optional-dependencies]\nfast = ['redis']\n",
        ),
        (
            "setup.cfg",
            "[metadata]\nname = mine\n[options]\ninstall_requires =\n  click>=1\n  python-jose[crypto]>=3\n  odd; \
             python_version<'3'\n\
             [options.extras_require]\nfast =\n  redis\n",
        ),
        (
            "requirements.txt",
            "# what runs\nclick>=1\npython-jose[crypto]>=3  # tokens\nodd; python_version < '3'\n-r \
             more.txt\n--no-binary x\n",
        ),
    ] {
        let sandbox = Sandbox::new();
        app(
            &sandbox,
            &[
                (
                    "mine/__init__.py",
                    "import jose\nfrom importlib.metadata import version\nversion('mine')\n",
                ),
                (file, text),
                ("requirements-dev.txt", "pytest\n"),
            ],
        );
        let answer = sandbox.json(1, &["deps", "venv"]);
        assert_eq!(told(&answer, "needed").len(), 1, "{file}: {answer}");
        let need = &answer["needed"][0];
        assert_eq!(need["requirement"], "python-jose[crypto]>=3", "{file}");
        assert_eq!(
            (&need["known"], &need["when"]),
            (&"declared".into(), &"import".into())
        );
        let files: Vec<&str> = need["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["path"].as_str().unwrap())
            .collect();
        assert!(
            files[0].ends_with("__init__.py") && files[1].ends_with(file),
            "{files:?}"
        );
        // An import that the project has for an extra alone, and that only a function wants.
        write(&sandbox, "mine/late.py", "def a():\n    import redis\n");
        let group = if file == "requirements.txt" {
            "needed"
        } else {
            "optional"
        };
        let answer = sandbox.json(1, &["deps", "venv"]);
        assert!(
            told(&answer, group).contains(&"redis late.py:2".to_owned()),
            "{file}: {answer}"
        );
    }
}

#[test]
fn requirements_of_what_is_installed_are_told_with_their_line() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[("run.py", "import click\n")]);
    let info = format!("{}/click-1.0.dist-info/METADATA", venv::SITE);
    let text = "Metadata-Version: 2.1\nName: click\nVersion: 1.0\nRequires-Dist: idna<1\nRequires-Dist: Attrs>=20\n";
    venv::write(&sandbox.venv(), &info, text.as_bytes());
    let answer = sandbox.json(1, &["deps", "venv", "run.py"]);
    assert_eq!(
        told(&answer, "needed"),
        ["attrs METADATA:5", "idna METADATA:4"]
    );
    assert_eq!(answer["needed"][1]["requirement"], "idna<1");
    assert_eq!(answer["needed"][0]["known"], "required");
}

#[test]
fn a_guess_is_no_need_and_what_nobody_knows_is_told_with_who_it_may_be() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[("run.py", "import qwertz_lib\nimport cv2\n")]);
    let answer = sandbox.json(1, &["deps", "venv", "run.py"]);
    assert!(told(&answer, "needed").is_empty());
    assert_eq!(answer["install"], serde_json::Value::Null);
    let perhaps = |answer: &serde_json::Value, module: &str| {
        let mut all = answer["nameless"].as_array().unwrap().iter();
        all.find(|one| one["module"] == module).unwrap()["perhaps"].clone()
    };
    assert_eq!(
        perhaps(&answer, "qwertz_lib"),
        serde_json::json!(["qwertz-lib"])
    );
    assert_eq!(
        perhaps(&answer, "cv2"),
        serde_json::json!(["opencv-python", "opencv-python-headless"])
    );
    // One that the project declares and that no import explains may be meant as well.
    write(&sandbox, "requirements.txt", "house-thing\n");
    let answer = sandbox.json(1, &["deps", "venv", "run.py"]);
    assert_eq!(told(&answer, "needed"), ["house-thing requirements.txt:1"]);
    let both = serde_json::json!(["qwertz-lib", "house-thing"]);
    assert_eq!(perhaps(&answer, "qwertz_lib"), both);
}

#[test]
fn a_module_that_is_gone_of_what_is_installed_is_damage_and_no_dependency() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[("run.py", "from click import core\nimport click.core\n")],
    );
    fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
    let answer = sandbox.json(1, &["deps", "venv", "run.py"]);
    assert!(told(&answer, "needed").is_empty());
    assert_eq!(answer["lost"][0]["module"], "click.core");
}

#[test]
fn only_what_the_commands_of_a_project_lead_to_counts() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            (
                "pyproject.toml",
                "[project]\nname='mine'\nscripts={mine='mine.cli:main'}\n",
            ),
            ("src/mine/__init__.py", ""),
            ("src/mine/cli.py", "from . import core\n"),
            ("src/mine/core.py", "import requests\n"),
            ("src/mine/plug.py", "import redis\n"),
            ("examples/a.py", "import nobody\n"),
        ],
    );
    let answer = sandbox.json(1, &["deps", "venv"]);
    assert_eq!(told(&answer, "needed"), ["requests core.py:1"]);
    assert_eq!(told(&answer, "optional"), ["redis plug.py:1"]);
}

#[test]
fn bad_input_is_a_clear_error() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("run.py", "import click\n"),
            ("old.py", "print 'a'\n"),
            ("bin.py", "\u{0}"),
        ],
    );
    let mut session = Session::new(&sandbox);
    for args in [
        &["deps", "nosuch/venv"][..],
        &["deps", "venv", "nosuch.py"],
        &["deps", "venv", "no.such:app"],
    ] {
        session.run(2, args);
    }
    session.run(3, &["deps", "venv", "old.py"]);
    insta::assert_snapshot!(session.told());
    fs::remove_file(sandbox.path("old.py")).unwrap();
    fs::remove_file(sandbox.path("bin.py")).unwrap();
    // What is no TOML says nothing, and takes nothing down with it.
    write(&sandbox, "pyproject.toml", "= not toml\n");
    sandbox.code(0, &["deps", "venv"]);
}

#[test]
fn what_is_too_long_or_nested_too_deep_is_told_and_not_judged_by_a_part_of_it() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    // What stands before the end of a source that is cut would be judged by itself.
    let long = format!("import gone_a\n{}", "# filler\n".repeat(1_000_000));
    write(&sandbox, "web/long.py", &long);
    let deep = format!("web/{}deep.py", "d/".repeat(60));
    write(&sandbox, &deep, "import gone_b\n");
    write(&sandbox, "web/app.py", "import gone_c\n");
    let answer = sandbox.json(1, &["deps", "venv", "web"]);
    assert!(!answer.to_string().contains("gone_a"), "{answer}");
    let unread = answer["unread"].as_array().unwrap();
    assert_eq!(unread.len(), 2, "{answer}");
    let run = sandbox.code(1, &["deps", "venv", "web"]);
    assert!(
        run.stdout.contains("long.py' was not read: it is too long"),
        "{run}"
    );
}

/// Each program imports what stands beside it, whatever else has that name.
#[test]
fn of_several_modules_of_one_name_the_nearest_is_meant() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("all/a/app.py", "import celery\nimport helper\n"),
            ("all/a/helper.py", "import boto3\n"),
            (
                "all/b/app.py",
                "import uvicorn\nimport helper\nuvicorn.run('app:app')\n",
            ),
            ("all/b/helper.py", "import redis\n"),
            ("all/requirements.txt", ""),
        ],
    );
    for (named, expected) in [
        ("all/a", ["boto3 helper.py:1", "celery app.py:1"]),
        ("all/b", ["redis helper.py:1", "uvicorn app.py:1"]),
        ("all/b/app.py", ["redis helper.py:1", "uvicorn app.py:1"]),
    ] {
        let answer = sandbox.json(1, &["deps", "venv", named]);
        assert_eq!(told(&answer, "needed"), expected, "{named}: {answer}");
    }
}

/// A line, and what alone it needs.
const LINES: [(&str, &str); 14] = [
    (
        "import pandas\npandas.read_excel('a', engine='xlrd')\n",
        "xlrd",
    ),
    (
        "import pandas\npandas.read_excel('a', engine=None)\n",
        "openpyxl",
    ),
    (
        "import pandas\nd = pandas.DataFrame()\nd.to_excel('a', engine='xlsxwriter')\n",
        "xlsxwriter",
    ),
    (
        "import pandas\npandas.read_parquet('a', engine='fastparquet')\n",
        "fastparquet",
    ),
    ("import pandas\npandas.read_excel('a', engine=e)\n", ""),
    (
        "from sqlalchemy import create_engine\ncreate_engine('mysql://h/d')\n",
        "mysqlclient",
    ),
    (
        "from sqlalchemy import create_engine\ncreate_engine('mssql+pyodbc://h/d')\n",
        "pyodbc",
    ),
    (
        "from sqlalchemy import create_engine\ncreate_engine(url='oracle+oracledb://h')\n",
        "oracledb",
    ),
    (
        "from sqlalchemy import create_engine\ncreate_engine('postgresql+psycopg://h')\n",
        "psycopg",
    ),
    (
        "from sqlalchemy import create_engine\ncreate_engine('sqlite:///x')\n",
        "",
    ),
    (
        "from celery import Celery\nCelery('x', broker='redis://h')\n",
        "redis",
    ),
    (
        "from celery import Celery\nCelery('x', backend='mongodb://h')\n",
        "pymongo",
    ),
    (
        "from celery import Celery\nCelery('x', broker='amqp://h')\n",
        "",
    ),
    (
        "from wtforms.validators import Email\nv = [Email()]\n",
        "email-validator",
    ),
];

#[test]
fn what_a_text_names_is_needed_and_nothing_in_its_place() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    for name in ["pandas", "sqlalchemy", "celery", "wtforms"] {
        venv::package(&sandbox.venv(), venv::SITE, name, &["validators.py"]);
    }
    for (text, needed) in LINES {
        write(&sandbox, "one/run.py", text);
        let answer = sandbox.json(
            i32::from(!needed.is_empty()),
            &["deps", "venv", "one/run.py"],
        );
        let all = answer["needed"].as_array().unwrap().iter();
        let names: Vec<&str> = all
            .map(|one| one["distribution"].as_str().unwrap())
            .collect();
        let expected: Vec<&str> = needed.split_whitespace().collect();
        assert_eq!(names, expected, "{text}: {answer}");
    }
}
