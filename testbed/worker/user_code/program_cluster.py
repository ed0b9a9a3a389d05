"""Reports as notes which cluster a program needs and joins; observes it creating strategies."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from testbed.launcher.server.channel import Channel
from testbed.orders.own_code import OwnCodeSetup
from testbed.verdict.program_notes import JOINING, MADE, NEEDS
from testbed.worker.runtime_start import calling_when_bound
from testbed.worker.strategy import STRATEGY_NAMES, configure_devices
from testbed.worker.user_code import tf_config

_MULTI_WORKER = "MultiWorkerMirroredStrategy"
_OF_SEVERAL = (_MULTI_WORKER, "ParameterServerStrategy")
_MIRRORING = (_MULTI_WORKER, "MirroredStrategy")

# Environment variables of a worker that belong to a cluster.
_OF_A_CLUSTER = (tf_config.NAME, "TF_GRPC_REUSE_PORT")


class ProgramCluster:
    """Reports the strategies and the cluster that a worker's program uses."""

    def __init__(
        self,
        setup: OwnCodeSetup,
        channel: Channel,
        config_changes: tf_config.ConfigChange = tf_config.unobserved,
    ) -> None:
        self._channel = channel
        self._config_changes = config_changes
        self._process = os.getpid()
        self._devices = setup.deployment.cluster.replicas_per_worker
        self._device = setup.place.device
        alone, first = setup.undecided_devices, setup.place.worker == 0
        self._undecided = bool(alone) and first
        self._checked = setup.checked
        # MultiWorkerMirroredStrategy uses one CPU, however many exist.
        configure_devices(alone if self._undecided else self._devices, self._device)
        self._lock = threading.Lock()
        self._given = tf_config.content()
        self._changed_at: dict[str, Any] = {"file": "", "line": 0}
        # A program may create any number of strategies; only the first of each class is reported.
        self._reported: set[str] = set()

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """Report strategies that the block creates, and its reads and changes of TF_CONFIG."""
        with contextlib.ExitStack() as hooked:
            hooked.enter_context(tf_config.observed(self._read, self._changed))
            hooked.enter_context(calling_when_bound(lambda: self._channel.phase("bound")))
            for kind, name in STRATEGY_NAMES.items():
                make = functools.partial(self._making, name=name)
                hooked.enter_context(_constructed(kind, make))
            hooked.enter_context(_constructed(tf.distribute.Server, self._serving))
            yield
        # Code that runs after the program has no influence on the decision.
        self._undecided = False

    def _making(self, construct: Callable[[], None], given: dict[str, Any], *, name: str) -> None:
        """Create a strategy by `construct`; `given` are its constructor's arguments."""
        if os.getpid() != self._process:
            # The channel belongs to the worker, not to processes that it forked.
            return construct()
        line = tf_config.author_line()
        several, joins = name in _OF_SEVERAL, name == _MULTI_WORKER
        if name in _MIRRORING or not self._checked:
            self._needs(several=several, sign=name, line=line)
        if name not in self._reported:
            self._reported.add(name)
            self._channel.note(MADE, name=name, several=several, **line)
            if joins:
                self._report_joining(given.get("cluster_resolver"))
        if not joins:
            return construct()
        self._channel.phase("joining")
        construct()
        self._channel.phase("joined")
        return None

    def _report_joining(self, resolver: Any) -> None:
        """Report the task as which this worker joins, if its program shows it."""
        with contextlib.suppress(Exception):
            used = tf_config.content_for(resolver)
            self._channel.note(JOINING, given=self._given, used=used, **self._changed_at)

    def _serving(self, construct: Callable[[], None], _given: dict[str, Any]) -> None:
        if not self._checked:
            self._needs(several=True, sign="tf.distribute.Server", line=tf_config.author_line())
        construct()

    def _read(self) -> None:
        if self._undecided and not self._checked:
            self._needs(several=True, sign=tf_config.NAME, line=tf_config.author_line())

    def _changed(self, value: str | None) -> None:
        self._changed_at = tf_config.author_line()
        self._config_changes(value)

    def _needs(self, *, several: bool, sign: str, line: dict[str, Any]) -> None:
        """Let the launching process decide, once, at the first sign of the cluster needed."""
        if os.getpid() != self._process:
            return
        with self._lock:
            if not self._undecided:
                return
            self._undecided = False
            together = self._channel.ask(NEEDS, several=several, sign=sign, **line) != "alone"
        if not together:
            for name in _OF_A_CLUSTER:
                os.environ.pop(name, None)
            self._changed_at = {"file": "", "line": 0}
            self._given = None
        else:
            # RuntimeError: the runtime has started, and its devices cannot change.
            with contextlib.suppress(RuntimeError):
                configure_devices(self._devices, self._device)


@contextlib.contextmanager
def _constructed(kind: type, make: Callable[..., None]) -> Iterator[None]:
    """Call `make` in place of a constructor, with the original constructor and its arguments."""
    original = kind.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        make(functools.partial(original, self, *args, **kwargs), _named(original, args, kwargs))

    kind.__init__ = construct  # type: ignore[misc]
    try:
        yield
    finally:
        kind.__init__ = original  # type: ignore[misc]


def _named(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a method by name; of an invalid call only the keyword arguments."""
    try:
        return dict(inspect.signature(function).bind(None, *args, **kwargs).arguments)
    except TypeError:
        return kwargs
