"""The action of GitHub and the hook of pre-commit, run as those services run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distributed.conftest import ROOT
from tests.house.test_ci_files import ACTION, loaded

EXAMPLE = ROOT / "docs" / "examples" / "readme" / "train.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a wrong program, which is train.py."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(EXAMPLE, folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables with which `testbed` and git are found, and keep to this folder."""
    commands = tmp_path / "bin"
    commands.mkdir()
    testbed = commands / "testbed"
    testbed.write_text(f'#!/bin/sh\nexec {sys.executable} -m testbed "$@"\n', encoding="utf-8")
    testbed.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **kept,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(paths),
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def test_the_action_reports_the_wrong_line(project: Path, environment: dict[str, str]) -> None:
    """Its last steps add the problem matcher, check the program, and fail with the findings."""
    steps = loaded(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    script = "\n".join(step["run"] for step in steps[1:])
    given = {
        "GITHUB_ACTION_PATH": str(ACTION.parent),
        "PROGRAM": "train.py --epochs *",
        "OPTIONS": "--select TB101",
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=project, env={**environment, **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::add-matcher::/")
    assert "\ntrain.py:4: error TB101 counted_per_replica: " in done.stdout


def test_the_hook_reports_the_wrong_line(project: Path, environment: dict[str, str]) -> None:
    """Pre-commit runs the hook of the repository, which fails with the findings."""
    pytest.importorskip("pre_commit", reason="pre-commit needs Python 3.11")

    def run(*command: str, cwd: Path = project) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )

    hooks = project.parent / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for folder in (hooks, project):
        run("git", "init", "--quiet", cwd=folder)
        run("git", "add", "--all", cwd=folder)
        run("git", *author, "commit", "--quiet", "--message", "Begin", cwd=folder)
    version = run("git", "rev-parse", "HEAD", cwd=hooks).stdout.strip()
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {version}\n  hooks:\n"
        "  - {id: testbed-check, args: [--select, TB101, train.py]}\n",
        encoding="utf-8",
    )
    run("git", "add", "--all")
    done = run(sys.executable, "-m", "pre_commit", "run", "--all-files")
    assert done.returncode == 1, done.stderr
    assert "- exit code: 1" in done.stdout
    assert "\ntrain.py:4: error TB101 counted_per_replica: " in done.stdout
