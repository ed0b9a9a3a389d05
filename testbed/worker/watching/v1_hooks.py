"""Hooks into the part of TensorFlow 1 that finds variables by name."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.declared_hook import DeclaredHook
from testbed.worker.watching.events import Events
from testbed.worker.watching.library_names import GET_VARIABLE, VARIABLE_SCOPE
from testbed.worker.watching.replacing import Method, after, counted, replaced


@contextlib.contextmanager
def _variable_names(events: Events) -> Iterator[None]:
    """Emits `variable_scope_entered` and `variable_by_name`."""
    v1 = tf.compat.v1

    def make(original: Method) -> Method:
        def enter(self: Any) -> Any:
            outer = v1.get_variable_scope()
            inner = original(self)
            with counted(events.log, v1.variable_scope, "__enter__"):
                # TensorFlow opens one with `reuse` for each further replica.
                own = "/tensorflow/python/" not in sys._getframe(1).f_code.co_filename
                opened = self._name_or_scope
                sources = (outer, opened) if isinstance(opened, v1.VariableScope) else (outer,)
                events.variable_scope_entered(inner, sources, self._reuse if own else None)
            return inner

        return enter

    def given(variable: Any, scope: Any, var_store: Any, name: str, *_: Any, **__: Any) -> None:
        if tf.executing_eagerly() and isinstance(variable, tf.Variable):
            full = f"{scope.name}/{name}" if scope.name else name
            events.variable_by_name(scope, (var_store, full), variable)

    with (
        replaced(*VARIABLE_SCOPE.owner(), make),
        after(events, *GET_VARIABLE.owner(), given),
    ):
        yield


V1_HOOKS = (
    DeclaredHook("variables of get_variable", _variable_names, (VARIABLE_SCOPE, GET_VARIABLE)),
)
