"""Hooks into the part of TensorFlow 1 that finds variables by name.

As in `hooks`, each private use says on which version it was seen to work.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from testbed.worker.watching.events import Events
from testbed.worker.watching.replacing import Method, after, counted, replaced


@contextlib.contextmanager
def variable_names(events: Events) -> Iterator[None]:
    """Emits `variable_scope_entered` and `variable_by_name`.

    Private: in eager mode no public attribute keeps the `reuse` that the program asks for. Seen on
    TensorFlow 2.21.
    """
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
        replaced(v1.variable_scope, "__enter__", make),
        after(events, v1.VariableScope, "get_variable", given),
    ):
        yield
