"""Errors of devices without memory: each form of TensorFlow's messages, and what would fit."""

from __future__ import annotations

import pytest

from testbed.check.known_errors.matching import known
from testbed.verdict.device_memory import DeviceMemory, peaks
from testbed.verdict.out_of_memory import OutOfMemory, describe, out_of_memory
from testbed.verdict.raised_error import RaisedError, StackFrame

ON_GPU = "/job:localhost/replica:0/task:0/device:GPU:1"
EAGER = (
    f"{{{{function_node __wrapped__Mul_device_{ON_GPU}}}}} OOM when allocating tensor with"
    f" shape[32,1024,64] and type half on {ON_GPU} by allocator GPU_1_bfc [Op:Mul] name: "
)
GRAPH = f"""Graph execution error:

Detected at node noise/RandomStandardNormal defined at (most recent call last):
  File "/lib/python3.11/threading.py", line 1045, in _bootstrap_inner

  File "/home/me/train.py", line 10, in step

OOM when allocating tensor with shape[4,2] and type float on {ON_GPU} by allocator GPU_1_bfc
\t [[{{{{node noise/RandomStandardNormal}}}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add [Op:__inference_h_42]"""
OF_2_4 = (
    f" OOM when allocating tensor with shape[2,3] and type double on {ON_GPU} by allocator"
    " GPU_1_bfc\n\t [[node model/conv/Conv2D (defined at train.py:9) ]]"
)
COPIED = (
    f"SameWorkerRecvDone unable to allocate output tensor. Key: {ON_GPU[:-5]}CPU:0;89;{ON_GPU};"
    "edge_11_IteratorGetNext;0:0\n\t [[{{node IteratorGetNext}}]]"
)
EAGER_COPY = (
    f"Failed copying input tensor from {ON_GPU[:-5]}CPU:0 to {ON_GPU} in order to run"
    " _EagerConst: Dst tensor is not initialized."
)


@pytest.mark.parametrize(
    ("type", "message", "found"),
    [
        (
            "ResourceExhaustedError",
            EAGER,
            OutOfMemory("GPU:1", "Mul", (32, 1024, 64), "half"),
        ),
        (
            "ResourceExhaustedError",
            GRAPH,
            OutOfMemory(
                "GPU:1", "noise/RandomStandardNormal", (4, 2), "float", place="train.py:10"
            ),
        ),
        (
            "ResourceExhaustedError",
            OF_2_4,
            OutOfMemory("GPU:1", "model/conv/Conv2D", (2, 3), "double"),
        ),
        ("ResourceExhaustedError", COPIED, OutOfMemory("GPU:1", "edge_11_IteratorGetNext")),
        ("InternalError", EAGER_COPY, OutOfMemory("GPU:1", "_EagerConst")),
        (
            "ResourceExhaustedError",
            "failed to allocate memory [Op:Cast]",
            OutOfMemory("", "Cast"),
        ),
        (
            "ResourceExhaustedError",
            "Failed to allocate memory for the batch of component 1 [Op:IteratorGetNext]",
            OutOfMemory("CPU:0", "IteratorGetNext", size="component 1 of a batch"),
        ),
        (
            "ResourceExhaustedError",
            "Out of memory while trying to allocate 34359738368 bytes. [Op:__inference_f_3]",
            OutOfMemory(size="34359738368 bytes"),
        ),
        (
            "ResourceExhaustedError",
            "Failed to allocate request for 2.00GiB (2147483648B) on device ordinal 0",
            OutOfMemory(size="2.00GiB"),
        ),
    ],
)
def test_every_form_names_what_it_knows(type: str, message: str, found: OutOfMemory) -> None:
    """Device, operation, shape and type; and each form is a known error of memory."""
    error = RaisedError(type, message)
    assert out_of_memory(error) == found
    match = known(error)
    assert match
    assert match.error.slug.startswith("out_of_memory")


@pytest.mark.parametrize(
    ("type", "message"),
    [
        ("ResourceExhaustedError", "Too many open files"),
        ("InternalError", "failed to allocate memory"),
        ("ValueError", EAGER),
    ],
)
def test_other_errors_are_not_of_memory(type: str, message: str) -> None:
    """A message or a type alone is not enough."""
    error = RaisedError(type, message)
    assert out_of_memory(error) is None
    assert describe(error) == ""


def test_the_innermost_line_of_the_program_is_named() -> None:
    """Frames of libraries are left out."""
    frames = (
        StackFrame("/home/me/train.py", 7, "<module>"),
        StackFrame("/home/me/model.py", 3, "build"),
        StackFrame("/lib/python3.11/site-packages/keras/src/layer.py", 90, "add_weight"),
    )
    found = out_of_memory(RaisedError("ResourceExhaustedError", EAGER, frames))
    assert found
    assert found.place == "model.py:3"


GIB = 2**30
ROWS = (
    f"OOM when allocating tensor with shape[1024,1048576] and type float on {ON_GPU} by allocator"
    " GPU_1_bfc [Op:MatMul]"
)


@pytest.mark.parametrize(
    ("memory", "says"),
    [
        (
            DeviceMemory("GPU:1", 70 * GIB, 75 * GIB, total=80 * GIB, free=2 * GIB),
            "the worker uses 70.0 GiB on GPU:1 (at most 75.0 GiB), and 2.0 GiB of 80.0 GiB are"
            " free; 512 of its 1024 rows would fit",
        ),
        (
            DeviceMemory("GPU:1", GIB - 2**22, GIB, limit=GIB, total=80 * GIB, free=50 * GIB),
            "the worker uses 1020.0 MiB of its limit of 1.0 GiB on GPU:1 (at most 1.0 GiB), and"
            " 50.0 GiB of 80.0 GiB are free; 1 of its 1024 rows would fit",
        ),
        (
            DeviceMemory("GPU:1", GIB, GIB, limit=GIB),
            "the worker uses 1.0 GiB of its limit of 1.0 GiB on GPU:1 (at most 1.0 GiB); not one"
            " row would fit",
        ),
        (
            DeviceMemory("GPU:1", 0, 0, free=5 * GIB),
            "the worker uses 0 B on GPU:1 (at most 0 B), and 5.0 GiB are free; so much is free, but"
            " not in one piece",
        ),
        (DeviceMemory("GPU:1", 0, 0), "the worker uses 0 B on GPU:1 (at most 0 B)"),
    ],
)
def test_what_would_fit_is_told(memory: DeviceMemory, says: str) -> None:
    """The sentence has step, request, operation, what the device holds, and the rows that fit."""
    error = RaisedError("ResourceExhaustedError", ROWS, memory=memory)
    assert describe(error, step=3) == (
        "in step 3, GPU:1 has no memory left for a tensor of float[1024, 1048576] (4.0 GiB), which"
        f" the operation MatMul needs; {says}"
    )


def test_peaks_are_shown_by_device() -> None:
    """Each device with the most that it held."""
    both = [DeviceMemory("GPU:0", 0, 3 * GIB // 2), DeviceMemory("GPU:1", 0, 2**45)]
    assert peaks(both) == "GPU:0 1.5 GiB, GPU:1 32.0 TiB"
