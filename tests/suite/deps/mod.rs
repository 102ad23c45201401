//! What `deps` makes of an application: what is missing, in one pass, and nothing else.

mod guards;
mod indexes;
mod origins;
mod project;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::session::Session;
use crate::support::{Sandbox, venv};

/// A venv of a few empty packages, and the sources of an application beside it.
fn app(sandbox: &Sandbox, files: &[(&str, &str)]) {
    venv::tiny(&sandbox.venv());
    for name in ["fastapi", "pydantic"] {
        venv::package(
            &sandbox.venv(),
            venv::SITE,
            name,
            &["core.py", "networks.py"],
        );
    }
    for (path, text) in files {
        write(sandbox, path, text);
    }
}

fn write(sandbox: &Sandbox, path: &str, text: &str) {
    let path = sandbox.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Distributions of a group, each with its first line of evidence.
fn told(answer: &Value, group: &str) -> Vec<String> {
    let all = answer[group].as_array().unwrap().iter();
    let one = |need: &Value| {
        let line = &need["evidence"][0];
        let file = Path::new(line["path"].as_str().unwrap())
            .file_name()
            .unwrap();
        let name = need["distribution"].as_str().unwrap();
        format!("{name} {}:{}", file.to_str().unwrap(), line["line"])
    };
    all.map(one).collect()
}

/// The outage in which one missing module after the other showed at the next crash: python-multipart, bs4, aiohttp and
/// pandas.
#[test]
fn what_showed_one_crash_at_a_time_is_told_in_one_pass_with_the_lines_that_want_it() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("web/__init__.py", ""),
            (
                "web/main.py",
                "from fastapi import FastAPI, Form\nfrom . import jobs\nimport web.scrape\n\
                 def post(name: str = Form()): ...\n",
            ),
            (
                "web/scrape.py",
                "from bs4 import BeautifulSoup\ndef get():\n    import aiohttp\n",
            ),
            ("web/jobs.py", "import pandas as pd\npd.read_excel('a')\n"),
        ],
    );
    for named in [&["web"][..], &["web/main.py"], &["web.main:app"]] {
        let answer = sandbox.json(1, &[&["deps", "venv"], named].concat());
        let expected = [
            "aiohttp scrape.py:3",
            "beautifulsoup4 scrape.py:1",
            "openpyxl jobs.py:2",
            "pandas jobs.py:1",
            "python-multipart main.py:4",
        ];
        assert_eq!(told(&answer, "needed"), expected, "{named:?}");
        assert_eq!(answer["needed"][0]["when"], "call");
        assert_eq!(
            answer["needed"][2]["instead"],
            serde_json::json!(["python-calamine", "xlrd"])
        );
        assert!(told(&answer, "optional").is_empty());
        let line = answer["install"].as_str().unwrap();
        assert!(
            line.ends_with("aiohttp beautifulsoup4 openpyxl pandas python-multipart"),
            "{line}"
        );
    }
    let before = crate::support::Tree::of(&sandbox.venv());
    let mut session = Session::new(&sandbox);
    session.run(1, &["deps", "venv", "web"]);
    insta::assert_snapshot!(session.told());
    assert_eq!(before, crate::support::Tree::of(&sandbox.venv()));
}

#[test]
fn what_is_there_is_no_need() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("web/__init__.py", ""),
            (
                "web/a.py",
                "import os.path, click, idna.core\nfrom . import b\nfrom web.b import c\nimport b2\n",
            ),
            (
                "web/b.py",
                "from fastapi import FastAPI\nfrom pydantic.networks import networks\nc = 1\n",
            ),
            (
                "b2.py",
                "import web\nfrom importlib.resources import files\nfiles('click')\n",
            ),
            ("web/test_a.py", "import pytest\n"),
            ("tests/conftest.py", "import nothing\n"),
        ],
    );
    let run = sandbox.code(0, &["deps", "venv", "."]);
    assert!(
        run.stdout
            .contains("nothing that it needs is missing; 4 files"),
        "{run}"
    );
}

#[test]
fn a_directory_that_is_no_package_does_not_hide_a_distribution_of_its_name() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("alembic/env.py", "from alembic import context\n"),
            (
                "plain/inner/mod.py",
                "import plain.inner.other\nfrom plain.inner import other\n",
            ),
            ("plain/inner/other.py", ""),
        ],
    );
    let answer = sandbox.json(1, &["deps", "venv", "."]);
    assert_eq!(told(&answer, "needed"), ["alembic env.py:1"]);
}

