"""Computes the signature of a tf.function call, which decides the trace that runs."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Signature = tuple[Any, ...]


def signature_of(args: Any, kwargs: Any) -> Signature | None:
    """The properties of each argument on which a trace depends; None if they are unknown."""
    try:
        leaves = tf.nest.flatten((args, kwargs), expand_composites=True)
        around = (tf.inside_function(), tf.distribute.has_strategy())
        return (around, *(_of_leaf(leaf) for leaf in leaves))
    except Exception:
        return None


def what_differs(before: Signature | None, now: Signature | None) -> list[str]:
    """In words, the differences that caused another trace; Python values come first."""
    if before is None or now is None or len(before) != len(now):
        return ["the number of arguments"]
    changed = [(old, new) for old, new in zip(before, now, strict=True) if old != new]
    differences = {_difference(old, new): None for old, new in changed}
    return sorted(differences, key=lambda each: not each.startswith("a Python"))


def _difference(old: Any, new: Any) -> str:
    if isinstance(new[0], bool):
        return "the context of its calls"
    if old[0] != new[0] or (new[0] == "tensor" and old[1] == new[1]):
        return "the type of an argument"
    if new[0] == "tensor":
        return "the shape of an argument"
    return "an object among its arguments" if new[0] == "object" else f"a Python {new[0]}"


def _of_leaf(leaf: Any) -> tuple[Any, ...]:
    if isinstance(leaf, (bool, int, float, str, bytes, type(None))):
        return type(leaf).__name__, leaf
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    if shape is not None and dtype is not None and not isinstance(leaf, tf.Variable):
        return "tensor", str(shape), str(dtype)
    return "object", id(leaf)
