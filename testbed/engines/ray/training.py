"""Runs Ray Train in a process of Ray, because Ray Train imports TensorFlow."""

from __future__ import annotations

import os
from typing import Any

from testbed.engines.job_files import JobFiles
from testbed.engines.ray.request import RayRequest
from testbed.engines.ray.worker import ChildOrders, serve
from testbed.terminal import one_line

# A job waits for resources until it is cancelled. By default Ray starts again after a minute, and
# counts that like a worker that cannot start, whose retries have to stay limited.
_START_SECONDS = 30 * 24 * 3600
_SETTINGS = {"RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": str(_START_SECONDS)}


class Training:
    """The class of a Ray actor; killing the actor ends everything that it has started."""

    def fit(self, request: RayRequest) -> str:
        """Run the job to its end; return its failure, or an empty string."""
        os.environ.update(_SETTINGS)
        try:
            _trainer(request).fit()
        except Exception as problem:
            return failure_of(problem)
        return ""


def failure_of(problem: BaseException) -> str:
    """The failure of a run in one line, with the cause of each failed worker."""
    failures: dict[int, BaseException] = getattr(problem, "worker_failures", {})
    causes = [_cause(rank, failures[rank]) for rank in sorted(failures)]
    return "failed: " + ("; ".join(causes) or _first_line(problem))


def _cause(rank: int, failure: BaseException) -> str:
    # Ray wraps a worker's death in a failed health check.
    cause = _first_line(getattr(failure, "health_check_failure", failure))
    return cause if cause.startswith(f"worker {rank} ") else f"worker {rank}: {cause}"


def _first_line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return one_line(lines[0])


def _trainer(request: RayRequest) -> Any:
    from ray.train import FailureConfig, LoggingConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    return TensorflowTrainer(
        serve,
        train_loop_config=ChildOrders(
            request.arguments, request.folder, request.directory, dict(request.environment)
        ).to_config(),
        scaling_config=ScalingConfig(
            num_workers=request.workers,
            use_gpu=bool(request.gpus),
            resources_per_worker=request.resources,
            placement_strategy="SPREAD",
        ),
        run_config=RunConfig(
            name="run",
            storage_path=str(JobFiles(request.folder).engine / "ray"),
            # A restarted run would find the reports of its first attempt.
            failure_config=FailureConfig(
                max_failures=0, max_preemption_failures=0, controller_failure_limit=0
            ),
            logging_config=LoggingConfig(log_level="ERROR"),
        ),
    )