#[test]
fn modules_that_constant_texts_name_are_wanted_too() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[(
            "run.py",
            "import importlib, pkgutil, importlib.metadata as md\nfrom importlib import import_module as load, \
             resources\n\
             importlib.import_module('yaml')\nload('dateutil.parser')\n__import__('jwt')\n\
             INSTALLED_APPS = ['rest_framework', 'click', 'not a module']\nINSTALLED_APPS += ['corsheaders']\n\
             resources.files('certifi')\npkgutil.get_data('pytz', 'x')\nmd.version('boto3')\n\
             name = 'nobody'\nload(name)\n",
        )],
    );
    let answer = sandbox.json(1, &["deps", "venv", "run.py"]);
    let expected = [
        "boto3 run.py:10",
        "certifi run.py:8",
        "django-cors-headers run.py:7",
        "djangorestframework run.py:6",
        "pyjwt run.py:5",
        "python-dateutil run.py:4",
        "pytz run.py:9",
        "pyyaml run.py:3",
    ];
    assert_eq!(told(&answer, "needed"), expected);
}

#[test]
fn rules_hold_for_what_is_used_and_not_for_what_is_only_near() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    for name in ["pandas", "bs4", "starlette", "httpx"] {
        venv::package(
            &sandbox.venv(),
            venv::SITE,
            name,
            &["core.py", "testclient.py"],
        );
    }
    for (text, needs) in [
        (
            "from fastapi import Form as F\ndef a(x=F()): ...\n",
            &["python-multipart"][..],
        ),
        (
            "import fastapi\ndef a(x: fastapi.UploadFile): ...\n",
            &["python-multipart"],
        ),
        ("from fastapi import Form\n", &[]),
        ("from json import Form\nForm()\n", &[]),
        (
            "from fastapi import Request\nasync def a(r: Request):\n    await r.form()\n",
            &["python-multipart"],
        ),
        (
            "from fastapi import Request\nasync def a(r: Request):\n    r.json()\n",
            &[],
        ),
        (
            "from pydantic import BaseModel, EmailStr\nclass A(BaseModel):\n    a: EmailStr | None\n",
            &["email-validator"],
        ),
        (
            "import pandas\ndef a(df): df.to_parquet('x')\n",
            &["pyarrow"],
        ),
        ("def a(df): df.to_parquet('x')\n", &[]),
        (
            "from bs4 import BeautifulSoup as B\nB(x, 'lxml')\n",
            &["lxml"],
        ),
        (
            "from bs4 import BeautifulSoup as B\nB(x, features='html5lib')\n",
            &["html5lib"],
        ),
        (
            "from bs4 import BeautifulSoup as B\nB(x, 'html.parser')\n",
            &[],
        ),
        ("import httpx\nhttpx.AsyncClient(http2=True)\n", &["h2"]),
        ("import httpx\nhttpx.AsyncClient(http2=False)\n", &[]),
        ("from starlette.testclient import TestClient\n", &[]),
    ] {
        write(&sandbox, "one/run.py", text);
        let code = i32::from(!needs.is_empty());
        let answer = sandbox.json(code, &["deps", "venv", "one/run.py"]);
        let named: Vec<&str> = answer["needed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|need| need["distribution"].as_str().unwrap())
            .collect();
        assert_eq!(named, needs, "{text}");
    }
}

#[test]
fn people_add_rules_of_their_own_and_a_wrong_file_is_named() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[("run.py", "import house, click\nclick.pdf()\n")],
    );
    write(
        &sandbox,
        "more.toml",
        "modules.house = 'house-lib'\n[[rule]]\nuses = ['click.pdf']\nneeds = [['pdf-a', 'pdf-b']]\n\
         source = { package = 'click', version = '1.0', file = 'a.py', text = 'b' }\n",
    );
    let answer = sandbox.json(1, &["deps", "venv", "run.py", "--rules", "more.toml"]);
    assert_eq!(
        told(&answer, "needed"),
        ["house-lib run.py:1", "pdf-a run.py:2", "pdf-b run.py:2"]
    );
    write(&sandbox, "wrong.toml", "[[rule]]\nuses = ['x']\n");
    let run = sandbox.code(2, &["deps", "venv", "run.py", "--rules", "wrong.toml"]);
    assert!(run.stderr.contains("'wrong.toml' are wrong"), "{run}");
}

#[test]
fn five_hundred_files_take_no_more_than_a_second() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[]);
    for number in 0..500 {
        let mut text = String::from(
            "import os, sys, click\nfrom . import m0\ntry:\n    import yaml\nexcept ImportError:\n    yaml = None\n",
        );
        for function in 0..40 {
            text.push_str(&format!(
                "def f{function}(a, b=1):\n    if a:\n        return click.core(a, [b, 'x'], \
                c={{1: 2}})\n    return os.path.join(a, b)\n"
            ));
        }
        write(&sandbox, &format!("web/m{number}.py"), &text);
    }
    write(&sandbox, "web/__init__.py", "");
    let answer = sandbox.json(0, &["deps", "venv", "web"]);
    assert_eq!(answer["files"], 501);
    // Builds of tests are not optimised, and other tests run beside it.
    let most = if cfg!(debug_assertions) {
        60_000
    } else {
        1_000
    };
    assert!(
        answer["took_ms"].as_u64().unwrap() <= most,
        "{}",
        answer["took_ms"]
    );
}
