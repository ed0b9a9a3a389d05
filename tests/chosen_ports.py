"""Ports for tests that write them into a TF_CONFIG, as people and engines do."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
from collections.abc import Iterator
from pathlib import Path

# portpicker picks below it, and the launcher of other tests holds hundreds of its ports.
_FIRST = 25_000


@contextlib.contextmanager
def chosen_ports(count: int) -> Iterator[list[int]]:
    """Free ports, which no other test chooses while the block lasts.

    They lie below the range from which the kernel assigns ports on request.
    """
    assigned = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = random.sample(range(_FIRST, max(assigned, _FIRST + 5_000)), 50 * count)
    with contextlib.ExitStack() as claims:
        free = (port for port in candidates if _claim(port, claims))
        yield list(itertools.islice(free, count))


def _claim(port: int, claims: contextlib.ExitStack) -> bool:
    """Claim a port that is free, by a name that only one process of this machine can bind."""
    with contextlib.ExitStack() as stack:
        claim = stack.enter_context(socket.socket(socket.AF_UNIX))
        try:
            claim.bind(f"\0port-of-a-test-{port}")
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            return False
        claims.push(stack.pop_all())
    return True
