//! From where distributions come that a project declares, which extras it asks for, and which of its lists are read.

use super::{app, told, write};
use crate::support::{Sandbox, venv};

/// A declaration of `acme-lib`, by file; and how it is asked for, or in which words it is told that it cannot be.
const PRIVATE: &[(&str, &str, Result<&str, &str>)] = &[
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = {path = '../acme', develop = true}\n",
        Ok("acme-lib @ file://"),
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = {git = 'git@host.invalid:acme/lib.git', tag = 'v1'}\n",
        Ok("acme-lib @ git+ssh://git@host.invalid/acme/lib.git@v1"),
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = {url = 'https://user:secret@host.invalid/acme_lib-1.whl', extras = \
         ['x']}\n",
        Ok("acme-lib[x] @ https://host.invalid/acme_lib-1.whl"),
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nacme-lib = {version = '^1', source = 'house'}\n",
        Err("the index 'house'"),
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'mine'\ndependencies = ['acme-lib>=1']\n[tool.uv.sources]\nacme-lib = {index = 'house'}\n",
        Err("the index 'house'"),
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'mine'\ndependencies = ['acme-lib>=1']\n[tool.uv.sources]\nAcme_Lib = {workspace = true}\n",
        Err("the workspace of the project"),
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'mine'\ndependencies = ['acme-lib']\n[tool.uv.sources]\nacme-lib = [{path = 'w', marker = \
         \"sys_platform == 'win32'\"}, {git = 'https://host.invalid/lib', rev = 'abc', subdirectory = 'py'}]\n",
        Ok("acme-lib @ git+https://host.invalid/lib@abc#subdirectory=py"),
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'mine'\ndependencies = ['acme-lib @ file:///srv/acme']\n",
        Ok("acme-lib @ file:///srv/acme"),
    ),
    (
        "pyproject.toml",
        "[project]\nname = 'mine'\ndependencies = ['acme-lib @ file:///${PROJECT_ROOT}/../acme']\n",
        Ok("acme-lib @ file://"),
    ),
    ("requirements.txt", "-e ../acme\n", Ok("acme-lib @ file://")),
    (
        "requirements.txt",
        "--editable=git+https://user:secret@host.invalid/lib@1#egg=acme-lib\n",
        Ok("acme-lib @ git+https://host.invalid/lib@1"),
    ),
    (
        "requirements.txt",
        "../acme[x]\n",
        Ok("acme-lib[x] @ file://"),
    ),
    (
        "requirements.txt",
        "https://host.invalid/acme_lib-1.0-py3-none-any.whl\n",
        Ok("acme-lib @ https://host.invalid/acme_lib-1.0-py3-none-any.whl"),
    ),
    (
        "setup.cfg",
        "[options]\ninstall_requires =\n  acme-lib @ git+https://host.invalid/lib\n",
        Ok("acme-lib @ git+https://host.invalid/lib"),
    ),
    (
        "Pipfile",
        "[packages]\nacme-lib = {path = '../acme', editable = true}\n",
        Ok("acme-lib @ file://"),
    ),
    (
        "Pipfile",
        "[packages]\nacme-lib = {version = '*', index = 'house'}\n",
        Err("the index 'house'"),
    ),
    (
        "environment.yml",
        "dependencies:\n  - python=3.11\n  - pip:\n    - -e ../acme\n",
        Ok("acme-lib @ file://"),
    ),
];

/// Whoever asks the index that everybody asks for the name of a private package gets what a stranger put there.
#[test]
fn what_comes_from_elsewhere_is_never_asked_for_by_its_name_alone() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[("mine/run.py", "import acme_lib\n")]);
    write(
        &sandbox,
        "acme/pyproject.toml",
        "[project]\nname = 'acme_lib'\n",
    );
    for (file, text, expected) in PRIVATE {
        write(&sandbox, &format!("mine/{file}"), text);
        let answer = sandbox.json(1, &["deps", "venv", "mine"]);
        let named = answer["needed"].as_array().unwrap().iter();
        let need = named.clone().find(|one| one["distribution"] == "acme-lib");
        let need = need.unwrap_or_else(|| panic!("{text}: {answer}"));
        let install = answer["install"].as_str().unwrap_or_default();
        let words: Vec<&str> = install.split(' ').collect();
        assert!(
            words.iter().enumerate().all(|(at, word)| {
                !word.contains("acme-lib") || words.get(at + 1) == Some(&"@")
            }),
            "{text}: {install}"
        );
        assert!(!answer.to_string().contains("secret"), "{answer}");
        match expected {
            Ok(begin) => {
                let requirement = need["requirement"].as_str().unwrap();
                assert!(requirement.starts_with(begin), "{text}: {requirement}");
                assert!(install.contains(begin), "{text}: {install}");
            }
            Err(place) => assert_eq!(need["elsewhere"], *place, "{text}: {answer}"),
        }
        let run = sandbox.code(1, &["deps", "venv", "mine"]);
        let place = expected.err().unwrap_or_default();
        assert!(run.stdout.contains(place), "{run}");
        std::fs::remove_file(sandbox.path(&format!("mine/{file}"))).unwrap();
    }
}

