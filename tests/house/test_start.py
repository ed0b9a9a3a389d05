"""The launching process answers at once, because it never imports TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.unit.builders import merged, run_record

LOADED = "; import json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"


def loaded_after(code: str) -> set[str]:
    """The modules that a new interpreter holds after some code."""
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stderr))


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        ("import testbed; testbed.launch", "testbed.run.user_code.function"),
        (
            "import testbed.cli.main, testbed.cli.commands.run, testbed.cli.commands.list,"
            " testbed.cli.commands.doctor, testbed.report.output.console",
            "testbed.run.runner",
        ),
        (
            "import testbed.cli.main; assert testbed.cli.main.main(['list']) == 0",
            "testbed.cli.commands.list",
        ),
        ("import testbed", "testbed.catalogue.bed"),
    ],
    ids=["launch", "commands", "list", "package"],
)
def test_the_launching_side_imports_no_tensorflow(code: str, proof: str) -> None:
    """Neither TensorFlow nor what it brings along is loaded where workers are launched."""
    loaded = loaded_after(code)
    assert proof in loaded
    assert loaded & {"tensorflow", "numpy", "keras", "tf_keras"} == set()


def test_report_loads_nothing_of_launching(tmp_path: Path) -> None:
    """`report` answers without TensorFlow, without asyncio, and without what launches workers."""
    record = tmp_path / "run.json"
    record.write_text(json.dumps(run_record(merged()).to_json()))
    page = tmp_path / "page.html"
    for more in ("", f", '--html', '{page}'", ", '--markdown'"):
        arguments = f"['report', '{record}'{more}]"
        loaded = loaded_after(
            f"import testbed.cli.main; assert testbed.cli.main.main({arguments}) == 0"
        )
        assert "testbed.report.formats.text" in loaded
        assert (
            loaded & {"tensorflow", "numpy", "asyncio", "portpicker", "testbed.run.runner"} == set()
        )


def test_the_package_loads_nothing_of_launching() -> None:
    """A script that only imports the testbed pays for nothing that launches workers."""
    loaded = loaded_after("import testbed; assert 'launch' in testbed.__all__")
    assert "testbed.catalogue.bed" in loaded
    assert (
        loaded & {"rich", "asyncio", "testbed.run.user_code.function", "testbed.launcher"} == set()
    )


def test_list_loads_only_what_it_shows() -> None:
    """`list` answers without rich, without asyncio, and without anything of launching."""
    loaded = loaded_after("import testbed.cli.main; assert testbed.cli.main.main(['list']) == 0")
    assert (
        loaded & {"rich", "asyncio", "portpicker", "testbed.run.runner", "testbed.launcher"}
        == set()
    )
