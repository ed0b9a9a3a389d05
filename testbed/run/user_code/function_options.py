"""Checks the arguments of `testbed.launch`, and turns them into options and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from testbed.cluster.cluster import Cluster
from testbed.cluster.devices import KINDS
from testbed.cluster.isolation_levels import LEVELS
from testbed.cluster.strategies import Deployment
from testbed.errors import UsageError
from testbed.launcher.cluster.deadlines import Deadlines
from testbed.run.options import Options
from testbed.run.user_code.place import JOINING
from testbed.verdict.values import NoValueError, encode


def options_of(
    timeout: float | None, start_timeout: float, device: str, isolation: str, *, fresh: bool
) -> Options:
    """The options of a launch.

    Raises:
        UsageError: one of the arguments is not valid.
    """
    limit = math.inf if timeout is None else timeout
    for name, seconds in (("timeout", limit), ("start_timeout", start_timeout)):
        if not seconds > 0:
            raise UsageError(f"{name}={seconds}: more than 0")
    for name, given, valid in (("device", device, KINDS), ("isolation", isolation, LEVELS)):
        if given not in valid:
            raise UsageError(f"{name}={given!r}: choose from {', '.join(valid)}")
    return Options(
        device=device,
        fresh=fresh,
        deadlines=Deadlines(start_timeout, limit, JOINING),
        isolation=isolation,
    )


def deployment_of(workers: int, replicas: int) -> Deployment:
    """The deployment of a launch.

    Raises:
        UsageError: one of the numbers is below 1.
    """
    for name, number in (("workers", workers), ("replicas", replicas)):
        if number < 1:
            raise UsageError(f"{name}={number}: at least 1")
    return Deployment("multi_worker_mirrored", Cluster(workers, replicas))


def encoded_arguments(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Encode the arguments of a function as JSON types.

    Raises:
        UsageError: one of them cannot be passed to another process.
    """
    if not isinstance(args, (list, tuple)):
        raise UsageError(f"args is a {type(args).__name__}: a list or tuple, as in args=(1,)")
    try:
        return {"args": encode(list(args), "args"), "kwargs": encode(dict(kwargs), "kwargs")}
    except NoValueError as problem:
        raise UsageError(f"cannot pass the arguments: {problem}") from None
