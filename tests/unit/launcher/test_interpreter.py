"""The interpreter of the workers: what it has, and what is refused."""

from __future__ import annotations

import importlib
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.errors import UsageError
from testbed.launcher.interpreter.installed import Installed, installed
from testbed.launcher.interpreter.interpreter import (
    found_in,
    interpreter_path,
    notice_on,
    require_tensorflow,
)

Answers = Callable[..., str]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that comes first among the imports."""
    for name in ("tensorflow", "tf_keras"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def python(tmp_path: Path) -> Answers:
    """Makes an interpreter that prints a line and ends with a status."""

    def made(line: str, status: int = 0) -> str:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\necho '{line}'\nexit {status}\n")
        path.chmod(0o755)
        return str(path)

    found_in.cache_clear()
    return made


def has(tensorflow: str | None, python: str = "3.12.1") -> str:
    """The answer of an interpreter."""
    return json.dumps({"python": python, "tensorflow": tensorflow, "tf_keras": None})


def install(packages: Path, distribution: str, package: str) -> None:
    """Install an empty package as pip does."""
    (packages / package).mkdir(exist_ok=True)
    (packages / package / "__init__.py").touch()
    metadata = packages / f"{distribution}.dist-info"
    metadata.mkdir()
    (metadata / "top_level.txt").write_text(f"{package}\n")
    importlib.invalidate_caches()


@pytest.mark.parametrize(
    "distribution",
    [
        "tensorflow-2.15.1",
        "tensorflow_cpu-2.18.1",
        "tensorflow_cpu_aws-2.15.1",
        "tf_nightly-2.22.0.dev20261101",
        "intel_tensorflow-2.15.0",
    ],
)
def test_tensorflow_is_found_in_each_distribution(packages: Path, distribution: str) -> None:
    """The version is that of the distribution which has the package, whatever its name."""
    install(packages, "tensorflow_estimator-2.14.0", "tensorflow_estimator")
    install(packages, distribution, "tensorflow")
    assert installed().tensorflow == distribution.partition("-")[2]
    assert installed().python == platform.python_version()


def test_a_build_without_metadata_has_no_version(packages: Path) -> None:
    """A TensorFlow that pip did not install is there, and its version is unknown."""
    (packages / "tensorflow").mkdir()
    (packages / "tensorflow" / "__init__.py").touch()
    importlib.invalidate_caches()
    assert installed().tensorflow == ""


def test_a_folder_is_no_package(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that happens to be called tensorflow is no TensorFlow."""
    monkeypatch.setattr(sys, "path", [str(packages)])
    (packages / "tensorflow").mkdir()
    importlib.invalidate_caches()
    assert installed().tensorflow is None


def test_another_interpreter_is_asked(python: Answers) -> None:
    """Its answer is the last line: what its start prints does not count."""
    path = python(f"welcome\n{has('2.18.1')}")
    assert found_in(path) == Installed("3.12.1", "2.18.1", None)
    assert notice_on(path) == ""


@pytest.mark.parametrize("version", ["2.14.1", "2.22.0.dev20261101"])
def test_untested_versions_are_told_once(
    version: str, python: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, however many clusters a process launches."""
    path = python(has(version))
    for _ in range(2):
        require_tensorflow(path)
    shown = capsys.readouterr().err
    assert shown.startswith(f"testbed: TensorFlow {version} (tested: 2.")
    assert shown.count("\n") == 1


@pytest.mark.parametrize("version", ["2.15.0", "2.21.0", ""])
def test_nothing_is_told_of_others(
    version: str, python: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tested versions and unknown ones have no line."""
    require_tensorflow(python(has(version)))
    assert capsys.readouterr().err == ""


def test_without_tensorflow_the_cure_is_told(python: Answers) -> None:
    """The message has the command that installs it where it is missing."""
    path = python(has(None))
    with pytest.raises(UsageError) as refusal:
        require_tensorflow(path)
    assert str(refusal.value).startswith(f"no TensorFlow in --python {path}; ")
    assert f"{path} -m pip install 'tensorflow>=2.15," in str(refusal.value)


def test_an_old_python_is_refused(python: Answers) -> None:
    """The code of the workers needs a newer one."""
    path = python(has("2.15.1", python="3.9.18"))
    with pytest.raises(UsageError, match=r"is Python 3\.9\.18: workers need Python 3\.10 to "):
        require_tensorflow(path)


@pytest.mark.parametrize(("line", "status"), [("hello", 0), ("", 0), ('{"python": 3}', 0), ("", 1)])
def test_what_is_no_python_is_refused(python: Answers, line: str, status: int) -> None:
    """A program that does not answer as Python does is no interpreter."""
    path = python(line, status)
    with pytest.raises(UsageError, match=f"^--python {path} is no interpreter of Python "):
        require_tensorflow(path)


def test_a_missing_interpreter_is_refused() -> None:
    """A path that leads nowhere, or a name that is not on PATH."""
    with pytest.raises(UsageError, match=r"^--python /no/python: no such interpreter$"):
        interpreter_path("/no/python")
    assert interpreter_path(None) == sys.executable
    assert Path(interpreter_path("sh")).is_absolute()
