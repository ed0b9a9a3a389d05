"""Splits the inputs of a step into batches, computes digests, and holds the facts of a step."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy
import tensorflow as tf

from testbed.check.observations.seen import Given, SourceLine

T = TypeVar("T")

# The most elements of a batch that its digest covers.
_ELEMENTS = 2**16
# The most entries of one element that its digest covers, nearly.
_ENTRIES = 64
# A smaller tensor may be a number or a seed, which replicas share on purpose.
_SMALLEST_BATCH = 3
# The most operations of a graph that are searched for the inputs of a tensor.
_LOOKED_AT = 200


class WeakTensorMap(Generic[T]):
    """Stores a value for a tensor, as long as the tensor lives, without keeping it alive."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[weakref.ref[Any], T]] = {}

    def put(self, tensor: Any, known: T) -> None:
        """Store a value for a tensor, as long as the tensor lives."""
        key = id(tensor)

        def forget(gone: weakref.ref[Any]) -> None:
            if key in self._of and self._of[key][0] is gone:
                del self._of[key]

        self._of[key] = (weakref.ref(tensor, forget), known)

    def get(self, tensor: Any) -> T | None:
        """The value stored for a tensor; None if there is none."""
        found = self._of.get(id(tensor))
        return found[1] if found and found[0]() is tensor else None

    def __contains__(self, tensor: Any) -> bool:
        found = self._of.get(id(tensor))
        return found is not None and found[0]() is tensor


@dataclass
class WatchedStep:
    """A step of the user's program, and its facts: a `strategy.run` or a tf.function around it."""

    function: str
    place: SourceLine | None
    calls: int = 0
    runs: int = 0
    replicas: int = 1
    trains: bool = False
    asked: bool = False
    draws: bool = False
    own_draws: bool = False
    fed: bool = False
    sizes: set[int] = field(default_factory=set)
    plain: list[str] = field(default_factory=list)
    distributed: bool = False
    """Whether some call of it gets distributed values."""
    through: bool = False
    """Whether all replicas get the arguments of the step itself."""
    source: SourceLine | None = None
    batches: list[str] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    uneven: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    sums: dict[SourceLine | None, None] = field(default_factory=dict)
    combined: set[str] = field(default_factory=set)
    gives_means: bool = False
    averaged: SourceLine | None = None
    not_a_number: str = ""
    nan_result: Any = None

    def to_given(self) -> Given:
        """The facts for the worker's observations."""
        return Given(
            function=self.function,
            place=self.place,
            replicas=self.replicas,
            calls=self.calls,
            source=self.source,
            plain=() if self.distributed else tuple(self.plain),
            batches=tuple(self.batches),
            elements=tuple(self.elements),
            fed=self.fed,
            asked=self.asked,
            draws=self.draws,
            own_draws=self.own_draws,
            trains=self.trains,
            summed=len(self.sums) == 1,
            combined=tuple(sorted(self.combined)),
            uneven=self.uneven,
            averaged=self.averaged,
            empty=self.empty,
            not_a_number=self.not_a_number,
        )


def leaves_of(values: Any) -> Iterator[Any]:
    """Every tensor, array and distributed value of a structure, without variables."""
    for leaf in tf.nest.flatten(values):
        if isinstance(leaf, tf.distribute.DistributedValues):
            if not isinstance(leaf, tf.Variable):
                yield leaf
        elif isinstance(leaf, (tf.RaggedTensor, tf.SparseTensor)):
            yield from tf.nest.flatten(leaf, expand_composites=True)
        elif isinstance(leaf, (tf.Tensor, numpy.ndarray)):
            yield leaf


def components(leaf: Any) -> list[Any]:
    """The component of each replica of this worker."""
    if not isinstance(leaf, tf.distribute.DistributedValues):
        return [leaf]
    values = list(leaf._values)
    if isinstance(leaf, tf.Variable):
        return values
    return list(tf.nest.flatten(values, expand_composites=True))


