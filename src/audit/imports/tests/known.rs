//! Packages of the world, in small: those that were called damaged while nothing was wrong with them, and those
//! that were not.

use super::lost_in;

const METADATA: &str = "Metadata-Version: 2.1\nName: a\nVersion: 1\n";

/// A distribution whose RECORD lists all that is there, as every wheel of today has it.
fn whole(files: &[(&str, &str)]) -> Vec<String> {
    let rows: Vec<String> = files.iter().map(|(name, _)| format!("{name},,")).collect();
    let record = rows.join("\n");
    let mut all = files.to_vec();
    all.push(("a-1.dist-info/RECORD", &record));
    all.push(("a-1.dist-info/METADATA", METADATA));
    lost_in(&all)
}

fn sound(files: &[(&str, &str)]) {
    assert_eq!(whole(files), Vec::<String>::new());
}

/// matplotlib: the backend of another platform has its extension only there, and is chosen by a text.
#[test]
fn a_backend_of_another_platform_is_no_damage() {
    sound(&[
        (
            "matplotlib/__init__.py",
            "import importlib\ndef use(name):\n    importlib.import_module(name)\n",
        ),
        (
            "matplotlib/backends/__init__.py",
            "from .registry import names\n",
        ),
        (
            "matplotlib/backends/registry.py",
            "names = {'macosx': 'matplotlib.backends.backend_macosx'}\n",
        ),
        (
            "matplotlib/backends/backend_macosx.py",
            "from . import _macosx\nfrom .registry import names\n",
        ),
    ]);
}

/// pyarrow: a part that was not built.
#[test]
fn a_part_that_was_not_built_is_no_damage() {
    sound(&[
        ("pyarrow/__init__.py", "from pyarrow.lib import x\n"),
        ("pyarrow/lib.cpython-311-x86_64-linux-gnu.so", ""),
        (
            "pyarrow/cuda.py",
            "# ruff: noqa\nfrom pyarrow._cuda import (Context, IpcMemHandle)\n",
        ),
        (
            "pyarrow/tests/test_cuda.py",
            "cuda = pytest.importorskip('pyarrow.cuda')\n",
        ),
    ]);
}

/// pyzmq: the backend of another implementation, and what a deprecated module wants.
#[test]
fn a_backend_of_another_implementation_is_no_damage() {
    sound(&[
        (
            "zmq/__init__.py",
            "from zmq import backend\nfrom zmq.backend import *\n",
        ),
        (
            "zmq/backend/__init__.py",
            concat!(
                "import os, platform\n",
                "from .select import public_api, select_backend\n",
                "if 'PYZMQ_BACKEND' in os.environ:\n",
                "    _ns = select_backend(os.environ['PYZMQ_BACKEND'])\n",
                "else:\n",
                "    try:\n",
                "        _ns = select_backend('zmq.backend.cython')\n",
                "    except ImportError:\n",
                "        _ns = select_backend('zmq.backend.cffi')\n",
                "globals().update(_ns)\n",
            ),
        ),
        (
            "zmq/backend/select.py",
            concat!(
                "from importlib import import_module\n",
                "public_api = []\n",
                "def select_backend(name):\n",
                "    return import_module(name)\n",
            ),
        ),
        ("zmq/backend/cython/__init__.py", "from ._zmq import x\n"),
        ("zmq/backend/cython/_zmq.abi3.so", ""),
        (
            "zmq/backend/cffi/__init__.py",
            "from . import _poll, context\n",
        ),
        (
            "zmq/backend/cffi/_poll.py",
            "from ._cffi import ffi, lib as C\n",
        ),
        ("zmq/backend/cffi/context.py", "from ._cffi import ffi\n"),
        ("zmq/eventloop/__init__.py", "__all__ = ['ioloop']\n"),
        (
            "zmq/eventloop/_deprecated.py",
            "from .minitornado.ioloop import PollIOLoop\n",
        ),
    ]);
}

/// kubernetes: tests beside the modules, which import what only the source tree has.
#[test]
fn tests_beside_modules_are_no_damage() {
    sound(&[
        ("kubernetes/__init__.py", "import kubernetes.dynamic\n"),
        ("kubernetes/dynamic/__init__.py", "from .client import *\n"),
        ("kubernetes/dynamic/client.py", "class K: pass\n"),
        (
            "kubernetes/dynamic/test_client.py",
            "import unittest\nfrom kubernetes.e2e_test import base\nfrom kubernetes.client import api\n",
        ),
    ]);
}

/// triton: an extension has modules inside it, and a directory of its name has their stubs.
#[test]
fn modules_inside_an_extension_are_no_damage() {
    sound(&[
        ("triton/__init__.py", "from . import compiler\n"),
        (
            "triton/compiler.py",
            concat!(
                "from triton._C.libtriton import ir\n",
                "import triton._C.libtriton.ir\n",
                "from ._C.libtriton.triton_ir import x\n",
            ),
        ),
        ("triton/_C/__init__.py", ""),
        ("triton/_C/libtriton.so", ""),
        ("triton/_C/libtriton/ir.pyi", ""),
        ("triton/_C/libtriton/linear_layout.pyi", ""),
    ]);
}

