"""A run of Ray Train, in a process of Ray's: Ray Train imports TensorFlow, as nothing here does."""

from __future__ import annotations

import os
from typing import Any

from testbed.engines.job_files import JobFiles
from testbed.engines.ray.request import RayRequest
from testbed.engines.ray.worker import serve
from testbed.terminal import one_line

# A job that waits for room waits until it is cancelled. Ray begins again after a minute otherwise,
# which it counts as it counts workers that cannot start, and those must not be tried for ever.
_START_SECONDS = 30 * 24 * 3600
_SETTINGS = {"RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": str(_START_SECONDS)}


class Training:
    """What Ray makes an actor of; when it is killed, all that it has started goes with it."""

    def fit(self, request: RayRequest) -> str:
        """Run it to its end: how it failed, or nothing."""
        os.environ.update(_SETTINGS)
        try:
            _trainer(request).fit()
        except Exception as problem:
            return failure_of(problem)
        return ""


def failure_of(problem: BaseException) -> str:
    """What became of a run, in one line."""
    failures: dict[int, BaseException] = getattr(problem, "worker_failures", {})
    causes = [_cause(rank, failures[rank]) for rank in sorted(failures)]
    return "failed: " + ("; ".join(causes) or _first_line(problem))


def _cause(rank: int, failure: BaseException) -> str:
    # That a worker's process died is wrapped in that it did not answer.
    told = _first_line(getattr(failure, "health_check_failure", failure))
    return told if told.startswith(f"worker {rank} ") else f"worker {rank}: {told}"


def _first_line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return one_line(lines[0])


def _trainer(request: RayRequest) -> Any:
    from ray.train import FailureConfig, LoggingConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    return TensorflowTrainer(
        serve,
        train_loop_config={
            "arguments": list(request.arguments),
            "folder": request.folder,
            "directory": request.directory,
            "environment": dict(request.environment),
        },
        scaling_config=ScalingConfig(
            num_workers=request.workers,
            use_gpu=bool(request.gpus),
            resources_per_worker=request.resources,
            placement_strategy="SPREAD",
        ),
        run_config=RunConfig(
            name="run",
            storage_path=str(JobFiles(request.folder).engine / "ray"),
            # A run that is begun again would find its own reports.
            failure_config=FailureConfig(
                max_failures=0, max_preemption_failures=0, controller_failure_limit=0
            ),
            logging_config=LoggingConfig(log_level="ERROR"),
        ),
    )
