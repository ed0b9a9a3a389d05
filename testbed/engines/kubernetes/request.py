"""The request for a job of Kubernetes, checked and built from the options of a command."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.errors import UsageError

_NAME = "testbed"
_LONGEST = 63
"""The longest label of a host name, in characters."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True)
class KubernetesRequest:
    """A job, with everything that its manifest contains."""

    name: str
    """The name of the job and of its service; each worker's host name begins with it."""
    words: tuple[str, ...]
    """The words after `testbed`."""
    folder: str
    """The run folder, at this path in every worker."""
    image: str
    claim: str
    """The PersistentVolumeClaim that holds the folder."""
    workers: int
    gpus: int = 0
    """For each worker, like `cpus`."""
    cpus: int | None = None
    namespace: str | None = None
    seconds: int | None = None
    """The time limit, after which Kubernetes ends the job; None for no limit."""
    tfjob: bool = False
    """Whether Kubeflow's operator runs the job."""

    @property
    def mount(self) -> str:
        """The path at which every worker mounts the claim: the parent of the run folder."""
        return str(PurePosixPath(self.folder).parent)


def request_of(options: EngineOptions, inner: InnerCommand) -> KubernetesRequest:
    """The request that the options describe.

    Raises:
        UsageError: an option is missing, or Kubernetes would reject its value.
    """
    asked = options.kubernetes
    if not asked.container:
        raise UsageError(
            "--container is missing: the image of the workers, which has Python with this testbed"
            " and TensorFlow, and the command testbed on its PATH"
        )
    if not asked.claim:
        raise UsageError(
            "--claim is missing: the PersistentVolumeClaim that all workers mount at once"
            " (ReadWriteMany); the run's folder is in it"
        )
    _require("--claim", asked.claim, all(map(_LABEL.fullmatch, asked.claim.split("."))))
    if asked.namespace:
        _require("--namespace", asked.namespace, _LABEL.fullmatch(asked.namespace))
    _require_mountable(inner.folder)
    return KubernetesRequest(
        name=job_name(inner.folder, inner.workers, tfjob=asked.tfjob),
        words=inner.words,
        folder=inner.folder,
        image=asked.container,
        claim=asked.claim,
        workers=inner.workers,
        gpus=inner.gpus_per_worker,
        cpus=options.cpus_per_worker,
        namespace=asked.namespace or None,
        seconds=math.ceil(options.time * 60) if options.time else None,
        tfjob=asked.tfjob,
    )


def job_name(folder: str, workers: int, *, tfjob: bool = False) -> str:
    """The name of a job: the last part of its folder, changed to fit into a host name."""
    longest_end = f"-worker-{workers - 1}" if tfjob else f"-{workers - 1}"
    name = re.sub(r"[^a-z0-9]+", "-", PurePosixPath(folder).name.lower()).strip("-")
    if not name[:1].isalpha():
        # A service's name begins with a letter.
        name = f"{_NAME}-{name}"
    return name[: _LONGEST - len(longest_end)].strip("-")


def _require(option: str, value: str, fits: object) -> None:
    if not fits:
        raise UsageError(
            f"{option} {value}: not a Kubernetes name, which has small letters, digits and dashes"
        )


def _require_mountable(folder: str) -> None:
    path = PurePosixPath(folder)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 3 or ":" in folder:
        raise UsageError(
            f"--folder {folder}: must be absolute, have no colon, and be in another folder, at"
            " which all workers mount the claim, like /shared/run"
        )
