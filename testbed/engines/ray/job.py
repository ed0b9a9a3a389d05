"""A job of Ray: its start, its state and its end."""

from __future__ import annotations

from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from testbed.engines.job import JobState
from testbed.engines.job_files import JobFiles
from testbed.engines.ray.request import RayRequest
from testbed.engines.ray.training import Training, failure_of
from testbed.errors import LaunchError
from testbed.terminal import one_line


class RayJob:
    """A run of Ray Train, which starts when this object is created."""

    def __init__(self, request: RayRequest) -> None:
        here = ray.get_runtime_context()
        self.name = f"Ray job {here.get_job_id()}"
        self._request = request
        self._cancelled = False
        actor: Any = ray.remote(Training)
        # On this machine, which has access to the run folder.
        place = NodeAffinitySchedulingStrategy(here.get_node_id(), soft=False)
        self._training = actor.options(num_cpus=0, scheduling_strategy=place).remote()
        self._end = self._training.fit.remote(request)

    def state(self) -> JobState:
        """The state from Ray, with the hosts of running workers or the missing resources.

        Raises:
            LaunchError: Ray does not answer.
        """
        try:
            return self._state()
        except (RayError, ConnectionError) as problem:
            raise LaunchError(f"Ray does not answer: {one_line(str(problem))}") from problem

    def cancel(self) -> None:
        """Kill the actor of the job, unless the job is over."""
        if not self._is_over():
            self._cancelled = True
            # Ray kills the workers that the actor has started; the kernel kills their children.
            ray.kill(self._training)

    def _is_over(self) -> bool:
        ended, _ = ray.wait([self._end], timeout=0)
        return bool(ended)

    def _state(self) -> JobState:
        over = self._is_over()
        if self._cancelled:
            return JobState(over, "cancelled")
        if over:
            return JobState(over, self._failure() or "ended")
        hosts = self._hosts()
        if not hosts:
            return JobState(over, self._waiting())
        if len(hosts) < self._request.workers:
            return JobState(over, f"{len(hosts)} of {self._request.workers} workers run")
        return JobState(over, f"running on {', '.join(dict.fromkeys(hosts))}")

    def _hosts(self) -> list[str]:
        """The hosts of the running workers, in the order of the workers."""
        files = JobFiles(self._request.folder)
        paths = [files.host(rank) for rank in range(self._request.workers)]
        return [path.read_text(encoding="utf-8") for path in paths if path.exists()]

    def _failure(self) -> str:
        try:
            failure: str = ray.get(self._end)
        except RayError as problem:
            return failure_of(problem)
        return failure

    def _waiting(self) -> str:
        resources = self._request.resources
        wanted = ", ".join(f"{name} {count}" for name, count in resources.items())
        there = ray.cluster_resources()
        has = ", ".join(f"{name} {there.get(name, 0):g}" for name in resources)
        return f"waiting for {self._request.workers} times {wanted}; the cluster has {has}"
