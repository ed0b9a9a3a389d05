"""The environment that every worker of a cluster gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.run.entry import nccl_environment

LOG = Path("/runs/worker-1.nccl.log")


@pytest.mark.parametrize(
    ("inherited", "file"),
    [
        ({}, None),
        ({"NCCL_DEBUG": "INFO"}, str(LOG)),
        ({"NCCL_DEBUG": "INFO", "NCCL_DEBUG_FILE": "/tmp/mine"}, None),
    ],
)
def test_messages_of_nccl_go_to_a_file(inherited: dict[str, str], file: str | None) -> None:
    """They would fill the terminal, and the user may name another file."""
    assert nccl_environment(LOG, inherited).get("NCCL_DEBUG_FILE") == file
