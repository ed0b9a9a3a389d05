"""The engine `ray`: Ray Train places the workers, and each starts one process of the job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.ray.request import ADDRESS, request_of
from testbed.errors import LaunchError, UsageError
from testbed.terminal import one_line

_USAGE_STATISTICS = "RAY_USAGE_STATS_ENABLED"


def main(options: EngineOptions, inner: InnerCommand) -> int:
    """Run the job on the Ray cluster of this machine, follow it, and return its status.

    Raises:
        UsageError: Ray is not installed, or RAY_ADDRESS names a Ray client.
        LaunchError: no Ray cluster is running here.
    """
    from testbed.engines.follow import follow

    request = request_of(options, inner, os.environ)
    require_ray()
    from testbed.engines.ray.job import RayJob

    with connected():
        return follow(lambda: RayJob(request), inner)


def require_ray() -> None:
    """Check that Ray Train can be imported, and disable its usage statistics.

    Raises:
        UsageError: it cannot be imported.
    """
    os.environ.setdefault(_USAGE_STATISTICS, "0")
    try:
        import ray.train  # noqa: F401
    except ImportError as problem:
        raise UsageError(
            f"--engine ray needs Ray ({one_line(str(problem))}):"
            " python -m pip install 'tf-scope-testbed[ray]'"
        ) from problem


@contextlib.contextmanager
def connected() -> Iterator[None]:
    """Connect to this machine's Ray cluster for the block.

    Raises:
        LaunchError: no cluster is running here.
    """
    import ray

    try:
        ray.init(address="auto", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError, OSError) as problem:
        where = f" at {os.environ[ADDRESS]}" if os.environ.get(ADDRESS) else ""
        raise LaunchError(
            f"no Ray cluster is running here{where} ({one_line(str(problem).split(chr(10))[0])});"
            " start one: ray start --head, and on each other machine ray start --address=HEAD:6379"
        ) from problem
    try:
        yield
    finally:
        ray.shutdown()
