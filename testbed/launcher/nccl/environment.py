"""The variables of the environment by which NCCL in the workers logs, and answers questions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from testbed.launcher.isolation.ports import held_ports
from testbed.launcher.server.source import LOOPBACK

_ADDRESS = "NCCL_RAS_ADDR"


def nccl_environment(log: Path, ras: str, inherited: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that keep NCCL's messages out of a worker's output, and open its RAS.

    NCCL_DEBUG makes NCCL print some hundred lines for each worker.

    Args:
        log: the file for them.
        ras: the address of RAS; empty without one.
        inherited: this process's environment, in which the user may name another file.
    """
    asked = "NCCL_DEBUG" in inherited and "NCCL_DEBUG_FILE" not in inherited
    return {
        **({"NCCL_DEBUG_FILE": str(log)} if asked else {}),
        **({_ADDRESS: ras} if ras else {}),
    }


@contextlib.contextmanager
def ras_address(inherited: Mapping[str, str], *, used: bool) -> Iterator[str]:
    """An address for NCCL's RAS, which no other process can take in the block.

    One address serves all workers of a host: NCCL listens with SO_REUSEPORT, and a RAS that is
    asked asks those of all processes of the job. Without an address of their own, the workers of
    several runs would listen on one port.

    Args:
        inherited: this process's environment, in which the user may set an address or turn RAS off.
        used: whether the workers use NCCL at all.

    Yields:
        `host:port`; empty where RAS is off or not used, or no port is free.
    """
    if not used or inherited.get("NCCL_RAS_ENABLE") == "0":
        yield ""
    elif given := inherited.get(_ADDRESS):
        yield given
    else:
        with contextlib.ExitStack() as holding:
            ports: list[int] = []
            with contextlib.suppress(OSError):
                ports = holding.enter_context(held_ports(1))
            yield f"{LOOPBACK}:{ports[0]}" if ports else ""
