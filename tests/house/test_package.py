"""The package: what its metadata says agrees with the pages and the messages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from testbed.catalogue.releases import PYTHON, TENSORFLOW
from tests.house.markdown_pages import links, pages
from tests.house.sources import DOCS, ROOT, TESTBED, python_files, short

_INSTALLED = re.compile(r"pip install (?:-e )?'([\w.-]+)\[([\w,]+)\]'")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no tomllib")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)
    return found


def test_the_description_leads_nowhere_in_the_repository(project: dict[str, Any]) -> None:
    """Package indexes show the description alone, so it has no links into the repository."""
    page = ROOT / project["project"]["readme"]
    assert page == DOCS / "description.md"
    assert [link for link in links(page) if not link.startswith("https://")] == []
    assert page.read_text(encoding="utf-8").startswith(f"# {project['project']['name']}\n")


def test_extras_are_installed_by_their_names(project: dict[str, Any]) -> None:
    """Each `pip install` on a page or in a message names the package and extras that it has."""
    known = set(project["project"]["optional-dependencies"])
    asked = [
        (short(path), package, extra)
        for path in (*pages(), *python_files(TESTBED))
        for package, extras in _INSTALLED.findall(path.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    ]
    assert {extra for _, _, extra in asked} >= {"slurm", "ray", "plots"}
    names = (project["project"]["name"], ".")
    assert [each for each in asked if each[1] not in names or each[2] not in known] == []


def test_tensorflow_is_an_extra_of_the_tested_versions(project: dict[str, Any]) -> None:
    """The package depends on no TensorFlow; its extras ask for the range that is tested."""
    about = project["project"]
    assert [each for each in about["dependencies"] if re.match("tensorflow|tf|keras", each)] == []
    wanted = TENSORFLOW.requirement
    extras = about["optional-dependencies"]
    assert extras["tensorflow"] == [f"tensorflow{wanted}", f"tf_keras{wanted}"]
    assert extras["gpu"] == [f"tensorflow[and-cuda]{wanted}", f"tf_keras{wanted}"]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (tensorflow,) = re.findall(r"^tensorflow==(.*)$", pinned, re.MULTILINE)
    assert TENSORFLOW.has(tensorflow)


def test_the_versions_of_python_are_the_tested_ones(project: dict[str, Any]) -> None:
    """What pip accepts and what indexes show is what the testbed checks."""
    about = project["project"]
    assert about["requires-python"] == PYTHON.requirement
    shown = [each.rpartition(" ")[2] for each in about["classifiers"] if ":: 3." in each]
    assert shown == list(PYTHON.minors)


@pytest.mark.parametrize("page", ["README.md", "docs/guides/versions.md", "docs/guides/start.md"])
def test_pages_state_the_tested_versions(page: str) -> None:
    """Pages about the installation name the ranges that the code has."""
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert f"Python {PYTHON}" in text
    assert re.search(rf"TensorFlow[^.]* {re.escape(str(TENSORFLOW))}", text)


def test_the_source_distribution_includes_what_exists(project: dict[str, Any]) -> None:
    """Each entry of the source distribution is a file or folder of the project."""
    build = project["tool"]["hatch"]["build"]["targets"]
    included = build["sdist"]["include"]
    assert [name for name in included if not (ROOT / name.lstrip("/")).exists()] == []
    assert {"/testbed", "/scenarios", "/tests", "/docs"} <= set(included)
