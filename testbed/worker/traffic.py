"""Computes the bytes that one call of a compiled step moves between devices.

TensorFlow cuts a call's graph into one partition per device. A pair of nodes, `_Send` and `_Recv`,
moves a tensor between partitions. A collective moves it between workers, and under NCCL between
GPUs of one worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

# The share of a tensor that each of n ranks has to send: the minimum over all algorithms.
COLLECTIVES: dict[str, Callable[[int], float]] = {
    "CollectiveReduce": lambda n: 2 * (n - 1) / n,
    "CollectiveReduceV2": lambda n: 2 * (n - 1) / n,
    "CollectiveReduceV3": lambda n: 2 * (n - 1) / n,
    "NcclAllReduce": lambda n: 2 * (n - 1) / n,
    "CollectiveGather": lambda n: n - 1,
    "CollectiveGatherV2": lambda n: n - 1,
    "CollectiveBcastSend": lambda n: 1,
    "CollectiveBcastSendV2": lambda n: 1,
}


def bytes_moved(partitions: Iterable[Any], graph: Any, ranks: int) -> int | None:
    """The bytes that one worker's devices send in one call; None if a tensor's size is unknown.

    Args:
        partitions: GraphDefs, one per device, as the runtime ran them.
        graph: the traced graph, which has the shapes.
        ranks: the number of replicas in a collective that does not give its size.
    """
    sizes = {operation.name: operation for operation in graph.get_operations()}
    moved = 0.0
    for partition in partitions:
        for node in partition.node:
            if node.op in ("_Send", "_HostSend") and _crosses(node):
                share = 1.0
            elif node.op in COLLECTIVES:
                share = COLLECTIVES[node.op](_group_size(node, partition) or ranks)
            else:
                continue
            size = _size_of(node.input[0], partition, sizes)
            if size is None:
                return None
            moved += share * size
    return round(moved)


def _group_size(node: Any, partition: Any) -> int | None:
    """The number of ranks in a collective; None if the graph does not show it.

    It is an attribute, or a constant at the second input. It is less than the number of all
    replicas if the replicas of a worker have reduced among themselves before.
    """
    if node.attr["group_size"].i:
        return int(node.attr["group_size"].i)
    name = node.input[1].partition(":")[0] if len(node.input) > 1 else ""
    known = next((other for other in partition.node if other.name == name), None)
    if known is None or known.op != "Const":
        return None
    return int(known.attr["value"].tensor.int_val[0]) or None


def _crosses(node: Any) -> bool:
    return bool(node.attr["send_device"].s != node.attr["recv_device"].s)


def _size_of(name: str, partition: Any, operations: dict[str, Any]) -> int | None:
    """The bytes of a tensor in a partition; 0 for a control dependency, None if unknown."""
    producer, _, number = name.partition(":")
    operation = operations.get(producer)
    if operation is None:
        node = next((node for node in partition.node if node.name == producer), None)
        return _size_of_inserted(node, partition, operations)
    output = operation.outputs[int(number or 0)] if operation.outputs else None
    if output is None:
        return 0
    if output.shape.num_elements() is None:
        return None
    return int(output.shape.num_elements() * output.dtype.size)


def _size_of_inserted(node: Any, partition: Any, operations: dict[str, Any]) -> int | None:
    """The bytes of a tensor that the optimizer inserted: a constant, or an input passed on."""
    if node is None:
        return None
    if node.op == "Const":
        tensor = node.attr["value"].tensor
        return 0 if _orders_only(node) else int(tensor.ByteSize())
    if node.op in ("Identity", "_Recv") and node.input:
        return _size_of(node.input[0], partition, operations)
    return None


def _orders_only(node: Any) -> bool:
    return all(name.startswith("^") for name in node.input) and bool(node.input)
