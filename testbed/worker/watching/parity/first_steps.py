"""Records what the first steps of a program change, consume and return."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.operations import TABLE
from testbed.check.observations.seen import SourceLine, VariableCreated
from testbed.check.parity.first_steps import (
    METRIC,
    OTHER,
    RATE,
    SLOT,
    TRAINED,
    FirstStep,
    FirstSteps,
    Update,
)
from testbed.worker.watching.data.batches import components, element_digests, leaves_of, shares_of
from testbed.worker.watching.data.draws import DRAWING
from testbed.worker.watching.data.inputs import NEXT
from testbed.worker.watching.events import Events
from testbed.worker.watching.parity.losses import Losses
from testbed.worker.watching.parity.sketches import elements_of, rounding_of, sketch
from testbed.worker.watching.stack import author_place
from testbed.worker.watching.together.current_step import CurrentStep
from testbed.worker.watching.variables.made import Variables

# Steps that train until no more are recorded, and the most steps in all.
_TRAINING_STEPS = 3
_STEPS = 16
# The most elements of variables that are read at each step.
_READ = 2**25
# The most numbers of all sketches; as JSON they have some 7 MB, and reports a limit.
_SKETCHED = 2**19
_TOO_LARGE = "its variables are too large to be compared"

_OPTIMIZERS = ("keras/src/optimizers", "tf_keras/src/optimizers")
_NORMALIZERS = ("keras/src/layers/normalization", "tf_keras/src/layers/normalization")
# The relative rounding of floats of 16 bits.
_EPSILONS = {tf.float16: 2.0**-11, tf.bfloat16: 2.0**-8}

Values = dict[int, Any]
"""The elements of each variable, by its number."""


@dataclass
class _OpenStep:
    """A step that goes on, until the next one begins."""

    place: SourceLine | None = None
    libraries: bool = False
    """Whether a library called it, as `fit` does: its results are of one replica."""
    waits: bool = True
    """Whether its arguments are still to come."""
    elements: int = 0
    digest: int = 0
    shares: tuple[int, ...] = ()
    results: list[float] = field(default_factory=list)
    reduced: list[float] = field(default_factory=list)
    reduced_at: list[SourceLine | None] = field(default_factory=list)


def _nothing() -> None:
    """Let the program go on."""


class FirstStepsRecorder:
    """Records the first steps of a program.

    Args:
        events: of the program.
        now: its current step.
        variables: its variables.
        enough: called when the first steps are over.
    """

    def __init__(
        self,
        events: Events,
        now: CurrentStep,
        variables: Variables,
        enough: Callable[[], object] = _nothing,
    ) -> None:
        self._now = now
        self._variables = variables
        self._enough = enough
        self._over = False
        self._omitted = ""
        self._steps: list[FirstStep] = []
        self._open: _OpenStep | None = None
        self._before: Values = {}
        # Values of variables that were created during a step, by their numbers.
        self._created: Values = {}
        # The numbers of variables whose copies differed after a step.
        self._apart: set[int | None] = set()
        self._losses = Losses()
        # The lines of `strategy.reduce` that are a part of a tf.function.
        self._traced_reductions: dict[SourceLine, None] = {}
        self._batches: list[int] = []
        self._optimizers: list[Any] = []
        self._draws = self._takes = False
        self._sketched = 0
        # The relative rounding of the shortest floats in which replicas compute, below float32.
        self._epsilon = 0.0
        # The threads that create a variable; what they draw is its initial value.
        self._creating: set[int] = set()
        self._subscribe(events)

    def recorded(self) -> FirstSteps:
        """The first steps; the last one ends now."""
        if not self._over and self._now.is_between_steps:
            self._close()
        return FirstSteps(
            tuple(self._steps),
            self._losses.seen(),
            self._losses.limits(),
            tuple(self._batches),
            self._draws,
            self._takes,
            self._has_own_statistics(),
            self._epsilon > 0,
            self._omitted,
        )

    def _subscribe(self, events: Events) -> None:
        events.step_begins.subscribe("first steps", self._step_begins)
        events.variable_requested.subscribe(
            "first steps", lambda *_: self._creating.add(threading.get_ident())
        )
        events.variable_created.subscribe("first steps", self._variable_created)
        events.run_arguments.subscribe("first steps", lambda _, __, given: self._arguments(given))
        events.function_called.subscribe(
            "first steps", lambda _, args, kwargs: self._arguments((args, kwargs))
        )
        events.function_returned.subscribe("first steps", self._returned)
        events.reduced.subscribe("first steps", self._reduces)
        events.reduction.subscribe("first steps", self._reduction)
        events.gradient.subscribe("losses", self._gradient)
        events.operation.subscribe("losses", self._operation)
        events.gradients_clipped.subscribe("first steps", self._optimizer_applies)
        events.fit_called.subscribe("first steps", self._fit_called)

    def _step_begins(self) -> None:
        if self._over:
            return
        self._close()
        trained = sum(each.trains for each in self._steps)
        if trained >= _TRAINING_STEPS or len(self._steps) >= _STEPS or self._omitted:
            self._over = True
            self._before, self._created = {}, {}
            self._enough()
            return
        here = author_place()
        self._open = _OpenStep(here.place, bool(here.libraries))
        self._losses.step_begins()

    def _close(self) -> None:
        """End the open step, and read all variables."""
        values = dict(self._read())
        if (step := self._open) is not None:
            before = {**self._created, **self._before}
            self._steps.append(
                FirstStep(
                    step.place,
                    tuple(self._updates(before, values)),
                    step.elements,
                    step.digest,
                    (*step.results, *step.reduced),
                    tuple(step.reduced_at),
                    tuple(self._rates()),
                    step.shares,
                )
            )
        self._open, self._before, self._created = None, values, {}

    def _read(self) -> Iterator[tuple[int, Any]]:
        left = _READ
        for birth in self._variables.births:
            variable = self._variables.values.get(birth.number) if birth.number >= 0 else None
            if variable is None or birth.type == TABLE:
                continue
            if (elements := self._value(variable)) is None:
                continue
            left -= elements.size
            if left < 0:
                self._omitted = _TOO_LARGE
                return
            yield birth.number, elements

    def _value(self, variable: Any) -> Any:
        """The elements of a variable; None if it has no value that can be read now."""
        self._variables.values.reading = True
        try:
            with tf.init_scope():
                copies = components(variable)
                on_read = variable.synchronization == tf.VariableSynchronization.ON_READ
                if variable.aggregation.name == "ONLY_FIRST_REPLICA":
                    return elements_of(copies[0].numpy())
                all_copies = [elements_of(each.numpy()) for each in copies]
        except Exception:
            # A variable of a graph, or one that was never initialised.
            return None
        finally:
            self._variables.values.reading = False
        if any(each is None for each in all_copies):
            return None
        if not on_read:
            if any(not numpy.array_equal(all_copies[0], each) for each in all_copies[1:]):
                self._apart.add(self._variables.number_of(copies[0].handle))
            return all_copies[0]
        total = sum(all_copies)
        return total / len(all_copies) if variable.aggregation.name == "MEAN" else total

    def _updates(self, before: Values, after: Values) -> Iterator[Update]:
        for number, now in after.items():
            birth = self._variables.births[number]
            # Copies that differ are trained apart, and not as one variable.
            role = OTHER if number in self._apart else self._role(birth)
            then = before.get(number)
            if then is None and role == SLOT:
                then = numpy.zeros_like(now)
            if then is not None and then.size == now.size:
                length = float(numpy.linalg.norm(now - then))
                rounding = rounding_of(then, now) + self._epsilon * length
                update = Update(number, role, sketch(then), sketch(now - then), rounding, length)
                self._sketched += len(update.before) + len(update.delta)
                if self._sketched > _SKETCHED:
                    self._omitted = _TOO_LARGE
                    return
                yield update

    def _role(self, birth: VariableCreated) -> str:
        if birth.synchronization == "ON_READ":
            return METRIC
        if birth.is_of(*_OPTIMIZERS):
            return RATE if "learning_rate" in birth.name else SLOT
        if birth.is_kept_by(*_NORMALIZERS) and "moving" in birth.name:
            return OTHER
        variable = self._variables.values.get(birth.number)
        trained = getattr(variable, "trainable", False) and birth.dtype.startswith(("float", "bf"))
        return TRAINED if trained else OTHER

    def _rates(self) -> Iterator[float]:
        """The learning rates of optimizers with a schedule; others keep theirs in a variable."""
        for optimizer in self._optimizers:
            schedule = getattr(optimizer, "_learning_rate", None)
            if callable(schedule) and not isinstance(schedule, tf.Variable):
                self._variables.values.reading = True
                try:
                    taken = int(components(optimizer._iterations.value)[0].numpy())
                    yield float(schedule(max(0, taken - 1)))
                except Exception:
                    continue
                finally:
                    self._variables.values.reading = False

    def _variable_created(self, variable: Any) -> None:
        self._creating.discard(threading.get_ident())
        number = self._variables.number_of(components(variable)[0].handle)
        if self._over or self._open is None or number is None:
            return
        if (elements := self._value(variable)) is not None:
            self._created[number] = elements

    def _arguments(self, given: Any) -> None:
        """The first arguments after the beginning of a step are those of the step itself."""
        step = self._open
        if step is None or not step.waits:
            return
        step.waits = False
        leaves = [each for each in leaves_of(given) if _has_rows(each)]
        digests = list(element_digests(leaves)) if leaves else []
        step.elements = len(digests)
        step.digest = sum(int(each, 16) for each in digests) % 2**64
        step.shares = shares_of(leaves)

    def _returned(self, result: Any) -> None:
        step = self._open
        if step is None or not self._now.is_between_steps or step.libraries:
            return
        numbers, lines = _numbers(result), list(self._traced_reductions)
        if len(numbers) == len(lines):
            step.reduced += numbers
            step.reduced_at += lines
        elif len(numbers) < len(lines):
            # More may be those of a single replica: a worker with one returns them plainly.
            step.results += numbers

    def _reduces(self, op: str, _: Any) -> None:
        if self._over or op == "GATHER" or not tf.inside_function():
            return
        here = author_place()
        if here.place is not None and not here.libraries:
            self._traced_reductions.setdefault(here.place)

    def _reduction(self, result: Any) -> None:
        step = self._open
        if step is None or not self._now.is_between_steps or tf.inside_function():
            return
        here = author_place()
        for number in _numbers(result) if not here.libraries else ():
            step.reduced.append(number)
            step.reduced_at.append(here.place)

    def _gradient(self, sources: Any, _: Any, target: Any) -> None:
        if not self._over:
            numbers = (self._number_of(each) for each in tf.nest.flatten(sources))
            known = tuple(each for each in numbers if each is not None)
            self._losses.differentiated(target, known, self._now.replica())

    def _number_of(self, source: Any) -> int | None:
        """The number of a variable of TensorFlow or Keras; None if it is unknown."""
        variable = source if isinstance(source, tf.Variable) else getattr(source, "value", None)
        handles = (getattr(each, "handle", None) for each in components(variable))
        return next((self._variables.number_of(each) for each in handles), None)

    def _operation(self, kind: str, inputs: Any, outputs: Any) -> None:
        # Operations are many: most come after the first steps.
        if self._over or self._variables.values.reading:
            return
        if (replica := self._now.replica()) is None:
            return
        self._draws |= kind in DRAWING and threading.get_ident() not in self._creating
        self._takes |= kind in NEXT
        if outputs and (epsilon := _EPSILONS.get(outputs[0].dtype)):
            self._epsilon = max(self._epsilon, epsilon)
        self._losses.computed(kind, inputs, outputs, replica)

    def _optimizer_applies(self, optimizer: Any, _: Any) -> None:
        if not self._over and all(optimizer is not each for each in self._optimizers):
            self._optimizers.append(optimizer)

    def _fit_called(self, batch_size: int) -> None:
        if not self._over and batch_size not in self._batches:
            self._batches.append(batch_size)

    def _has_own_statistics(self) -> bool:
        """Whether a layer normalises by the statistics of each replica's batch."""
        return any(
            birth.is_kept_by(*_NORMALIZERS) and "moving_variance" in birth.name
            for birth in self._variables.births
        )


def _has_rows(leaf: Any) -> bool:
    """Whether a leaf is a batch of elements whose values are known."""
    parts = components(leaf)
    symbolic = any(tf.is_tensor(each) and tf.is_symbolic_tensor(each) for each in parts)
    return not symbolic and all(len(each.shape) > 0 for each in parts)


def _numbers(result: Any) -> list[float]:
    """The floating-point numbers of a result, outside of graphs."""
    found = []
    for leaf in tf.nest.flatten(result):
        scalar = isinstance(leaf, tf.Tensor) and leaf.shape.rank == 0 and leaf.dtype.is_floating
        if scalar and not tf.is_symbolic_tensor(leaf):
            found.append(float(leaf))
    return found
