"""Batches: what a step is given, taken apart, and told by digests; what is known of a step."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy
import tensorflow as tf

from testbed.check.seen import Given, SourceLine

T = TypeVar("T")

# Elements of a batch that its digest looks at.
_ELEMENTS = 2**16
# A smaller tensor may be a number or a seed, which replicas share on purpose.
_SMALLEST_BATCH = 3
# Of a graph, before what a tensor is made from is taken for unknown.
_LOOKED_AT = 200


class ByTensor(Generic[T]):
    """Knows something of tensors without keeping them."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[weakref.ref[Any], T]] = {}

    def put(self, tensor: Any, known: T) -> None:
        """Keep what is known of a tensor as long as that lives."""
        key = id(tensor)

        def forget(gone: weakref.ref[Any]) -> None:
            if key in self._of and self._of[key][0] is gone:
                del self._of[key]

        self._of[key] = (weakref.ref(tensor, forget), known)

    def get(self, tensor: Any) -> T | None:
        """What is known of it."""
        found = self._of.get(id(tensor))
        return found[1] if found and found[0]() is tensor else None

    def __contains__(self, tensor: Any) -> bool:
        found = self._of.get(id(tensor))
        return found is not None and found[0]() is tensor


@dataclass
class Step:
    """A `strategy.run` of the author, or a tf.function around it, while it is watched."""

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
    """Whether some call of it is given distributed values."""
    through: bool = False
    """Whether what it is called with is what all replicas are given."""
    source: SourceLine | None = None
    batches: list[str] = field(default_factory=list)
    uneven: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    sums: dict[SourceLine | None, None] = field(default_factory=dict)
    combined: set[str] = field(default_factory=set)
    gives_means: bool = False
    averaged: SourceLine | None = None
    not_a_number: str = ""
    nan_result: Any = None

    def told(self) -> Given:
        """As it stands in what was seen."""
        return Given(
            function=self.function,
            place=self.place,
            replicas=self.replicas,
            calls=self.calls,
            source=self.source,
            plain=() if self.distributed else tuple(self.plain),
            batches=tuple(self.batches),
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
    """Every tensor, array and distributed value of a structure; no variables."""
    for leaf in tf.nest.flatten(values):
        if isinstance(leaf, tf.distribute.DistributedValues):
            if not isinstance(leaf, tf.Variable):
                yield leaf
        elif isinstance(leaf, (tf.RaggedTensor, tf.SparseTensor)):
            yield from tf.nest.flatten(leaf, expand_composites=True)
        elif isinstance(leaf, (tf.Tensor, numpy.ndarray)):
            yield leaf


def components(leaf: Any) -> list[Any]:
    """What each replica of this worker has of it."""
    if not isinstance(leaf, tf.distribute.DistributedValues):
        return [leaf]
    values = list(leaf._values)
    if isinstance(leaf, tf.Variable):
        return values
    return list(tf.nest.flatten(values, expand_composites=True))


def replicas_of(strategy: Any) -> int:
    """How many replicas of a strategy this worker has."""
    try:
        return len(strategy.extended.worker_devices)
    except RuntimeError:
        # Of the default strategy nobody may ask that.
        return 1


def first_dimension(tensor: Any) -> int:
    """How many entries it has, -1 where that is not known; a scalar has one."""
    shape = getattr(tensor, "shape", None)
    if shape is None:
        return -1
    sizes = shape.as_list() if hasattr(shape, "as_list") and shape.rank is not None else shape
    try:
        first = next(iter(sizes), 1)
    except ValueError:
        return -1
    return -1 if first is None else int(first)


def is_batch(tensor: Any) -> bool:
    """Whether it is large enough to be data."""
    return bool(tensor.shape.rank) and int(tf.size(tensor)) >= _SMALLEST_BATCH


def digest(leaves: Sequence[Any]) -> str:
    """Shapes, and what tells batches apart: of large ones, elements at equal distances."""
    shapes, told = [], hashlib.blake2b(digest_size=8)
    for each in (each for leaf in leaves for each in components(leaf)):
        array = numpy.asarray(each)
        shapes.append("x".join(map(str, array.shape)))
        flat = array.reshape(-1)
        sample = flat[:: max(1, flat.size // _ELEMENTS)]
        told.update(array.dtype.str.encode())
        told.update(repr(sample.tolist()).encode() if array.dtype == object else sample.tobytes())
    return f"{','.join(shapes)} {told.hexdigest()}"


def has_nan(value: Any) -> bool:
    """Whether any copy of a tensor or variable has an element that is no number."""
    for each in components(value):
        array = numpy.asarray(each)
        if array.dtype.kind == "f" and bool(numpy.isnan(array).any()):
            return True
    return False


def made_from(tensor: Any, batches: Sequence[Any]) -> bool:
    """Whether a tensor of a graph is computed from an argument that is like one of the batches."""
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