def replicas_of(strategy: Any) -> int:
    """The number of replicas of a strategy on this worker."""
    try:
        return len(strategy.extended.worker_devices)
    except RuntimeError:
        # The default strategy raises: it has one replica.
        return 1


def first_dimension(tensor: Any) -> int:
    """The size of the first dimension; -1 if unknown, 1 for a scalar."""
    shape = getattr(tensor, "shape", None)
    if shape is None:
        return -1
    sizes = shape.as_list() if hasattr(shape, "as_list") and shape.rank is not None else shape
    try:
        first = next(iter(sizes), 1)
    except ValueError:
        return -1
    return -1 if first is None else int(first)


def shares_of(leaves: list[Any]) -> tuple[int, ...]:
    """The number of examples of each replica of this worker; empty if it is not clear."""
    found = {
        tuple(first_dimension(each) for each in components(leaf))
        for leaf in leaves
        if len(components(leaf)) == len(getattr(leaf, "_values", [leaf]))
    }
    # Leaves with different sizes show no batch size: the words of sentences, for example.
    sizes = found.pop() if len(found) == 1 else ()
    return () if -1 in sizes else sizes


def is_batch(tensor: Any) -> bool:
    """Whether a tensor is large enough to be data."""
    return bool(tensor.shape.rank) and int(tf.size(tensor)) >= _SMALLEST_BATCH


def digest(leaves: Sequence[Any]) -> str:
    """Shapes, and a hash of the elements; of a large batch only of elements at equal distances."""
    shapes, hashed = [], hashlib.blake2b(digest_size=8)
    for each in (each for leaf in leaves for each in components(leaf)):
        array = numpy.asarray(each)
        shapes.append("x".join(map(str, array.shape)))
        flat = array.reshape(-1)
        sample = flat[:: max(1, flat.size // _ELEMENTS)]
        hashed.update(array.dtype.str.encode())
        hashed.update(repr(sample.tolist()).encode() if array.dtype == object else sample.tobytes())
    return f"{','.join(shapes)} {hashed.hexdigest()}"


def element_digests(leaves: Sequence[Any]) -> Iterator[str]:
    """A hash of each element of a batch, over all leaves; none if the leaves do not agree.

    Of a large element, only entries at equal distances count.
    """
    for replica in zip(*(components(leaf) for leaf in leaves), strict=False):
        arrays = [_rows(numpy.asarray(each)) for each in replica]
        if len({len(each) for each in arrays}) != 1:
            return
        for number in range(len(arrays[0])):
            hashed = hashlib.blake2b(digest_size=6)
            for row in (each[number] for each in arrays):
                texts = row.dtype == object
                hashed.update(repr(row.tolist()).encode() if texts else row.tobytes())
            yield hashed.hexdigest()


def _rows(array: Any) -> Any:
    rows = array.reshape(len(array), -1) if array.ndim and array.size else array.reshape(0, 1)
    return rows[:, :: max(1, rows.shape[1] // _ENTRIES)]


def has_nan(value: Any) -> bool:
    """Whether any copy of a tensor or variable contains NaN."""
    for each in components(value):
        array = numpy.asarray(each)
        if array.dtype.kind == "f" and bool(numpy.isnan(array).any()):
            return True
    return False


def made_from(tensor: Any, batches: Sequence[Any]) -> bool:
    """Whether a tensor of a graph is computed from an argument that may be one of the batches."""
    waiting, seen = [tensor], set[str]()
    while waiting and len(seen) < _LOOKED_AT:
        each = waiting.pop()
        if each.op.type == "Placeholder" and any(
            each.dtype == batch.dtype and each.shape.is_compatible_with(batch.shape)
            for batch in batches
        ):
            return True
        if each.op.name not in seen:
            seen.add(each.op.name)
            waiting += list(each.op.inputs)
    return False
