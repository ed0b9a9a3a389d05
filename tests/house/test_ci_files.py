"""What CI services read: workflows of pages, the action, and the hook of pre-commit."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.parser import parse
from tests.house.markdown_pages import blocks
from tests.house.sources import DOCS, ROOT

PAGE = DOCS / "guides" / "ci.md"
ACTION = ROOT / ".github" / "actions" / "check" / "action.yml"
BLOCKS = [block for block in blocks(PAGE) if block.language == "yaml"]
WORKFLOWS = [pytest.param(each.text, id=each.place) for each in BLOCKS if "jobs:" in each.text]
(HOOKS,) = (block.text for block in BLOCKS if "repos:" in block.text)


def loaded(text: str) -> Any:
    """The value of a YAML text."""
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with pre-commit")
    return yaml.safe_load(text)


def validate(schema: str, file: Path) -> None:
    """Validate a file by a schema of GitHub that check-jsonschema has."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema needs Python 3.11")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", WORKFLOWS)
def test_workflows_are_valid(text: str, tmp_path: Path) -> None:
    """GitHub's schema of workflows accepts each workflow of the page."""
    file = tmp_path / "testbed.yml"
    file.write_text(text, encoding="utf-8")
    validate("github-workflows", file)


@pytest.mark.parametrize("text", WORKFLOWS)
def test_workflows_run_known_commands(text: str) -> None:
    """Each `testbed` command of a workflow is one that the parser accepts."""
    (job,) = loaded(text)["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    commands = [command for command in commands if command.startswith("testbed ")]
    actions = [step for step in job["steps"] if "/check@" in step.get("uses", "")]
    for action in actions:
        assert set(action["with"]) <= set(loaded(ACTION.read_text(encoding="utf-8"))["inputs"])
        commands.append(f"testbed check {action['with']['options']} {action['with']['program']}")
    assert commands
    for command in commands:
        parse(shlex.split(command)[1:])


def test_the_action_is_valid() -> None:
    """GitHub's schema of actions accepts it, and the files that it names are there."""
    validate("github-actions", ACTION)
    steps = loaded(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    assert '"$GITHUB_ACTION_PATH/../../.."' in steps[0]["run"]
    assert (ACTION.parent / "../../../pyproject.toml").is_file()
    matcher = steps[1]["run"].rpartition("::")[2].rstrip('"').partition("/")[2]
    assert json.loads((ACTION.parent / matcher).read_text(encoding="utf-8"))["problemMatcher"]


def test_the_hook_is_valid(tmp_path: Path) -> None:
    """Pre-commit accepts the hook, and the configuration that the page shows for it."""
    pytest.importorskip("pre_commit", reason="pre-commit needs Python 3.11")
    config = tmp_path / ".pre-commit-config.yaml"
    config.write_text(HOOKS, encoding="utf-8")
    for command, file in (
        ("validate-manifest", ROOT / ".pre-commit-hooks.yaml"),
        ("validate-config", config),
    ):
        subprocess.run([sys.executable, "-m", "pre_commit", command, file], check=True)
    (repository,) = loaded(HOOKS)["repos"]
    (hook,) = repository["hooks"]
    (offered,) = loaded((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == offered["id"]
    parse(["check", *hook["args"]])