/// What asks for the extra `fast` of `click`, which is installed.
const ASKS: &[(&str, &str)] = &[
    ("requirements.txt", "click[fast]>=1\n"),
    (
        "pyproject.toml",
        "[project]\nname='mine'\ndependencies=['click[fast]']\n",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.dependencies]\nclick = {version='*', extras=['fast']}\n",
    ),
    (
        "setup.cfg",
        "[options]\ninstall_requires =\n  click[fast]\n",
    ),
    ("setup.py", "setup(install_requires=['click[fast]'])\n"),
    ("Pipfile", "[packages]\nclick = {extras = ['fast']}\n"),
];

#[test]
fn what_an_extra_asks_for_that_the_project_asks_for_is_needed() {
    let sandbox = Sandbox::new();
    app(&sandbox, &[("mine/run.py", "import click\n")]);
    let info = |name: &str, lines: &str| {
        let path = format!("{}/{name}-1.0.dist-info/METADATA", venv::SITE);
        let text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}");
        venv::write(&sandbox.venv(), &path, text.as_bytes());
    };
    info(
        "click",
        "Provides-Extra: fast\nRequires-Dist: uvloop>=0.1; extra == 'fast'\nRequires-Dist: fastapi[more]; extra == \
         'fast'\nRequires-Dist: never; extra == 'slow'\n",
    );
    info(
        "fastapi",
        "Provides-Extra: more\nRequires-Dist: orjson; extra == 'more'\nRequires-Dist: odd; extra == 'more' and \
         sys_platform == 'win32'\n",
    );
    for (file, text) in ASKS {
        write(&sandbox, &format!("mine/{file}"), text);
        let answer = sandbox.json(1, &["deps", "venv", "mine"]);
        let needed = answer["needed"].as_array().unwrap();
        let asked: Vec<&str> = needed
            .iter()
            .map(|one| one["requirement"].as_str().unwrap())
            .collect();
        assert_eq!(asked, ["orjson", "uvloop>=0.1"], "{text}: {answer}");
        let lines = needed[1]["evidence"].as_array().unwrap().iter();
        let lines: Vec<String> = lines
            .map(|one| {
                one["path"]
                    .as_str()
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert!(lines.contains(&"METADATA".to_owned()), "{text}: {answer}");
        assert!(lines.contains(&(*file).to_owned()), "{text}: {answer}");
        std::fs::remove_file(sandbox.path(&format!("mine/{file}"))).unwrap();
    }
    // Who asks for none of it needs none.
    write(&sandbox, "mine/requirements.txt", "click\n");
    sandbox.json(0, &["deps", "venv", "mine"]);
}

/// Lists in which `redis` is declared, and whether something of them is told not to be read.
const LISTS: &[(&str, &str, bool)] = &[
    ("requirements.in", "redis>=4\n", false),
    ("requirements/base.in", "redis>=4\n", false),
    (
        "Pipfile",
        "[packages]\nredis = '*'\n[dev-packages]\npytest = '*'\n",
        false,
    ),
    (
        "setup.py",
        "from setuptools import setup\nsetup(name='mine', install_requires=['redis>=4'])\n",
        false,
    ),
    (
        "setup.py",
        "import setuptools\nNEEDS = ['redis>=4']\nif __name__ == '__main__':\n    \
         setuptools.setup(install_requires=NEEDS, **more)\n",
        true,
    ),
    (
        "environment.yml",
        "name: mine\ndependencies:\n- python=3.11\n- numpy\n- pip\n- pip:\n  - redis>=4\n  - nobody; sys_platform == \
         'win32'\n",
        true,
    ),
    (
        "environment.yaml",
        "dependencies:\n  - pip:\n      - 'redis>=4'  # why\n  - python\n",
        false,
    ),
];

#[test]
fn every_list_of_a_project_is_read_or_told_not_to_be() {
    for (file, text, has_more) in LISTS {
        let sandbox = Sandbox::new();
        app(&sandbox, &[("mine/run.py", "import click\n")]);
        write(&sandbox, &format!("mine/{file}"), text);
        let answer = sandbox.json(1, &["deps", "venv", "mine"]);
        let needed = told(&answer, "needed");
        assert_eq!(needed.len(), 1, "{file}: {answer}");
        assert!(needed[0].starts_with("redis "), "{file}: {answer}");
        let unread = answer["undeclared"].as_array().unwrap();
        assert_eq!(unread.len(), usize::from(*has_more), "{file}: {answer}");
    }
    for text in [
        "from setuptools import setup\nsetup(install_requires=open('a').read().split())\n",
        "setup(**settings)\n",
        "setup(install_requires=['click'] + more)\n",
    ] {
        let sandbox = Sandbox::new();
        app(
            &sandbox,
            &[("mine/run.py", "import click\n"), ("mine/setup.py", text)],
        );
        let run = sandbox.code(0, &["deps", "venv", "mine"]);
        assert!(run.stdout.contains("setup.py' was not read whole"), "{run}");
    }
}

#[test]
fn a_list_that_another_one_includes_is_read_and_one_that_was_compiled_counts_alone() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[
            ("mine/run.py", "import click\n"),
            (
                "mine/requirements.txt",
                "-r lists/more.txt\n-r requirements.txt\nredis==4.0\n",
            ),
            ("mine/requirements.in", "redis\n"),
            (
                "mine/lists/more.txt",
                "--requirement=../last.txt # why\nattrs\n",
            ),
            ("mine/last.txt", "boto3\n"),
        ],
    );
    let answer = sandbox.json(1, &["deps", "venv", "mine"]);
    let asked = answer["needed"].as_array().unwrap().iter();
    let asked: Vec<&str> = asked
        .map(|one| one["requirement"].as_str().unwrap())
        .collect();
    assert_eq!(asked, ["attrs", "boto3", "redis==4.0"], "{answer}");
}

#[test]
fn what_is_declared_for_another_system_is_not_needed_in_a_function_here() {
    let sandbox = Sandbox::new();
    app(
        &sandbox,
        &[("mine/run.py", "def a():\n    import colorama\n")],
    );
    for (file, text) in [
        ("requirements.txt", "colorama; sys_platform == 'win32'\n"),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\ncolorama = {version='*', markers=\"sys_platform == 'win32'\"}\n",
        ),
        (
            "Pipfile",
            "[packages]\ncolorama = {version='*', sys_platform=\"== 'win32'\"}\n",
        ),
    ] {
        write(&sandbox, &format!("mine/{file}"), text);
        let answer = sandbox.json(0, &["deps", "venv", "mine"]);
        assert_eq!(told(&answer, "optional"), ["colorama run.py:2"], "{file}");
        std::fs::remove_file(sandbox.path(&format!("mine/{file}"))).unwrap();
    }
}
