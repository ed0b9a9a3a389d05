"""Observes that the program sets TF_CONFIG after MultiWorkerMirroredStrategy has read it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from testbed.check.observations.seen import ConfigWrite, SourceLine
from testbed.worker.watching.stack import author_place

# A program that starts other programs may set TF_CONFIG for them. A process that multiprocessing
# starts has no event: the import of the module that starts it has one.
_STARTING = ("subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system")
_MULTIPROCESSING = "multiprocessing.popen_"


@dataclass(frozen=True)
class _Made:
    """The last MultiWorkerMirroredStrategy that was created."""

    place: SourceLine | None
    cluster: Any
    """Its cluster, as the content of a TF_CONFIG."""


class ClusterConfig:
    """Observes changes of TF_CONFIG; each has no effect on a strategy that exists."""

    def __init__(self) -> None:
        self._made: _Made | None = None
        self._writes: list[ConfigWrite] = []
        self._audited = False
        self._process = os.getpid()

    def strategy_created(self, strategy: Any) -> None:
        """A strategy was created, which has read TF_CONFIG."""
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            self._made = _Made(author_place().place, _cluster_of(strategy))
            self._writes = []

    def changed(self, value: str | None, steps: int) -> None:
        """TF_CONFIG is about to change.

        Args:
            value: its new value; None if it is removed.
            steps: how many steps have begun.
        """
        if self._made is None or not isinstance(value, str):
            return
        self._writes.append(
            ConfigWrite(author_place().place, value, steps, self._made.cluster, self._made.place)
        )
        if not self._audited:
            # There is no way to remove an audit hook, so only programs that need it get one.
            self._audited = True
            sys.addaudithook(self._hook())

    def writes(self) -> Iterator[ConfigWrite]:
        """The writes after the creation of the last strategy."""
        yield from self._writes

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        # At the interpreter's end, the hook runs when this module has no names any more.
        starting, multiprocessing = _STARTING, _MULTIPROCESSING

        def event(name: str, arguments: tuple[Any, ...]) -> None:
            imports = name == "import" and str(arguments[0]).startswith(multiprocessing)
            if imports or name in starting:
                self._others_start()

        return event

    def _others_start(self) -> None:
        if os.getpid() == self._process:
            self._writes = [replace(each, for_others=True) for each in self._writes]


def _cluster_of(strategy: Any) -> Any:
    """The cluster and the task of a strategy, as the content of a TF_CONFIG; None if unknown."""
    resolver = strategy.cluster_resolver
    kinds = tf.distribute.cluster_resolver
    # Any other resolver may ask a network service.
    if type(resolver) not in (kinds.TFConfigClusterResolver, kinds.SimpleClusterResolver):
        return None
    with contextlib.suppress(Exception):
        task = {"type": resolver.task_type, "index": resolver.task_id}
        return {"cluster": resolver.cluster_spec().as_dict(), "task": task}
    return None