/// litellm and moto: parts that want what is not there, to which nothing leads.
#[test]
fn a_part_to_which_nothing_leads_is_no_damage() {
    sound(&[
        ("litellm/__init__.py", "from .main import completion\n"),
        (
            "litellm/main.py",
            "def completion():\n    from litellm.proxy.enterprise import hooks\n    return hooks\n",
        ),
        ("litellm/proxy/__init__.py", "from . import *\n"),
        (
            "litellm/proxy/hooks.py",
            "from litellm.proxy.enterprise.enterprise_hooks import x\nfrom litellm.integrations.gone import y\n",
        ),
    ]);
    sound(&[
        (
            "moto/__init__.py",
            "from moto.core.decorator import mock_aws as mock_aws\n",
        ),
        ("moto/core/__init__.py", ""),
        ("moto/core/decorator.py", "mock_aws = 1\n"),
        (
            "moto/template/__init__.py",
            "from .exceptions import x\nfrom .models import y\n",
        ),
    ]);
}

/// py: its modules are made at run time, by a table that is handed on with the name of the package.
#[test]
fn modules_of_a_table_are_no_damage() {
    sound(&[
        (
            "py/__init__.py",
            concat!(
                "from py._error import error\n",
                "import py._vendored_packages.apipkg as apipkg\n",
                "lib_not_mangled_by_packagers = True\n",
                "apipkg.initpkg(__name__, attr={'_apipkg': apipkg}, exportdefs={'builtin': {'_totext': \
                 '._builtin:_totext'}})\n",
            ),
        ),
        ("py/_error.py", "error = 1\n"),
        ("py/_vendored_packages/__init__.py", ""),
        (
            "py/_vendored_packages/apipkg.py",
            "import sys\ndef initpkg(pkgname, exportdefs, attr=None):\n    sys.modules[pkgname] = 1\n",
        ),
        ("py/_builtin.py", "_totext = str\n"),
        ("py/_io/__init__.py", "import py\n"),
        (
            "py/_io/terminalwriter.py",
            "import py\npy3k = 1\nfrom py.builtin import text, bytes\n",
        ),
    ]);
}

/// databricks-sqlalchemy: two distributions share a directory, of which one has the `__init__.py`.
#[test]
fn a_directory_of_two_distributions_is_no_damage() {
    let shared = [
        (
            "databricks/sqlalchemy/__init__.py",
            "from databricks.sqlalchemy.base import D\n",
        ),
        (
            "databricks/sqlalchemy/base.py",
            "from databricks import sql\nimport databricks.sql.types\nD = 1\n",
        ),
    ];
    sound(&shared);
    let with_init = [
        shared[0],
        shared[1],
        (
            "databricks/__init__.py",
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
        ),
    ];
    sound(&with_init);
}

/// uvicorn: the handler of a `try` whose body fails, since an optional package is not installed, needs what is gone.
#[test]
fn a_handler_that_is_reached_needs_its_module() {
    let found = whole(&[
        ("uvicorn/__init__.py", "from uvicorn.main import main\n"),
        (
            "uvicorn/main.py",
            "from uvicorn.supervisors import ChangeReload, Multiprocess\nmain = 1\n",
        ),
        (
            "uvicorn/supervisors/__init__.py",
            concat!(
                "from __future__ import annotations\n",
                "from typing import TYPE_CHECKING\n",
                "from uvicorn.supervisors.basereload import BaseReload\n",
                "if TYPE_CHECKING:\n",
                "    ChangeReload: type[BaseReload]\n",
                "else:\n",
                "    try:\n",
                "        from uvicorn.supervisors.watchfilesreload import WatchFilesReload as ChangeReload\n",
                "    except ImportError:\n",
                "        from uvicorn.supervisors.statreload import StatReload as ChangeReload\n",
                "Multiprocess = 1\n",
            ),
        ),
        (
            "uvicorn/supervisors/basereload.py",
            "class BaseReload: pass\n",
        ),
        (
            "uvicorn/supervisors/watchfilesreload.py",
            concat!(
                "from watchfiles import watch\n",
                "from uvicorn.supervisors.basereload import BaseReload\n",
                "class WatchFilesReload: pass\n",
            ),
        ),
    ]);
    assert_eq!(
        found,
        ["uvicorn/supervisors/__init__.py:10 uvicorn.supervisors.statreload"]
    );
}

/// grpcio: what is gone is imported in a guard first, and then as a name of the package.
#[test]
fn a_name_that_only_an_import_of_its_inside_mentions_is_not_given() {
    let found = whole(&[
        (
            "grpc/__init__.py",
            concat!(
                "import abc\n",
                "from grpc import _compression\n",
                "try:\n",
                "    from grpc._grpcio_metadata import __version__\n",
                "except ImportError:\n",
                "    __version__ = 'dev0'\n",
                "from grpc import _channel\n",
            ),
        ),
        ("grpc/_compression.py", "x = 1\n"),
        (
            "grpc/_channel.py",
            "import grpc\nfrom grpc import _common\nfrom grpc import _grpcio_metadata\n",
        ),
        ("grpc/_common.py", "y = 1\n"),
    ]);
    assert_eq!(found, ["grpc/_channel.py:3 grpc._grpcio_metadata"]);
}
