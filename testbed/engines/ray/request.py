"""The request for a job of Ray, checked and built from the options of a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.errors import UsageError
from testbed.terminal import TERMINAL_WIDTH

ADDRESS = "RAY_ADDRESS"

_OTHERS = ("PYTHONPATH", TERMINAL_WIDTH)
_FOR_TENSORFLOW = ("TF_", "XLA_", "NCCL_", "KERAS_")
_PLACE = "TF_CONFIG"


@dataclass(frozen=True)
class RayRequest:
    """A job for Ray."""

    arguments: tuple[str, ...]
    """The module that each worker runs, and its arguments: see `testbed.bootstrap`."""
    folder: str
    directory: str
    """The working folder of each worker."""
    workers: int
    gpus: int = 0
    """For each worker, like `cpus`."""
    cpus: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that each worker gets from the launching process."""

    @property
    def resources(self) -> dict[str, int]:
        """The resources of each worker, by Ray's names."""
        return {"CPU": self.cpus, **({"GPU": self.gpus} if self.gpus else {})}


def request_of(
    options: EngineOptions, inner: InnerCommand, environment: Mapping[str, str]
) -> RayRequest:
    """The request that the options describe.

    Raises:
        UsageError: RAY_ADDRESS names a Ray client, which cannot run jobs of this engine.
    """
    address = environment.get(ADDRESS, "")
    if "://" in address:
        raise UsageError(
            f"{ADDRESS}={address}: --engine ray runs on a machine of the cluster;"
            " run this command there"
        )
    return RayRequest(
        arguments=("testbed", *inner.words),
        folder=inner.folder,
        directory=str(Path.cwd()),
        workers=inner.workers,
        gpus=inner.gpus_per_worker,
        cpus=options.cpus_per_worker or 1,
        environment=passed_on(environment),
    )


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables of the launching process's environment for the workers; Ray passes on none.

    TF_CONFIG is left out, because Ray sets it for each worker.
    """
    return {
        name: value
        for name, value in environment.items()
        if (name.startswith(_FOR_TENSORFLOW) and name != _PLACE) or name in _OTHERS
    }
