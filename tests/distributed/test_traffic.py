"""What a step moves between devices, where it can be counted by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.traffic import bytes_moved


def graph_of(call: Any) -> Any:
    """A graph in which `x` has 1000 floats and `ordered` nothing."""
    graph = tf.Graph()
    with graph.as_default():
        call()
    return graph


def tensors() -> None:
    tf.zeros([1000], name="x")
    tf.no_op(name="ordered")


def node(op: str, *inputs: str, **attributes: Any) -> Any:
    """A node of a partition's GraphDef."""
    made = tf.compat.v1.NodeDef(name=f"{op}_1", op=op, input=inputs)
    for name, value in attributes.items():
        if isinstance(value, int):
            made.attr[name].i = value
        else:
            made.attr[name].s = value
    return made


SENT = node("_Send", "x", send_device=b"CPU:0", recv_device=b"CPU:1")
STAYED = node("_Send", "x", send_device=b"CPU:0", recv_device=b"CPU:0")
ORDERED = node("_Send", "ordered", send_device=b"CPU:0", recv_device=b"CPU:1")
REDUCED = node("CollectiveReduceV2", "x")
IN_PAIRS = node("CollectiveReduce", "x", group_size=2)
UNKNOWN = node("_Send", "elsewhere", send_device=b"CPU:0", recv_device=b"CPU:1")


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([SENT], 4000),
        ([STAYED], 0),
        ([ORDERED], 0),
        # 2 * 3 / 4 of the message for four ranks, all of it for two.
        ([REDUCED], 6000),
        ([IN_PAIRS], 4000),
        ([SENT, REDUCED], 10000),
        ([UNKNOWN, SENT], None),
        ([], 0),
    ],
    ids=["sent", "stayed", "ordered", "reduced", "in pairs", "both", "unknown", "nothing"],
)
def test_bytes_are_counted(nodes: list[Any], expected: int | None) -> None:
    """What crosses devices counts once, a collective by what each rank has to send."""
    partition = SimpleNamespace(node=nodes)
    assert bytes_moved([partition], graph_of(tensors), ranks=4) == expected
