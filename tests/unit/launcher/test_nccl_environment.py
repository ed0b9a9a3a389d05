"""The environment of NCCL that the workers of a cluster get."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from testbed.launcher.nccl.environment import nccl_environment, ras_address

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
    assert nccl_environment(LOG, "", inherited).get("NCCL_DEBUG_FILE") == file


def test_workers_of_a_run_get_a_port_for_ras_that_nothing_else_takes() -> None:
    """Two runs have different ports, and other programs cannot bind them."""
    with ras_address({}, used=True) as one, ras_address({}, used=True) as other:
        assert one != other
        host, _, port = one.partition(":")
        with socket.socket() as foreign, pytest.raises(OSError, match="in use"):
            foreign.bind((host, int(port)))
        assert nccl_environment(LOG, one, {}) == {"NCCL_RAS_ADDR": one}


@pytest.mark.parametrize(
    ("inherited", "used", "address"),
    [
        ({}, False, ""),
        ({"NCCL_RAS_ENABLE": "0"}, True, ""),
        ({"NCCL_RAS_ADDR": "localhost:9999"}, True, "localhost:9999"),
    ],
)
def test_the_user_decides_about_ras(inherited: dict[str, str], used: bool, address: str) -> None:
    """An address of the user is kept, and RAS stays off where it is off."""
    with ras_address(inherited, used=used) as found:
        assert found == address
