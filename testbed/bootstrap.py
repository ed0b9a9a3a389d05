"""Runs a module of this package in a new interpreter, unaffected by the working folder.

    python .../testbed/bootstrap.py MODULE [ARGUMENT ...]

`python -m` puts the working folder first on `sys.path`: a `json.py` there would replace the
standard library's, and a package `testbed` would replace this one. `-P` prevents that, but only
from Python 3.11 on, and programs would see the flag. With a script, Python puts the script's
folder first; this script removes it before it imports anything, and loads the package from its
own folder. So `sys.path` is what the environment asks for, without a folder of the testbed. An
interpreter that does not have the testbed installed can run it, too.
"""

import sys

MODULES_AT_START = frozenset(sys.modules)
"""The modules that plain Python has imported when it starts a program."""

_HERE, _, _ = __file__.rpartition("/")
_PACKAGE = "testbed"

BOOTSTRAP = f"{_HERE}/bootstrap.py"


def safe_path() -> bool:
    """Whether PYTHONSAFEPATH keeps Python from putting a program's folder on `sys.path`."""
    return bool(getattr(sys.flags, "safe_path", False))


def python_arguments(module: str, *arguments: str) -> list[str]:
    """The arguments with which an interpreter runs a module of this package."""
    return [BOOTSTRAP, module, *arguments]


def python_command(module: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command that runs a module of this package in a new interpreter.

    Args:
        module: the module's name; `testbed` for the command line.
        arguments: the module's arguments.
        python: the interpreter, which need not have the testbed installed.
    """
    return [python, *python_arguments(module, *arguments)]


def _main() -> None:
    if not safe_path():
        del sys.path[0]
    # These imports must come after the line above.
    import importlib.util
    import runpy

    spec = importlib.util.spec_from_file_location(
        _PACKAGE, f"{_HERE}/__init__.py", submodule_search_locations=[_HERE]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    # Imports of this module get this instance, which saw how the interpreter started.
    sys.modules[f"{_PACKAGE}.bootstrap"] = sys.modules["__main__"]
    spec.loader.exec_module(package)
    del sys.argv[0]
    # submitit writes these between its Python, which may be this file, and its module.
    while sys.argv[0] in ("-u", "-m"):
        del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
